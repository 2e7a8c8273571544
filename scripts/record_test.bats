#!/usr/bin/env bats
# scripts/record with a program in place of the bench binary, which writes made-up results.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2016,SC2154  # code for the program made up; bats sets stderr_lines

bats_require_minimum_version 1.5.0

setup() {
  scripts="${BATS_TEST_DIRNAME}"
  export RCB_RESULTS_DIR="${BATS_TEST_TMPDIR}/the results"
  export RCB_BENCH="${BATS_TEST_TMPDIR}/a bench"
  calls="${BATS_TEST_TMPDIR}/calls"
  fake_bench '' 'Intel(R) Xeon(R) Processor'
}

# Makes RCB_BENCH a program that notes its arguments, writes one result, and then does as BODY says:
# in there, run is the number of the call, and out the file that was written.
fake_bench() { # BODY CPU_MODEL
  cat >"${RCB_BENCH}" <<SCRIPT
#!/usr/bin/env bash
echo "\$\$: \$(printf '<%s>' "\$@")" >>'${calls}'
run="\$(wc --lines <'${calls}')"
for flag in "\$@"; do
  if [[ "\${flag}" == --benchmark_out=* ]]; then out="\${flag#*=}"; fi
done
cat >"\${out}" <<JSON
{"context": {"commit": "abc123def456-dirty", "num_cpus": 4, "cpu_model": "$2",
  "rcb_schema_version": "1"}, "benchmarks": [{"name": "F/lockfree/a", "run_type": "iteration",
  "repetition_index": 0, "threads": 1, "time_unit": "ns", "real_time": \${run}, "cpu_time": 1, "verdict": "ok"}]}
JSON
echo "the verdict of run \${run}"
$1
SCRIPT
  chmod +x "${RCB_BENCH}"
}

run_record() { # STATUS ARG...
  run "-$1" --separate-stderr "${scripts}/record" "${@:2}"
}

# Fails if anything is left of a record that was given up.
expect_nothing() {
  [[ -z "$(find "${RCB_RESULTS_DIR}" -mindepth 1 2>/dev/null)" ]]
}

@test "stores each process's JSON under time, commit and machine, and prints where" {
  run_record 0 --runs 3
  [[ "${output}" =~ ^"${RCB_RESULTS_DIR}"/[0-9]{8}T[0-9]{6}Z-abc123def456-dirty-intel-xeon-4cpu$ ]]
  [[ "$(ls --almost-all "${output}")" == $'run-1.json\nrun-2.json\nrun-3.json' ]]
  [[ "$(ls --almost-all "${RCB_RESULTS_DIR}")" == "${output##*/}" ]]
  [[ "$(jq .benchmarks[].real_time "${output}"/*.json)" == $'1\n2\n3' ]]
  [[ "$(cut --delimiter=: --fields=1 "${calls}" | sort --unique | wc --lines)" == 3 ]]
  [[ "$(stat --format=%A "${output}")" == drwxr-xr-x ]]
}

@test "what is recorded is what history reads" {
  run_record 0 --runs 2 --machine box-1
  run -0 --separate-stderr "${scripts}/history" "${RCB_RESULTS_DIR}" --format json
  jq --exit-status '.records[0] | .commit == "abc123def456-dirty" and .machine == "box-1"' \
    <<<"${output}"
  jq --exit-status '.places[0].series[0].points[0].processes == 2' <<<"${output}"
}

@test "runs eight times by default, from any directory" {
  cd /
  run_record 0
  [[ "$(wc --lines <"${calls}")" == 8 ]]
}

@test "filter, label and further flags reach the binary as they are" {
  run_record 0 --runs=1 --filter='a b|c' --label 'say "so": $HOME' -- --rounds=5 'x  y' ''
  local flags='<--rounds=5><x  y><><--benchmark_filter=a b|c>'
  flags+='<--benchmark_context=record_label=say "so": $HOME>'
  [[ "$(cat "${calls}")" == *": ${flags}<--benchmark_out="* ]]
}

@test "the machine is named after its processor, without trademarks, rates and blanks" {
  local model
  while IFS='|' read -r model name; do
    fake_bench '' "${model}"
    run_record 0 --runs 1
    [[ "${output}" == *"-dirty-${name}" ]] || { echo "${model}: ${output}"; return 1; }
    rm --recursive "${RCB_RESULTS_DIR}"
  done <<'MODELS'
11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz|11th-gen-intel-core-i7-1165g7-4cpu
Intel(R) Core(TM) i7-8550U CPU @ 1.80GHz|intel-core-i7-8550u-4cpu
AMD Ryzen 7 5825U with Radeon Graphics|amd-ryzen-7-5825u-4cpu
AMD EPYC 7763 64-Core Processor|amd-epyc-7763-64-core-4cpu
|4cpu
MODELS
}

@test "a run that fails leaves nothing, shows what it said, and tells why" {
  local ended status why
  while read -r ended status why; do
    : >"${calls}"
    fake_bench "if ((run == 2)); then exit ${ended}; fi" x
    run_record "${status}" --runs 3
    [[ -z "${output}" && "${stderr}" == *"the verdict of run 2"* ]]
    [[ "${stderr_lines[-1]}" == "record: run 2 of 3 ${why}; nothing recorded" ]]
    [[ "$(wc --lines <"${calls}")" == 2 ]]
    expect_nothing
  done <<'ENDS'
1 1 had an error, a broken contract or a blind control
2 2 was refused
139 1 ended with status 139
ENDS
}

@test "a run that succeeds but whose results are no such leaves nothing" {
  local damage
  for damage in 'truncate --size=100 "${out}"' 'rm "${out}"' ': >"${out}"' \
    'sed --in-place "s/\"cpu_time\": 1/\"error_occurred\": true/" "${out}"' \
    'echo "{\"context\": {}}" >"${out}"'; do
    fake_bench "${damage}" x
    run_record 1 --runs 1
    [[ "${stderr_lines[-1]}" == "record: run 1 of 1 wrote no whole results: "?* ]]
    expect_nothing
  done
}

