# Exact statistics for small samples, stratified by block: the plain two-sample forms are those with
# all observations in block 1. A sample is three arguments: its values [1..n], the block of each
# (1..blocks) and n. Nothing is drawn at random. Up to EXACT_PAIRS pairs within blocks (20 and 20
# without blocks) p is exact, with ties too; the rest takes the normal approximation with ties and
# continuity correction, as R does. Distributions are remembered, so that equal sample sizes without
# ties cost one computation.

# Sorts values[1..n] upwards, in place (Shell's sort).
function sort_numbers(values, n,    gap, i, j, value) {
  for (gap = int(n / 2); gap > 0; gap = gap == 2 ? 1 : int(gap / 2.2)) {
    for (i = gap + 1; i <= n; ++i) {
      value = values[i]
      for (j = i - gap; j > 0 && values[j] > value; j -= gap) values[j + gap] = values[j]
      values[j + gap] = value
    }
  }
}

# Fills order[1..n] with the indices of values[1..n] from the least value to the greatest.
function sort_order(values, order, n,    gap, i, j, index_) {
  for (i = 1; i <= n; ++i) order[i] = i
  for (gap = int(n / 2); gap > 0; gap = gap == 2 ? 1 : int(gap / 2.2)) {
    for (i = gap + 1; i <= n; ++i) {
      index_ = order[i]
      for (j = i - gap; j > 0 && values[order[j]] > values[index_]; j -= gap) {
        order[j + gap] = order[j]
      }
      order[j + gap] = index_
    }
  }
}

# Of values[1..n], which it sorts. The mean of the middle two where n is even.
function median(values, n) {
  sort_numbers(values, n)
  if (n % 2) return values[(n + 1) / 2]
  return (values[n / 2] + values[n / 2 + 1]) / 2
}

function binomial(n, k,    i, result) {
  result = 1
  for (i = 1; i <= k; ++i) result = result * (n - k + i) / i
  return result
}

# The permutation distribution of twice the rank sum of the first sample within one block, with
# midranks: how many of the choices of its members give each sum. BLOCK is "n:t,t,...", where n is
# how many of the block's observations belong to the first sample and the t are the sizes of the
# groups of equal observations, upwards (all 1 without ties). Group by group: ways[j, s] counts the
# choices of j members so far whose sum is s. Twice, so that midranks are whole.
function block_distribution(block,    part, sizes, groups, g, n, total, seen, t, rank, j, k, s,
                            least, stride, ways, low, high, from, choices) {
  if (block in block_low_) return
  split(block, part, ":")
  n = part[1] + 0
  groups = split(part[2], sizes, ",")
  for (g = 1; g <= groups; ++g) total += sizes[g]
  stride = 2 * n * total + 1
  ways[0] = 1
  low[0] = high[0] = 0
  for (g = 1; g <= groups; ++g) {
    t = sizes[g]
    rank = 2 * seen + t + 1
    # Choices that could not become n members any more are left out.
    least = n - (total - seen - t)
    for (j = seen + t < n ? seen + t : n; j >= 1 && j >= least; --j) {
      for (k = 1; k <= t && k <= j; ++k) {
        if (!(j - k in low)) continue
        choices = binomial(t, k)
        from = (j - k) * stride
        for (s = low[j - k]; s <= high[j - k]; ++s) {
          if (from + s in ways) ways[j * stride + s + k * rank] += choices * ways[from + s]
        }
        if (!(j in low) || low[j] > low[j - k] + k * rank) low[j] = low[j - k] + k * rank
        if (!(j in high) || high[j] < high[j - k] + k * rank) high[j] = high[j - k] + k * rank
      }
    }
    seen += t
  }
  block_low_[block] = low[n]
  block_high_[block] = high[n]
  block_mean_[block] = n * (total + 1)
  block_total_[block] = binomial(total, n)
  for (s = low[n]; s <= high[n]; ++s) {
    if (n * stride + s in ways) block_ways_[block, s] = ways[n * stride + s]
  }
}

