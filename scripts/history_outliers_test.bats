#!/usr/bin/env bats
# scripts/history on results made up here: records that say nothing about those around them, how
# often chance looks like a change, and the gate that --fail-since makes of it.

# shellcheck disable=SC2154  # bats sets stderr
# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want

bats_require_minimum_version 1.5.0

load lib/history_test.sh

# --- Outliers

# Of the last output as JSON: the commits of the outliers, and how many changes there are.
found() {
  jq --raw-output '[.places[].series[] | (.outliers[] | .commit), (.changes | length | tostring)] |
    join(" ")' <<<"${output}"
}

@test "one bad record, or two, wherever they are, make no change and are marked" {
  local bad position values expected
  for position in 1 2 9 15 16 17 18; do
    for bad in 200 20; do
      mapfile -t values < <(noise 4 18 100 | tr ' ' '\n' | head --lines=18)
      values[position - 1]="${bad}"
      series p50_us "${values[@]}"
      run_history 0 --format json --metric p50_us
      expected="$(printf 'c%04d 0' "${position}")"
      [[ "$(found)" == "${expected}" ]] || { echo "${position} ${bad}: $(found)"; return 1; }
    done
  done
  for position in '16 17' '17 18' '16 18' '3 17' '1 2'; do
    mapfile -t values < <(noise 4 18 100 | tr ' ' '\n' | head --lines=18)
    values[${position% *}-1]=200 values[${position#* }-1]=210
    series p50_us "${values[@]}"
    run_history 0 --format json --metric p50_us
    # shellcheck disable=SC2086  # two numbers
    expected="$(printf 'c%04d ' ${position})0"
    [[ "$(found)" == "${expected}" ]] || { echo "${position}: $(found)"; return 1; }
  done
}

@test "one bad record, or two, hide no change" {
  local values position
  for position in 1 5 10 11 12 19 20 '10 11' '11 12' '19 20' '3 18' '1 20'; do
    mapfile -t values < <({ noise 4 10 100 && noise 5 10 150; } | tr ' ' '\n' | head --lines=20)
    values[${position% *}-1]=600 values[${position#* }-1]=600
    series p50_us "${values[@]}"
    run_history 0 --format json --metric p50_us
    jq --exit-status '[.places[].series[].changes[]] | length == 1 and
      (.[0].commit | . == "c0011" or . == "c0012" or . == "c0013") and .[0].change > 0.45 and
      .[0].change < 0.55' <<<"${output}" || { echo "${position}: ${output}"; return 1; }
  done
  # shellcheck disable=SC2046  # values are words
  series p50_us $(noise 4 10 100) $(noise 5 10 150) 600
  run_history 0 --format json --metric p50_us
  [[ "$(found)" == "c0021 1" ]]
}

@test "a change survives without the point that speaks most for it, on either side" {
  # Two points at 112 and one at 103 among points of 100 with 1 %: without one of them it is none.
  series p50_us 100 101 99 100 101 99 100 101 99 100 101 99 100 101 99 112 112 101
  expect_changes
  series p50_us 100 101 99 100 101 99 100 101 99 100 101 99 100 101 99 112 112 111
  expect_changes "c0016 regressed 12"
}

@test "the text marks outliers, apart from the changes and in the sparkline" {
  series p50_us 100 101 100 102 101 100 100 600 150 151 150 152 151 150
  run_history 0 --metric p50_us
  [[ "${output}" == *"c0007..c0009 "*"regressed F/lockfree/a p50_us: "* ]]
  [[ "${output}" == *$'\noutliers, of which no change is made (! below)\n'*"c0008 "*": 600, where "* ]]
  [[ "${output}" == *"▁▁▁▁▁▁▁!██████"* && "${output}" == *"1 regressed"*", 1 outlier" ]]
}

@test "changes are found in no more series without any than is promised" {
  local rates
  rates="$(printf '%s\n' 'normal 0.1 0 20 0 0 0 200' 'lognormal 0.3 0 20 0 0 0 200' \
    'normal 0.1 0 50 0 0 0 200' 'normal 0.1 0 300 0 0 0 20' 'normal 0.03 0 25 0.1 5 0 200' \
    'normal 0.03 0 28 0.1 8 2 200' | awk -f "${scripts}/lib/student_t.awk" \
    -f "${scripts}/lib/outliers.awk" -f "${scripts}/lib/change_points.awk" \
    -f "${scripts}/lib/history_rates.awk" | cut --delimiter=' ' --fields=9 | tr '\n' ' ')"
  read -r few few_skewed more many found_after_5 found_among_bad <<<"${rates}"
  ((few <= 4 && few_skewed <= 4 && more <= 4 && many <= 1)) || { echo "${rates}"; return 1; }
  ((found_after_5 >= 160 && found_among_bad >= 160)) || { echo "${rates}"; return 1; }
}

# --- --fail-since

@test "--fail-since exits 1 where a regression began after a commit, and 0 before" {
  # shellcheck disable=SC2046
  series p50_us $(noise 8 10 100) $(noise 9 10 150) $(noise 10 10 75)
  run_history 1 --metric p50_us --fail-since c0010
  [[ "${output}" == *"regressed"* && "${stderr}" == "history: 1 regression began after c0010" ]]
  run_history 0 --metric p50_us --fail-since c0011
  run_history 0 --metric p50_us --fail-since=c0029
  series violations 0 0 1 1 0
  run_history 1 --fail-since c0002 --format json
  jq --exit-status '.places | length == 1' <<<"${output}"
  run_history 0 --fail-since c0003
  refuses "--fail-since nothing is no commit, and no record has it" "${results}" --fail-since nothing
  refuses "--fail-since c0005: no record is newer" "${results}" --fail-since c0005
  refuses "--fail-since names no commit" "${results}" --fail-since=
}

@test "--fail-since takes a commit without a record for the newest one that it builds on" {
  cd "${BATS_TEST_TMPDIR}"
  git init --quiet repository && cd repository
  cp --recursive "${scripts}" scripts
  git config user.email nobody@localhost && git config user.name Nobody
  local number commit
  for number in {1..20}; do
    git commit --quiet --allow-empty --message "${number}"
    commit="$(git rev-parse --short=12 HEAD)"
    if ((number == 9)); then continue; fi
    printf '20260101T0000%02dZ-%s-m/run-1.json\t%s\n' "${number}" "${commit}" \
      "$(document '{}' "{\"p50_us\": $((number > 10 ? 150 + number % 3 : 100 + number % 3))}")"
  done | store
  git tag between "HEAD~11"
  run -1 --separate-stderr scripts/history "${results}" --fail-since between
  run -0 --separate-stderr scripts/history "${results}" --fail-since HEAD~2
}
