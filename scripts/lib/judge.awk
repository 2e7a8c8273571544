# Judges every metric of every pair of benchmarks, after stats.awk, promises.awk, load.awk,
# pairs.awk, context.awk and contracts.awk, and before verdicts.awk. Settings: mode (commits,
# contrast or disciplines), alpha, min_effect (a fraction); gate, an expression for the noisy
# metrics that may fail a comparison, all where it is empty. What is found stands in cells:
# cell_verdict[1..cells], cell_metric and so on.

function new_cell(pair, metric, verdict, remark) {
  ++cells
  cell_pair[cells] = pair
  cell_metric[cells] = metric
  cell_verdict[cells] = verdict
  cell_remark[cells] = remark
  return cells
}

# What keeps a pair from being compared as a whole, each in a line of its own. Returns whether its
# noisy metrics may be judged.
function check_pair(pair,    side, bench, absent, i, failed, message, fine) {
  fine = 1
  if (!pair_old[pair]) new_cell(pair, "-", "new", "")
  if (!pair_new[pair]) new_cell(pair, "-", "missing", "")
  if (!pair_old[pair] || !pair_new[pair]) fine = 0
  for (side = 1; side <= 2; ++side) {
    bench = side == 1 ? pair_old[pair] : pair_new[pair]
    if (!bench) continue
    absent = side_files[side] - processes_on(side, bench)
    if (absent) {
      new_cell(pair, "-", "missing", "from " absent " of " side_files[side] " processes " \
               on_side(side))
    }
    failed = 0
    message = ""
    for (i = 1; i <= side_files[side]; ++i) {
      if (!((side_file[side, i], bench) in error)) continue
      ++failed
      message = least_text(message, error[side_file[side, i], bench])
    }
    if (!failed) continue
    new_cell(pair, "-", "errored", failed " of " side_files[side] " processes " on_side(side) ": " \
             message)
    fine = 0
  }
  if (!check_skipped(pair)) fine = 0
  if (fine && mode == "commits" && threads_on(1, pair_old[pair]) != threads_on(2, pair_new[pair])) {
    new_cell(pair, "-", "incomparable", "threads " threads_on(1, pair_old[pair]) " against " \
             threads_on(2, pair_new[pair]))
    fine = 0
  }
  return fine
}

# What was skipped before and is skipped still does not fail; what used to run does. Returns whether
# nothing was skipped.
function check_skipped(pair,    old, new, reason_old, text) {
  old = pair_old[pair] ? skipped_on(1, pair_old[pair]) : 0
  reason_old = skip_reason
  new = pair_new[pair] ? skipped_on(2, pair_new[pair]) : 0
  if (!old && !new) return 1
  if (new) text = new " of " side_files[2] " processes " on_side(2) ": " skip_reason
  else text = old " of " side_files[1] " processes " on_side(1) ": " reason_old
  if (mode == "commits" && new && !old && pair_old[pair]) {
    new_cell(pair, "-", "missing", "skipped by " text)
  } else {
    new_cell(pair, "-", mode == "commits" && !new && pair_new[pair] ? "new" : "skipped", \
             "skipped by " text)
  }
  return 0
}

function on_side(side) {
  if (mode == "commits") return side == 1 ? "before" : "after"
  return side == 1 ? "of the first" : "of the second"
}

function threads_on(side, bench,    i, least) {
  for (i = 1; i <= side_files[side]; ++i) {
    if ((side_file[side, i], bench) in threads) {
      least = least_text(least, threads[side_file[side, i], bench])
    }
  }
  return least
}

# A metric that only some processes have: the others would be left out without a word.
function check_absent(pair, side, bench, metric, name, is_judged,    i, file, results, measured_in) {
  if (!bench) return
  for (i = 1; i <= side_files[side]; ++i) {
    file = side_file[side, i]
    if (!((file, bench) in present) || is_void(file, bench)) continue
    ++results
    if ((file, bench, metric) in values) ++measured_in
  }
  if (!measured_in || measured_in == results) return
  if (!is_judged && (class[name] == "info" || class[name] == "")) return
  new_cell(pair, name, "missing", "from " results - measured_in " of " results " processes " \
           on_side(side))
}

function measure_pair(pair,    fine, m, old, new, name, is_judged) {
  fine = check_pair(pair)
  old = pair_old[pair]
  new = pair_new[pair]
  note_changes(pair, old, new)
  check_bounds(pair)
  for (m = 1; m <= ids["metric"]; ++m) {
    if (!((old, m) in measured) && !((new, m) in measured)) continue
    name = name_of["metric", m]
    is_judged = is_judged_as_contract(old, new, name)
    check_absent(pair, 1, old, m, name, is_judged)
    check_absent(pair, 2, new, m, name, is_judged)
    if (is_judged) {
      measure_contract(pair, m, name)
    } else if (fine) {
      measure_noisy(pair, m, name)
    }
  }
}

# A promise that was taken back must not pass without a word.
function note_changes(pair, old, new) {
  if (mode != "commits" || !old || !new) return
  if (label_on(1, old) != label_on(2, new)) {
    note("the contract of " pair_name[pair] " was \"" label_on(1, old) "\" and is \"" \
         label_on(2, new) "\"")
  }
  if (role_on(1, old) != role_on(2, new)) {
    note("the role of " pair_name[pair] " was " role_on(1, old) " and is " role_on(2, new))
  }
  if (bounds_on(1, old) != bounds_on(2, new)) {
    note("the contract of " pair_name[pair] " bounded " list_of(bounds_on(1, old)) " and bounds " \
         list_of(bounds_on(2, new)))
  }
}

function list_of(bounds_) {
  gsub(/;/, ", ", bounds_)
  return bounds_ == "" ? "nothing" : bounds_
}

