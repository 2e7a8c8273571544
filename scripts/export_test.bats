#!/usr/bin/env bats
# scripts/export: what other tools are given of made-up results.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2154  # bats sets stderr

bats_require_minimum_version 1.5.0

load lib/compare_test.sh

export_results() { # STATUS ARG...
  run "-$1" --separate-stderr "${BATS_TEST_DIRNAME}/export" --format github-action-benchmark "${@:2}"
}

@test "p95 and violations are smaller, rates are bigger, as the action takes them" {
  export_results 0 base/1.json
  [[ -z "${stderr}" ]]
  jq --exit-status '(keys == ["customBiggerIsBetter", "customSmallerIsBetter"]) and
    all(.[][]; (.name | type) == "string" and (.unit | type) == "string" and
      (.value | type) == "number")' <<<"${output}"
  [[ "$(jq --raw-output '.customBiggerIsBetter, .customSmallerIsBetter |
    map(.name + " in " + .unit) | sort[]' <<<"${output}")" == \
"Counter/lockfree/incr/workers:10 items_per_second in operations/s
Counter/locking/token_lock/workers:10 items_per_second in operations/s
Counter/unsafe/get_set/workers:10 items_per_second in operations/s
Counter/lockfree/incr/workers:10 p95_us in us
Counter/lockfree/incr/workers:10 violations in violations
Counter/locking/token_lock/workers:10 p95_us in us
Counter/locking/token_lock/workers:10 violations in violations
Counter/unsafe/get_set/workers:10 p95_us in us" ]]
  jq --exit-status --slurpfile result base/1.json '$result[0].benchmarks[1] as $row |
    (.customSmallerIsBetter | map(select(.name | test("locking.*p95")))[0].value - $row.p95_us |
      fabs < 1e-9) and
    (.customBiggerIsBetter | map(select(.name | test("locking")))[0] |
      (.value - $row.items_per_second | fabs < 1e-5) and
      .extra == "1 process, redis 7.0.15, commit 0123456789ab; contract: no update lost")' \
    <<<"${output}"
}

@test "of several processes it is the median with its range, and the worst violation" {
  write_processes three 1 3 '.benchmarks[1].p95_us = (.context.seed | tonumber * 10) |
    if .context.seed == "2" then .benchmarks[1].violations = 4 else . end'
  export_results 0 three
  [[ "$(jq --compact-output '.customSmallerIsBetter | map(select(.name | test("/locking/")) |
    [.value, .range])' <<<"${output}")" == '[[20,"10 to 30"],[4,null]]' ]]
}

@test "--out writes a file for each of the action's tools, and --filter chooses" {
  export_results 0 --out there --filter '/lockfree/' base
  [[ "${output}" == $'there/customSmallerIsBetter.json\nthere/customBiggerIsBetter.json' ]]
  [[ "$(jq length there/customSmallerIsBetter.json)" == 2 ]]
  [[ "$(jq --raw-output '.[].name' there/customBiggerIsBetter.json)" == \
    "Counter/lockfree/incr/workers:10 items_per_second" ]]
}

@test "benchmarks with errors or in some processes only are left out and named" {
  write_processes changed 1 3 '.benchmarks[0] |= (.error_occurred = true) |
    if .context.seed == "2" then del(.benchmarks[1]) else . end'
  export_results 3 changed
  [[ "${stderr}" == *"export: Counter/unsafe/get_set/workers:10 is left out: it had errors"* ]]
  [[ "${stderr}" == *"token_lock/workers:10 is left out: it is missing from 1 of 3 processes"* ]]
  [[ "$(jq '[.[][]] | length' <<<"${output}")" == 3 ]]
}

@test "what cannot be exported is refused with the reason" {
  run -2 --separate-stderr "${BATS_TEST_DIRNAME}/export" base/1.json
  [[ "${stderr}" == "export: --format is one of: github-action-benchmark openmetrics influx csv" ]]
  export_results 2
  [[ "${stderr}" == *"no results to export"* ]]
  export_results 2 --filter nothing base
  [[ "${stderr}" == *"--filter nothing matches no benchmark" ]]
  export_results 2 base base/1.json
  [[ "${stderr}" == *"named twice" ]]
  export_results 2 --nonsense base
  [[ "${stderr}" == *"no option --nonsense"* ]]
  export_results 2 --out base/1.json base/2.json
  [[ "${stderr}" == "export: --out: base/1.json cannot be made" ]]
  jq '.benchmarks[] |= (del(.p95_us, .items_per_second, .violations))' base/1.json >bare.json
  export_results 2 bare.json
  [[ "${stderr}" == *"nothing to export"* ]]
  run -0 "${BATS_TEST_DIRNAME}/export" --help
  [[ "${lines[0]}" == "usage: scripts/export"* ]]
}
