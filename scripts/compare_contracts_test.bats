#!/usr/bin/env bats
# scripts/compare on made-up results: what rows promise, by their roles and bounds, and how results
# are judged that declare none.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2034  # lib/fixture.sh reads VARIANTS
# shellcheck disable=SC2154  # bats sets stderr, and lib/compare_test.sh the variants

bats_require_minimum_version 1.5.0

load lib/compare_test.sh

# --- Contracts

@test "one violation in one repetition of one process is a broken contract" {
  compare_changed 1 'if .context.seed == "15" then .benchmarks[1].violations = 1 else . end'
  [[ "$(verdict "${locking}" violations)" == broken ]]
  [[ "$(field "${locking}" violations new)" == 1 ]]
}

@test "a contract that was broken before is broken still" {
  write_processes base 1 10 '.benchmarks[1].violations = 5'
  compare_changed 1 '.benchmarks[1].violations = 3'
}

@test "a control that catches nothing in one process is a failure; one that catches less is not" {
  compare_changed 1 'if .context.seed == "15" then .benchmarks[0].violations = 0 else . end'
  [[ "$(verdict "${unsafe}" violations)" == broken ]]
  compare_changed 0 '.benchmarks[0].violations = 1'
  [[ "$(verdict "${unsafe}" violations)" == held ]]
}

@test "any worsening of success, errors or timeouts is a failure, without statistics" {
  local metric
  compare_changed 1 'if .context.seed == "15" then .benchmarks[1].success_rate = 0.999 else . end'
  [[ "$(verdict "${locking}" success_rate)" == worsened ]]
  for metric in errors timeouts; do
    compare_changed 1 "if .context.seed == \"15\" then .benchmarks[2].${metric} = 1 else . end"
    [[ "$(verdict "${lockfree}" "${metric}")" == worsened ]]
  done
}

@test "what only measures has no contract, whatever it is called and bounds" {
  VARIANTS=(Harness/engine/get/workers:10 Limiter/locking/bucket/workers:10)
  local program='.benchmarks[] |= (.role = "measurement" | .bounds = ["queue_max <= 5"] |
    .queue_max = 6)'
  write_processes base 1 10 "${program}"
  compare_changed 0 "${program} | .benchmarks[].violations = 3"
  [[ "$(verdict Harness violations)" == info && "$(verdict Harness p95_us)" == unchanged ]]
  [[ "$(verdict Limiter violations)" == info && "$(verdict Limiter queue_max)" == unknown ]]
}

# --- Roles and bounds

