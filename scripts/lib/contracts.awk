# Judges contracts, after load.awk: no statistics, the worst repetition counts.

# Whether a metric is a contract for a benchmark: by its class, or because the contract, which its
# rows have for a label, names it. A control does not promise success either.
function is_contract(side, bench, name,    discipline) {
  discipline = discipline_of(name_of["bench", bench])
  if (discipline == "") return 0
  if (class[name] == "contract") return discipline != "unsafe" || name != "success_rate"
  return discipline != "unsafe" && (name == "computations" || name == "computations_max") &&
      label_on(side, bench) ~ /^one computation per/
}

# Between commits the contract of today holds, also for what was promised differently before.
function is_judged_as_contract(old, new, name) {
  if (mode == "commits" && new) return is_contract(2, new, name)
  return new && is_contract(2, new, name) || old && is_contract(1, old, name)
}

# Whether the worst of a side is beyond what its discipline allows in itself.
function is_broken(side, bench, name,    worst) {
  worst = worst_on(side, bench, name)
  if (worst == "") return 0
  if (is_control(bench)) return name == "violations" && worst == 0
  if (name == "violations") return worst > 0
  return name ~ /^computations/ && worst > 1
}

# The worst of all repetitions and processes, or "". A control is worst where it caught least.
function worst_on(side, bench, name,    values_, block_, lower_is_worse) {
  if (!bench || !is_contract(side, bench, name)) return ""
  if (series(side, bench, id_of("metric", name), values_, block_) == 0) return ""
  lower_is_worse = direction[name] == "higher"
  if (is_control(bench) && name == "violations") lower_is_worse = 1
  return lower_is_worse ? series_least : series_most
}

function measure_contract(pair, metric, name,    old, new, bench_old, bench_new, c, controls) {
  bench_old = pair_old[pair]
  bench_new = pair_new[pair]
  old = worst_on(1, bench_old, name)
  new = worst_on(2, bench_new, name)
  c = new_cell(pair, name, "held", "")
  cell_class[c] = "contract"
  cell_old[c] = old
  cell_new[c] = new
  cell_iterations_old[c] = bench_old ? iterations_on(1, bench_old) : ""
  cell_iterations_new[c] = bench_new ? iterations_on(2, bench_new) : ""
  controls = is_control(bench_old) + is_control(bench_new)
  if (is_broken(2, bench_new, name)) {
    cell_verdict[c] = "broken"
    cell_remark[c] = allowed(bench_new, name)
  } else if (mode != "commits" && is_broken(1, bench_old, name)) {
    cell_verdict[c] = "broken"
    cell_remark[c] = allowed(bench_old, name)
  } else if (!bench_old || !bench_new || old == "" && new == "") {
    cell_verdict[c] = "held"
  } else if (old == "" || new == "") {
    if (mode == "commits") cell_verdict[c] = new == "" ? "missing" : "new"
  } else if (!(controls && name == "violations") && is_worse(name, old, new)) {
    cell_verdict[c] = incomparable ? "incomparable" : mode == "commits" ? "worsened" : "worse"
  } else if (!(controls && name == "violations") && is_worse(name, new, old)) {
    cell_verdict[c] = incomparable ? "incomparable" : mode == "commits" ? "improved" : "better"
  }
}

function allowed(bench, name) {
  if (is_control(bench)) return "the control caught nothing"
  return "the contract allows " (name == "violations" ? "none" : "one")
}

function is_control(bench) {
  return bench && discipline_of(name_of["bench", bench]) == "unsafe"
}

# A contract that names a bound (computations) is kept or not; below the bound nothing is worse.
function is_worse(name, old, new) {
  if (name ~ /^computations/) return 0
  return direction[name] == "higher" ? new < old : new > old
}