# The same summed over blocks, which are permuted each on its own. PATTERN joins blocks with "|".
function distribution(pattern,    blocks, count, b, s, t, ways, next_ways, low, high) {
  if (pattern in low_) return
  count = split(pattern, blocks, "|")
  ways[0] = 1
  low = high = 0
  mean_[pattern] = 0
  total_[pattern] = 1
  for (b = 1; b <= count; ++b) {
    block_distribution(blocks[b])
    split("", next_ways)
    for (s = low; s <= high; ++s) {
      if (!(s in ways)) continue
      for (t = block_low_[blocks[b]]; t <= block_high_[blocks[b]]; ++t) {
        if ((blocks[b], t) in block_ways_) {
          next_ways[s + t] += ways[s] * block_ways_[blocks[b], t]
        }
      }
    }
    low += block_low_[blocks[b]]
    high += block_high_[blocks[b]]
    mean_[pattern] += block_mean_[blocks[b]]
    total_[pattern] *= block_total_[blocks[b]]
    split("", ways)
    for (s = low; s <= high; ++s) if (s in next_ways) ways[s] = next_ways[s]
  }
  low_[pattern] = low
  high_[pattern] = high
  for (s = low; s <= high; ++s) if (s in ways) ways_[pattern, s] = ways[s]
}

# P(|W - mean| >= |sum - mean|) for twice the rank sum W: not twice the smaller tail, which is wrong
# where the distribution is not symmetric, as with ties in samples of different size.
function two_sided(pattern, sum,    distance, s, count) {
  if (!is_exact(pattern)) return normal_two_sided(pattern, sum)
  distribution(pattern)
  distance = sum < mean_[pattern] ? mean_[pattern] - sum : sum - mean_[pattern]
  if ((pattern, distance) in two_sided_) return two_sided_[pattern, distance]
  for (s = low_[pattern]; s <= high_[pattern]; ++s) {
    if (s - mean_[pattern] < distance && mean_[pattern] - s < distance) continue
    if ((pattern, s) in ways_) count += ways_[pattern, s]
  }
  return two_sided_[pattern, distance] = count / total_[pattern]
}

# Two-sided p of the Mann-Whitney test (Mann and Whitney 1947), over all permutations of the
# midranks; with several blocks, over those within blocks (van Elteren 1960, without weights).
# Sets mw_pattern to the pattern of the samples, with their ties.
function mann_whitney(x, x_block, n, y, y_block, m, blocks,    b, i, j, k, members, values, of_x,
                      order, in_x, pattern, sum) {
  mw_pattern = ""
  for (b = 1; b <= blocks; ++b) {
    members = 0
    for (i = 1; i <= n; ++i) if (x_block[i] == b) { values[++members] = x[i]; of_x[members] = 1 }
    in_x = members
    for (i = 1; i <= m; ++i) if (y_block[i] == b) { values[++members] = y[i]; of_x[members] = 0 }
    if (in_x == 0 || in_x == members) continue
    sort_order(values, order, members)
    pattern = pattern (pattern == "" ? "" : "|") in_x ":"
    for (i = 1; i <= members; i = j) {
      for (j = i + 1; j <= members && values[order[j]] == values[order[i]]; ++j) {}
      pattern = pattern (i == 1 ? "" : ",") (j - i)
      for (k = i; k < j; ++k) if (of_x[order[k]]) sum += i + j - 1
    }
  }
  mw_pattern = pattern
  return pattern == "" ? 1 : two_sided(pattern, sum)
}

# The pattern (see distribution) of these block sizes without ties.
function untied_pattern(x_block, n, y_block, m, blocks,    b, i, in_x, in_y, pattern) {
  for (b = 1; b <= blocks; ++b) {
    in_x = in_y = 0
    for (i = 1; i <= n; ++i) in_x += x_block[i] == b
    for (i = 1; i <= m; ++i) in_y += y_block[i] == b
    if (in_x == 0 || in_y == 0) continue
    pattern = pattern (pattern == "" ? "" : "|") in_x ":1"
    for (i = 2; i <= in_x + in_y; ++i) pattern = pattern ",1"
  }
  return pattern
}

# The least two-sided p that samples with these sizes and ties can reach.
function least_p(pattern,    low, high) {
  if (pattern == "") return 1
  if (is_exact(pattern)) distribution(pattern)
  low = two_sided(pattern, low_[pattern])
  high = two_sided(pattern, high_[pattern])
  return low < high ? low : high
}

