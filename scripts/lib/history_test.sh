# shellcheck shell=bash
# What the tests of scripts/history share; they load it. Each has a directory of results of its own,
# which it fills with what it makes up.

# shellcheck disable=SC2154  # bats sets output

setup() {
  scripts="${BATS_TEST_DIRNAME}"
  results="${BATS_TEST_TMPDIR}/the results"
  mkdir "${results}"
  unset RCB_RESULTS_DIR
  export LC_ALL=C.UTF-8
}

# The name of the record with a number, of which the commit is made too: 20260101T000007Z-c0007-m.
record_name() { # NUMBER [SUFFIX]
  printf '20260101T%06dZ-c%04d-%s' "$1" "$1" "${2:-m}"
}

# Writes documents to the results, each one line: the path, a tab and the JSON.
store() {
  local path json
  while IFS=$'\t' read -r path json; do
    mkdir --parents "${results}/${path%/*}"
    printf '%s\n' "${json}" >"${results}/${path}"
  done
}

# Prints one document. CONTEXT and each ROW are JSON objects that are added to sound ones.
document() { # CONTEXT ROW...
  jq --compact-output --null-input --argjson context "$1" '{
    context: ({commit: "c0", google_benchmark_version: "1.7.1", rcb_schema_version: "1",
      server_name: "redis", server_version: "7.0.15", server_address: "private",
      server_mode: "standalone", server_io_threads: "1", server_maxmemory_policy: "noeviction",
      transport: "tcp", rate: "0", compute: "wait", compute_ms: "0", op_timeout_ms: "5000",
      seed: "1", build_type: "Release"} + $context),
    benchmarks: [$ARGS.positional[] | fromjson | {name: "F/lockfree/a/real_time/threads:1",
      run_type: "iteration", repetitions: 1, repetition_index: 0, threads: 1, iterations: 5,
      real_time: 5, cpu_time: 5, time_unit: "ns"} + .]}' --args "${@:2}"
}

# A record of one process for each value. "-" stands for a record that lacks the benchmark, "x" for
# one in which it had an error.
series() { # METRIC VALUE...
  rm --recursive --force "${results:?}"/*
  local sound number=0 value row
  sound="$(document '{}' '{"name": "other"}' '{"SLOT": 1}')"
  for value in "${@:2}"; do
    ((++number))
    row="\"$1\":${value}"
    if [[ "${value}" == - ]]; then row='"name":"third"'; fi
    if [[ "${value}" == x ]]; then row='"error_occurred":true,"error_message":"3 timeouts"'; fi
    printf '%s/run-1.json\t%s\n' "$(record_name "${number}")" "${sound/\"SLOT\":1/${row}}"
  done | store
}

# Values around LEVEL with a standard deviation of 3 %, the same for each SEED. Each second mirrors
# the one before, so that an even COUNT has the mean LEVEL.
noise() { # SEED COUNT LEVEL
  awk -v seed="$1" -v count="$2" -v level="$3" 'BEGIN {
    for (i = 0; i < count; i++) {
      deviation = -deviation
      if (i % 2 == 0) {
        deviation = -6
        for (k = 0; k < 12; k++) deviation += (seed = (seed * 16807) % 2147483647) / 2147483647
      }
      printf "%.6g ", level * (1 + 0.03 * deviation)
    }
  }'
}

run_history() { # STATUS ARG...
  run "-$1" --separate-stderr "${scripts}/history" "${results}" "${@:2}"
}

# Fails unless the changes found, in order, are those given: "COMMIT VERDICT CHANGE_PERCENT".
expect_changes() { # CHANGE...
  run_history 0 --format json
  jq --raw-output '.places[].series[].changes[] |
    "\(.commit) \(.verdict) \(.change | if . then . * 100 | round else "-" end)"' \
    <<<"${output}" | diff - <(if (($# > 0)); then printf '%s\n' "$@"; fi)
}

refuses() { # MESSAGE ARG...
  run -2 --separate-stderr "${scripts}/history" "${@:2}"
  [[ -z "${output}" && "${stderr}" == *"$1"* ]]
}
