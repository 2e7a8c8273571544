#!/usr/bin/env bats
# The awks that the scripts run on: what is told must not depend on which of them is installed.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2154  # bats sets stderr

bats_require_minimum_version 1.5.0

setup() {
  scripts="${BATS_TEST_DIRNAME}"
  cd "${BATS_TEST_TMPDIR}" || exit
  # shellcheck source=scripts/lib/fixture.sh
  source "${scripts}/lib/fixture.sh"
}

# A directory for PATH in which awk is the program, or nothing where it is not installed.
awk_is() { # PROGRAM
  local path
  path="$(type -P "$1")" || return 1
  rm --recursive --force "as-$1"
  mkdir "as-$1"
  ln --symbolic "${path}" "as-$1/awk"
  PATH="${PWD}/as-$1:${PATH}"
}

# What every script that uses awk says of some results.
answers() {
  "${scripts}/compare" --floors none base -- slower || true
  "${scripts}/compare" --floors none --format json --filter '(incr|get_set)/' base -- slower || true
  "${scripts}/compare" --floors none --disciplines base || true
  "${scripts}/compare" --floors none --gate usual bare -- bare || echo "status $?"
  "${scripts}/table" base
  "${scripts}/export" --format github-action-benchmark base
  "${scripts}/export" --format openmetrics base
  "${scripts}/export" --format influx base
  "${scripts}/export" --format csv base
  "${scripts}/answers" base
  "${scripts}/alerts" --slo levels
  "${scripts}/plan" --slo levels base
  "${scripts}/check" --slo levels base slower/11.json || true
  "${scripts}/history" records || true
  "${scripts}/history" records --format json --benchmark '^Counter/(locking|lockfree)/' || true
}

@test "mawk, gawk and original-awk give the same answers, byte for byte" {
  local program first="" answer number
  write_processes base 1 6
  write_processes slower 11 16 '.benchmarks[2].p95_us *= 1.5 | .benchmarks[1].violations = 1'
  write_processes bare 1 6 '.benchmarks |= map({name, run_name, run_type, repetition_index, threads,
    iterations, real_time, time_unit, role: "measurement"})'
  printf 'tail\t/(incr|get_set)/\tp95_us\t< 80\n' >levels
  for number in {1..12}; do
    write_processes "records/20260101T0000$((10 + number))Z-c00${number}-m" "${number}" "${number}" \
      ".benchmarks[].p95_us *= $((number > 6 ? 2 : 1))"
  done
  for program in mawk gawk original-awk; do
    awk_is "${program}" || continue
    answer="$(answers 2>&1)"
    [[ "${answer}" == *regressed* && "${answer}" != *awk:* ]] || { echo "${answer}"; return 1; }
    if [[ -n "${first}" ]]; then diff <(echo "${first}") <(echo "${answer}"); fi
    first="${answer}"
  done
  [[ -n "${first}" ]]
}

@test "an awk that is known to fail is refused in one line, by every script that uses it" {
  mkdir shim
  printf '#!/bin/sh\necho "BusyBox v1.35.0 multi-call binary." >&2\nexit 1\n' >shim/awk
  chmod +x shim/awk
  write_processes base 1 2
  local script
  for script in ab alerts answers check compare export history knee plan record table; do
    PATH="${PWD}/shim:${PATH}" run -2 --separate-stderr "${scripts}/${script}" base
    [[ "${stderr}" == "${script}: awk is that of busybox, "* && "${#stderr_lines[@]}" == 1 ]]
  done
}