# Whether the distribution of a pattern is counted out. Sets its moments and limits where it is not.
function is_exact(pattern,    blocks, count, b, pairs_) {
  if (!(pattern in is_exact_)) {
    count = split(pattern, blocks, "|")
    for (b = 1; b <= count; ++b) pairs_ += add_moments(pattern, blocks[b])
    is_exact_[pattern] = pairs_ <= EXACT_PAIRS
    if (is_exact_[pattern]) {
      delete mean_[pattern]
      delete low_[pattern]
      delete high_[pattern]
    }
  }
  return is_exact_[pattern]
}

# Adds a block to the mean, the variance and the limits of twice the rank sum, and returns how many
# pairs it has.
function add_moments(pattern, block,
                     part, sizes, groups, g, n, total, seen, t, rank, ties, low, high) {
  split(block, part, ":")
  n = low = high = part[1] + 0
  groups = split(part[2], sizes, ",")
  for (g = 1; g <= groups; ++g) total += sizes[g]
  for (g = 1; g <= groups; ++g) {
    t = sizes[g]
    rank = 2 * seen + t + 1
    ties += t ^ 3 - t
    low_[pattern] += rank * (low < t ? low : t)
    low -= low < t ? low : t
    seen += t
  }
  for (g = groups; g >= 1; --g) {
    t = sizes[g]
    seen -= t
    rank = 2 * seen + t + 1
    high_[pattern] += rank * (high < t ? high : t)
    high -= high < t ? high : t
  }
  mean_[pattern] += n * (total + 1)
  variance_[pattern] += n * (total - n) / 3 * (total + 1 - ties / (total * (total - 1)))
  return n * (total - n)
}

function normal_two_sided(pattern, sum,    distance) {
  distance = sum < mean_[pattern] ? mean_[pattern] - sum : sum - mean_[pattern]
  if (distance <= 1 || variance_[pattern] <= 0) return 1
  return normal_p((distance - 1) / sqrt(variance_[pattern]))
}

# The two-sided p of a standard normal deviate, which is not negative: by its power series, and far
# out by its continued fraction.
function normal_p(z,    k, term, sum) {
  if (z < 2.5) {
    term = sum = z
    for (k = 3; k < 100; k += 2) sum += term *= z * z / k
    return 1 - 2 * sum * exp(-z * z / 2) * NORMAL_HEIGHT
  }
  sum = z
  for (k = 100; k >= 1; --k) sum = z + k / sum
  return 2 * exp(-z * z / 2) * NORMAL_HEIGHT / sum
}

# The deviate that has this two-sided p.
function normal_deviate(p,    low, high, i, middle) {
  high = 40
  for (i = 0; i < 60; ++i) {
    middle = (low + high) / 2
    if (normal_p(middle) > p) low = middle
    else high = middle
  }
  return low
}

# How many of the extreme ratios an interval of confidence 1 - alpha leaves out on either side, plus
# one; 0 where even the widest interval has less confidence.
function interval_rank(pattern, alpha,    s, count, rank) {
  if (pattern == "") return 0
  if ((pattern, alpha) in interval_rank_) return interval_rank_[pattern, alpha]
  if (!is_exact(pattern)) {
    # Of the mean of U and half its continuity correction.
    rank = int((mean_[pattern] - low_[pattern] + 1 - \
                normal_deviate(alpha) * sqrt(variance_[pattern])) / 2)
    return interval_rank_[pattern, alpha] = rank > 0 ? rank : 0
  }
  distribution(pattern)
  for (s = low_[pattern]; s <= high_[pattern]; s += 2) {
    count += ways_[pattern, s]
    if (2 * count > alpha * total_[pattern]) break
    ++rank
  }
  return interval_rank_[pattern, alpha] = rank + 0
}

# New over old. Nothing over nothing is no change; something over nothing is INFINITE_RATIO.
function ratio_of(old, new) {
  if (old == 0) return new == 0 ? 1 : INFINITE_RATIO
  return new > old * INFINITE_RATIO ? INFINITE_RATIO : new / old
}

