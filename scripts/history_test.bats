#!/usr/bin/env bats
# scripts/history on results made up here.

# shellcheck disable=SC2154  # bats sets stderr
# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want

bats_require_minimum_version 1.5.0

load lib/history_test.sh

# --- Change points -------------------------------------------------------------------------------

@test "a step is found at its commit with its size, and 100 records later too" {
  # shellcheck disable=SC2046  # values are words
  series p50_us $(noise 1 12 100) $(noise 2 8 125)
  run_history 0 --format json
  jq --exit-status '.places[0].series | map(select(.metric == "p50_us"))[0].changes |
    length == 1 and (.[0] | .commit == "c0013" and .previous_commit == "c0012" and
      .verdict == "regressed" and (.change > 0.22 and .change < 0.28) and
      (.before > 98 and .before < 102) and (.after > 122 and .after < 128) and .p < 0.001)' \
    <<<"${output}"
  # shellcheck disable=SC2046
  series p50_us $(noise 1 12 100) $(noise 2 108 125)
  expect_changes "c0013 regressed 25"
}

@test "noise without a step has no change, nor has a step below 5 %" {
  local seed
  for seed in 3 4 5; do
    # shellcheck disable=SC2046
    series p50_us $(noise "${seed}" 30 100)
    expect_changes
  done
  series p50_us 100 100.1 99.9 100 100.1 99.9 104 104.1 103.9 104 104.1 103.9
  expect_changes
  series p50_us 100 100.1 99.9 100 100.1 99.9 106 106.1 105.9 106 106.1 105.9
  expect_changes "c0007 regressed 6"
}

@test "two steps are found apart, with the sizes between their neighbours" {
  # shellcheck disable=SC2046
  series p50_us $(noise 8 10 100) $(noise 9 10 150) $(noise 10 10 75)
  expect_changes "c0011 regressed 50" "c0021 improved -50"
}

@test "a level that rises and falls back is found twice, however close the ends" {
  # shellcheck disable=SC2046
  series p50_us $(noise 8 10 100) $(noise 9 10 120) $(noise 10 10 100)
  expect_changes "c0011 regressed 20" "c0021 improved -17"
}

@test "one bad record is no change, neither the last nor one before" {
  # shellcheck disable=SC2046
  series p50_us $(noise 11 15 100) 160
  expect_changes
  # shellcheck disable=SC2046
  series p50_us $(noise 11 15 100) 160 $(noise 12 15 100)
  expect_changes
}

@test "what chance would give more often than once in a thousand is no change" {
  series p50_us 100 110 90 100 110 90 120 130 110 120 130 110  # p 0.003
  expect_changes
  series p50_us 100 110 90 100 110 90 130 140 120 130 140 120  # p 0.0002
  expect_changes "c0007 regressed 30"
}

@test "a drift is found as steps in its direction" {
  local values
  values="$(awk 'BEGIN {
    for (i = 0; i < 40; i++) print 100 * (1 + i / 40) * (1 + (i % 3 - 1) / 100)
  }')"
  # shellcheck disable=SC2086
  series p50_us ${values}
  run_history 0 --format json
  jq --exit-status '.places[0].series | map(select(.metric == "p50_us"))[0].changes |
    length >= 1 and all(.[]; .verdict == "regressed" and .change > 0.05) and
    .[-1].after / .[0].before > 1.3' <<<"${output}"
}

@test "higher is better where metrics.tsv says so, and for information means neither" {
  # shellcheck disable=SC2046
  series items_per_second $(noise 1 12 100) $(noise 2 8 125)
  expect_changes "c0013 improved 25"
  # shellcheck disable=SC2046
  series rtt_us $(noise 1 12 100) $(noise 2 8 125)
  expect_changes
  run_history 0 --metric rtt_us
  [[ "${output}" == *"changed   F/lockfree/a rtt_us: 1"*"0 regressed, 0 improved"*"1 changed" ]]
}

@test "a count that leaves 0 for good is a change without a relative size" {
  series retries_per_op 0 0 0 0 0 0 2 2 2
  expect_changes "c0007 regressed -"
}

# --- Points --------------------------------------------------------------------------------------

