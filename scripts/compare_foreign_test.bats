#!/usr/bin/env bats
# scripts/compare on what other programs write with Google Benchmark, in the forms of its versions.

# shellcheck disable=SC2016,SC2034  # of jq and Markdown; write_processes takes VARIANTS
# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2154  # bats sets stderr

bats_require_minimum_version 1.5.0

load lib/compare_test.sh

setup_file() {
  cd "${BATS_FILE_TMPDIR}" || exit
  write_foreign base 1 10
  write_foreign same 11 20
}

# As Google Benchmark 1.9 writes them: nothing of this suite in the context, and counters of which
# the names are those of this suite, but not the meaning.
write_foreign() { # DIRECTORY FIRST LAST [JQ_PROGRAM]
  local VARIANTS=(BM_sort/locking/8 BM_sort/unsafe/64 BM_copy)
  write_processes "$1" "$2" "$3" '(.context.seed | tonumber) as $process |
    .context |= {date, host_name: "machine", executable: "./sorts", num_cpus, mhz_per_cpu: 2000,
      caches: [{type: "Data", level: 1, size: 32768, num_sharing: 1}], load_avg: [0.5],
      library_version: "v1.9.1", library_build_type: "release", json_schema_version: 1} |
    .benchmarks[] |= (del(.role, .bounds, .evidence, .errors, .success_rate, .timeouts, .p95_us) |
      .label = "" | .repetitions = 1 | .violations = 3 + $process |
      .bytes_per_second = .items_per_second * 8)'" | ${4:-.}"
}

foreign_changed() { # STATUS JQ_PROGRAM [ARG...]
  write_foreign changed 11 20 "$2"
  compare "$1" --format json "${@:3}" base -- changed
}

@test "documents of other programs compare, with a note" {
  compare 0 --format json base -- same
  [[ "${output}" == *"not of this suite: real_time, cpu_time, items_per_second and"* ]]
  [[ "$(summary tests)" == 12 && "$(summary "verdict unchanged")" == 12 ]]
  [[ "$(summary "verdict held")" == 0 && "$(summary "verdict broken")" == 0 ]]
  compare 0 base -- same
  [[ "${output}" == "not of this suite: "* ]]
}

@test "real_time, cpu_time, items_per_second and bytes_per_second gate; other counters are shown" {
  local metric
  for metric in real_time cpu_time; do
    foreign_changed 1 ".benchmarks[1].${metric} *= 1.3"
    [[ "$(verdict BM_sort/unsafe/64 "${metric}")" == regressed ]]
  done
  for metric in items_per_second bytes_per_second; do
    foreign_changed 1 ".benchmarks[1].${metric} /= 1.3"
    [[ "$(verdict BM_sort/unsafe/64 "${metric}")" == regressed ]]
    foreign_changed 0 ".benchmarks[1].${metric} *= 1.3"
    [[ "$(verdict BM_sort/unsafe/64 "${metric}")" == improved ]]
  done
  foreign_changed 0 '.benchmarks[1] |= (.p50_us *= 2 | .violations *= 2)'
  [[ "$(verdict BM_sort/unsafe/64 p50_us)" == unknown ]]
  [[ "$(verdict BM_sort/unsafe/64 violations)" == unknown ]]
  compare 0 base -- changed
  [[ "${output}" == *unknown*p50_us*x2* ]]
  compare 3 --gate p50_us base -- changed
  [[ "${stderr}" == *"--gate p50_us matches no metric that may fail"* ]]
}

@test "rows of old versions, repetitions and aggregates are read" {
  local old='del(.context.library_version) | .benchmarks |= (map(del(.run_type, .run_name,
    .repetitions, .repetition_index, .threads, .family_index, .per_family_instance_index, .label)) |
    [.[] | ., (.real_time *= 0.5), (.real_time *= 2), (.name += "_mean" | .real_time *= 9),
      (.name += "_cv" | .real_time = 0.01)])'
  write_foreign base 1 10 "${old}"
  foreign_changed 0 "${old}"
  [[ "$(field BM_copy real_time processes_new)" == 10 && "$(summary rows_compared)" == 3 ]]
  [[ "$(jq '[.rows[] | select(.metric == "real_time") | .old < 5200] | all' <<<"${output}")" == true ]]
  foreign_changed 1 "${old} | .benchmarks[].real_time *= 1.3"
}

