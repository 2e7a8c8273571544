# Holds results against service levels, after stats.awk, load.awk and pairs.awk: table=levels is
# scripts/slo.tsv, which says what its columns mean. Writes a line for each result that breaks a
# level, and sets the exit status: 0 all held, 1 broken, 2 a level is malformed or matches nothing.

BEGIN { OFS = "\t" }

table == "levels" && !/^(#|$)/ { add_level() }

function add_level(    bound) {
  ++levels
  level_name[levels] = $1
  level_benchmarks[levels] = $2
  level_metric[levels] = $3
  level_against[levels] = $5
  if (NF < 4 || $1 == "" || $2 == "" || $3 == "" ||
      $4 !~ /^(<|<=|==|>=|>) -?[0-9]+(\.[0-9]+)?$/) {
    complain("line " FNR " is not NAME, BENCHMARKS, METRIC, BOUND and perhaps AGAINST, with " \
             "tabs: " $0)
  }
  split($4, bound, " ")
  level_sign[levels] = bound[1]
  level_bound[levels] = bound[2] + 0
}

function complain(text) {
  print "error", text
  unusable = 1
}

# Of the processes: their median, or for contracts the repetition that is worst for this bound.
function value_of(bench, metric, sign,    values_, block_, n) {
  n = series(1, bench, id_of("metric", metric), values_, block_)
  if (n == 0) return ""
  if (class[metric] != "contract" && metric !~ /^computations/) return median(values_, n)
  if (sign == "==" && series_most != series_least) return series_most " and " series_least
  return sign ~ /^>/ ? series_least : series_most
}

function holds(value, sign, bound) {
  if (sign == "<") return value < bound
  if (sign == "<=") return value <= bound
  if (sign == ">=") return value >= bound
  if (sign == ">") return value > bound
  return value == bound
}

# A value that is no single number is a reason why there is none, and holds nothing.
function judge(level, name, value) {
  ++results
  ++matched[level]
  if (value !~ /[^-+.0-9e]/ && holds(value + 0, level_sign[level], level_bound[level])) return
  ++broken
  print "broken", level_name[level], name, level_metric[level], value,
      level_sign[level] " " level_bound[level]
}

function is_errored(bench,    i) {
  for (i = 1; i <= side_files[1]; ++i) if ((side_file[1, i], bench) in error) return 1
  return 0
}

# A benchmark without the metric breaks the level, unless none has it: then it is the level that is
# wrong, and matches nothing.
function check_each(level,    bench, name, metric, known) {
  metric = id_of("metric", level_metric[level])
  for (bench = 1; bench <= ids["bench"]; ++bench) {
    if (name_of["bench", bench] !~ level_benchmarks[level]) continue
    if (((bench, metric) in measured) || is_errored(bench)) known = 1
  }
  for (bench = 1; bench <= ids["bench"] && known; ++bench) {
    name = name_of["bench", bench]
    if (name !~ level_benchmarks[level]) continue
    if (is_errored(bench)) judge(level, name, "errored")
    else if (!((bench, metric) in measured)) judge(level, name, "absent")
    else judge(level, name, value_of(bench, level_metric[level], level_sign[level]))
  }
}

# How many times better the best of the one is than the best of the other, for each set of arguments
# that the other has.
function check_against(level,    a, key, seen, best_of, best_against) {
  for (a = 1; a <= ids["bench"]; ++a) {
    if (name_of["bench", a] !~ level_against[level]) continue
    key = name_of["bench", a]
    sub("/.*", "", key)
    key = key arguments_of(name_of["bench", a])
    if (key in seen) continue
    seen[key] = 1
    best_against = best_with(level, level_against[level], name_of["bench", a])
    best_of = best_with(level, level_benchmarks[level], name_of["bench", a])
    if (best_of == "" || best_against == "") continue
    judge(level, key, direction[level_metric[level]] == "higher" ? ratio_of(best_against, best_of) \
                                                                 : ratio_of(best_of, best_against))
  }
}

# The best median of the benchmarks that match and have the arguments of NAME.
function best_with(level, expression, name,    bench, value, best_value, higher) {
  higher = direction[level_metric[level]] == "higher"
  for (bench = 1; bench <= ids["bench"]; ++bench) {
    if (name_of["bench", bench] !~ expression || is_errored(bench)) continue
    if (!same_arguments(name_of["bench", bench], name)) continue
    value = value_of(bench, level_metric[level], "")
    if (value == "") continue
    if (best_value == "" || (higher ? value > best_value : value < best_value)) best_value = value
  }
  return best_value
}

END {
  malformed = unusable
  for (level = 1; level <= levels && !malformed; ++level) {
    if (level_against[level] == "") check_each(level)
    else check_against(level)
    if (!matched[level]) complain("the level \"" level_name[level] "\" matches nothing")
  }
  if (!levels) complain("there are no levels")
  print "summary", levels + 0, results + 0, broken + 0
  exit unusable ? 2 : broken ? 1 : 0
}
