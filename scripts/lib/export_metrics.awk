# Writes results for what keeps metrics, after stats.awk, promises.awk, load.awk, context.awk and
# metric_names.awk; for scripts/export. Side 1 has all processes. Settings: format, which is
# openmetrics, influx or csv; timestamp, seconds since 1970 of the newest process. After a line
# "left TEXT" with a tab for each benchmark without figures comes a line "---", and after that what is
# exported.

BEGIN {
  # What is worst of a benchmark's repetitions comes first.
  split("BROKEN,error,void,not caught,overloaded,not provable here,caught,ok", verdict_order, ",")
}

table == "rows" && $1 == "verdict" && (filter == "" || $3 ~ filter) {
  has_verdict[id_of("bench", $3), $5] = 1
}

# The field as it was before rows.jq made one line of it.
function unescaped(text,    at, out, sign) {
  while ((at = index(text, "\\")) > 0) {
    sign = substr(text, at + 1, 1)
    if (sign == "t") sign = "\t"
    else if (sign == "n") sign = "\n"
    else if (sign == "r") sign = "\r"
    out = out substr(text, 1, at - 1) sign
    text = substr(text, at + 2)
  }
  return out text
}

# Sets family, discipline, variant, workers, and arguments to the others of a name that say something.
function parse_name(name,    count, part, i) {
  count = split(name, part, "/")
  for (i = 1; i <= count; ++i) part[i] = unescaped(part[i])
  family = part[1]
  discipline = count > 1 ? part[2] : ""
  variant = count > 2 ? part[3] : ""
  workers = arguments = ""
  for (i = 4; i <= count; ++i) {
    if (part[i] ~ /^workers:/) workers = substr(part[i], 9)
    else if (part[i] !~ /^(real_time|process_time|manual_time|threads:1|(iterations|repeats):.*)$/) {
      arguments = arguments (arguments == "" ? "" : "/") part[i]
    }
  }
}

function verdict_of(bench,    i) {
  for (i = 1; i in verdict_order; ++i) if ((bench, verdict_order[i]) in has_verdict) return verdict_order[i]
  return is_errored(1, bench) ? "error" : ""
}

# Of the processes their median, and of a contract what is worst for it; "" where there is none.
function value_of(bench, m, name,    values_, block_, n) {
  n = series(1, bench, m, values_, block_)
  if (n == 0) return ""
  if (!is_contract(1, bench, name)) return median(values_, n)
  return worst_of(role_on(1, bench), bounds_on(1, bench), name, direction[name] "", series_least, \
                  series_most)
}

function reason_to_leave(bench,    absent) {
  if (skipped_on(1, bench)) return "was skipped: " skip_reason
  if (is_errored(1, bench)) return "had errors"
  absent = side_files[1] - processes_on(1, bench)
  return absent ? "is missing from " absent " of " side_files[1] " processes" : ""
}

# --- OpenMetrics

