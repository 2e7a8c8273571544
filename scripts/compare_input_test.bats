#!/usr/bin/env bats
# scripts/compare on what it cannot compare or cannot use: nothing of it may pass for well.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2154  # bats sets stderr, and lib/compare_test.sh the variants
# shellcheck disable=SC2034  # write_processes takes VARIANTS

bats_require_minimum_version 1.5.0

load lib/compare_test.sh

# --- What cannot be compared

@test "a missing benchmark exits 3 and is shown" {
  compare_changed 3 'del(.benchmarks[1])'
  [[ "$(verdict "${locking}")" == missing && "$(summary "verdict missing")" == 1 ]]
}

@test "a benchmark or metric that some processes lack, or all, exits 3" {
  compare_changed 3 'if .context.seed == "15" then del(.benchmarks[1]) else . end'
  [[ "$(verdict "${locking}")" == missing && "${output}" == *"from 1 of 10 processes after"* ]]
  compare_changed 3 'del(.benchmarks[1].p95_us)'
  [[ "$(verdict "${locking}" p95_us)" == missing ]]
  compare_changed 3 'del(.benchmarks[1].violations)'
  [[ "$(verdict "${locking}" violations)" == missing ]]
}

@test "a metric that some processes lack exits 3" {
  compare_changed 3 'if .context.seed == "15" then del(.benchmarks[1].p95_us) else . end'
  [[ "${output}" == *"from 1 of 10 processes after"* ]]
}

@test "a new benchmark is shown and judged by its contract" {
  write_processes base 1 10 'del(.benchmarks[1])'
  compare_changed 0 .
  [[ "$(verdict "${locking}")" == new && "$(verdict "${locking}" violations)" == held ]]
  compare_changed 1 '.benchmarks[1].violations = 1'
  [[ "$(verdict "${locking}" violations)" == broken ]]
}

@test "an errored row exits 3 with its message, and its figures are not compared" {
  compare_changed 3 'if .context.seed == "15" then .benchmarks[1] |= (. + {
    error_occurred: true, error_message: "no | server"} | .real_time = 0) else . end'
  [[ "$(verdict "${locking}")" == errored && "$(verdict "${locking}" p95_us)" == "" ]]
  [[ "${output}" == *"1 of 10 processes after: no | server"* ]]
  compare 3 --format markdown base -- changed
  [[ "${output}" == *'no \| server'* ]]
}

@test "different threads under one name are incomparable" {
  compare_changed 3 '.benchmarks[1].threads = 2'
  [[ "$(verdict "${locking}")" == incomparable && "$(verdict "${lockfree}" p95_us)" == unchanged ]]
}

@test "another server, library or machine is incomparable, unless it is meant" {
  local change group key
  for change in server/server_version library/google_benchmark_version machine/cpu_model \
    build/compiler; do
    group="${change%/*}" key="${change#*/}"
    write_processes base 1 10 ".context.${key} = \"old\""
    compare_changed 3 ".context.${key} = \"other\""
    [[ "$(verdict "${lockfree}" p95_us)" == incomparable ]]
    [[ "${output}" == *"${key} is old against other; --across ${group}"* ]]
  done
  compare 0 --across machine,build base -- changed
  compare 0 --across=all base -- changed
  compare 3 --across machine,server base -- changed
}

@test "a machine is its processors, memory and kernel, not its host name" {
  local key
  compare_changed 0 ".context.host_name = \"other\""
  [[ "${output}" == *"host machine against other"* && "$(verdict "${lockfree}" p95_us)" == unchanged ]]
  for key in num_cpus cpu_model memory_gib kernel; do
    write_processes base 1 10 ".context.${key} = \"4\""
    compare_changed 3 ".context.${key} = \"8\""
    [[ "${output}" == *"${key} is 4 against 8; --across machine"* ]]
  done
  local caches="{type: \"Data\", level: 1, size: 32768, num_sharing: 1}"
  write_processes base 1 10 ".context.caches = [${caches}]"
  compare_changed 0 ".context.caches = [${caches} | .num_sharing = 2]"
  compare_changed 3 ".context.caches = [${caches} | .size = 4096]"
}

@test "processes of one side that differ among themselves are incomparable too" {
  local mixed='.context.server_version =
    (if .context.seed | test("[02468]$") then "7" else "8" end)'
  write_processes base 1 10 "${mixed}"
  compare_changed 3 "${mixed}"
  [[ "${output}" == *"server_version is 7, 8 against 7, 8"* ]]
}

@test "a broken contract fails even where figures are incomparable" {
  compare_changed 1 '.context.server_version = "8" | .benchmarks[1].violations = 1'
}

# --- Unusable input

