# Reads service levels, as scripts/slo.tsv describes them, from the file after table=levels. Sets
# unusable where a line is none, and prints "error TEXT" with a tab.

table == "levels" && !/^(#|$)/ { add_level() }

function add_level(    bound) {
  ++levels
  level_name[levels] = $1
  level_benchmarks[levels] = $2
  level_metric[levels] = $3
  level_against[levels] = $5
  if (NF < 4 || $1 == "" || $2 == "" || $3 == "" || !is_bound($3, $4, $5)) {
    complain("line " FNR " is not NAME, BENCHMARKS, METRIC, BOUND and perhaps AGAINST, with " \
             "tabs: " $0)
  }
  if ($2 ~ /^role:/ && $2 !~ /^role:(control|safe|measurement)$/ ||
      $5 ~ /^role:/ && $5 !~ /^role:(control|safe|measurement)$/) {
    complain("line " FNR " names a role that is not control, safe or measurement: " $0)
  }
  split($4, bound, " ")
  level_sign[levels] = bound[1]
  level_bound[levels] = bound[2] + 0
}

function is_bound(metric, bound, against) {
  if (metric == "bounds") return bound == "== held" && against == ""
  return bound ~ /^(<|<=|==|>=|>) -?[0-9]+(\.[0-9]+)?$/
}

function complain(text) {
  print "error", text
  unusable = 1
}
