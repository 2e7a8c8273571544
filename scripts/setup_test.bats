#!/usr/bin/env bats
# scripts/setup against faked dpkg-query, apt-get, id and sudo: PATH holds nothing else than these
# and what the script itself uses.

# shellcheck disable=SC2154  # bats sets stderr_lines
# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want

bats_require_minimum_version 1.5.0

readonly ALL="g++ cmake ninja-build pkg-config libbenchmark-dev libhiredis-dev libuv1-dev \
libabsl-dev zlib1g-dev prometheus-cpp-dev libgtest-dev libgmock-dev nlohmann-json3-dev iproute2 redis-tools jq git bats"
readonly ALL_DEV="clang libclang-rt-dev clang-format clang-tidy shellcheck"
readonly ALL_TEST="libjs-chart.js curl chromium chromium-driver"

setup() {
  bin="${BATS_TEST_TMPDIR}/bin"
  calls="${BATS_TEST_TMPDIR}/calls"
  mkdir "${bin}"
  touch "${calls}"
  local tool
  for tool in bash cat env mktemp rm; do ln --symbolic "$(type -P "${tool}")" "${bin}/${tool}"; done
  fake apt-get "echo \"apt-get \$*, \${DEBIAN_FRONTEND}\" >>'${calls}'"
  installed "${ALL} ${ALL_DEV} ${ALL_TEST}"
  user 0
  unset DEBIAN_FRONTEND
}

fake() { # NAME BODY
  printf '#!%s\n%s\n' "${BASH}" "$2" >"${bin}/$1"
  chmod +x "${bin}/$1"
}

installed() { # PACKAGES
  fake dpkg-query "for package in $1; do echo \"installed \${package}\"; done; exit 1"
}

user() { # ID
  fake id "echo $1"
}

run_setup() { # STATUS ARG...
  local status_wanted="$1"
  shift
  PATH="${bin}" run "-${status_wanted}" --separate-stderr "${BASH}" \
    "${BATS_TEST_DIRNAME}/setup" "$@" </dev/null
  [[ -z "${output}" ]]
}

# Fails unless stdin's lines are the calls that were made.
expect_calls() {
  diff - "${calls}"
}

@test "nothing missing: prints nothing, calls nothing" {
  run_setup 0
  [[ -z "${stderr}" ]]
  run_setup 0 --dev
  [[ -z "${stderr}" ]]
  expect_calls </dev/null
}

@test "installs what is missing and only this, without recommendations or questions" {
  installed "${ALL/libuv1-dev/}"
  run_setup 0
  [[ "${stderr}" == "setup: installing libuv1-dev" ]]
  expect_calls <<<"apt-get --option DPkg::Lock::Timeout=120 install --yes \
--no-install-recommends libuv1-dev, noninteractive"
}

@test "on a bare machine installs the documented packages, never redis-server" {
  installed ""
  run_setup 0
  [[ "${stderr}" == "setup: installing ${ALL}" ]]
  run ! grep --word-regexp redis-server "${calls}"
}

@test "--dev adds what .ci/run needs" {
  installed "${ALL}"
  run_setup 0
  [[ -z "${stderr}" ]]
  run_setup 0 --dev
  [[ "${stderr}" == "setup: installing ${ALL_DEV}" ]]
}

@test "--report adds what scripts/report needs, --test that and a browser, which Ubuntu has not" {
  fake prometheus ""
  fake promtool ""
  local release="${BATS_TEST_TMPDIR}/os-release"
  installed "${ALL} libjs-chart.js"
  printf 'NAME="Debian"\nID=debian\n' >"${release}"
  RCB_OS_RELEASE="${release}" run_setup 0 --test
  [[ "${stderr}" == "setup: installing curl chromium chromium-driver" ]]
  printf 'NAME="Ubuntu"\nID=ubuntu\n' >"${release}"
  RCB_OS_RELEASE="${release}" run_setup 0 --test
  [[ -z "${stderr}" ]]
  installed "${ALL}"
  run_setup 0 --report
  [[ "${stderr}" == "setup: installing libjs-chart.js" || -e /usr/share/javascript/chart.js ]]
}

@test "a removed package whose configuration stayed counts as missing" {
  fake dpkg-query "for package in ${ALL/cmake/}; do echo \"installed \${package}\"; done
    echo 'config-files cmake'"
  run_setup 0
  [[ "${stderr}" == "setup: installing cmake" ]]
}

@test "a command that came from elsewhere than dpkg is not installed again" {
  installed "${ALL/cmake/}"
  fake cmake ""
  run_setup 0
  [[ -z "${stderr}" ]]
}

@test "a library that pkg-config finds is not installed again" {
  installed "${ALL/libuv1-dev/}"
  fake pkg-config '[[ "$*" == "--exists libuv" ]]'
  run_setup 0
  [[ -z "${stderr}" ]]
}

@test "any Redis-compatible server on PATH makes redis-tools needless" {
  local server
  for server in redis-server valkey-server valkey-check-rdb; do
    installed "${ALL/redis-tools/}"
    fake "${server}" ""
    run_setup 0
    [[ -z "${stderr}" ]]
    rm "${bin}/${server}"
  done
  run_setup 0
  [[ "${stderr}" == "setup: installing redis-tools" ]]
}