# A family whose names tell nothing, of a suite that is newer than these scripts.
limiter() { # ROLE [JQ_PROGRAM]
  VARIANTS=(Limiter/policy/token_bucket/workers:10)
  program=".context.metrics = \"queue_max 1 lower noisy;wait_us us lower noisy\" |
    .benchmarks[] |= (.role = \"$1\" | .violations = $2 | .queue_max = 5 |
      .bounds = [\"queue_max <= 5\"])"
  write_processes base 1 10 "${program}"
}

@test "a row is judged by its role, not by its name" {
  limiter safe 0
  compare_changed 0 "${program}"
  [[ "$(verdict Limiter violations)" == held ]]
  compare_changed 1 "${program} | if .context.seed == \"15\" then
    .benchmarks[0].violations = 3 else . end"
  [[ "$(verdict Limiter violations)" == broken && "$(field Limiter violations new)" == 3 ]]
  [[ "$(field Limiter violations remark)" == '"the contract allows none"' ]]
  limiter control 7
  compare_changed 0 "${program}"
  [[ "$(verdict Limiter violations)" == held ]]
  compare_changed 1 "${program} | if .context.seed == \"15\" then
    .benchmarks[0].violations = 0 else . end"
  [[ "$(verdict Limiter violations)" == broken ]]
  [[ "$(field Limiter violations remark)" == '"the control caught nothing"' ]]
}

@test "a safe row may be called unsafe, and a control locking" {
  local swapped='.benchmarks[0] |= (.role = "safe" | .violations = 0) |
    .benchmarks[1] |= (.role = "control" | .violations = 9)'
  write_processes base 1 10 "${swapped}"
  compare_changed 0 "${swapped}"
  compare_changed 1 "${swapped} | .benchmarks[0].violations = 1"
  [[ "$(verdict "${unsafe}" violations)" == broken ]]
  compare_changed 1 "${swapped} | .benchmarks[1].violations = 0"
  [[ "$(verdict "${locking}" violations)" == broken ]]
}

@test "a bound is a contract: its worst repetition counts, and no statistics" {
  limiter safe 0
  compare_changed 0 "${program}"
  [[ "$(verdict Limiter queue_max)" == held && "$(field Limiter queue_max q)" == null ]]
  compare_changed 0 "${program} | .benchmarks[0].queue_max = 1"
  [[ "$(verdict Limiter queue_max)" == held ]]
  compare_changed 1 "${program} | if .context.seed == \"15\" then
    .benchmarks[0].queue_max = 5.01 else . end"
  [[ "$(verdict Limiter queue_max)" == broken && "$(field Limiter queue_max new)" == 5.01 ]]
  [[ "$(field Limiter queue_max remark)" == '"the contract allows at most 5"' ]]
}

@test "bounds have three operators, and a counter may have two of them" {
  local bounds value remark
  VARIANTS=(Limiter/policy/token_bucket/workers:10)
  write_processes base 1 10 '.benchmarks[] |= (.role = "safe" | .burst = 4 | .burst_max = 1)'
  while IFS='|' read -r bounds value remark; do
    compare_changed "$((${#remark} > 0))" ".benchmarks[] |= (.role = \"safe\" | .burst = 4 |
      .burst_max = 1 | .bounds = ${bounds}) | if .context.seed == \"15\" then
      .benchmarks[].burst = ${value} else . end"
    [[ "$(field Limiter burst remark)" == "${remark:-null}" ]] ||
      { echo "${bounds} ${value}"; return 1; }
  done <<'CASES'
["burst >= 4"]|3|"the contract allows at least 4"
["burst >= 4"]|5|
["burst == 4"]|3|"the contract allows exactly 4"
["burst == 4"]|5|"the contract allows exactly 4"
["burst == 4"]|4|
["burst >= 1", "burst <= 5"]|6|"the contract allows at most 5"
["burst >= 1", "burst <= 5"]|0.5|"the contract allows at least 1"
["burst >= 1", "burst <= 5"]|5|
["burst_max <= 1", "burst >= 1"]|5|
CASES
}

@test "a metric of metrics.tsv that a bound names is judged by the bound alone" {
  local program='.benchmarks[].bounds = ["p95_us <= 200"]'
  write_processes base 1 10 "${program}"
  compare_changed 0 "${program} | .benchmarks[2].p95_us *= 1.5"
  [[ "$(verdict "${lockfree}" p95_us)" == held ]]
  # A control is there to break what its contract bounds.
  [[ "$(verdict "${unsafe}" p95_us)" == unchanged ]]
  compare_changed 1 '.benchmarks[0] |= (.bounds = ["errors <= 0"] | .errors = 1)'
  [[ "$(verdict "${unsafe}" errors)" == worsened ]]
  compare_changed 1 "${program} | .benchmarks[2].p95_us = 201"
  [[ "$(verdict "${lockfree}" p95_us)" == broken ]]
}

@test "a bound on a counter that no process has, or only some have, is missing" {
  limiter safe 0
  compare_changed 3 "${program} | .benchmarks[0] |= (.bounds += [\"queue_min >= 1\"])"
  [[ "$(verdict Limiter queue_min)" == missing ]]
  compare_changed 3 "${program} | if .context.seed == \"15\" then
    del(.benchmarks[0].queue_max) else . end"
  [[ "$(verdict Limiter queue_max)" == $'missing\nheld' ]]
  write_processes base 1 10 "${program} | del(.context.metrics)"
  compare_changed 3 "${program} | del(.context.metrics) | if .context.seed == \"15\" then
    del(.benchmarks[0].queue_max) else . end"
  [[ "$(verdict Limiter queue_max)" == $'missing\nheld' ]]
}

@test "between commits the role and the bounds of today hold, and a change of them is told" {
  limiter safe 0
  compare_changed 1 "${program} | .benchmarks[].bounds = [\"queue_max <= 4\"]"
  [[ "$(verdict Limiter queue_max)" == broken && "$(field Limiter queue_max old)" == 5 ]]
  [[ "${output}" == *"bounded queue_max <= 5 and bounds queue_max <= 4"* ]]
  write_processes base 1 10 "${program} | .benchmarks[].bounds = []"
  compare_changed 0 "${program}"
  [[ "$(verdict Limiter queue_max)" == held && "$(field Limiter queue_max old)" == 5 ]]
  write_processes base 1 10 "${program}"
  compare_changed 0 "${program} | .benchmarks[] |= (.role = \"measurement\" | .violations = 3)"
  [[ "${output}" == *"the role of Limiter/policy/token_bucket"*" was safe and is measurement"* ]]
  compare_changed 1 "${program} | .benchmarks[].role = \"control\""
  [[ "$(verdict Limiter violations)" == broken ]]
}

@test "the context describes counters that metrics.tsv lacks, and only those" {
  limiter safe 0
  local waiting="${program} | .benchmarks[] |= (.bounds = [] | .wait_us = .p50_us)"
  write_processes base 1 10 "${waiting}"
  compare_changed 1 "${waiting} | .benchmarks[0].wait_us *= 1.3"
  [[ "$(verdict Limiter wait_us)" == regressed ]]
  compare_changed 0 "${waiting} | .benchmarks[0].wait_us /= 1.3"
  [[ "$(verdict Limiter wait_us)" == improved ]]
  waiting+=' | .context.metrics = "wait_us us higher noisy;p95_us us - info"'
  compare_changed 1 "${waiting} | .benchmarks[0] |= (.wait_us /= 1.3 | .p95_us *= 1.3)"
  [[ "$(verdict Limiter wait_us)" == regressed && "$(verdict Limiter p95_us)" == regressed ]]
}

# --- Results of older suites

# shellcheck disable=SC2034  # the tests use it
undeclared='del(.benchmarks[] | .role, .bounds, .evidence)'

@test "results without roles get the verdicts of the same results with them" {
  local declared change
  for change in . '.benchmarks[1].violations = 1' '.benchmarks[0].violations = 0' \
    '.benchmarks[].success_rate = 0.9' '.benchmarks[2].p95_us *= 1.2'; do
    write_processes base 1 10
    write_processes changed 11 20 "${change}"
    run "${BATS_TEST_DIRNAME}/compare" --floors none --format json base -- changed
    declared="${status} ${output}"
    [[ "${declared}" == *violations*held* ]]
    write_processes base 1 10 "${undeclared}"
    write_processes changed 11 20 "${change} | ${undeclared}"
    run "${BATS_TEST_DIRNAME}/compare" --floors none --format json base -- changed
    [[ "${status} ${output}" == "${declared}" ]]
  done
}

@test "without roles, computations are a contract where the label names them" {
  local one=".benchmarks[].computations = 1 | ${undeclared} |
    .benchmarks[].label = \"one computation per round\""
  write_processes base 1 10 "${one}"
  compare_changed 1 "${one} | if .context.seed == \"15\" then
    .benchmarks[1].computations = 1.02 else . end"
  [[ "$(verdict "${locking}" computations)" == broken ]]
  [[ "$(verdict "${unsafe}" computations)" == unchanged ]]
  compare_changed 0 "${one} | .benchmarks[].label = \"not one computation per round\" |
    if .context.seed == \"15\" then .benchmarks[1].computations = 1.02 else . end"
  [[ "$(verdict "${locking}" computations)" == unchanged ]]
}

@test "where a row has a role, its label is for people only" {
  local one='.benchmarks[].computations = 1 | .benchmarks[].label = "one computation per round"'
  write_processes base 1 10 "${one}"
  compare_changed 0 "${one} | if .context.seed == \"15\" then
    .benchmarks[1].computations = 1.02 else . end"
  [[ "$(verdict "${locking}" computations)" == unchanged ]]
}

@test "without a role or a discipline in its name, a row has no contract" {
  VARIANTS=(Harness/engine/get/workers:10)
  write_processes base 1 10 "${undeclared}"
  compare_changed 0 "${undeclared} | .benchmarks[0].violations = 3"
  [[ "$(verdict Harness violations)" == info && "$(verdict Harness p95_us)" == unchanged ]]
}

@test "results with roles compare with results without" {
  write_processes base 1 10 "${undeclared}"
  compare_changed 0 .
  [[ "$(verdict "${locking}" violations)" == held ]]
  [[ "$(jq '.notes | length' <<<"${output}")" == 1 ]]
  compare_changed 1 '.benchmarks[1].violations = 1'
  write_processes base 1 10
  compare_changed 1 "${undeclared} | .benchmarks[1].violations = 1"
  [[ "$(verdict "${locking}" violations)" == broken ]]
}

@test "recorded results compare with themselves, and with a copy that declares roles and bounds" {
  local record file
  for record in "${BATS_TEST_DIRNAME}"/../results/*/; do
    compare 0 --all "${record}" -- "${record}"
    [[ "${output}" != *broken* && "${output}" != *" measurement"* ]]
    rm --recursive --force declared && mkdir declared
    for file in "${record}"/*.json; do
      jq '(.benchmarks[] | select(.role == null)) |= (.bounds = ["success_rate >= 0.5"] | .role =
        ((.name | split("/")[1]) as $second |
          {unsafe: "control", locking: "safe", lockfree: "safe"}[$second] // "measurement"))' \
        "${file}" >"declared/${file##*/}"
    done
    compare 0 --all "${record}" -- declared
    [[ "${output}" == *held*success_rate* && "${output}" != *"the role of"* ]]
    compare 0 --all declared -- "${record}"
  done
}

@test "different exposure of a contract is shown with both sides" {
  compare 0 --all base -- same
  [[ "${output}" == *"in 10055 and 10155 iterations"* ]]
  compare_changed 1 '.benchmarks[1].violations = 1'
  [[ "$(field "${locking}" violations iterations_old)" == 10055 ]]
  [[ "$(field "${locking}" violations iterations_new)" == 10155 ]]
}
