#!/usr/bin/env bats
# scripts/lib/stats.awk against published values, and against counting all permutations.

bats_require_minimum_version 1.5.0

setup() {
  lib="${BATS_TEST_DIRNAME}/lib"
}

stats() { # [AWK_OPTION...], samples on stdin
  awk "$@" -f "${lib}/stats.awk" -f "${lib}/stats_check.awk"
}

# Whether field FIELD of the answer to SAMPLES is VALUE, up to 1e-9 of it.
expect() { # FIELD VALUE SAMPLES
  local answer
  answer="$(stats <<<"$3")"
  awk -v "want=$2" -v "field=$1" \
    '{ d = $field - want; exit !(d <= 1e-9 * want && d >= -1e-9 * want) }' <<<"${answer}" ||
    { echo "field $1 of ${answer} is not $2, for $3"; return 1; }
}

# SEED COUNT MOST: pairs of samples of 2 to 5 small whole numbers, so that many are tied.
random_samples() {
  awk -v "seed=$1" -v "count=$2" -v "most=$3" -v "blocks=${4:-1}" '
    function draw(n) { seed = (seed * 16807) % 2147483647; return 1 + seed % n }
    function word(b) { return (blocks > 1 ? b ":" : "") draw(most) " " }
    BEGIN {
      for (; count > 0; --count) {
        left = right = ""
        for (b = 1; b <= blocks; ++b) {
          for (i = draw(blocks > 1 ? 2 : 4); i >= 0; --i) left = left word(b)
          for (i = draw(blocks > 1 ? 2 : 4); i >= 0; --i) right = right word(b)
        }
        print left ";" right
      }
    }'
}

@test "p is what Google Benchmark's compare.py has in its tests" {
  expect 1 0.6666666666666666 '90 86;89 72'
  expect 1 1 '9 8;10 7'
  expect 1 0.2 '80 77;75 66.6 1'
}

@test "p with ties is exact where compare.py approximates by the normal distribution" {
  expect 1 0.7 '8 8;7 4.54 800'
}

@test "p is what benchstat has in its tests" {
  expect 1 0.1 '-1 -1 -1;1 1 1'
  expect 1 0.02857142857142857 '-1 -1 -1 -1;1 1 1 1'
  expect 1 0.4857142857142857 '1 -1 -1 -1;-1 1 1 1'
  expect 1 1 '1 1 1;1 1 1'
}

@test "p is what asv has in its tests, from R" {
  expect 1 0.11428571428571428 '1 2 3 4;0.9 1.1 0.7'
  expect 1 0.6666666666666666 '1 2;2.5'
}

