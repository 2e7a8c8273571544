# shellcheck shell=bash
# What the tests of scripts/compare share; they load it. Each runs in a directory of its own with
# base/ and same/, ten made-up processes each that differ in nothing but noise.

# shellcheck disable=SC2034  # the tests use the variants
# shellcheck disable=SC2154  # bats sets output

# shellcheck source=scripts/lib/fixture.sh
source "${BATS_TEST_DIRNAME}/lib/fixture.sh"

setup_file() {
  cd "${BATS_FILE_TMPDIR}" || exit
  write_processes base 1 10
  write_processes same 11 20
}

setup() {
  cp --recursive "${BATS_FILE_TMPDIR}"/{base,same} "${BATS_TEST_TMPDIR}"
  cd "${BATS_TEST_TMPDIR}" || exit
  unset NO_COLOR
  unsafe="${VARIANTS[0]}" locking="${VARIANTS[1]}" lockfree="${VARIANTS[2]}"
}

compare() { # STATUS ARG...
  local status_wanted="$1"
  shift
  run "-${status_wanted}" --separate-stderr "${BATS_TEST_DIRNAME}/compare" --floors none "$@"
}

# Compares with base as JSON after a change of the other ten processes.
compare_changed() { # STATUS JQ_PROGRAM [ARG...]
  local status_wanted="$1" program="$2"
  shift 2
  write_processes changed 11 20 "${program}"
  compare "${status_wanted}" --format json "$@" base -- changed
}

# Of the last output: the verdict on a metric, or on the benchmark as a whole.
verdict() { # BENCHMARK [METRIC]
  jq --raw-output --arg benchmark "$1" --arg metric "${2:-}" '.rows[] |
    select((.benchmark | startswith($benchmark)) and (.metric // "") == $metric) | .verdict' \
    <<<"${output}"
}

field() { # BENCHMARK METRIC FIELD
  jq --arg benchmark "$1" --arg metric "$2" --arg field "$3" '.rows[] |
    select((.benchmark | startswith($benchmark)) and .metric == $metric) | .[$field]' <<<"${output}"
}

summary() { # KEY
  jq --arg key "$1" '.summary[$key]' <<<"${output}"
}
