# Judges contracts, after promises.awk and load.awk: no statistics, the worst repetition counts.

# Between commits the role and the bounds of today hold, also for what was promised differently
# before.
function is_judged_as_contract(old, new, name) {
  if (mode == "commits" && new) return is_contract(2, new, name)
  return new && is_contract(2, new, name) || old && is_contract(1, old, name)
}

# The worst of all repetitions and processes of a side, or "", under the contract of a benchmark of
# another, which sets breach too (see promises.awk).
function worst_on(side, bench, name, other_side, other,    values_, block_) {
  breach = ""
  if (!bench || !is_contract(other_side, other, name)) return ""
  if (series(side, bench, id_of("metric", name), values_, block_) == 0) return ""
  return worst_of(role_on(other_side, other), bounds_on(other_side, other), name,
                  direction[name] "", series_least, series_most)
}

function measure_contract(pair, metric, name,    old, new, bench_old, bench_new, c, today,
                          breach_old, breach_new, compared) {
  bench_old = pair_old[pair]
  bench_new = pair_new[pair]
  today = mode == "commits" && bench_new
  old = worst_on(1, bench_old, name, today ? 2 : 1, today ? bench_new : bench_old)
  breach_old = breach
  new = worst_on(2, bench_new, name, 2, bench_new)
  breach_new = breach
  c = new_cell(pair, name, "held", "")
  cell_class[c] = "contract"
  cell_old[c] = old
  cell_new[c] = new
  cell_iterations_old[c] = bench_old ? iterations_on(1, bench_old) : ""
  cell_iterations_new[c] = bench_new ? iterations_on(2, bench_new) : ""
  compared = is_compared(1, bench_old, name, today) && is_compared(2, bench_new, name, 0)
  if (breach_new != "") {
    cell_verdict[c] = "broken"
    cell_remark[c] = breach_new
  } else if (mode != "commits" && breach_old != "") {
    cell_verdict[c] = "broken"
    cell_remark[c] = breach_old
  } else if (!bench_old || !bench_new || old == "" && new == "") {
    cell_verdict[c] = "held"
  } else if (old == "" || new == "") {
    if (mode == "commits") cell_verdict[c] = new == "" ? "missing" : "new"
  } else if (compared && is_worse(name, old, new)) {
    cell_verdict[c] = incomparable ? "incomparable" : mode == "commits" ? "worsened" : "worse"
  } else if (compared && is_worse(name, new, old)) {
    cell_verdict[c] = incomparable ? "incomparable" : mode == "commits" ? "improved" : "better"
  }
}

# Whether more or less of a kept contract means anything: not how many violations a control catches,
# and not how far below its bound a counter is.
function is_compared(side, bench, name, is_overruled) {
  if (!bench || is_overruled) return 1
  if (name == "violations" && role_on(side, bench) == "control") return 0
  return !is_bounded(role_on(side, bench), bounds_on(side, bench), name)
}

function is_worse(name, old, new) {
  return direction[name] == "higher" ? new < old : new > old
}

# A bound on a counter that the row lacks: nothing would show that it was kept.
function check_bounds(pair,    new, count, bound, i, part, reported) {
  new = pair_new[pair]
  if (mode != "commits" || !new || role_on(2, new) != "safe" || is_errored(2, new)) return
  count = split(bounds_on(2, new), bound, ";")
  for (i = 1; i <= count; ++i) {
    split(bound[i], part, " ")
    if ((pair_old[pair], id_of("metric", part[1])) in measured) continue
    if ((new, id_of("metric", part[1])) in measured || part[1] in reported) continue
    reported[part[1]] = 1
    new_cell(pair, part[1], "missing", "the contract bounds it, but nothing has measured it")
  }
}