@test "p is that of Hollander and Wolfe's example, as R prints it" {
  [[ "$(stats <<<'0.80 0.83 1.89 1.04 1.45 1.38 1.91 1.64 0.73 1.46;1.15 0.88 0.90 0.74 1.21' |
    awk '{ printf "%.4f", $1 }')" == 0.2544 ]]
}

@test "p is the same when all permutations are counted, with and without ties" {
  { random_samples 1 60 6 && random_samples 2 30 1000; } >"${BATS_TEST_TMPDIR}/samples"
  diff <(stats <"${BATS_TEST_TMPDIR}/samples") \
    <(stats -v by_enumeration=1 <"${BATS_TEST_TMPDIR}/samples")
}

@test "p within blocks is the same when all permutations within blocks are counted" {
  { random_samples 3 25 4 2 && random_samples 4 25 1000 2; } >"${BATS_TEST_TMPDIR}/samples"
  diff <(stats <"${BATS_TEST_TMPDIR}/samples") \
    <(stats -v by_enumeration=1 <"${BATS_TEST_TMPDIR}/samples")
}

@test "blocks take out a difference between them that would hide one within" {
  # In each block the second is above the first; the blocks differ by a factor of ten.
  expect 1 0.0015432098765432098 \
    '1:10 1:11 2:1 2:1.1 3:100 3:110 4:.1 4:.11;1:12 1:13 2:1.2 2:1.3 3:120 3:130 4:.12 4:.13'
  expect 5 0.001543 '1:1 1:2 2:1 2:2 3:1 3:2 4:1 4:2;1:3 1:4 2:3 2:4 3:3 3:4 4:3 4:4'
}

@test "the least p is 2 over the number of permutations" {
  local n
  for n in '3 0.1' '4 0.02857' '5 0.007937' '8 0.0001554' '10 1.083e-05' '20 1.451e-11'; do
    [[ "$(awk -v "n=${n% *}" 'BEGIN {
      for (i = 1; i <= n; ++i) { a = a " " i; b = b " " i + 0.5 }
      print a ";" b }' | stats | cut --delimiter=' ' --fields=5)" == "${n#* }" ]]
  done
}

@test "the interval leaves out as many ratios as the tables of the U test say" {
  local row
  for row in '3 0 0' '4 1 0' '5 3 1' '6 6 3' '8 14 8' '9 18 12' '10 24 17' '12 38 28' '15 65 52' \
    '20 128 106'; do
    read -r n at_95 at_99 <<<"${row}"
    samples="$(awk -v "n=${n}" 'BEGIN { for (i = 1; i <= n; ++i) a = a " " i; print a ";" a }')"
    [[ "$(stats <<<"${samples}" | cut --delimiter=' ' --fields=6)" == "${at_95}" ]]
    [[ "$(stats -v alpha=0.01 <<<"${samples}" | cut --delimiter=' ' --fields=6)" == "${at_99}" ]]
  done
}

@test "the interval holds exactly the ratios that the test does not reject" {
  # Divides the second sample by ratios just within and just without, and asks for p.
  random_samples 5 20 100000 | awk -F ';' 'split($1, a, " ") * split($2, b, " ") >= 20' |
    while IFS= read -r line; do
      read -r _ _ low high _ < <(stats <<<"${line}")
      awk -v "line=${line}" -v "low=${low}" -v "high=${high}" 'BEGIN {
        split(line, side, ";")
        n = split(side[2], y, " ")
        r[1] = low * 1.0000001; r[2] = low / 1.0000001
        r[3] = high / 1.0000001; r[4] = high * 1.0000001
        for (k = 1; k <= 4; ++k) {
          text = side[1] ";"
          for (i = 1; i <= n; ++i) text = text " " sprintf("%.17g", y[i] / r[k])
          print text
        }
      }' | stats | awk '{ rejected = rejected ($1 <= 0.05) } END { exit rejected != "0101" }'
    done
}

@test "exchanging the samples inverts ratio and interval and keeps p" {
  random_samples 6 40 1000 | while IFS= read -r line; do
    echo "$(stats <<<"${line}") $(stats <<<"${line#*;};${line%;*}")"
  done | awk '
    function near(a, b) { return a - b < 1e-12 * b && b - a < 1e-12 * b }
    $1 != $7 || !near($2, 1 / $8) { exit 1 }
    $6 > 0 && (!near($3, 1 / $10) || !near($4, 1 / $9)) { exit 1 }'
}

@test "a constant factor is found exactly" {
  [[ "$(stats <<<'3 5 7 11;6 10 14 22')" == *' 2 '* ]]
  [[ "$(stats <<<'3 5 7 11 13;3.75 6.25 8.75 13.75 16.25')" == *' 1.25 '* ]]
}

@test "the order of observations does not matter" {
  [[ "$(stats <<<'3 5 7 11;6 1 14 22')" == "$(stats <<<'11 3 7 5;1 22 6 14')" ]]
}

@test "nothing over nothing is no change, something over nothing is infinite" {
  expect 2 1 '0 0 0;0 0 0'
  expect 2 1e300 '0 0 0;1 2 3'
}

@test "corrected p are those of Benjamini and Hochberg's example, which finds four" {
  awk -f "${lib}/stats.awk" -f - <<'AWK'
BEGIN {
  n = split(".0001 .0004 .0019 .0095 .0201 .0278 .0298 .0344 .0459 .3240 .4262 .5719 .6528 .7590 1",
            text, " ")
  for (i = 1; i <= n; ++i) p[n + 1 - i] = text[i] + 0
  benjamini_hochberg(p, q, n)
  for (i = 1; i <= n; ++i) found += q[i] < 0.05
  exit !(found == 4 && sprintf("%.6f", q[n - 3]) == "0.035625" && q[1] == 1)
}
AWK
}

@test "corrected p never fall below smaller ones and are no larger than 1" {
  awk -f "${lib}/stats.awk" -f - <<'AWK'
BEGIN {
  split("0.05 0.01 0.04 0.02 0.03", p, " ")
  for (i = 1; i <= 5; ++i) p[i] += 0
  benjamini_hochberg(p, q, 5)
  for (i = 1; i <= 5; ++i) if (sprintf("%.9f", q[i]) != "0.050000000") exit 1
}
AWK
}

# --- Large samples

@test "the deviates of the normal distribution have the p of the tables, however far out" {
  awk -f "${lib}/stats.awk" -f - <<'AWK'
function near(a, b) { return a - b <= 1e-6 * b && b - a <= 1e-6 * b }
BEGIN {
  exit !(normal_p(0) == 1 && near(normal_p(1), 0.317310508) && near(normal_p(1.959963985), 0.05) &&
         near(normal_p(2.5), 0.0124193307) && near(normal_p(3), 0.00269979606) &&
         near(normal_p(5), 5.73303144e-7) && near(normal_p(10), 1.52397060e-23) &&
         near(normal_deviate(0.05), 1.959963985) && near(normal_deviate(0.01), 2.575829304))
}
AWK
}

@test "beyond the exact method p is the normal approximation with ties and continuity, as in R" {
  # wilcox.test(x, y, exact = FALSE), of Hollander and Wolfe's example and of one with ties.
  [[ "$(stats -v EXACT_PAIRS=1 <<<'0.80 0.83 1.89 1.04 1.45 1.38 1.91 1.64 0.73 1.46;1.15 0.88 0.90 0.74 1.21' |
    awk '{ printf "%.4f", $1 }')" == 0.2446 ]]
  # W = 1, z = (8 - 1 - 0.5) / sqrt(16 / 12 * (9 - (6 + 24) / 56))
  [[ "$(stats -v EXACT_PAIRS=1 <<<'1 2 2 3;3 3 4 5' | awk '{ printf "%.4f", $1 }')" == 0.0530 ]]
}

@test "the approximation is near the exact p and interval where it takes over, tied or not" {
  local most
  for most in 12 100000; do
    awk -v "most=${most}" 'BEGIN {
      seed = 7 + most
      while (++count <= 4) {
        for (i = 1; i <= 42; ++i) {
          seed = (seed * 16807) % 2147483647
          printf "%d%s", (i > 21 ? 1.15 : 1) * (most / 2 + seed % most), (i == 21 ? ";" : " ")
        }
        print ""
      }
    }' >"${BATS_TEST_TMPDIR}/samples"
    paste -d ' ' <(stats <"${BATS_TEST_TMPDIR}/samples") \
      <(stats -v EXACT_PAIRS=500 <"${BATS_TEST_TMPDIR}/samples") |
      awk '{ off = $1 / $7 - 1; if (off > 0.1 || off < -0.1 || $6 - $12 > 1 || $12 - $6 > 1) exit 1 }'
  done
}

@test "the ratio and its interval are the same when they are found without sorting all ratios" {
  local most
  for most in 5 30 100000; do
    random_samples 11 40 "${most}" >"${BATS_TEST_TMPDIR}/samples"
    awk -v "most=${most}" 'BEGIN {
      seed = 5
      while (++count <= 3) {
        for (i = 1; i <= 50 + count; ++i) {
          seed = (seed * 16807) % 2147483647
          printf "%d%s", 1 + seed % most, (i == 24 ? ";" : " ")
        }
        print ""
      }
    }' >>"${BATS_TEST_TMPDIR}/samples"
    diff <(stats -v SORTED_PAIRS=0 <"${BATS_TEST_TMPDIR}/samples") \
      <(stats -v SORTED_PAIRS=100000 <"${BATS_TEST_TMPDIR}/samples")
  done
}

@test "the least p honours ties, and negative values have no ratio" {
  # All but one are equal: it is in either sample in half of the 20 ways to deal three and three.
  expect 5 1 '1 1 1;1 1 2'
  expect 5 0.2 '1 1 2;2 3 3'
  [[ "$(stats <<<'-1 2 3;4 5 6')" == "0.1 0 0 0 0.1 "* ]]
}