@test "what is no number is left out, unless it is judged" {
  foreign_changed 0 '.benchmarks[] |= (.big_o = "N" | .rate = "fast" | .nothing = null)'
  write_foreign changed 11 20
  sed --in-place 's/"violations":[0-9]*/"violations":NaN/g' changed/*.json
  compare 0 base -- changed
  sed --in-place 's/"cpu_time":[0-9.]*/"cpu_time":NaN/' changed/11.json
  compare 2 base -- changed
  [[ "${stderr}" == *"changed/11.json cpu_time of BM_sort/locking/8"*" is NaN" ]]
}

@test "only aggregates, another program's JSON and a mixture are refused with the reason" {
  write_foreign changed 11 20 '.benchmarks[] |= (.run_type = "aggregate" | .name += "_mean")'
  compare 2 base -- changed
  [[ "${stderr}" == *"changed/11.json has no results but aggregates"* ]]
  echo '{"context": {}, "results": []}' >changed/11.json
  compare 2 base -- changed/11.json
  [[ "${stderr}" == *"changed/11.json has no benchmarks: no results of Google Benchmark"* ]]
  VARIANTS=(BM_copy)
  write_processes ours 1 10
  compare 2 base -- ours
  [[ "${stderr}" == *"ours/1.json is of this suite, and base/1.json is not"* ]]
}

@test "another version of the library is incomparable" {
  foreign_changed 3 '.context.library_version = "v1.7.1"'
  [[ "${output}" == *"library_version is v1.9.1 against v1.7.1; --across library"* ]]
}

@test "check, table and contrasts read such documents too" {
  printf 'fast\t^BM_\treal_time\t< 6000\n' >levels
  run -0 "${BATS_TEST_DIRNAME}/check" --slo levels base
  run -0 "${BATS_TEST_DIRNAME}/table" --columns real_time,bytes_per_second base
  [[ "${output}" == *'`BM_copy`'* ]]
  write_foreign changed 1 10 '.benchmarks[1].real_time *= 2'
  compare 1 --contrast locking/8 unsafe/64 changed
  [[ "${output}" == *"worse"*"BM_sort/{locking/8 -> unsafe/64}"*"real_time"* ]]
}

# --- Skipped rows, which are no errors

skipped='.benchmarks[1] |= (.skipped = true | .skip_message = "needs AVX" | .real_time = 0 |
  .iterations = 0)'
errored='.benchmarks[1] |= (.error_occurred = true | .error_message = "no server" | .real_time = 0)'

@test "skipped on both sides does not fail, errored on both sides does" {
  write_foreign base 1 10 "${skipped}"
  foreign_changed 0 "${skipped}"
  [[ "$(verdict BM_sort/unsafe/64)" == skipped && "$(verdict BM_sort/unsafe/64 real_time)" == "" ]]
  compare 0 base -- changed
  [[ "${output}" == *"skipped"*"skipped by 10 of 10 processes after: needs AVX"* ]]
  write_foreign base 1 10 "${errored}"
  foreign_changed 3 "${errored}"
  [[ "$(verdict BM_sort/unsafe/64)" == $'errored\nerrored' ]]
}

@test "what is skipped now and was not before fails, and what runs now is new" {
  foreign_changed 3 "${skipped}"
  [[ "$(verdict BM_sort/unsafe/64)" == missing && "${output}" == *"needs AVX"* ]]
  foreign_changed 3 "if .benchmarks[0].real_time > 5000 then ${skipped} else . end"
  write_foreign base 1 10 "${skipped}"
  foreign_changed 0 .
  [[ "$(verdict BM_sort/unsafe/64)" == new ]]
  foreign_changed 3 "${errored}"
}

@test "rows of this suite may be skipped as well, and nothing but skips is nothing judged" {
  VARIANTS=(Counter/locking/token_lock/workers:10 Counter/lockfree/incr/workers:10)
  write_processes before 1 6 "${skipped}"
  write_processes after 11 16 "${skipped}"
  compare 0 --format json before -- after
  [[ "$(verdict Counter/lockfree)" == skipped ]]
  compare 3 --filter lockfree before -- after
  run -0 "${BATS_TEST_DIRNAME}/table" before
  [[ "${output}" == *'incr/workers:10` | skipped |'* ]]
}