@test "a point is the median over processes of the median over repetitions, times in nanoseconds" {
  {
    printf '%s/run-1.json\t%s\n' "$(record_name 1)" "$(repetitions 1 2 30)"
    printf '%s/run-2.json\t%s\n' "$(record_name 1)" "$(repetitions 4 5 60)"
    printf '%s/run-3.json\t%s\n' "$(record_name 1)" "$(repetitions 70 80 9)"
  } | store
  run_history 0 --format json
  jq --exit-status '.places[0].series | map({key: .metric, value: .points[0]}) | from_entries |
    .real_time == {record: 0, value: 5000, processes: 3} and .p50_us.value == 50 and
    .violations.value == 80 and .success_rate.value == 0.1' <<<"${output}"
}

repetitions() { # MICROSECONDS...
  local value index=0 rows=()
  for value in "$@"; do
    rows+=("{\"repetition_index\": $((index++)), \"time_unit\": \"us\", \"real_time\": ${value},
      \"p50_us\": ${value}0, \"violations\": ${value}, \"success_rate\": 0.${value}}")
  done
  document '{}' "${rows[@]}"
}

@test "a contract is broken by one observation, at its commit, and repaired by none" {
  series violations 0 0 1 1 0
  expect_changes "c0003 broken -" "c0005 repaired -"
  series success_rate 1 1 0.999 1 1
  expect_changes "c0003 broken -" "c0004 repaired -"
  series errors 2 2 0
  expect_changes "c0001 broken -" "c0003 repaired -"
  run_history 0
  [[ "${output}" == *"..c0001 "*"broken"*"errors: 2"*"c0002..c0003 "*"errors: 2 -> 0"* ]]
}

@test "a control is broken when one process of it finds no violation" {
  local number file
  for number in 1 2 3; do
    for file in 1 2; do
      printf '%s/run-%d.json\t' "$(record_name "${number}")" "${file}"
      document '{}' "{\"name\": \"F/unsafe/a\",
        \"violations\": $((number * file == 4 ? 0 : 500 * number + file))}"
    done
  done | store
  expect_changes "c0002 broken -" "c0003 repaired -"
}

@test "a control is known by its role, and what only measures has no contract" {
  local number
  for number in 1 2 3; do
    printf '%s/run-1.json\t' "$(record_name "${number}")"
    document '{}' "{\"name\": \"F/policy/a\", \"role\": \"control\", \"bounds\": [],
        \"violations\": $((number == 2 ? 0 : 500))}" \
      "{\"name\": \"F/policy/b\", \"role\": \"safe\", \"violations\": $((number == 3))}" \
      "{\"name\": \"F/unsafe/c\", \"role\": \"measurement\", \"violations\": ${number}}"
  done | store
  expect_changes "c0002 broken -" "c0003 repaired -" "c0003 broken -"
  jq --exit-status '[.places[].series[] | select(.metric == "violations") |
    [.benchmark, .class, (.points | map(.value))]] == [["F/policy/a", "contract", [500, 0, 500]],
    ["F/policy/b", "contract", [0, 0, 1]]]' <<<"${output}"
  run_history 0 --format json --metric violations
  jq --exit-status '[.places[].series[] | .class] == ["contract", "contract", "info"]' \
    <<<"${output}"
}

@test "a bounded counter is watched by its worst, also where only the file describes it" {
  local number most
  for number in 1 2 3 4; do
    for most in 4 "$((number == 3 ? 6 : 5))" 1; do
      printf '%s/run-%d.json\t' "$(record_name "${number}")" "${most}"
      document '{"metrics": "queue_max 1 lower noisy;wait_us us lower noisy"}' "{
        \"role\": \"safe\", \"bounds\": [\"queue_max <= 5\"], \"queue_max\": ${most},
        \"wait_us\": 7}"
    done
  done | store
  expect_changes "c0003 broken -" "c0004 repaired -"
  jq --exit-status '.unknown_metrics == [] and ([.places[].series[] |
    select(.metric | test("queue|wait")) | [.metric, .class, (.points | map(.value))]] ==
    [["queue_max", "contract", [5, 5, 6, 5]], ["wait_us", "noisy", [7, 7, 7, 7]]])' <<<"${output}"
  run_history 0 --metric queue_max
  [[ "${output}" == *"c0002..c0003 "*"broken    F/lockfree/a queue_max: 5 -> 6"* ]]
}

