# Finds what other tools are told of results, after stats.awk, promises.awk, load.awk and
# context.awk; for scripts/export. Side 1 has all processes. Writes lines with tabs:
#
#   entry  TOOL NAME UNIT VALUE RANGE EXTRA   a figure of a benchmark, for the tool that it is for
#   left   TEXT                               a benchmark without figures, and why

BEGIN { OFS = "\t" }

# Without what is the same for almost every benchmark.
function short_name(name) {
  sub("/real_time/threads:1$", "", name)
  return name
}

# customBiggerIsBetter for rates, customSmallerIsBetter for p95 and for violations that must not be;
# "" for what is not exported.
function tool_for(bench, metric) {
  if (metric == "violations") return role_on(1, bench) == "safe" ? "customSmallerIsBetter" : ""
  if (metric == "p95_us") return "customSmallerIsBetter"
  if (unit[metric] ~ /^[1B]\/s$/ && direction[metric] == "higher") return "customBiggerIsBetter"
  return ""
}

function shown_unit(metric) {
  return unit[metric] == "1/s" ? "operations/s" : unit[metric] == "1" ? "violations" : unit[metric]
}

function write_entry(bench, m, metric, tool,    values_, block_, n, value, range) {
  n = series(1, bench, m, values_, block_)
  if (n == 0) return
  value = metric == "violations" ? series_most : median(values_, n)
  # median() has sorted them.
  if (n > 1 && metric != "violations") {
    range = sprintf("%.6g to %.6g", values_[1], values_[n])
  }
  print "entry", tool, short_name(name_of["bench", bench]) " " metric, shown_unit(metric),
      sprintf("%.12g", value), range, extra(bench)
}

function extra(bench,    text) {
  text = processes_on(1, bench) == 1 ? "1 process" : processes_on(1, bench) " processes"
  if (context_values(1, "server_name") != "") {
    text = text ", " context_values(1, "server_name") " " context_values(1, "server_version")
  }
  if (context_values(1, "commit") != "") text = text ", commit " context_values(1, "commit")
  if (label_on(1, bench) != "") text = text "; contract: " label_on(1, bench)
  return text
}

function reason_to_leave(bench,    absent) {
  if (skipped_on(1, bench)) return "was skipped: " skip_reason
  if (is_errored(1, bench)) return "had errors"
  absent = side_files[1] - processes_on(1, bench)
  return absent ? "is missing from " absent " of " side_files[1] " processes" : ""
}

END {
  for (bench = 1; bench <= ids["bench"]; ++bench) {
    reason = reason_to_leave(bench)
    if (reason != "") {
      print "left", short_name(name_of["bench", bench]) " is left out: it " reason
      continue
    }
    for (m = 1; m <= ids["metric"]; ++m) {
      tool = tool_for(bench, name_of["metric", m])
      if (tool != "") write_entry(bench, m, name_of["metric", m], tool)
    }
  }
}
