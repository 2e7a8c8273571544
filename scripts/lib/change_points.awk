# Change points of a series, for awk -f together with student_t.awk and outliers.awk: E-divisive
# means (Matteson and James, arXiv:1306.4933) with Student's t-test in place of random permutations,
# in windows that overlap, weak candidates merged afterwards: Fleming et al., "Hunter: Using Change
# Point Detection to Hunt for Performance Regressions" (doi:10.1145/3578244.3583719), the method of
# Apache Otava.
#
# Deliberate differences from Otava: the t-test takes the unbiased variance (the population's makes
# p too small for short segments). Where a candidate fails the test against all that follows, it is
# tested against the stretch that made it the best, too: a level that rose and fell back would hide
# its own rise. Both neighbours of a candidate that was dropped are judged anew, not only the later
# ones. And, since a machine has bad hours:
#
# - Outliers (see outliers.awk) are left out. They neither make nor erase a change.
# - A level is three points, each nearer to it than to the level beside it.
# - A change has to survive without the point that speaks most for it, on either side: there with
#   ten times the p, as it has one point less.
# - What is tested are logarithms, where there are any: noise of machines multiplies.
# - Neighbours resemble each other (a slow hour is followed by one): where the points within the
#   levels found without regard to that are correlated, beyond what chance gives, the test takes as
#   many points less for it.
# - The longer the series, the smaller the p that it takes, as there are more places to go wrong.
#
# How often that finds what is not there, history_rates.sh measures.
#
# A change point is the index (from 1) of the first point at the new level. Nothing is random: equal
# input gives equal output.

# Fills moments["n" | "mean" | "square"] with the number of values in z[from..to-1], their mean and
# the sum of their squared deviations from it.
function take_moments(z, from, to, moments,    i, sum) {
  moments["n"] = to - from
  sum = 0
  for (i = from; i < to; i++) sum += z[i]
  moments["mean"] = sum / (to - from)
  moments["square"] = 0
  for (i = from; i < to; i++) moments["square"] += (z[i] - moments["mean"]) ^ 2
}

# How different z[from..at-1] and z[at..to-1] are: fills sides["p" | "before" | "after"] with the
# two-sided p of Student's t-test and both means. Two points in all leave nothing to test: p is 1.
# Where points resemble their neighbours, inflation is by how much the variance of a mean is larger.
function t_test(z, from, at, to, sides, inflation,    left, right, df, variance, error) {
  take_moments(z, from, at, left)
  take_moments(z, at, to, right)
  sides["before"] = left["mean"]
  sides["after"] = right["mean"]
  sides["p"] = 1
  df = to - from - 2
  if (df < 1 || left["mean"] == right["mean"]) return
  variance = (left["square"] + right["square"]) / df
  if (variance > 0) {
    error = sqrt(variance * (inflation ? inflation : 1) * (1 / left["n"] + 1 / right["n"]))
    sides["p"] = student_t_p((right["mean"] - left["mean"]) / error, df)
  } else {
    sides["p"] = 0
  }
}

# The relative change, from whichever side it is larger; both sides 0 is no change.
function magnitude(before, after,    forward, backward) {
  if (before == after) return 0
  if (before == 0 || after == 0) return 1e300
  forward = after / before - 1
  backward = before / after - 1
  if (forward < 0) forward = -forward
  if (backward < 0) backward = -backward
  return forward > backward ? forward : backward
}

# Fills sums[k, t], for k and t in from..to: the distances from z[k] to z[from..t-1], added up.
function sum_distances(z, from, to, sums,    k, t, distance) {
  for (k = from; k < to; k++) {
    sums[k, from] = 0
    for (t = from; t < to; t++) {
      distance = z[k] > z[t] ? z[k] - z[t] : z[t] - z[k]
      sums[k, t + 1] = sums[k, t] + distance
    }
  }
}

