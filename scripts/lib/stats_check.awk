# What stats.awk says of samples, for its test. A line is two samples with a semicolon between; a
# value may have a block, as in 2:17.5 for block 2. Prints p, ratio, low, high, the least p that
# such sizes and ties allow, and the rank of the interval.
#
# With by_enumeration=1, p is counted the slow way instead: over all ways to deal the observations
# of each block out again, by comparing pairs, without ranks.

{
  split($0, sides, ";")
  blocks = 1
  n = sample(sides[1], x, x_block)
  m = sample(sides[2], y, y_block)
  p = mann_whitney(x, x_block, n, y, y_block, m, blocks)
  if (by_enumeration) p = enumerated_p()
  hodges_lehmann(x, x_block, n, y, y_block, m, blocks, alpha ? alpha : 0.05)
  pattern = untied_pattern(x_block, n, y_block, m, blocks)
  printf "%.10g %.15g %.15g %.15g %.4g %d\n", p, hl_ratio, hl_low, hl_high, least_p(mw_pattern),
      interval_rank(pattern, alpha ? alpha : 0.05)
}

function sample(text, values, block,    count, word, i, part) {
  count = split(text, word, " ")
  for (i = 1; i <= count; ++i) {
    if (split(word[i], part, ":") == 1) { part[2] = part[1]; part[1] = 1 }
    values[i] = part[2] + 0
    block[i] = part[1] + 0
    if (block[i] > blocks) blocks = block[i]
  }
  return count
}

function enumerated_p(    i) {
  pooled_count = 0
  split("", quota)
  for (i = 1; i <= n; ++i) { pool(x[i], x_block[i], 1); ++quota[x_block[i]] }
  for (i = 1; i <= m; ++i) pool(y[i], y_block[i], 0)
  observed = distance_from_mean()
  deals = extreme = 0
  deal(1)
  return extreme / deals
}

function pool(value, block, in_x) {
  pooled[++pooled_count] = value
  pooled_block[pooled_count] = block
  is_x[pooled_count] = in_x
}

function deal(i) {
  if (i > pooled_count) {
    for (b = 1; b <= blocks; ++b) if (quota[b] > 0) return
    ++deals
    if (distance_from_mean() >= observed) ++extreme
    return
  }
  if (quota[pooled_block[i]] > 0) {
    is_x[i] = 1
    --quota[pooled_block[i]]
    deal(i + 1)
    ++quota[pooled_block[i]]
  }
  is_x[i] = 0
  deal(i + 1)
}

# |U - nm/2| summed over blocks before the absolute value, in halves.
function distance_from_mean(    i, j, sum) {
  for (i = 1; i <= pooled_count; ++i) {
    for (j = 1; j <= pooled_count; ++j) {
      if (!is_x[i] || is_x[j] || pooled_block[i] != pooled_block[j]) continue
      sum += (pooled[i] > pooled[j]) - (pooled[i] < pooled[j])
    }
  }
  return sum < 0 ? -sum : sum
}
