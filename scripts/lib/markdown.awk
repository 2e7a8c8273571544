# Writes results as a Markdown table, after stats.awk, promises.awk, load.awk and context.awk; for
# scripts/table. Settings: columns, the metrics with commas; order, name or file; from the
# environment RCB_NAMES, what the results are called. Side 1 has all processes.

function heading(metric) {
  if (metric == "items_per_second") return "ops/s"
  # The cells tell the unit.
  if (unit[metric] == "us") sub(/_us$/, "", metric)
  return metric
}

# A name without what is the same for almost every benchmark.
function short_name(name,    count, part, i, short) {
  count = split(name, part, "/")
  for (i = 1; i <= count; ++i) {
    if (part[i] !~ /^(real_time|threads:1|iterations:.*)$/) short = short (i > 1 ? "/" : "") part[i]
  }
  return short
}

function cell(bench, metric,    values_, block_, n) {
  if (is_errored(1, bench)) {
    return skipped_on(1, bench) == processes_on(1, bench) ? "skipped" : "error"
  }
  n = series(1, bench, id_of("metric", metric), values_, block_)
  return n ? human(median(values_, n), unit[metric] "") : "-"
}

# As the console of the bench binary writes them.
function human(value, its_unit) {
  if (its_unit == "us") return duration(value * 1e3)
  if (its_unit == "ns") return duration(value)
  if (its_unit == "1/s") return rate(value)
  value = value < 999.5 && value > -999.5 ? sprintf("%.3g", value) : sprintf("%.0f", value)
  return value (its_unit == "MiB" ? "MiB" : "")
}

function duration(ns) {
  if (ns < 999.5) return sprintf("%.3gns", ns)
  if (ns < 999.5e3) return sprintf(ns < 99.95e3 ? "%.1fus" : "%.0fus", ns / 1e3)
  if (ns < 999.5e6) return sprintf(ns < 99.995e6 ? "%.2fms" : "%.0fms", ns / 1e6)
  return sprintf(ns < 99.995e9 ? "%.2fs" : "%.0fs", ns / 1e9)
}

function rate(per_second) {
  if (per_second >= 999.95e3) return sprintf("%.2fM", per_second / 1e6)
  if (per_second >= 9999.5) return sprintf("%.1fk", per_second / 1e3)
  return sprintf(per_second < 99.95 ? "%.1f" : "%.0f", per_second)
}

function escaped(text) {
  gsub(/\|/, "\\|", text)
  return text
}

# Of a context key its values, or that there is none.
function known(key,    values_) {
  values_ = context_values(1, key)
  return values_ == "" ? "unknown" : values_
}

END {
  count = split(columns, column, ",")
  line = "| benchmark |"
  rule = "|---|"
  for (i = 1; i <= count; ++i) {
    line = line " " heading(column[i]) " |"
    rule = rule "--:|"
  }
  print line
  print rule
  fflush()
  sorter = order == "name" ? "LC_ALL=C sort --version-sort" : "cat"
  for (bench = 1; bench <= ids["bench"]; ++bench) {
    line = "| `" escaped(short_name(name_of["bench", bench])) "` |"
    for (i = 1; i <= count; ++i) line = line " " cell(bench, column[i]) " |"
    print line | sorter
  }
  close(sorter)
  print ""
  print ENVIRON["RCB_NAMES"] ": " \
      (side_files[1] == 1 ? "1 process" : "medians of " side_files[1] " processes") ", " \
      known("server_name") " " known("server_version") ", " known("transport") ", commit " \
      known("commit")
}