# The Hodges-Lehmann estimate of y over x (Hodges and Lehmann 1963): the median of the ratios of all
# pairs within blocks; and its exact interval of confidence 1 - alpha, two order statistics of those
# ratios chosen from the distribution of U (Moses 1953), closed, so that ties keep the confidence.
# Sets hl_ratio, hl_low and hl_high; the latter two are "" where the samples are too small, and all
# of them where a value is negative, which has no ratio.
# The middle of an even number is the geometric mean, so that exchanging x and y inverts the ratio.
function hodges_lehmann(x, x_block, n, y, y_block, m, blocks, alpha,
                        i, j, count, ratios, rank, x_sorted, y_sorted, is_large) {
  hl_ratio = hl_low = hl_high = ""
  for (i = 1; i <= n; ++i) if ((x_sorted[i] = x[i]) < 0) return
  for (j = 1; j <= m; ++j) if ((y_sorted[j] = y[j]) < 0) return
  sort_numbers(x_sorted, n)
  sort_numbers(y_sorted, m)
  is_large = blocks == 1 && n * m > SORTED_PAIRS && x_sorted[1] > 0
  if (is_large) count = n * m
  for (i = 1; i <= n && !is_large; ++i) {
    for (j = 1; j <= m; ++j) {
      if (x_block[i] == y_block[j]) ratios[++count] = ratio_of(x[i], y[j])
    }
  }
  if (count == 0) return
  if (!is_large) sort_numbers(ratios, count)
  rank = interval_rank(untied_pattern(x_block, n, y_block, m, blocks), alpha)
  i = int((count + 1) / 2)
  j = int(count / 2) + 1
  if (is_large) {
    ratios[i] = nth_ratio(x_sorted, n, y_sorted, m, i)
    if (j != i) ratios[j] = nth_ratio(x_sorted, n, y_sorted, m, j)
    if (rank) {
      ratios[rank] = nth_ratio(x_sorted, n, y_sorted, m, rank)
      ratios[count + 1 - rank] = nth_ratio(x_sorted, n, y_sorted, m, count + 1 - rank)
    }
  }
  hl_ratio = ratios[i] == ratios[j] ? ratios[i] : sqrt(ratios[i]) * sqrt(ratios[j])
  if (rank == 0) return
  hl_low = ratios[rank]
  hl_high = ratios[count + 1 - rank]
}

# Of all ratios of y[1..m] over x[1..n], both ascending and x above 0, the one that is the RANK-th
# from below, without making them all: each round takes one that is still possible, counts along the
# staircase how many are less, and leaves out what cannot be it any more.
function nth_ratio(x, n, y, m, rank,
                   i, low, high, left, round, at, pivot, below, upto, less, most) {
  for (i = 1; i <= n; ++i) { low[i] = 1; high[i] = m }
  for (round = 1; ; ++round) {
    left = 0
    for (i = 1; i <= n; ++i) left += high[i] - low[i] + 1
    at = round * 0.6180339887498949
    at = 1 + int((at - int(at)) * left)
    for (i = 1; at > high[i] - low[i] + 1; ++i) at -= high[i] - low[i] + 1
    pivot = ratio_of(x[i], y[low[i] + at - 1])
    below[0] = upto[0] = less = most = 0
    for (i = 1; i <= n; ++i) {
      below[i] = below[i - 1]
      while (below[i] < m && ratio_of(x[i], y[below[i] + 1]) < pivot) ++below[i]
      upto[i] = upto[i - 1] > below[i] ? upto[i - 1] : below[i]
      while (upto[i] < m && ratio_of(x[i], y[upto[i] + 1]) <= pivot) ++upto[i]
      less += below[i]
      most += upto[i]
    }
    if (rank > less && rank <= most) return pivot
    for (i = 1; i <= n; ++i) {
      if (rank <= less) { if (high[i] > below[i]) high[i] = below[i] }
      else if (low[i] <= upto[i]) low[i] = upto[i] + 1
    }
  }
}

# Fills q[1..n] from p[1..n] (Benjamini and Hochberg 1995): calling all with q < alpha different
# keeps the expected share of false ones among them below alpha.
function benjamini_hochberg(p, q, n,    order, i, least) {
  sort_order(p, order, n)
  least = 1
  for (i = n; i >= 1; --i) {
    if (p[order[i]] * n / i < least) least = p[order[i]] * n / i
    q[order[i]] = least
  }
}

BEGIN {
  INFINITE_RATIO = 1e300
  NORMAL_HEIGHT = 1 / sqrt(8 * atan2(1, 1))
  if (EXACT_PAIRS == "") EXACT_PAIRS = 400
  if (SORTED_PAIRS == "") SORTED_PAIRS = 400
}