@test "each unusable file is named with its reason, and exits 2" {
  mkdir bad
  : >bad/empty.json
  printf ' \n' >bad/blank.json
  head --bytes=900 same/11.json >bad/cut.json
  printf 'no json' >bad/text.json
  printf '[]' >bad/array.json
  printf '{"context": {"rcb_schema_version": "9"}, "benchmarks": []}' >bad/schema.json
  printf '{"context": {"rcb_schema_version": "1"}, "benchmarks": []}' >bad/no_rows.json
  printf '{"benchmarks": []}' >bad/foreign.json
  cat same/11.json same/12.json >bad/two.json
  jq '.benchmarks += [.benchmarks[0]]' same/11.json >bad/twice.json
  sed 's/"p95_us":[0-9.]*/"p95_us":NaN/' same/11.json >bad/nan.json
  sed 's/"p95_us":[0-9.]*/"p95_us":-Infinity/' same/11.json >bad/infinity.json
  sed 's/"p95_us":[0-9.]*/"p95_us":1e999/' same/11.json >bad/huge.json
  sed 's/"p95_us":[0-9.]*/"p95_us":null/' same/11.json >bad/null.json
  sed 's/"p95_us":[0-9.]*/"p95_us":"1"/' same/11.json >bad/string.json
  sed 's/"time_unit":"ns"/"time_unit":"h"/' same/11.json >bad/unit.json
  jq '.benchmarks[1].role = "unsafe"' same/11.json >bad/role.json
  jq '.benchmarks[1].bounds = "p95_us <= 5"' same/11.json >bad/bounds.json
  jq '.benchmarks[1].bounds = ["p95_us <= 5", "p95_us < 5"]' same/11.json >bad/bound.json
  jq '.context.metrics = "a us lower noisy;b us lower"' same/11.json >bad/metrics.json
  touch bad/unreadable.json && rm bad/unreadable.json
  compare 2 base -- same/13.json bad/*.json bad/unreadable.json
  [[ -z "${output}" ]]
  local reason
  for reason in 'empty.json is empty' 'blank.json is empty' 'cut.json is cut off or not JSON' \
    'text.json is cut off or not JSON' 'array.json is not an object' \
    'schema.json is not of rcb_schema_version 1, but 9' 'no_rows.json has no results' \
    'foreign.json has no context' 'two.json has more than one document' \
    'twice.json has repetition 0 of' 'nan.json p95_us of' 'NaN' 'infinity.json p95_us of' \
    'is infinite' 'huge.json p95_us' 'null.json p95_us of' 'string.json p95_us of' 'not a number' \
    'unit.json Counter/unsafe/get_set/workers:10/real_time/threads:1 has no time_unit' \
    'threads:1 has a role that is not control, safe or measurement: unsafe' \
    'threads:1 has bounds that are no array: p95_us <= 5' \
    'has a bound that is not COUNTER, <= == or >=, and NUMBER: p95_us < 5' \
    'metrics.json has in its context, among the metrics, what is not NAME UNIT' \
    'unreadable.json cannot be read'; do
    [[ "${stderr}" == *"${reason}"* ]] || { echo "no ${reason} in ${stderr}"; return 1; }
  done
  [[ "${stderr}" != *"same/13.json"* && "${stderr}" != *base/* ]]
}

@test "each kind of unusable file suffices alone" {
  local content
  for content in '' '{' '{}'; do
    printf '%s' "${content}" >same/11.json
    compare 2 base -- same
    [[ "${stderr}" == *"same/11.json"* ]]
  done
}

@test "wrong usage exits 2 and says why" {
  local words
  while IFS='|' read -r words message; do
    # shellcheck disable=SC2086  # meant to be split
    compare 2 ${words}
    [[ "${stderr}" == *"${message}"* ]] || { echo "${words}: ${stderr}"; return 1; }
  done <<'CASES'
|name OLD
base|name OLD
base --|no results to compare with
-- same|no results to compare
base -- same -- same|more than two sides
--alpha 2 base -- same|--alpha has to be
--alpha x base -- same|--alpha has to be
--min-effect -1 base -- same|--min-effect has to be
--format html base -- same|--format is
--across moon base -- same|no group moon
--filter ( base -- same|not an extended regular expression
--gate [ base -- same|not an extended regular expression
--nonsense base -- same|no option --nonsense
--filter|needs a value
--floors nowhere base -- same|cannot be read
--contrast a|needs two expressions
--contrast a b base -- same|one list
--disciplines|no results
base base/1.json -- same|named twice
CASES
  mkdir nothing
  compare 2 nothing -- same
  [[ "${stderr}" == *"nothing has no *.json"* ]]
}

@test "nothing to compare is no success" {
  compare 3 --filter nothing base -- same
  [[ -z "${output}" && "${stderr}" == "compare: --filter nothing matches no benchmark" ]]
}

@test "a file is one process by whatever names, and so is its copy" {
  local name
  ln --symbolic 1.json base/link.json
  ln base/1.json base/hard.json
  cp base/1.json base/copy.json
  for name in ./base/1.json base/../base/1.json base/link.json base/hard.json base/copy.json \
    "${PWD}/base/1.json"; do
    compare 2 base/{1,2,3}.json "${name}" -- same
    [[ -z "${output}" && "${stderr}" == "compare: base/1.json and ${name} "*" named twice" ]]
    compare 2 same -- base/{2,1}.json "${name}"
    compare 2 --contrast locking/token_lock lockfree/incr base/1.json "${name}"
    run -2 --separate-stderr "${BATS_TEST_DIRNAME}/check" base/1.json "${name}"
    [[ "${stderr}" == "check: base/1.json and ${name} "* ]]
    run -2 --separate-stderr "${BATS_TEST_DIRNAME}/table" base/1.json "${name}"
    [[ "${stderr}" == "table: base/1.json and ${name} "* ]]
  done
  mkdir --parents results/20260101T000000Z-aaaaaaaaaaaa-m
  cp base/copy.json base/1.json results/20260101T000000Z-aaaaaaaaaaaa-m
  run -2 --separate-stderr "${BATS_TEST_DIRNAME}/history" results
  [[ "${stderr}" == *"/1.json and "*"/copy.json have the same content"* ]]
}

@test "a process on both sides is told of" {
  compare 0 --format json base/{1,2,3,4,5}.json -- same base/../base/5.json
  [[ "${output}" == *'"1 of the processes stand on both sides"'* ]]
  compare 0 --format json base -- same
  [[ "${output}" != *'on both sides'* ]]
}

# --- What is told, and when

@test "a whole document and half of another are one line, whatever reads them" {
  local script record=results/20260101T000000Z-aaaaaaaaaaaa-m
  mkdir --parents "${record}"
  { cat base/1.json && head --bytes=900 base/2.json; } >"${record}/1.json"
  for script in check table; do
    run -2 --separate-stderr "${BATS_TEST_DIRNAME}/${script}" "${record}"
    [[ "${stderr}" == "${script}: ${record}/1.json is cut off or not JSON ("*")" ]]
    [[ "${#stderr_lines[@]}" == 1 && -z "${output}" ]]
  done
  run -2 --separate-stderr "${BATS_TEST_DIRNAME}/history" results
  [[ "${stderr}" == "history: ${record}/1.json is cut off "* && "${#stderr_lines[@]}" == 1 ]]
  compare 2 base -- "${record}"
  [[ "${stderr}" == "compare: ${record}/1.json is cut off "* && "${#stderr_lines[@]}" == 1 ]]
  cat base/{1,2}.json >"${record}/1.json"
  compare 2 same -- "${record}"
  [[ "${stderr}" == "compare: ${record}/1.json has more than one document" ]]
}

@test "what is of another type than it has to be is a line too, and no error of jq" {
  local program
  for program in '.benchmarks[0].run_name = 5' '.benchmarks[0].name = {}' '.context.metrics = {}' \
    '.benchmarks[0] = 7' '.benchmarks = {}'; do
    jq "${program}" base/1.json >bad.json
    compare 2 same -- bad.json
    [[ "${#stderr_lines[@]}" == 1 && "${stderr}" == "compare: bad.json has "* ]]
  done
  compare_changed 3 '.benchmarks[0] |= (.label = ["a"] | .error_occurred = true |
    .error_message = {a: 1})'
  [[ "${output}" == *'{\"a\":1}'* ]]
}

@test "rows without any time, negative times and negative rates are refused" {
  local metric
  for metric in real_time iterations; do
    jq ".benchmarks[1].${metric} = 0" same/11.json >bad.json
    compare 2 base -- bad.json
    [[ "${stderr}" == "compare: bad.json ${locking}/real_time/threads:1 ran for no time, "* ]]
  done
  for metric in real_time cpu_time items_per_second p95_us; do
    jq ".benchmarks[1].${metric} = -0.5" same/11.json >bad.json
    compare 2 base -- bad.json
    [[ "${stderr}" == "compare: bad.json ${metric} of ${locking}/real_time/threads:1 is negative" ]]
  done
  # Other counters may be.
  write_processes base 1 10 '.benchmarks[].drift = -1'
  compare_changed 0 '.benchmarks[].drift = -2'
  [[ "$(verdict "${locking}" drift)" == unknown && "$(field "${locking}" drift ratio)" == null ]]
}

@test "a collapse of iterations is shown, with what was held over so much less" {
  compare_changed 0 '.benchmarks[1].iterations = 3'
  [[ "$(verdict "${locking}" iterations)" == collapsed ]]
  [[ "$(verdict "${locking}" violations)" == held ]]
  compare 0 base -- changed
  [[ "${output}" == *"collapsed  ${locking} "*iterations*" 100"[56]" "*" 3 "*"held over so much less"* ]]
  [[ "${output}" == *"1 collapsed"* ]]
  compare_changed 0 '.benchmarks[1].iterations = 600'
  [[ "$(verdict "${locking}" iterations)" == info ]]
}

@test "the smallest p honours ties" {
  # Four of twenty differ: all of them on one side in 2 * 210 of 4845 cases.
  local tied='.benchmarks[].p95_us = (if .context.seed | tonumber % 5 == 0 then 91 else 90 end)'
  write_processes base 1 10 "${tied}"
  write_processes changed 11 20 "${tied}"
  compare 0 --format json --gate p95 base -- changed
  jq --exit-status '.summary.smallest_p - 420 / 4845 | fabs < 1e-6' <<<"${output}"
  write_processes base 1 10 '.benchmarks[].p95_us = 90'
  write_processes changed 11 20 '.benchmarks[].p95_us =
    (if .context.seed == "15" then 95 else 90 end)'
  compare 0 --format json --gate p95 base -- changed
  [[ "$(summary smallest_p)" == 1 ]]
}

@test "sixty and sixty processes of sixty rows: progress at once, and the method is told" {
  mapfile -t VARIANTS < <(seq --format 'Counter/lockfree/v%.0f/workers:10' 60)
  write_processes many 1 60 '.benchmarks[].retries_per_op = .benchmarks[0].iterations % 3'
  write_processes more 61 120 '.benchmarks[].retries_per_op = .benchmarks[0].iterations % 3 |
    .benchmarks[7].p95_us *= 1.1'
  compare 1 --format json many -- more
  [[ "${stderr_lines[0]}" == "compare: reading 120 files, 4 MB" ]]
  [[ "${stderr}" == *"compare: judging 120 processes"* ]]
  [[ "$(summary "verdict regressed")" == 1 && "$(summary "verdict unchanged")" == 359 ]]
  [[ "${output}" == *"p and interval of 360 metrics are normal approximations, with ties"* ]]
  compare 0 base -- same
  [[ -z "${stderr}" && "${output}" != *"normal approximation"* ]]
}

# --- Recordings

@test "two commits are compared by their newest clean recordings" {
  mkdir results
  cp --recursive base results/20260101T000000Z-aaaaaaaaaaaa-machine
  cp --recursive base results/20260102T000000Z-bbbbbbbbbbbb-dirty-machine
  cp --recursive base results/20260103T000000Z-bbbbbbbbbbbb-machine
  cp --recursive same results/20260104T000000Z-bbbbbbbbbbbb-machine
  write_processes results/20260105T000000Z-cccccccccccc-dirty-machine 11 20 \
    '.benchmarks[1].violations = 1'
  export RCB_RESULTS_DIR="${PWD}/results"
  compare 0 --format json aaaaaaaaaaaa bbbbbbb
  [[ "$(field "${locking}" violations iterations_new)" == 10155 ]]
  compare 2 aaaaaaaaaaaa cccccccccccc
  [[ "${stderr}" == *"no recording of cccccccccccc"* ]]
  compare 1 results/20260101T000000Z-aaaaaaaaaaaa-machine results/20260105*
  compare 2 aaaaaaaaaaaa dddddddddddd
}

@test "two commits are compared by the newest pair of records that one machine made" {
  local program='.context.cpu_model = "one"' more less
  more="${program} | .context.memory_gib = \"7.8\"" less="${program} | .context.memory_gib = \"3.9\""
  mkdir results
  write_processes results/20260101T000000Z-aaaaaaaaaaaa-one 1 10 "${program}"
  write_processes results/20260102T000000Z-aaaaaaaaaaaa-one 11 20 "${more}"
  write_processes results/20260103T000000Z-aaaaaaaaaaaa-two 1 10 '.context.cpu_model = "two"'
  write_processes results/20260104T000000Z-bbbbbbbbbbbb-one 21 30 "${more}"
  write_processes results/20260105T000000Z-bbbbbbbbbbbb-one 31 40 "${less}"
  write_processes results/20260106T000000Z-bbbbbbbbbbbb-ten 1 10 '.context.num_cpus = 10'
  export RCB_RESULTS_DIR="${PWD}/results"
  compare 0 --format json aaaaaaaaaaaa bbbbbbbbbbbb
  # The one of 20260105 has other memory than the newest of its kind, but not than the oldest.
  [[ "$(field "${locking}" violations iterations_old)" == 10055 ]]
  [[ "$(field "${locking}" violations iterations_new)" == 10355 ]]
  rm --recursive results/20260101* results/20260102*
  compare 3 --format json aaaaaaaaaaaa bbbbbbbbbbbb
  [[ "${output}" == *"cpu_model is two against processor"* ]]
}
