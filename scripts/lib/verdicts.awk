# Compares and writes what was found, after the files that judge.awk names. Settings beside theirs:
# strict (0 or 1); from the environment, where backslashes survive, the expressions RCB_GATE (see
# judge.awk), and RCB_FIRST and RCB_SECOND for the contrast. Writes lines in no order, which is left
# to sort; fields, with tabs:
#
#   note     TEXT
#   cell     SECTION RANK MAGNITUDE BENCHMARK METRIC VERDICT CLASS DIRECTION OLD NEW RATIO LOW HIGH
#            P Q PROCESSES_OLD PROCESSES_NEW THRESHOLD ITERATIONS_OLD ITERATIONS_NEW REMARK
#   family   FAMILY NUMBER METRIC ROWS RATIO      the geometric mean of a gated metric's ratios
#   summary  KEY VALUE
#
# OLD and NEW are medians of the processes that differ by RATIO (see agree_with_ratio), or the worst
# of all repetitions for a contract.

function define_ranks(    i, n, order) {
  n = split("broken,worsened,regressed,worse,errored,missing,incomparable,inconclusive,too few," \
            "collapsed,new,improved,better,unknown,skipped,unchanged,held,info", order, ",")
  for (i = 1; i <= n; ++i) rank_of[order[i]] = i
}

# In a table of disciplines the best of either side by this metric come first.
function mark_best(    c, key, side, value) {
  for (c = 1; c <= cells; ++c) {
    for (side = 1; side <= 2; ++side) {
      value = side == 1 ? cell_median_old[c] : cell_median_new[c]
      if (cell_q[c] == "" || direction[cell_metric[c]] == "") continue
      if (direction[cell_metric[c]] == "higher") value = -value
      key = pair_section[cell_pair[c]] SUBSEP cell_metric[c] SUBSEP side
      if (!(key in best) || value < best[key]) best[key] = value
    }
  }
  for (c = 1; c <= cells; ++c) {
    key = pair_section[cell_pair[c]] SUBSEP cell_metric[c]
    value = direction[cell_metric[c]] == "higher" ? -1 : 1
    if (cell_q[c] == "") continue
    is_best[c] = value * cell_median_old[c] == best[key, 1] && \
        value * cell_median_new[c] == best[key, 2]
    if (is_best[c]) cell_remark[c] = "best against best"
  }
}

function write_cell(c,    rank, magnitude, section) {
  rank = rank_of[cell_verdict[c]]
  magnitude = cell_ratio[c] == "" ? cell_new[c] + 0 : cell_ratio[c] == 0 ? 1000 : log(cell_ratio[c])
  if (magnitude < 0) magnitude = -magnitude
  if (mode == "disciplines" && cell_metric[c] != "-") {
    section = pair_section[cell_pair[c]] " " cell_metric[c]
    rank = 1 - is_best[c]
  }
  print "cell", section, rank, number(magnitude), pair_name[cell_pair[c]], cell_metric[c],
      cell_verdict[c], cell_class[c], direction[cell_metric[c]], number(cell_old[c]),
      number(cell_new[c]), number(cell_ratio[c]), number(cell_low[c]), number(cell_high[c]),
      number(cell_p[c]), number(cell_q[c]), cell_n[c], cell_m[c], number(cell_threshold[c]),
      cell_iterations_old[c], cell_iterations_new[c], cell_remark[c]
}

function number(value) {
  return value == "" ? "" : sprintf("%.12g", value)
}

# Rows without a finite ratio have no part in a mean.
function write_families(    c, i, family, key, sum, rows, keys, first, count) {
  for (c = 1; c <= cells; ++c) {
    if (cell_q[c] == "" || cell_ratio[c] <= 0 || cell_ratio[c] >= INFINITE_RATIO) continue
    family = pair_name[cell_pair[c]]
    sub("/.*", "", family)
    key = family SUBSEP id_of("metric", cell_metric[c])
    if (!(key in rows)) keys[++count] = key
    first[key] = cell_metric[c]
    ++rows[key]
    sum[key] += log(cell_ratio[c])
  }
  for (i = 1; i <= count; ++i) {
    split(keys[i], part_, SUBSEP)
    print "family", part_[1], part_[2], first[keys[i]], rows[keys[i]],
        number(exp(sum[keys[i]] / rows[keys[i]]))
  }
}

# How many processes a side, or blocks, could show a lone change; "" where more than these.
function files_needed(    n, choices, of_first, i, old, new) {
  for (i = 1; i <= side_files[1]; ++i) old += file_block[side_file[1, i]] == 1
  for (i = 1; i <= side_files[2]; ++i) new += file_block[side_file[2, i]] == 1
  of_first = binomial(old + new, old)
  for (n = 1; n < 1000; ++n) {
    choices = blocks > 1 ? of_first ^ n : binomial(2 * n, n)
    if (2 / choices <= alpha / (tests ? tests : 1)) return n
  }
  return ""
}

function summarise(    c, i, n, count, compared, metrics_compared, status) {
  for (c = 1; c <= cells; ++c) {
    ++count[cell_verdict[c]]
    if (cell_old[c] != "" && cell_new[c] != "") {
      compared[cell_pair[c]] = 1
      ++metrics_compared
    }
  }
  for (i = 1; i <= pairs; ++i) n += i in compared
  for (c = 1; c <= cells; ++c) judged += cell_class[c] == "contract"
  judged += gated_count
  status = exit_status(count)  # may print a note, which original-awk puts inside of another line
  print "summary", "judged", judged + 0
  print "summary", "rows_compared", n + 0
  print "summary", "metrics_compared", metrics_compared + 0
  print "summary", "processes_old", side_files[1] + 0
  print "summary", "processes_new", side_files[2] + 0
  for (c in rank_of) print "summary", "verdict " c, count[c] + 0
  print "summary", "alone", alone_count + 0
  print "summary", "tests", tests + 0
  print "summary", "alpha", alpha
  print "summary", "min_effect", min_effect
  print "summary", "smallest_p", number(smallest_p)
  print "summary", "p_of_a_lone_regression", tests ? number(alpha / tests) : ""
  print "summary", "files_needed", count["too few"] ? files_needed() : ""
  print "summary", "blocks", blocks
  print "summary", "mode", mode
  print "summary", "status", status
}

function exit_status(count) {
  if (pairs && !judged && !incomparable) note("nothing was judged: no metric that may fail is there")
  if (count["broken"] + count["worsened"] + count["regressed"]) return 1
  if (mode == "contrast" && count["worse"]) return 1
  if (count["missing"] + count["errored"] + count["incomparable"] || incomparable) return 3
  if (!pairs || !judged) return 3
  if (strict && count["inconclusive"] + count["too few"]) return 4
  return 0
}

END {
  OFS = "\t"
  gate = ENVIRON["RCB_GATE"]
  check_context()
  if (mode == "commits") pair_commits()
  if (mode == "contrast") pair_contrast(ENVIRON["RCB_FIRST"], ENVIRON["RCB_SECOND"])
  if (mode == "disciplines") pair_disciplines()
  for (i = 1; i <= pairs; ++i) measure_pair(i)
  judge_gated()
  define_ranks()
  if (mode == "disciplines") mark_best()
  for (i = 1; i <= alone_count; ++i) note("without a partner: " alone[i])
  for (i = 1; i <= cells; ++i) write_cell(i)
  write_families()
  summarise()
}
