# shellcheck shell=bash
# The self-test of scripts/compare, which sources it: a gate that cannot fail is none, so each fault
# that it is there for is put into made-up results, and has to be found.

# shellcheck source=scripts/lib/fixture.sh
source "${LIB}/fixture.sh"

# Prints and checks one case: what compare says of OLD and NEW must be STATUS.
expect_status() { # STATUS WHAT OLD NEW
  local status=0
  "${REPO_ROOT}/scripts/compare" --floors none "$3" -- "$4" >output 2>&1 || status="$?"
  if [[ "${status}" != "$1" ]]; then
    cat output >&2
    die 1 "self-test: $2: status ${status} instead of $1"
  fi
  echo "self-test: $2: status ${status}, as it must be"
}

self_test() { # EMPTY_DIRECTORY
  cd "$1" || exit
  write_processes base 1 10
  write_processes same 11 20
  write_processes slower 11 20 '.benchmarks[2].p95_us *= 1.2'
  write_processes violating 11 20 'if .context.seed == "17" then
    .benchmarks[1].violations = 1 else . end'
  write_processes beyond 11 20 '.benchmarks[1] |= (.bounds = ["queue_max <= 5"] | .queue_max = 5) |
    if .context.seed == "17" then .benchmarks[1].queue_max = 6 else . end'
  write_processes missing 11 20 'del(.benchmarks[1])'
  write_processes cut 11 20
  head --bytes=700 base/5.json >cut/15.json
  expect_status 0 "no change" base same
  expect_status 1 "+20 % in one metric" base slower
  expect_status 1 "one violation in one process" base violating
  expect_status 1 "one bound exceeded in one process" base beyond
  expect_status 3 "a missing row" base missing
  expect_status 2 "a file cut off" base cut
}
