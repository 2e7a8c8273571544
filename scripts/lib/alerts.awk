# Writes alerting rules for Prometheus from service levels, after metric_names.awk and levels.awk; for
# scripts/alerts. table=metrics is metrics.tsv, table=levels is scripts/slo.tsv. Settings: factor, how
# much more production may take than a test; window and hold, durations as Prometheus writes them.
#
# What is measured is recorded first, in series with the label benchmark, which is a name as in the
# results as far as the metrics know it: that is what the expressions of the levels match.

BEGIN {
  FS = OFS = "\t"
  BY = "family, discipline, variant, workers, arguments"
}

table == "metrics" && FNR > 1 {
  unit[$1] = $2
  direction[$1] = $3
  class[$1] = $4
}

# --- What is recorded

function rate_of(counter) { return "sum by (" BY ") (rate(" counter "[" window "]))" }

function last_of(name, selector) { return "max by (" BY ") (" name selector ")" }

# The live metric that says the same as a counter, or "".
function live(counter) {
  if (metric_name == "rcb_latency_seconds" && quantile != "1") {
    return "histogram_quantile(" quantile ", sum by (" BY ", le) (rate(rcb_latency_seconds_bucket[" \
      window "])))"
  }
  # Of a benchmark that is over, nothing is to be said.
  if (counter == "items_per_second") return rate_of("rcb_operations_total") " > 0"
  # What must not happen counts as long as the process that saw it runs.
  if (counter == "violations" || counter == "errors") {
    return "sum by (" BY ") (rcb_" counter "_total)"
  }
  if (counter == "success_rate") {
    return rate_of("rcb_operations_total") " / (" rate_of("rcb_operations_total") " + (" \
      rate_of("rcb_errors_total") " or 0 * " rate_of("rcb_operations_total") "))"
  }
  return ""
}

# The name of the series in which a counter, or "bounds", is recorded.
function record_of(counter,    exported, expression, name, part) {
  if (counter == "bounds") {
    name = "rcb:broken"
    expression = last_of("rcb_verdict", "{verdict=\"BROKEN\"}")
  } else {
    describe(counter)
    part = quantile == "" ? "" : quantile == "1" ? ":max" : ":p" substr(quantile "0", 3, \
      length(quantile) < 5 ? 2 : 3)
    name = "rcb:" substr(metric_name, 5) part
    exported = last_of(metric_name, quantile == "" ? "" : "{quantile=\"" quantile "\"}")
    expression = live(counter)
    expression = expression == "" ? exported : "(" expression ") or " exported
  }
  if (!(name in expression_of)) {
    records[++record_count] = name
    expression_of[name] = expression
  }
  return name
}

# With the label benchmark, of the labels that make up a name, such as Lock/lockfree/lua/workers:50/.
function named(expression) {
  return "label_replace(label_replace(label_join(label_replace(\n          " expression ",\n" \
    "          \"place\", \"workers:$1\", \"workers\", \"(.+)\"),\n" \
    "          \"benchmark\", \"/\", \"family\", \"discipline\", \"variant\", \"place\", \"arguments\"),\n" \
    "          \"benchmark\", \"$1/\", \"benchmark\", \"(.*[^/])\"),\n" \
    "          \"place\", \"\", \"\", \"\")"
}

# --- What alerts

# The expression of a level matches in a name, that of a label as a whole. Metrics do not tell what a
# benchmark is for: what is not unsafe counts as safe.
function selector(benchmarks) {
  if (benchmarks == "role:safe") return "{discipline!=\"unsafe\"}"
  return "{benchmark=~" quoted(".*(?:" benchmarks ").*") "}"
}

function quoted(text,    i, sign, out) {
  for (i = 1; i <= length(text); ++i) {
    sign = substr(text, i, 1)
    out = out (sign == "\\" || sign == "\"" ? "\\" sign : sign)
  }
  return "\"" out "\""
}

# Of a text in an annotation, nothing is a template.
function plain(text) {
  gsub(/[{]/, "(", text)
  gsub(/[}]/, ")", text)
  return text
}

function opposite(sign) {
  return sign == "<" ? ">=" : sign == "<=" ? ">" : sign == ">" ? "<=" : sign == ">=" ? "<" : "!="
}