@test "nothing has its final name before all is there, and a rebuild meanwhile changes nothing" {
  fake_bench "ls --almost-all '${RCB_RESULTS_DIR}' >>'${BATS_TEST_TMPDIR}/seen'
    echo 'exit 1' >'${RCB_BENCH}'" x
  run_record 0 --runs 2
  [[ "$(wc --lines <"${calls}")" == 2 ]]
  run ! grep --invert-match '^\.partial-' "${BATS_TEST_TMPDIR}/seen"
}

# Runs a command again until it succeeds, for ten seconds.
eventually() { # COMMAND...
  local try
  for try in {1..200}; do
    if "$@"; then return; fi
    sleep 0.05
  done
  echo "after ${try} tries: $*"
  return 1
}

has_ended() { # PROCESS
  ! kill -0 "$1" 2>/dev/null
}

@test "an interrupted record ends its run, leaves nothing and exits 128 + the signal" {
  local signal record bench status said="${BATS_TEST_TMPDIR}/said"
  fake_bench 'if ((run == 2)); then exec sleep 60; fi' x
  for signal in INT TERM HUP; do
    : >"${calls}"
    # What runs in the background of a script ignores SIGINT unless told otherwise.
    env --default-signal=INT "${scripts}/record" --runs 3 >"${said}" 2>&1 3>&- &
    record="$!"
    eventually grep --quiet --extended-regexp '^[0-9]+: .*run-2' "${calls}"
    bench="$(sed --quiet '2s/:.*//p' "${calls}")"
    kill "-${signal}" "${record}"
    # Ended by record, not by itself.
    eventually has_ended "${bench}" || { kill "${bench}"; return 1; }
    status=0
    wait "${record}" || status="$?"
    ((status == 128 + $(kill -l "${signal}")))
    [[ "$(tail --lines=1 "${said}")" == "record: interrupted; nothing recorded" ]]
    expect_nothing
  done
}

@test "progress is a line for each run, with the time left once it is known" {
  fake_bench 'sleep 1.1' x
  run_record 0 --runs 3
  [[ "${stderr_lines[0]}" == "record: run 1 of 3" ]]
  [[ "${stderr_lines[1]}" =~ ^"record: run 2 of 3, 0 min "[1-9]" s left"$ ]]
  [[ "${stderr_lines[2]}" =~ ^"record: run 3 of 3, 0 min "[1-9]" s left"$ ]]
  [[ "${#stderr_lines[@]}" == 3 ]]
}

@test "on a terminal progress stays in one line, which is gone at the end" {
  run -0 script --quiet --return --command "'${scripts}/record' --runs 2" /dev/null </dev/null
  local erase=$'\r\033[K'
  [[ "${output}" == "${erase}record: run 1 of 2${erase}record: run 2 of 2, 0 min "* ]]
  [[ "${output}" == *" s left${erase}${RCB_RESULTS_DIR}/"* ]]
}

@test "without RCB_BENCH builds the checkout's bench and runs it" {
  local project="${BATS_TEST_TMPDIR}/project"
  mkdir "${project}" "${project}"/{bench,common,scripts}
  cp "${scripts}/../CMakePresets.json" "${project}"
  cp --recursive "${scripts}"/{record,lib} "${project}/scripts"
  printf '#!/bin/sh\nexit 0\n' >"${project}/scripts/setup"
  chmod +x "${project}/scripts/setup"
  cp "${RCB_BENCH}" "${project}/bench/made_up"
  cat >"${project}/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(scratch LANGUAGES NONE)
add_custom_target(bench COMMAND cp ${CMAKE_SOURCE_DIR}/bench/made_up bench)
CMAKE
  unset RCB_BENCH RCB_RESULTS_DIR
  run -0 --separate-stderr "${project}/scripts/record" --runs 1
  [[ "${output}" == "$(readlink --canonicalize "${project}")/results/"*"-intel-xeon-4cpu" ]]
  [[ -s "${output}/run-1.json" ]]
}

refuses() { # MESSAGE ARG...
  run -2 --separate-stderr "${scripts}/record" "${@:2}"
  [[ -z "${output}" && "${stderr}" == *"$1"* && ! -e "${calls}" ]]
  expect_nothing
}

@test "bad arguments are refused by name before anything runs" {
  refuses "--runs is a number from 1 to 999" --runs 0
  refuses "--runs is a number from 1 to 999" --runs 2x
  refuses "--label cannot hold" --label 'a,b'
  refuses "--label cannot hold" --label 'a=b'
  refuses "--machine A B is no name" --machine 'A B'
  refuses "--machine dirty-1 is no name" --machine dirty-1
  refuses "unknown argument --rusn" --rusn 3
  refuses "unknown argument Counter" Counter
  refuses "--filter needs a value" --filter
  refuses "--benchmark_out is set by record" -- --benchmark_out=x.json
  refuses "--benchmark_context is set by record" -- --benchmark_context=a=b
  RCB_BENCH="${BATS_TEST_TMPDIR}" refuses "RCB_BENCH=${BATS_TEST_TMPDIR} is no program"
}

@test "a place that cannot be written to is refused by name" {
  RCB_RESULTS_DIR="${RCB_BENCH}/below" run_record 2
  [[ "${stderr_lines[-1]}" == "record: cannot write to ${RCB_BENCH}/below" ]]
}

@test "--help prints the usage" {
  run -0 "${scripts}/record" --help
  [[ "${lines[0]}" == "usage: scripts/record"* && ! -e "${calls}" ]]
}