# The text with a backslash before each backslash and, where asked for, double quote, and \n for a new
# line. The awks do not agree on what stands for a backslash in gsub().
function escaped(text, quotes,    i, sign, out) {
  if (text !~ /[\\"\n]/) return text
  for (i = 1; i <= length(text); ++i) {
    sign = substr(text, i, 1)
    if (sign == "\n") sign = "\\n"
    else if (sign == "\\" || quotes && sign == "\"") sign = "\\" sign
    out = out sign
  }
  return out
}

function label_text(key, value) { return key "=\"" escaped(value, 1) "\"" }

function labels_of_name(    text) {
  text = label_text("family", family) "," label_text("discipline", discipline) "," \
    label_text("variant", variant) "," label_text("workers", workers)
  return arguments == "" ? text : text "," label_text("arguments", arguments)
}

function add_sample(name, type, help, labels, value) {
  if (!(name in samples)) {
    sample_names[++sample_count] = name
    type_of[name] = type
    help_of[name] = help
  }
  samples[name] = samples[name] name "{" labels "} " value "\n"
}

# Of a summary one text for all of its quantiles.
function help_text(counter) {
  if (quantile == "") return meaning[counter] == "" ? "counter " counter : meaning[counter]
  if (metric_name == "rcb_latency_seconds") return "latency of an operation, failures and timeouts included"
  return "times that the counter " counter " and its like summarise"
}

function openmetrics(bench,    m, name, value, labels) {
  labels = labels_of_name()
  if (verdict_of(bench) != "") {
    add_sample("rcb_verdict", "gauge", "1 for what the suite says of the benchmark: ok, caught, BROKEN and so on",
               labels "," label_text("role", role_on(1, bench)) "," label_text("verdict", verdict_of(bench)), 1)
  }
  if (reason_to_leave(bench) != "") return
  for (m = 1; m <= ids["metric"]; ++m) {
    name = name_of["metric", m]
    if (!(name in unit)) continue
    describe(name)
    value = value_of(bench, m, name)
    if (metric_name == "" || value == "") continue
    add_sample(metric_name, metric_type, help_text(name), \
               labels (quantile == "" ? "" : "," label_text("quantile", quantile)), \
               sprintf("%.12g", value * scale))
  }
}

function print_openmetrics(    i, name, labels) {
  for (i = 1; i <= sample_count; ++i) {
    name = sample_names[i]
    print "# HELP " name " " escaped(help_of[name], 0)
    print "# TYPE " name " " type_of[name]
    if (match(name, /_(seconds|bytes|ratio)$/)) print "# UNIT " name " " substr(name, RSTART + 1)
    printf "%s", samples[name]
  }
  labels = label_text("commit", unescaped(context_values(1, "commit"))) "," \
    label_text("server", unescaped(context_values(1, "server_name") " " context_values(1, "server_version"))) \
    "," label_text("machine", unescaped(context_values(1, "cpu_model")))
  print "# HELP rcb_run_info what was measured, and on which machine"
  print "# TYPE rcb_run_info gauge"
  print "rcb_run_info{" labels "} 1"
  print "# HELP rcb_run_timestamp_seconds when the newest of the runs began"
  print "# TYPE rcb_run_timestamp_seconds gauge"
  print "# UNIT rcb_run_timestamp_seconds seconds"
  print "rcb_run_timestamp_seconds " timestamp
  print "# EOF"
}

# --- InfluxDB

function tag_text(key, value) {
  if (value == "") return ""
  gsub(/[\n\r\t]/, " ", value)
  gsub(/\\/, "/", value)  # at the end of a value it would escape what comes next
  gsub(/[, =]/, "\\\\&", value)
  return "," key "=" value
}

function field_text(text) { return "\"" escaped(text, 1) "\"" }

function influx(bench,    m, name, value, fields) {
  if (verdict_of(bench) != "") fields = "verdict=" field_text(verdict_of(bench))
  for (m = 1; m <= ids["metric"] && reason_to_leave(bench) == ""; ++m) {
    name = name_of["metric", m]
    if (!(name in unit) || name !~ /^[A-Za-z_][A-Za-z0-9_]*$/) continue
    value = value_of(bench, m, name)
    if (value != "") fields = fields (fields == "" ? "" : ",") name "=" sprintf("%.12g", value)
  }
  if (fields == "") return
  printf "rcb%s%s%s%s%s%s %s %s000000000\n", tag_text("family", family), \
    tag_text("discipline", discipline), tag_text("variant", variant), tag_text("workers", workers), \
    tag_text("arguments", arguments), tag_text("role", role_on(1, bench)), fields, timestamp
}

# --- CSV

function csv_text(text) {
  if (text !~ /[",\n\r]/) return text
  gsub(/"/, "\"\"", text)
  return "\"" text "\""
}

function csv_heading(    m, line) {
  line = "benchmark,family,discipline,variant,workers,arguments,role,verdict,processes"
  for (m = 1; m <= ids["metric"]; ++m) line = line "," csv_text(unescaped(name_of["metric", m]))
  print line
}

function csv(bench,    m, value, line, is_left) {
  line = csv_text(unescaped(name_of["bench", bench])) "," csv_text(family) "," csv_text(discipline) "," \
    csv_text(variant) "," csv_text(workers) "," csv_text(arguments) "," role_on(1, bench) "," \
    verdict_of(bench) "," processes_on(1, bench)
  is_left = reason_to_leave(bench) != ""
  for (m = 1; m <= ids["metric"]; ++m) {
    value = is_left ? "" : value_of(bench, m, name_of["metric", m])
    line = line "," (value == "" ? "" : sprintf("%.12g", value))
  }
  print line
}

table == "metrics" && FNR > 1 { meaning[$1] = $6 == "-" ? "" : $6 }

END {
  for (bench = 1; bench <= ids["bench"]; ++bench) {
    reason = reason_to_leave(bench)
    if (reason == "") ++figures
    else print "left\t" name_of["bench", bench] " is left out: it " reason
  }
  print "---"
  if (!figures) exit
  if (format == "csv") csv_heading()
  for (bench = 1; bench <= ids["bench"]; ++bench) {
    parse_name(name_of["bench", bench])
    if (format == "openmetrics") openmetrics(bench)
    else if (format == "influx") influx(bench)
    else csv(bench)
  }
  if (format == "openmetrics") print_openmetrics()
}
