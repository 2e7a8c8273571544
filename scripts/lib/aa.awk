# The A/A floor, after stats.awk, promises.awk and load.awk: what side 1, processes that do not
# differ, looks like when it is split into halves and they are compared. Settings: alpha, min_effect
# (a fraction), commit and machine.
# Writes, for each gated metric (noisy, bounded by no contract, and matching RCB_GATE if that is
# set):
#
#   floor    BENCHMARK METRIC FLOOR FLAGGED SPLITS RUNS COMMIT MACHINE
#
# FLOOR is the 95th percentile of |ratio - 1| over all splits, either way round; FLAGGED counts the
# SPLITS that had p < alpha and a change beyond min_effect; and
#
#   summary  SPLITS TESTS FLAGGED FLAGGED_AFTER_CORRECTION
#
# where the last has the correction for all tests of a split, as in scripts/compare.

function collect_cells(    bench, m, name, n, values_, block_, i) {
  for (bench = 1; bench <= ids["bench"]; ++bench) {
    for (m = 1; m <= ids["metric"]; ++m) {
      name = name_of["metric", m]
      if (class[name] != "noisy" || (gate != "" && name !~ gate)) continue
      if (!((bench, m) in measured) || is_contract(1, bench, name)) continue
      n = series(1, bench, m, values_, block_)
      if (n != runs) continue
      cell_bench[++cells] = bench
      cell_metric[cells] = name
      for (i = 1; i <= n; ++i) cell_value[cells, i] = values_[i]
    }
  }
}

# Takes the next processes into the first half until it is full. The first process is always in it:
# the other splits are these the other way round.
function choose(next_process, taken,    i) {
  if (taken == runs / 2) {
    compare_halves()
    return
  }
  for (i = next_process; i <= runs; ++i) {
    in_first[i] = 1
    choose(i + 1, taken + 1)
    in_first[i] = 0
    if (taken == 0) return
  }
}

function compare_halves(    c, i, n, m, x, y, ones, p, q, effect) {
  ++splits
  for (i = 1; i <= runs; ++i) ones[i] = 1
  for (c = 1; c <= cells; ++c) {
    n = m = 0
    for (i = 1; i <= runs; ++i) {
      if (in_first[i]) x[++n] = cell_value[c, i]
      else y[++m] = cell_value[c, i]
    }
    hodges_lehmann(x, ones, n, y, ones, m, 1, alpha)
    ratio[c, 2 * splits - 1] = hl_ratio
    ratio[c, 2 * splits] = ratio_of(hl_ratio, 1)
    p[c] = mann_whitney(x, ones, n, y, ones, m, 1)
    effect[c] = hl_ratio > 1 + min_effect || ratio_of(hl_ratio, 1) > 1 + min_effect
    if (p[c] < alpha && effect[c]) ++flagged[c]
  }
  benjamini_hochberg(p, q, cells)
  for (c = 1; c <= cells; ++c) if (q[c] < alpha && effect[c]) ++flagged_after_correction
}

function floor_of_cell(c,    i, distances) {
  for (i = 1; i <= 2 * splits; ++i) {
    distances[i] = ratio[c, i] - 1
    if (distances[i] < 0) distances[i] = -distances[i]
  }
  sort_numbers(distances, 2 * splits)
  return distances[int((95 * 2 * splits + 99) / 100)]
}

END {
  OFS = "\t"
  gate = ENVIRON["RCB_GATE"]
  runs = side_files[1]
  collect_cells()
  choose(1, 0)
  for (c = 1; c <= cells; ++c) {
    total += flagged[c]
    print "floor", name_of["bench", cell_bench[c]], cell_metric[c],
        sprintf("%.6g", floor_of_cell(c)), flagged[c] + 0, splits, runs, commit, machine
  }
  print "summary", splits, cells * splits, total + 0, flagged_after_correction + 0
}