# The split of z[from..to-1] that maximises the energy statistic Q of its left part z[from..at-1]
# and the beginning z[at..end-1] of its right part, each of LEAST points or more: fills best["at" |
# "end" | "q"]. The first of equals; "at" is 0 where there is none.
function best_split(sums, from, to, best, least,
                    at, k, n, m, q, within_left, within_right, between) {
  best["at"] = 0
  within_left = 0
  for (at = from + 1; at < to; at++) {
    n = at - from
    within_left += sums[at - 1, at - 1] - sums[at - 1, from]
    if (n < least) continue
    within_right = between = 0
    for (k = at; k < to; k++) {
      m = k + 1 - at
      between += sums[k, at] - sums[k, from]
      within_right += sums[k, k] - sums[k, at]
      if (m < least) continue
      q = between
      if (n > 1) q -= m * within_left / (n - 1)
      if (m > 1) q -= n * within_right / (m - 1)
      q *= 2 / (n + m)
      if (best["at"] == 0 || q > best["q"]) {
        best["at"] = at
        best["q"] = q
        best["end"] = k + 1
      }
    }
  }
}

# Adds at to the ascending edges[1..count] and returns the new count. Nothing is added twice.
function insert_edge(edges, count, at,    i) {
  for (i = 1; i <= count; i++) if (edges[i] == at) return count
  for (i = count; i >= 1 && edges[i] > at; i--) edges[i + 1] = edges[i]
  edges[i + 1] = at
  return count + 1
}

# Splits z[from..to-1] where Q is largest of all parts, again and again, until a t-test says no.
# Fills edges[1..] with from, the change points and to, ascending, and returns how many they are.
function divide(z, from, to, max_p, edges,
                count, i, sums, best, top, at, low, end, high, sides) {
  sum_distances(z, from, to, sums)
  edges[1] = from
  edges[2] = to
  count = 2
  for (;;) {
    at = 0
    for (i = 1; i < count; i++) {
      best_split(sums, edges[i], edges[i + 1], best, LEVEL)
      if (best["at"] == 0) continue
      if (at == 0 || best["q"] > top) {
        at = best["at"]
        top = best["q"]
        low = edges[i]
        end = best["end"]
        high = edges[i + 1]
      }
    }
    if (at == 0) return count
    t_test(z, low, at, high, sides)
    if (sides["p"] > max_p) t_test(z, low, at, end, sides)
    if (sides["p"] > max_p) return count
    count = insert_edge(edges, count, at)
  }
}

# Candidates from windows of z[1..n] that overlap by half, so that a long history does not drown a
# late change, and its cost grows with its length only. Fills edges as divide() does.
function collect_edges(z, n, window, max_p, edges,    start, end, count, found, found_count, i) {
  edges[1] = 1
  edges[2] = n + 1
  count = 2
  for (start = 1; start <= n; ) {
    end = start + window < n + 1 ? start + window : n + 1
    found_count = divide(z, start, end, max_p, found)
    for (i = 2; i < found_count; i++) count = insert_edge(edges, count, found[i])
    start += int(window / 2)
    if (found_count > 2 && found[found_count - 1] > start) start = found[found_count - 1]
  }
  return count
}

# By how much the variance of means is larger than for independent points, from how much y[1..n]
# resemble their neighbours within the levels between edges: (1 + r) / (1 - r), as for noise of
# which each value is r times the last one, and something new. r is freed from its bias (Kendall
# 1954), and is 0 where chance gives as much.
function find_inflation(y, n, edges, count,    i, k, level, off, last, products, squares, r) {
  for (i = 1; i < count; i++) {
    take_moments(y, edges[i], edges[i + 1], level)
    squares += level["square"]
    for (k = edges[i]; k < edges[i + 1]; k++) {
      off = y[k] - level["mean"]
      if (k > edges[i]) products += off * last
      last = off
    }
  }
  if (squares <= 0) return 1
  r = products / squares
  r += (1 + 3 * r) * (count - 1) / n
  if (r < 1.5 / sqrt(n)) return 1
  if (r > MOST_ALIKE) r = MOST_ALIKE
  return (1 + r) / (1 - r)
}