@test "neither root nor sudo: prints the command to type and exits 2" {
  installed "${ALL/cmake/}"
  user 1000
  run_setup 2
  [[ "${stderr}" == *"1 packages are missing"*"root"* ]]
  [[ "${stderr_lines[-1]}" == "  apt-get update && apt-get install --yes \
--no-install-recommends cmake" ]]
  expect_calls </dev/null
}

@test "not root, no terminal: uses sudo without asking for a password" {
  installed "${ALL/cmake/}"
  user 1000
  fake sudo "echo \"sudo \$1\" >>'${calls}'; shift; \"\$@\""
  run_setup 0
  expect_calls <<'CALLS'
sudo --non-interactive
apt-get --option DPkg::Lock::Timeout=120 install --yes --no-install-recommends cmake, noninteractive
CALLS
}

@test "sudo refuses: prints the command to type and exits 2" {
  installed "${ALL/cmake/}"
  user 1000
  fake sudo "echo 'sudo: a password is required' >&2; exit 1"
  run_setup 2
  [[ "${stderr}" == *"a password is required"* ]]
  [[ "${stderr_lines[-1]}" == "  sudo apt-get update && sudo apt-get install --yes \
--no-install-recommends cmake" ]]
}

@test "package lists too old: fetches them and tries again" {
  installed "${ALL/cmake/}"
  fake apt-get "echo \"\$3\" >>'${calls}'; [[ \$3 == update ]] || ((\$(wc -l <'${calls}') > 1))"
  ln --symbolic "$(type -P wc)" "${bin}/wc"
  run_setup 0
  [[ "${stderr}" == "setup: installing cmake" ]]
  expect_calls <<<$'install\nupdate\ninstall'
}

@test "apt-get fails: shows what it said and exits 2" {
  installed "${ALL/cmake/}"
  fake apt-get "echo 'E: no space left'; exit 100"
  run_setup 2
  [[ "${stderr}" == *"E: no space left"*"apt-get failed"*"apt-get update &&"* ]]
}

@test "no dpkg: goes on if all is there, otherwise names what is missing and exits 2" {
  rm "${bin}/dpkg-query" "${bin}/apt-get"
  local command
  for command in c++ ninja pkg-config ip redis-server jq git bats; do fake "${command}" ""; done
  run_setup 2
  [[ "${stderr}" == "setup: missing, by their Debian names: cmake; "* ]]
  fake cmake ""
  run_setup 0
  [[ -z "${stderr}" ]]
}

# What --test needs: its own checkout, whose build/ is not this one's.
checkout_of_its_own() {
  mkdir "${BATS_TEST_TMPDIR}/scripts"
  cp "${BATS_TEST_DIRNAME}/setup" "${BATS_TEST_TMPDIR}/scripts"
  tools="${BATS_TEST_TMPDIR}/build/tools"
  local tool
  for tool in mkdir mv touch; do ln --symbolic "$(type -P "${tool}")" "${bin}/${tool}"; done
  fake dpkg-deb "echo \"dpkg-deb \$1\" >>'${calls}'; mkdir --parents \"\$3/usr/bin\"
    for name in prometheus promtool; do echo >\"\$3/usr/bin/\${name}\"; chmod +x \"\$3/usr/bin/\${name}\"; done"
  ln --symbolic "$(type -P chmod)" "${bin}/chmod"
}

run_own_setup() { # STATUS ARG...
  PATH="${bin}" run "-$1" --separate-stderr "${BASH}" "${BATS_TEST_TMPDIR}/scripts/setup" "${@:2}" \
    </dev/null
  [[ -z "${output}" ]]
}

@test "--test unpacks Prometheus, installs nothing, and does so once" {
  checkout_of_its_own
  fake apt-get "echo \"\$3 \$4\" >>'${calls}'; touch prometheus_1.deb"
  run_own_setup 0
  [[ ! -e "${tools}" ]]
  run_own_setup 0 --test
  [[ "${stderr}" == "setup: unpacking prometheus into ${tools}" ]]
  [[ -x "${tools}/prometheus/usr/bin/promtool" ]]
  run_own_setup 0 --test
  [[ -z "${stderr}" ]]
  expect_calls <<<$'download prometheus\ndpkg-deb --extract'
}

@test "--test needs no Prometheus where both of its commands are on PATH" {
  checkout_of_its_own
  fake promtool ""
  fake prometheus ""
  run_own_setup 0 --test
  [[ -z "${stderr}" && ! -e "${tools}" ]]
  rm "${bin}/prometheus"
  fake apt-get "touch prometheus_1.deb"
  run_own_setup 0 --test
  [[ -x "${tools}/prometheus/usr/bin/prometheus" ]]
}

@test "Prometheus cannot be downloaded: fetches the lists, tries again, exits 2 and leaves nothing" {
  checkout_of_its_own
  fake apt-get "echo \"\$3\" >>'${calls}'; echo 'E: no network'; exit 100"
  run_own_setup 2 --test
  [[ "${stderr}" == *"E: no network"*"setup: prometheus could not be downloaded, as shown above" ]]
  expect_calls <<<$'download\nupdate'
  [[ -z "$(ls -A "${tools}")" ]]
}

@test "an unknown argument exits 2 and names it" {
  run_setup 2 --dve
  [[ "${stderr}" == *"--dve"* ]]
}

@test "--help prints the usage" {
  PATH="${bin}" run -0 "${BASH}" "${BATS_TEST_DIRNAME}/setup" --help
  [[ "${lines[0]}" == "usage: scripts/setup"* ]]
}