@test "records of other machines, servers, transports and settings are other series" {
  local number=0 context
  for context in '{}' '{"server_version": "8.0"}' '{"transport": "unix"}' '{"rate": "500"}' \
    '{"google_benchmark_version": "1.9"}' '{"kernel": "another"}' \
    '{"value_bytes": "0", "server_options": "default"}' '{"value_bytes": "1000"}' \
    '{"server_options": "io-threads 4"}'; do
    ((++number))
    printf '%s/run-1.json\t%s\n' "$(record_name "${number}")" \
      "$(document "${context}" '{"p50_us": 5}')"
  done | store
  printf '%s/run-1.json\t%s\n' "$(record_name 10 other-m)" "$(document '{}' '{"p50_us": 5}')" | store
  run_history 0 --format json
  jq --raw-output '.places[] | "\(.description) \(.records)"' <<<"${output}" | diff - <(cat <<'END'
m: redis 7.0.15, tcp, Google Benchmark 1.7.1 [0,5,6]
m: redis 8.0, tcp, Google Benchmark 1.7.1 [1]
m: redis 7.0.15, unix, Google Benchmark 1.7.1 [2]
m: redis 7.0.15, tcp, rate 500, Google Benchmark 1.7.1 [3]
m: redis 7.0.15, tcp, Google Benchmark 1.9 [4]
m: redis 7.0.15, tcp, value_bytes 1000, Google Benchmark 1.7.1 [7]
m: redis 7.0.15, server_options io-threads 4, tcp, Google Benchmark 1.7.1 [8]
other-m: redis 7.0.15, tcp, Google Benchmark 1.7.1 [9]
END
  )
}

@test "a benchmark with an error is a gap that is named, and takes no part in the series" {
  series p50_us 10 x 10 - 10 90
  run_history 0 --format json
  jq --exit-status '.places[0] |
    .gaps == [{record: 1, benchmark: "F/lockfree/a/real_time/threads:1", reason: "3 timeouts"}] and
    (.series | map(select(.metric == "p50_us"))[0].points | map(.record)) == [0, 2, 4, 5]' \
    <<<"${output}"
  run_history 0 --metric p50_us
  [[ "${output}" == *"2026-01-01 00:00  c0002  "*"  F/lockfree/a: 3 timeouts"* ]]
  [[ "${output}" == *" ▁x▁ ▁█"* ]]
}

@test "an error in one of several processes is a gap too, even where nothing else is left" {
  {
    printf '%s/run-1.json\t%s\n' "$(record_name 1)" "$(document '{}' '{"p50_us": 5}')"
    printf '%s/run-2.json\t%s\n' "$(record_name 1)" \
      "$(document '{}' '{"error_occurred": true, "error_message": "lost the server"}')"
  } | store
  run_history 0
  [[ "${output}" == *"c0001"*"F/lockfree/a: lost the server"*"0 series"* ]]
}

# --- Output --------------------------------------------------------------------------------------

@test "the text shows changes first, then a sparkline for each series in the height of its range" {
  series p50_us 100 101 100 102 101 100 150 151 150 152 151 150
  run_history 0 --metric p50_us
  diff - <(echo "${output/ p50_us: / p50_us:$'\n'}") <<'END'
m: redis 7.0.15, tcp, Google Benchmark 1.7.1
12 records, 2026-01-01 00:00 to 2026-01-01 00:00

changes, oldest first, as the commits between which they came
  2026-01-01 00:00  c0006..c0007                regressed F/lockfree/a p50_us:
100.7 -> 150.7, +49.7 %, p 6.66e-16

F/lockfree/a
  p50_us                      150  ▁▁▁▁▁▁██████

1 series: 1 regressed, 0 improved, 0 broken, 0 repaired
END
}

@test "without a UTF-8 locale the sparkline is ASCII" {
  series p50_us 100 120 140 170
  LC_ALL=C run_history 0 --metric p50_us
  [[ "${output}" == *$'  p50_us                      170  1358\n'* ]]
  LC_ALL="" LC_CTYPE="" LANG=en_US.utf8 run_history 0 --metric p50_us
  [[ "${output}" == *"▁▃▅█"* ]]
}