# The p of a change at y[at] from y[from..at-1] to y[at..to-1]: the worst of the p of all points and
# a tenth of the p without the one that speaks most for it, on either side. 1 where a side has fewer
# than LEVEL points nearer to its own mean than to the other.
function p_of_change(y, from, at, to, inflation,    i, rises, middle, on_left, on_right, left_most,
                     right_most, sides, p) {
  t_test(y, from, at, to, sides, inflation)
  p = sides["p"]
  rises = sides["after"] > sides["before"]
  middle = (sides["before"] + sides["after"]) / 2
  left_most = from
  right_most = at
  for (i = from; i < to; i++) {
    if (i < at) {
      on_left += rises ? y[i] < middle : y[i] > middle
      if (rises ? y[i] < y[left_most] : y[i] > y[left_most]) left_most = i
    } else {
      on_right += rises ? y[i] > middle : y[i] < middle
      if (rises ? y[i] > y[right_most] : y[i] < y[right_most]) right_most = i
    }
  }
  if (on_left < LEVEL || on_right < LEVEL) return 1
  p = larger(p, p_without(y, from, at, to, left_most, inflation) / 10)
  return larger(p, p_without(y, from, at, to, right_most, inflation) / 10)
}

function p_without(y, from, at, to, left_out, inflation,    i, count, rest, sides) {
  for (i = from; i < to; i++) if (i != left_out) rest[++count] = y[i]
  t_test(rest, 1, at - from + (left_out >= at), count + 1, sides, inflation)
  return sides["p"]
}

function larger(a, b) { return a > b ? a : b }

# Fills kept[1..] with z[1..n] without the outliers, tested[1..] with the logarithms of these, or
# the same where one has none, and place[1..] with where in z they are. Returns how many they are.
function keep_ordinary(z, n, outliers, kept, tested, place,    i, count, least) {
  for (i = 1; i <= n; i++) {
    if (i in outliers) continue
    kept[++count] = z[i]
    place[count] = i
    if (count == 1 || z[i] < least) least = z[i]
  }
  for (i = 1; i <= count; i++) tested[i] = least > 0 ? log(kept[i]) : kept[i]
  return count
}

# The change points of z[1..n]: fills found[i, "at" | "before" | "after" | "p"], i from 1,
# ascending, and returns how many they are; and outliers as find_outliers() does. before and after
# are the means up to the neighbouring change points, without outliers. Kept is what has p < max_p
# and changes by more than min_magnitude (0.05 is 5 %); window is in points. Takes max_p from 0 to
# 0.1, for up to LONG points; for more of them less.
function find_change_points(z, n, window, max_p, min_magnitude, found, outliers,
                            kept, tested, place, m, edges, count, i, inflation, level, weakest,
                            worst_p, least, least_size, size, is_settled) {
  find_outliers(z, n, min_magnitude, outliers)
  m = keep_ordinary(z, n, outliers, kept, tested, place)
  if (m > LONG) max_p *= LONG / m
  count = collect_edges(tested, m, window, 10 * max_p, edges)
  inflation = 1
  for (;;) {
    if (count == 2) return 0
    if (is_settled) inflation = find_inflation(tested, m, edges, count)
    weakest = least = 0
    for (i = 2; i < count; i++) {
      take_moments(kept, edges[i - 1], edges[i], level)
      found[i - 1, "before"] = level["mean"]
      take_moments(kept, edges[i], edges[i + 1], level)
      found[i - 1, "after"] = level["mean"]
      found[i - 1, "at"] = place[edges[i]]
      found[i - 1, "p"] = p_of_change(tested, edges[i - 1], edges[i], edges[i + 1], inflation)
      if (weakest == 0 || found[i - 1, "p"] > worst_p) {
        weakest = i
        worst_p = found[i - 1, "p"]
      }
      size = magnitude(found[i - 1, "before"], found[i - 1, "after"])
      if (least == 0 || size < least_size) {
        least = i
        least_size = size
      }
    }
    if (worst_p < max_p) {
      if (least_size <= min_magnitude) weakest = least
      else if (is_settled) return count - 2
      else {
        is_settled = 1
        continue
      }
    }
    for (i = weakest; i < count; i++) edges[i] = edges[i + 1]
    count--
  }
}

BEGIN {
  MAX_P = 0.0003
  LEVEL = 3
  MOST_ALIKE = 0.5  # a drift looks like more
  LONG = 50
}
