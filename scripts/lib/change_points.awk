# Change points of a series, for awk -f together with student_t.awk: E-divisive means (Matteson and
# James, arXiv:1306.4933) with Student's t-test in place of random permutations, in windows that
# overlap, weak candidates merged afterwards: Fleming et al., "Hunter: Using Change Point Detection
# to Hunt for Performance Regressions" (doi:10.1145/3578244.3583719), the method of Apache Otava.
#
# Deliberate differences from Otava: the t-test takes the unbiased variance (the population's makes
# p too small for short segments). Where a candidate fails the test against all that follows, it is
# tested against the stretch that made it the best, too: a level that rose and fell back would hide
# its own rise. One point is never a level, as it may have been a bad hour of the machine. And both
# neighbours of a candidate that was dropped are judged anew, not only the later ones.
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
function t_test(z, from, at, to, sides,    left, right, df, variance, error) {
  take_moments(z, from, at, left)
  take_moments(z, at, to, right)
  sides["before"] = left["mean"]
  sides["after"] = right["mean"]
  sides["p"] = 1
  df = to - from - 2
  if (df < 1 || left["mean"] == right["mean"]) return
  variance = (left["square"] + right["square"]) / df
  if (variance > 0) {
    error = sqrt(variance * (1 / left["n"] + 1 / right["n"]))
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
# and the beginning z[at..end-1] of its right part: fills best["at" | "end" | "q"]. The first of
# equals.
function best_split(sums, from, to, best,    at, k, n, m, q, within_left, within_right, between) {
  best["at"] = 0
  within_left = 0
  for (at = from + 1; at < to; at++) {
    n = at - from
    within_left += sums[at - 1, at - 1] - sums[at - 1, from]
    within_right = between = 0
    for (k = at; k < to; k++) {
      m = k + 1 - at
      between += sums[k, at] - sums[k, from]
      within_right += sums[k, k] - sums[k, at]
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
      if (edges[i + 1] - edges[i] < 2) continue
      best_split(sums, edges[i], edges[i + 1], best)
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
    if (sides["p"] > max_p && end - at >= 3) t_test(z, low, at, end, sides)
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

# The change points of z[1..n]: fills found[i, "at" | "before" | "after" | "p"], i from 1,
# ascending, and returns how many they are. before and after are the means up to the neighbouring
# change points. Kept is what has p < max_p and changes by more than min_magnitude (0.05 is 5 %);
# window is in points. Takes max_p from 0 to 0.1.
function find_change_points(z, n, window, max_p, min_magnitude, found,
                            edges, count, i, sides, weakest, worst_p, least,
                            least_size, size) {
  count = collect_edges(z, n, window, 10 * max_p, edges)
  for (;;) {
    weakest = least = 0
    for (i = 2; i < count; i++) {
      t_test(z, edges[i - 1], edges[i], edges[i + 1], sides)
      if (edges[i] - edges[i - 1] < 2 || edges[i + 1] - edges[i] < 2) sides["p"] = 1
      found[i - 1, "at"] = edges[i]
      found[i - 1, "before"] = sides["before"]
      found[i - 1, "after"] = sides["after"]
      found[i - 1, "p"] = sides["p"]
      if (weakest == 0 || sides["p"] > worst_p) {
        weakest = i
        worst_p = sides["p"]
      }
      size = magnitude(sides["before"], sides["after"])
      if (least == 0 || size < least_size) {
        least = i
        least_size = size
      }
    }
    if (count == 2) return 0
    if (worst_p < max_p) {
      if (least_size > min_magnitude) return count - 2
      weakest = least
    }
    for (i = weakest; i < count; i++) edges[i] = edges[i + 1]
    count--
  }
}
