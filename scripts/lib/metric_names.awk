# What Prometheus calls the counters of metrics.tsv, whose units have to be in unit[COUNTER].

# Sets metric_name, metric_type, quantile ("" without) and scale for a counter; metric_name is "" for
# one that cannot be named.
function describe(counter,    base, part) {
  metric_type = "gauge"
  quantile = ""
  scale = 1
  base = counter
  if (base !~ /^[A-Za-z_][A-Za-z0-9_]*$/) base = ""
  else if (unit[counter] == "us") {
    sub(/_us$/, "", base)
    scale = 1e-6
    if (base == "max" || base ~ /_max$/) quantile = "1"
    else if (match(base, /(^|_)p[0-9]+$/)) {
      part = substr(base, RSTART)
      sub(/^_?p/, "", part)
      quantile = "0." part
      sub(/0$/, "", quantile)
    }
    if (quantile != "") {
      metric_type = "summary"
      sub(/(^|_)(max|p[0-9]+)$/, "", base)
      if (base == "") base = "latency"
    }
    base = base "_seconds"
  } else if (unit[counter] == "ns") {
    scale = 1e-9
    base = base "_seconds"
  } else if (unit[counter] == "MiB") {
    scale = 1048576
    sub(/_mib$/, "", base)
    base = base "_bytes"
  } else if (unit[counter] == "ratio") {
    sub(/_(rate|ratio)/, "", base)
    base = base "_ratio"
  } else if (counter == "items_per_second") base = "operations_per_second"
  metric_name = base == "" ? "" : "rcb_" base
}
