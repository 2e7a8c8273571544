# Outliers of a series, for awk -f: points that lie far from the level around them, for one record
# or two. That level is the median of the five points around each, or of the first or last five
# where there are no more: two bad points, wherever they are, leave it what it was, while three in a
# row are a level of their own.

BEGIN {
  NEARBY = 5
  # What makes the median distance from the median of five the standard deviation of normal noise.
  NORMAL_DISTANCE = 2.016
  FAR = 5   # standard deviations, and of what few points show of it
  FEW = 15  # more than that: (1 + FEW / n) times as many
}

# Fills outliers[i] of z[1..n] with the level that the point lies away from, and returns how many
# they are. What is within least_size of the level (0.05 is 5 %) is none, however steady the others.
function find_outliers(z, n, least_size, outliers,    i, k, first, near, level, off, sorted, limit,
                       count) {
  split("", outliers)
  if (n < NEARBY) return 0
  for (i = 1; i <= n; i++) {
    first = i - int(NEARBY / 2)
    if (first > n - NEARBY + 1) first = n - NEARBY + 1
    if (first < 1) first = 1
    for (k = 1; k <= NEARBY; k++) near[k] = z[first + k - 1]
    sort_values(near, NEARBY)
    level[i] = near[int(NEARBY / 2) + 1]
    off[i] = z[i] > level[i] ? z[i] - level[i] : level[i] - z[i]
    sorted[i] = off[i]
  }
  sort_values(sorted, n)
  limit = (sorted[int((n + 1) / 2)] + sorted[int(n / 2) + 1]) / 2
  limit *= NORMAL_DISTANCE * FAR * (1 + FEW / n)
  for (i = 1; i <= n; i++) {
    if (off[i] <= limit || magnitude(level[i], z[i]) <= least_size) continue
    outliers[i] = level[i]
    count++
  }
  return count + 0
}

# Sorts values[1..n] upwards, in place (Shell's sort).
function sort_values(values, n,    gap, i, k, value) {
  for (gap = int(n / 2); gap > 0; gap = gap == 2 ? 1 : int(gap / 2.2)) {
    for (i = gap + 1; i <= n; i++) {
      value = values[i]
      for (k = i - gap; k > 0 && values[k] > value; k -= gap) values[k + gap] = values[k]
      values[k + gap] = value
    }
  }
}
