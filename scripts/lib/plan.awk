# The levels that a plan promises, as Markdown, after stats.awk, promises.awk, load.awk and levels.awk;
# for scripts/plan. Side 1 has all processes. Setting: factor. Lines "missing TEXT", with a tab, tell
# what the results do not; the page follows.

BEGIN { OFS = "\t" }

function is_chosen(bench, benchmarks) {
  if (benchmarks ~ /^role:/) return benchmarks == "role:" role_on(1, bench)
  return name_of["bench", bench] ~ benchmarks
}

# Without what is the same for almost every benchmark.
function short_name(name) {
  sub("/real_time", "", name)
  sub("/threads:1$", "", name)
  sub("/iterations:[0-9]+", "", name)
  return name
}

# What a level is measured by: fills chosen[1..n] with the benchmarks, and returns n. Tells of those
# without a result, and where there are none.
function choose(level, chosen,    bench, n, metric, errored) {
  metric = level_metric[level]
  for (bench = 1; bench <= ids["bench"]; ++bench) {
    if (!is_chosen(bench, level_benchmarks[level])) continue
    if (is_errored(1, bench)) {
      errored = errored (errored == "" ? "" : ", ") short_name(name_of["bench", bench])
    } else if ((bench, id_of("metric", metric)) in measured) chosen[++n] = bench
  }
  if (errored != "") miss(level, "no results of " errored)
  if (!n) miss(level, "no row matches " level_benchmarks[level] " and has " metric)
  return n + 0
}

function miss(level, text) {
  missing[++missing_count] = "the level \"" level_name[level] "\": " text
}

function shown(metric, value) {
  if (unit[metric] == "us") {
    if (value >= 1e6) return sprintf("%.3g s", value / 1e6)
    return value >= 1000 ? sprintf("%.3g ms", value / 1000) : sprintf("%.3g us", value)
  }
  if (unit[metric] == "1/s" && value >= 1000) return sprintf("%.3g k/s", value / 1000)
  return sprintf("%.4g", value) (unit[metric] == "1/s" ? " /s" : "")
}

# To two digits, up or down.
function rounded(value, is_up,    step, digits) {
  if (value <= 0) return 0
  step = 1
  while (value / step >= 100) step *= 10
  while (value / step < 10) step /= 10
  digits = int(value / step + 1e-9)
  if (is_up && digits < value / step - 1e-9) ++digits
  return digits * step
}

function is_noisy(level) {
  return level_against[level] == "" && class[level_metric[level]] == "noisy" && \
    (unit[level_metric[level]] == "us" || unit[level_metric[level]] == "1/s")
}

# The worst of the benchmarks' medians is what all of them can be promised.
function plan_level(level,    metric, chosen, n, i, values_, block_, value, worst, worst_bench, higher,
                    promise, held) {
  metric = level_metric[level]
  n = choose(level, chosen)
  if (n == 0) return
  higher = direction[metric] == "higher"
  for (i = 1; i <= n; ++i) {
    value = median(values_, series(1, chosen[i], id_of("metric", metric), values_, block_))
    if (worst_bench && (higher ? value >= worst : value <= worst)) continue
    worst = value
    worst_bench = chosen[i]
  }
  promise = rounded(higher ? worst / factor : worst * factor, !higher)
  held = holds(worst, level_sign[level], level_bound[level])
  lines[++line_count] = "| " level_name[level] " | " metric " | " shown(metric, worst) " | **" \
    (higher ? "> " : "< ") shown(metric, promise) "** | " level_sign[level] " " \
    shown(metric, level_bound[level]) (held ? "" : ", **not held**") " | worst of " n ": `" \
    short_name(name_of["bench", worst_bench]) "` |"
}

# What is a promise or a share is promised as it is, where it was kept.
function plan_promise(level,    chosen, n, i, values_, block_, value, broken, at) {
  n = choose(level, chosen)
  if (n == 0) return
  for (i = 1; i <= n; ++i) {
    series(1, chosen[i], id_of("metric", level_metric[level]), values_, block_)
    value = worst_for(level_sign[level], level_bound[level], series_least, series_most)
    if (holds(value, level_sign[level], level_bound[level])) continue
    ++broken
    if (at == "") at = short_name(name_of["bench", chosen[i]]) "` has " shown(level_metric[level], value)
  }
  promises[++promise_count] = "- " level_name[level] ": " level_metric[level] " " level_sign[level] " " \
    level_bound[level] (broken ? " - **do not promise it**: " broken " of " n " rows break it; `" at \
                        : ", kept by all " n " rows")
}

END {
  if (!levels) complain("there are no levels")
  if (unusable) exit 2
  for (level = 1; level <= levels; ++level) {
    if (level_metric[level] != "bounds" && !(level_metric[level] in class)) {
      complain("the level \"" level_name[level] "\" matches no metric: there is no " level_metric[level])
      exit 2
    }
    # Controls are of tests, and what bounds its rows is a promise of theirs.
    if (level_benchmarks[level] == "role:control" || level_metric[level] == "bounds" || \
        level_against[level] != "") continue
    if (is_noisy(level)) plan_level(level)
    else plan_promise(level)
  }
  for (i = 1; i <= missing_count; ++i) print "missing", missing[i]
  if (line_count) {
    print "What was measured, times " factor " (rates divided by it), to two digits:\n"
    print "| level | counter | measured | promise | level in tests | from |\n|---|---|---|---|---|---|"
    for (i = 1; i <= line_count; ++i) print lines[i]
  }
  if (promise_count) {
    print (line_count ? "\n" : "") "As they are, without a factor:\n"
    for (i = 1; i <= promise_count; ++i) print promises[i]
  }
}