function measure_noisy(pair, metric, name,    c, x, x_block, n, y, y_block, m, floor) {
  n = series(1, pair_old[pair], metric, x, x_block)
  m = series(2, pair_new[pair], metric, y, y_block)
  if (mode != "commits" && (!n || !m)) return
  c = new_cell(pair, name, "", "")
  cell_class[c] = class[name] == "" ? "unknown" : class[name]
  # What is a contract elsewhere, where there is none.
  if (cell_class[c] == "contract") cell_class[c] = "info"
  cell_n[c] = n
  cell_m[c] = m
  cell_iterations_old[c] = iterations_on(1, pair_old[pair])
  cell_iterations_new[c] = iterations_on(2, pair_new[pair])
  if (!n || !m) {
    cell_verdict[c] = !n ? "new" : cell_class[c] == "noisy" ? "missing" : cell_class[c]
    if (n) cell_old[c] = median(x, n)
    if (m) cell_new[c] = median(y, m)
    return
  }
  hodges_lehmann(x, x_block, n, y, y_block, m, blocks, alpha)
  cell_ratio[c] = hl_ratio
  cell_low[c] = hl_low
  cell_high[c] = hl_high
  cell_p[c] = mann_whitney(x, x_block, n, y, y_block, m, blocks)
  cell_least_p[c] = least_p(mw_pattern)
  cell_is_exact[c] = is_exact(mw_pattern)
  cell_old[c] = cell_median_old[c] = median_copy(x, n)
  cell_new[c] = cell_median_new[c] = median_copy(y, m)
  agree_with_ratio(c, x, n, y, m)
  cell_constant[c] = are_all(x, n, x[1]) && are_all(y, m, x[1])
  cell_threshold[c] = min_effect
  floor = floor_for(name_of["bench", pair_new[pair]], name)
  if (mode == "commits" && floor > min_effect) {
    cell_threshold[c] = floor
    cell_remark[c] = sprintf("A/A floor %.1f%%", 100 * cell_threshold[c])
  }
  if (name == "iterations" && cell_median_new[c] < COLLAPSE * cell_median_old[c] && mode == "commits") {
    cell_verdict[c] = "collapsed"
    cell_remark[c] = "what contracts held, they held over so much less"
  } else if (cell_class[c] != "noisy" || hl_ratio == "") {
    cell_verdict[c] = cell_class[c] == "noisy" ? "unknown" : cell_class[c]
  } else if (gate != "" && name !~ gate) {
    cell_verdict[c] = "info"
  } else if (incomparable) {
    cell_verdict[c] = "incomparable"
  } else {
    gated[++gated_count] = c
  }
}

# The medians of two samples need not differ by what the samples do. So that figures and change agree,
# a table shows the median of all processes once the change is taken out of the newer ones, and that
# times the change.
function agree_with_ratio(c, x, n, y, m,    i, pooled) {
  if (cell_ratio[c] == "" || cell_ratio[c] <= 0 || cell_ratio[c] >= INFINITE_RATIO) return
  for (i = 1; i <= n; ++i) pooled[i] = x[i]
  for (i = 1; i <= m; ++i) pooled[n + i] = y[i] / cell_ratio[c]
  cell_old[c] = median(pooled, n + m)
  cell_new[c] = cell_old[c] * cell_ratio[c]
}

# The A/A floor as measured on the machine of the new side, or for all machines.
function floor_for(benchmark, metric) {
  if (machine == "") machine = context_values(2, "cpu_model") " " context_values(2, "num_cpus") "cpu"
  if ((benchmark, metric, machine) in floor_of) return floor_of[benchmark, metric, machine] + 0
  return floor_of[benchmark, metric, ""] + 0
}

function median_copy(values_, n,    copy, i) {
  for (i = 1; i <= n; ++i) copy[i] = values_[i]
  return median(copy, n)
}

function are_all(values_, n, value,    i) {
  for (i = 1; i <= n; ++i) if (values_[i] != value) return 0
  return 1
}

# Corrects for all gated tests that could have come out otherwise: one whose observations are all
# equal has p = 1 under every permutation and takes nothing from the others (Tarone 1990).
function judge_gated(    i, c, p, q, tested) {
  for (i = 1; i <= gated_count; ++i) {
    c = gated[i]
    if (cell_constant[c]) {
      cell_q[c] = 1
    } else {
      tested[++tests] = c
      p[tests] = cell_p[c]
    }
    if (smallest_p == "" || cell_least_p[c] < smallest_p) smallest_p = cell_least_p[c]
    approximated += !cell_is_exact[c]
  }
  if (approximated) {
    note("p and interval of " approximated " metrics are normal approximations, with ties: more than " \
         EXACT_PAIRS " pairs of processes")
  }
  benjamini_hochberg(p, q, tests)
  for (i = 1; i <= tests; ++i) cell_q[tested[i]] = q[i]
  for (i = 1; i <= gated_count; ++i) cell_verdict[gated[i]] = noisy_verdict(gated[i])
}

function noisy_verdict(c,    ratio, low, high, limit, significant) {
  limit = 1 + cell_threshold[c]
  ratio = cell_ratio[c]
  low = cell_low[c]
  high = cell_high[c]
  significant = cell_q[c] < alpha && low != "" && (low > 1 || high < 1)
  if (direction[cell_metric[c]] == "higher") ratio = ratio_of(ratio, 1)
  if (significant && ratio > limit) return mode == "commits" ? "regressed" : "worse"
  if (significant && ratio < 1 / limit) return mode == "commits" ? "improved" : "better"
  if (low != "" && low >= 1 / limit && high <= limit) return "unchanged"
  return cell_least_p[c] > alpha / (tests > 0 ? tests : 1) ? "too few" : "inconclusive"
}

BEGIN { COLLAPSE = 0.5 }