@test "equal input gives equal bytes, in any locale, from any directory" {
  # shellcheck disable=SC2046
  series p50_us $(noise 8 10 100) $(noise 9 10 150)
  local first
  run_history 0 --format json
  first="${output}"
  cd "${results}/.."
  LC_ALL=C run -0 --separate-stderr "${scripts}/history" --format=json "the results/"
  [[ "${output}" == "${first}" ]]
  cd /
  RCB_RESULTS_DIR="${results}" run -0 --separate-stderr "${scripts}/history" --format json
  [[ "${output}" == "${first}" ]]
}

@test "contracts that were never broken are only counted, unless they are asked for" {
  series violations 0 0 0
  run_history 0
  [[ "${output}" != *violations* && "${output}" == *"not shown: 1 of contracts"* ]]
  run_history 0 --metric violations
  [[ "${output}" == *"violations"* ]]
}

@test "--benchmark and --metric choose" {
  series p50_us 1 2
  run_history 0 --format json --benchmark '^F/lockfree/' --metric real_time,p50_us
  jq --exit-status '[.places[].series[] | [.benchmark[:5], .metric]] ==
    [["F/loc", "real_time"], ["F/loc", "p50_us"]]' <<<"${output}"
}

@test "labels and dirty commits are kept, and metrics that nobody explains are named" {
  printf '20260101T000000Z-c0de-dirty-my-machine-2cpu/run-1.json\t%s\n' \
    "$(document '{"record_label": "a \"b\" \\ c\td"}' '{"p50_us": 5, "novelty": 1}')" | store
  run_history 0 --format json
  jq --exit-status '.records == [{name: "20260101T000000Z-c0de-dirty-my-machine-2cpu",
      utc: "20260101T000000Z", commit: "c0de-dirty", machine: "my-machine-2cpu",
      label: "a \"b\" \\ c\td"}] and .unknown_metrics == ["novelty"]' <<<"${output}"
  run_history 0
  [[ "${lines[-1]}" == *"metrics.tsv lacks them: novelty" ]]
}

@test "what is not named like a record is left out, with a word unless it is hidden" {
  series p50_us 1 2
  mkdir "${results}/scratch" "${results}/.partial-xyz"
  touch "${results}/README.md"
  run_history 0
  [[ "${stderr}" == "history: ${results}/scratch is not named like a record; left out" ]]
}

# --- Refusals ------------------------------------------------------------------------------------

@test "a directory that is missing, empty or has an empty record is refused by name" {
  refuses "${results}/none is no directory" "${results}/none"
  refuses "${results} has no records" "${results}"
  mkdir "${results}/$(record_name 1)"
  refuses "${results}/$(record_name 1) has no JSON files" "${results}"
}

@test "a file that is cut short, empty, foreign or twice as long is refused by name" {
  series p50_us 1 2 3
  local file whole
  file="${results}/$(record_name 2)/run-1.json"
  whole="$(cat "${file}")"
  printf '%s' "${whole:0:300}" >"${file}"
  refuses "${file} " "${results}"
  : >"${file}"
  refuses "${file} " "${results}"
  echo '{"context": {}}' >"${file}"
  refuses "${file} " "${results}"
  printf '%s\n%s\n' "${whole}" "${whole}" >"${file}"
  refuses "${file} " "${results}"
}

@test "unknown metrics, expressions, formats and arguments are refused by name" {
  series p50_us 1 2
  refuses "--metric p51_us is not in scripts/metrics.tsv" "${results}" --metric p50_us,p51_us
  refuses "--metric * is not in" "${results}" --metric '*'
  refuses "--metric hit_ratio: no result has it" "${results}" --metric hit_ratio
  refuses "--benchmark nothing matches no benchmark" "${results}" --benchmark nothing
  refuses "--benchmark: not an extended regular expression: (" "${results}" --benchmark '('
  refuses "--format xml is neither" "${results}" --format xml
  refuses "unknown argument --verbose" "${results}" --verbose
  refuses "--metric needs a value" "${results}" --metric
  refuses "two directories" "${results}" "${results}"
}

@test "--help prints the usage" {
  run -0 "${scripts}/history" --help
  [[ "${lines[0]}" == "usage: scripts/history"* ]]
}