# Sets bound_here to what production has to hold, in the units of the metrics, and says how it came
# about. Only times and rates are allowed more; not what is relative, a share or a promise.
function bound_of(level,    counter, bound) {
  counter = level_metric[level]
  bound = level_bound[level]
  describe(counter)
  bound_here = bound * (counter == "bounds" ? 1 : scale)
  if (level_against[level] != "" || class[counter] == "contract" || unit[counter] == "ratio" || \
      unit[counter] == "1" || level_sign[level] == "==") {
    return "the level is " level_sign[level] " " bound (level_against[level] == "" ? "" : " times")
  }
  bound_here = direction[counter] == "higher" ? bound_here / factor : bound_here * factor
  return "the level is " level_sign[level] " " bound " " unit[counter] " in tests, and production may have " \
    (direction[counter] == "higher" ? "that divided by " : "that times ") factor
}

# Such as RcbLockFree50Faster.
function alert_name(name,    i, sign, out, is_first) {
  is_first = 1
  for (i = 1; i <= length(name); ++i) {
    sign = substr(name, i, 1)
    if (sign !~ /[A-Za-z0-9]/) is_first = 1
    else {
      out = out (is_first ? toupper(sign) : sign)
      is_first = 0
    }
  }
  out = "Rcb" out
  if (out in taken) out = out "_" ++taken[out]
  else taken[out] = 1
  return out
}

function expression_for(level,    record, of_level, of_other) {
  if (level_metric[level] == "bounds") {
    return record_of("bounds") selector(level_benchmarks[level]) " > 0"
  }
  record = record_of(level_metric[level])
  if (level_against[level] == "") {
    return record selector(level_benchmarks[level]) " " opposite(level_sign[level]) " " \
      sprintf("%.12g", bound_here)
  }
  of_level = "by (family, workers) (" record selector(level_benchmarks[level]) ")"
  of_other = "by (family, workers) (" record selector(level_against[level]) ")"
  return (direction[level_metric[level]] == "higher" ? "max " of_level " / max " of_other \
    : "min " of_other " / min " of_level) " " opposite(level_sign[level]) " " sprintf("%.12g", bound_here)
}

function shown_value(counter, level) {
  if (level_against[level] != "") return "{{ $value | humanize }} times"
  if (unit[counter] == "us" || unit[counter] == "ns") return "{{ $value | humanizeDuration }}"
  if (unit[counter] == "ratio") return "{{ $value | humanizePercentage }}"
  return "{{ $value | humanize }}"
}

function write_alert(level,    why, what, of_what) {
  why = bound_of(level)
  if (level_metric[level] == "bounds") what = "a bound of its own contract does not hold"
  else what = plain(level_metric[level]) " is " shown_value(level_metric[level], level) "; " why
  of_what = level_against[level] == "" ? "{{ $labels.benchmark }}" : \
    "{{ $labels.family }} with {{ $labels.workers }} workers"
  alerts = alerts \
    "  - alert: " alert_name(level_name[level]) "\n" \
    "    expr: |-\n      " expression_for(level) "\n" \
    "    for: " hold "\n" \
    "    labels:\n" \
    "      severity: " (class[level_metric[level]] == "contract" || level_metric[level] == "bounds" || \
                        level_sign[level] == "==" ? "critical" : "warning") "\n" \
    "    annotations:\n" \
    "      summary: " quoted(of_what " breaks the level '" plain(level_name[level]) "'") "\n" \
    "      description: " quoted(what ".") "\n"
}

# Why a level makes no alert, or "".
function reason_to_leave(level) {
  if (level_benchmarks[level] == "role:control" || level_against[level] == "role:control") {
    return "production runs no controls"
  }
  if (level_benchmarks[level] == "role:measurement" || level_against[level] == "role:measurement") {
    return "the metrics do not tell measurements from the rest"
  }
  return ""
}

END {
  for (level = 1; level <= levels && !unusable; ++level) {
    if (level_metric[level] != "bounds" && !(level_metric[level] in unit)) {
      complain("the level \"" level_name[level] "\" matches no metric: there is no " level_metric[level])
    }
  }
  if (!levels) complain("there are no levels")
  if (unusable) exit 2
  for (level = 1; level <= levels; ++level) {
    reason = reason_to_leave(level)
    if (reason == "") write_alert(level)
    else left = left "# Without the level '" level_name[level] "': " reason ".\n"
  }
  if (alerts == "") {
    complain("none of the levels is one for production")
    exit 2
  }
  print "# Made by scripts/alerts: service levels as alerting rules for Prometheus. Series are those of"
  print "# bench --metrics_port, and of scripts/export --format openmetrics where there are no live ones."
  printf "%s", left
  print "groups:\n- name: redis-contention-bench-measured\n  rules:"
  for (i = 1; i <= record_count; ++i) {
    print "  - record: " records[i] "\n    expr: |-\n        " named(expression_of[records[i]])
  }
  printf "- name: redis-contention-bench-levels\n  rules:\n%s", alerts
}
