#!/usr/bin/env bats
# lib/student_t.awk and lib/change_points.awk against published values and slow definitions.

# shellcheck disable=SC2016  # programs for awk

bats_require_minimum_version 1.5.0

setup() {
  scripts="${BATS_TEST_DIRNAME}"
}

# Runs a program that calls the statistics.
statistics() { # AWK_PROGRAM
  awk -f "${scripts}/lib/student_t.awk" -f "${scripts}/lib/outliers.awk" \
    -f "${scripts}/lib/change_points.awk" -f <(echo "$1")
}

@test "Student's t agrees with the printed tables to their last digit" {
  # df, two-sided p, critical value: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2.
  statistics '{
    if (!(student_t_p($3 - 0.0005, $1) > $2 && student_t_p($3 + 0.0005, $1) < $2)) {
      print "df " $1 ": p of " $3 " is " student_t_p($3, $1) ", not " $2
      failed = 1
    }
  } END { exit failed || NR != 12 }' <<'TABLE'
1 0.1 6.314
1 0.05 12.706
2 0.01 9.925
2 0.002 22.327
3 0.05 3.182
5 0.05 2.571
5 0.002 5.893
10 0.05 2.228
10 0.002 4.144
30 0.01 2.750
60 0.002 3.232
100 0.2 1.290
TABLE
}

@test "Student's t has the closed forms of 1, 2 and 4 degrees of freedom, however far out" {
  statistics 'BEGIN {
    for (t = 0.001; t < 1e6; t *= 3) {
      check(t, 1, 2 / atan2(0, -1) * atan2(1, t))
      root = sqrt(2 + t * t)
      check(t, 2, 2 / (root * (root + t)))
      s = 1 / sqrt(1 + 4 / (t * t))
      check(t, 4, (1 - s) * (1 - s) * (2 + s) / 2)
    }
    exit failed
  }
  function check(t, df, p) {
    # Where s is close to 1, its closed form has lost the digits itself.
    if (df == 4 && t > 100) return
    off = student_t_p(t, df) / p - 1
    if (off < -1e-11 || off > 1e-11 || student_t_p(-t, df) != student_t_p(t, df)) {
      print "t " t ", df " df ": off by " off
      failed = 1
    }
  }' </dev/null
}

@test "the best split is the one that the definition of Q has, computed slowly" {
  statistics 'BEGIN {
    seed = 7
    for (round = 1; round <= 40; round++) {
      n = 3 + round % 10
      for (i = 1; i <= n; i++) z[i] = int((seed = (seed * 16807) % 2147483647) / 1e8)
      from = 1 + round % 2
      sum_distances(z, 1, n + 1, sums)
      best_split(sums, from, n + 1, best)
      top = slowly(from, n + 1)
      off = best["q"] - top
      if (off < -1e-9 || off > 1e-9) {
        print "round " round ": " best["q"] ", not " top
        failed = 1
      }
    }
    exit failed
  }
  function slowly(from, to,    at, end, top, q) {
    top = -1
    for (at = from + 1; at < to; at++) {
      for (end = at + 1; end <= to; end++) {
        q = energy(from, at, end)
        if (q > top) top = q
      }
    }
    return top
  }
  # Matteson and James, equation 5 times n m / (n + m).
  function energy(from, at, end,    n, m, between, left, right) {
    n = at - from
    m = end - at
    between = distances(from, at, at, end) / (n * m)
    left = n < 2 ? 0 : distances(from, at, from, at) / (n * (n - 1))
    right = m < 2 ? 0 : distances(at, end, at, end) / (m * (m - 1))
    return n * m / (n + m) * (2 * between - left - right)
  }
  function distances(a, b, c, d,    i, k, sum) {
    sum = 0
    for (i = a; i < b; i++) for (k = c; k < d; k++) sum += z[i] > z[k] ? z[i] - z[k] : z[k] - z[i]
    return sum
  }' </dev/null
}

@test "the series that Apache Otava is tested with have the change points it finds" {
  # window, p, indexes from 0, the series: tests/{analysis,series,change_point_divisive}_test.py.
  statistics '{
    split("", z)
    for (i = 4; i <= NF; i++) z[i - 3] = $i
    count = find_change_points(z, NF - 3, $1, $2, 0, found)
    indexes = ""
    for (i = 1; i <= count; i++) indexes = indexes (i > 1 ? "," : "") found[i, "at"] - 1
    if (indexes != $3) {
      print "line " NR ": " indexes ", not " $3
      failed = 1
    }
  } END { exit failed || NR != 6 }' <<'SERIES'
10 .0001 10 1.02 .95 .99 1 1.12 1 1.01 .98 1.01 .96 .5 .51 .48 .48 .55 .5 .49 .51 .5 .49
50 .001 6 1.02 .95 .99 1 1.12 .9 .5 .51 .48 .48 .55
50 .001 4 2.02 2.03 2.01 2.04 1.82 1.85 1.79 1.81 1.8 1.76 1.78
50 .001 3,6 0 0 0 1 1.12 .9 .5 .51 .48 .48 .55
50 .05 5,13,21 1 1 1 1 1 5 5 5 5 5 5 5 5 9 9 9 9 9 9 9 9 3 3 3 3 3 3 3 3 3
50 .001 5,8 .3 2.4 1.5 -.9 -.5 99.7 98.3 99.1 149 149.7 149.5 149.1 148.8 150
SERIES
}

@test "the t-test has the p of a hand calculation, and 1 for nothing to test" {
  statistics 'BEGIN {
    # Sides {1, 2, 3} and {5, 6, 7}: t = 4 / sqrt(2 / 3) = 4.899 with 4 degrees of freedom.
    split("1 2 3 5 6 7", z, " ")
    t_test(z, 1, 4, 7, sides)
    s = 4.898979485566356 / sqrt(4 + 24)
    off = sides["p"] - (1 - s * (1 + 2 / 28))
    if (off < -1e-12 || off > 1e-12 || sides["before"] != 2 || sides["after"] != 6) exit 1
    t_test(z, 1, 2, 3, sides)
    if (sides["p"] != 1) exit 2
    split("4 4 4 9 9", z, " ")
    t_test(z, 1, 4, 6, sides)
    if (sides["p"] != 0) exit 3
    t_test(z, 1, 2, 4, sides)
    if (sides["p"] != 1) exit 4
  }' </dev/null
}
