# Holds results against service levels, after stats.awk, promises.awk, load.awk and pairs.awk:
# table=levels is scripts/slo.tsv, which says what its columns mean. Writes a line for each result
# that breaks a level, and sets the exit status: 0 all held, 1 broken, 2 a level is malformed or
# matches nothing.

BEGIN { OFS = "\t" }

# Whether a benchmark is one of those that a level selects by their role or their name.
function is_selected(bench, benchmarks) {
  if (benchmarks ~ /^role:/) return benchmarks == "role:" role_on(1, bench)
  return name_of["bench", bench] ~ benchmarks
}

# Of the processes: their median, or for contracts the repetition that is worst for this bound.
function value_of(bench, metric, sign,    values_, block_, n) {
  n = series(1, bench, id_of("metric", metric), values_, block_)
  if (n == 0) return ""
  if (class[metric] != "contract" && !is_contract(1, bench, metric)) return median(values_, n)
  if (sign == "==" && series_most != series_least) return series_most " and " series_least
  return sign ~ /^>/ ? series_least : series_most
}

function judge(level, name, value) {
  judge_bound(level, name, level_metric[level], value, level_sign[level], level_bound[level])
}

# A value that is no single number is a reason why there is none, and holds nothing.
function judge_bound(level, name, metric, value, sign, bound) {
  ++results
  ++matched[level]
  if (value !~ /[^-+.0-9e]/ && holds(value + 0, sign, bound)) return
  ++broken
  print "broken", level_name[level], name, metric, value, sign " " bound
}

# A benchmark without the metric breaks the level, unless none has it: then it is the level that is
# wrong, and matches nothing.
function check_each(level,    bench, name, metric, known) {
  metric = id_of("metric", level_metric[level])
  for (bench = 1; bench <= ids["bench"]; ++bench) {
    if (!is_selected(bench, level_benchmarks[level])) continue
    if (((bench, metric) in measured) || is_errored(1, bench)) known = 1
  }
  for (bench = 1; bench <= ids["bench"] && known; ++bench) {
    if (!is_selected(bench, level_benchmarks[level])) continue
    name = name_of["bench", bench]
    if (is_errored(1, bench)) judge(level, name, "errored")
    else if (!((bench, metric) in measured)) judge(level, name, "absent")
    else judge(level, name, value_of(bench, level_metric[level], level_sign[level]))
  }
}

# Each benchmark against what it bounds itself; one that bounds nothing has nothing to break.
function check_bounds(level,    bench, name, count, bound, i, part) {
  for (bench = 1; bench <= ids["bench"]; ++bench) {
    if (!is_selected(bench, level_benchmarks[level])) continue
    name = name_of["bench", bench]
    if (is_errored(1, bench)) {
      judge_bound(level, name, "bounds", "errored", "==", "held")
      continue
    }
    count = split(bounds_on(1, bench), bound, ";")
    for (i = 1; i <= count; ++i) {
      split(bound[i], part, " ")
      judge_bound(level, name, part[1], own_value(bench, part[1], part[2]), part[2], part[3])
    }
  }
}

# What only some processes ran is not what the level is for.
function check_presence(level,    bench, absent) {
  for (bench = 1; bench <= ids["bench"]; ++bench) {
    if (!is_selected(bench, level_benchmarks[level])) continue
    absent = side_files[1] - processes_on(1, bench)
    if (!absent) continue
    complain("the level \"" level_name[level] "\": " name_of["bench", bench] " is missing from " \
             absent " of " side_files[1] " processes")
  }
}

function own_value(bench, metric, sign) {
  if (!((bench, id_of("metric", metric)) in measured)) return "absent"
  return value_of(bench, metric, sign)
}

# How many times better the best of the one is than the best of the other, for each set of arguments
# that the other has.
function check_against(level,    a, key, seen, best_of, best_against) {
  for (a = 1; a <= ids["bench"]; ++a) {
    if (!is_selected(a, level_against[level])) continue
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
function best_with(level, benchmarks, name,    bench, value, best_value, higher) {
  higher = direction[level_metric[level]] == "higher"
  for (bench = 1; bench <= ids["bench"]; ++bench) {
    if (!is_selected(bench, benchmarks) || is_errored(1, bench)) continue
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
    check_presence(level)
    if (level_metric[level] == "bounds") check_bounds(level)
    else if (level_against[level] == "") check_each(level)
    else check_against(level)
    if (!matched[level]) complain("the level \"" level_name[level] "\" matches nothing")
  }
  if (!levels) complain("there are no levels")
  print "summary", levels + 0, results + 0, broken + 0
  exit unusable ? 2 : broken ? 1 : 0
}
