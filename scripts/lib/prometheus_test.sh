# shellcheck shell=bash
# What the tests with Prometheus share; they load it. Its commands are those on PATH, or what
# scripts/setup --test has unpacked.

PATH="${PATH}:$(readlink --canonicalize "${BATS_TEST_DIRNAME}/..")/build/tools/prometheus/usr/bin"

# Fails with what promtool says, which also ends with 0 after some of its complaints.
promtool_is_content() { # ARG...
  local said
  if ! said="$(promtool "$@" 2>&1)" || [[ -n "${said}" && "${said}" != *SUCCESS* ]]; then
    echo "promtool $*: ${said}"
    return 1
  fi
}
