#!/usr/bin/env bats
# scripts/report: what it refuses, in a line each, without touching the page.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2154  # bats sets stderr

bats_require_minimum_version 1.5.0

setup() {
  # shellcheck source=scripts/lib/fixture.sh
  source "${BATS_TEST_DIRNAME}/lib/fixture.sh"
  cd "${BATS_TEST_TMPDIR}" || exit
}

report() { # STATUS ARG...
  local status_wanted="$1"
  shift
  run "-${status_wanted}" --separate-stderr "${BATS_TEST_DIRNAME}/report" "$@"
}

refused() { # MESSAGE ARG...
  echo before >page.html
  report 2 "${@:2}"
  [[ -z "${output}" && "${stderr}" == "report: $1" ]] || { echo "${stderr}" && return 1; }
  [[ "$(<page.html)" == before && "$(ls page.html*)" == page.html ]]
}

@test "refuses what is no results, in a line, and leaves the page as it was" {
  write_processes results 1 2
  echo '{}' >other.json
  refused "no results; see --help" --output page.html
  refused "--output names the page to write; see --help" results
  refused "--output: missing cannot be written to" results --output missing/page.html
  refused "--output: results is a directory" results --output results
  refused "--filter nothing matches no benchmark" results --output page.html --filter nothing
  refused "other.json has no context: no results of Google Benchmark" other.json --output page.html
  refused "results/1.json is named twice" results/1.json results/1.json --output page.html
  jq '.context.rcb_schema_version = "9"' results/1.json >new.json
  refused "new.json is not of rcb_schema_version 1, but 9" new.json --output page.html
  jq 'del(.context.rcb_schema_version)' results/1.json >foreign.json
  refused "foreign.json is of another program; the page needs what scripts/bench wrote" \
    foreign.json --output page.html
  head --bytes=1000 results/1.json >cut.json
  report 2 cut.json --output page.html
  [[ "${stderr}" == "report: cut.json is cut off or not JSON"* ]]
}

@test "refuses what else there may be to show, where it is something else" {
  write_processes results 1 2
  mkdir empty other wrong
  printf '%12s %14s %10s %14s\n' Value Percentile TotalCount '1/(1-Percentile)' >other/Lock.hgrm
  echo 'one two' >wrong/Counter.hgrm
  echo '{"row": "Lock/lockfree/lua", "t_ms": 1, "ops": 1}' >other.jsonl
  echo '{"row": 5}' >wrong.jsonl
  echo '{"row": "Lock/lock' >cut.jsonl
  refused "--series: missing cannot be read" results --output page.html --series missing
  refused "--series: wrong.jsonl is nothing that bench --series wrote (has a line that is no interval and no mark)" \
    results --output page.html --series wrong.jsonl
  refused "--series: other.jsonl is of other benchmarks than the results" \
    results --output page.html --series other.jsonl
  report 2 results --output page.html --series cut.jsonl
  [[ "${stderr}" == "report: --series: cut.jsonl is nothing that bench --series wrote ("*")" ]]
  refused "--histograms: missing is no directory" results --output page.html --histograms missing
  refused "--histograms: empty has no *.hgrm" results --output page.html --histograms empty
  refused "--histograms: wrong/Counter.hgrm is no percentile text of HdrHistogram" \
    results --output page.html --histograms wrong
  refused "--histograms: other is of other benchmarks than the results" \
    results --output page.html --histograms other
  refused "--records: missing is no directory" results --output page.html --records missing
  refused "--knee: wrong.jsonl is nothing that scripts/knee wrote" results --output page.html --knee wrong.jsonl
  refused "empty has no *.json" results --output page.html --old empty
}

@test "a page that cannot be put into its place leaves the old one" {
  write_processes results 1 1
  mkdir bin
  printf '#!/bin/sh\nexit 1\n' >bin/mv
  chmod +x bin/mv
  PATH="${PWD}/bin:${PATH}" refused "--output: page.html cannot be written" results --output page.html
}

@test "without the chart library it says which package has it" {
  write_processes results 1 1
  RCB_CHART_LIBRARY=none refused "the chart library none is missing; Debian's package libjs-chart.js has it" \
    results --output page.html
}

@test "a full disk is said, and no device is replaced" {
  [[ -w /dev/full ]] || skip "no /dev/full"
  write_processes results 1 1
  report 2 results --output /dev/full
  [[ "${stderr}" == "report: --output: /dev/full cannot be written" && -c /dev/full ]]
}
