#!/usr/bin/env bats
# What cmake --install brings, used from a prefix. RCB_BUILD_DIR is a build directory whose bench is
# built.

# shellcheck disable=SC2154  # bats sets stderr

bats_require_minimum_version 1.5.0

setup_file() {
  export PREFIX="${BATS_FILE_TMPDIR}/prefix"
  cmake --install "${RCB_BUILD_DIR:-${BATS_TEST_DIRNAME}/../build/release}" --prefix "${PREFIX}"
}

setup() {
  # shellcheck source=scripts/lib/fixture.sh
  source "${BATS_TEST_DIRNAME}/lib/fixture.sh"
  cd "${BATS_TEST_TMPDIR}" || exit
  scripts="${PREFIX}/share/redis-contention-bench/scripts"
}

@test "brings the program, its completion, man page and licence" {
  run -0 "${PREFIX}/bin/redis-contention-bench" --version
  [[ "${output}" =~ ^redis-contention-bench\ [0-9.]+,\ commit\ [^,]+,\ Google\ Benchmark\ v?[0-9.]+ ]]
  bash -c 'source "$1" && complete -p redis-contention-bench' bash \
    "${PREFIX}/share/bash-completion/completions/redis-contention-bench"
  grep "^.SH EXIT STATUS" "${PREFIX}/share/man/man1/redis-contention-bench.1"
  grep "Apache License" "${PREFIX}"/share/doc/*/LICENSE
}

@test "brings no tests, nor what needs a checkout" {
  run -0 find "${scripts}" -name '*.bats' -o -name setup -o -name test -o -name ab
  [[ -z "${output}" ]]
}

@test "compare, check, table, report and history work from the prefix" {
  write_processes base 1 10
  write_processes slower 11 20 '.benchmarks[].p95_us *= 1.5'
  run -1 "${scripts}/compare" --floors none base -- slower
  [[ "${output}" == *regressed* ]]
  run -0 "${scripts}/compare" --self-test
  run -2 --separate-stderr "${scripts}/check" base
  [[ "${stderr}" == *'the level "cache hits" matches nothing'* ]]  # it has read slo.tsv
  printf 'fast\t/incr/\tp95_us\t> 1\n' >levels
  run -0 "${scripts}/check" --slo levels base
  run -0 "${scripts}/answers" base
  [[ "${lines[1]}" == "Counter, 10 workers: "* ]]
  run -0 "${scripts}/table" base/1.json
  [[ "${output}" == *Counter/locking/token_lock* ]]
  run -0 "${scripts}/report" base --output page.html
  grep --quiet Counter/locking/token_lock page.html
  grep --quiet "read-add-write atomic on one hot key" page.html
  mkdir results
  cp --recursive base results/20260101T000000Z-0123456789ab-machine
  run -0 "${scripts}/history"  # of the working directory
  [[ "${output}" == *Counter/locking/token_lock* ]]
}

@test "every script of the prefix tells its usage" {
  local script
  for script in "${scripts}"/*; do
    if [[ ! -f "${script}" || ! -x "${script}" ]]; then continue; fi
    run -0 --separate-stderr "${script}" --help
    [[ "${output}" == *usage:* && -z "${stderr}" ]] || { echo "${script}: ${output}"; return 1; }
  done
}

@test "a staged installation goes on to work where it belongs" {
  DESTDIR="${PWD}/staged" cmake --install "${RCB_BUILD_DIR:-${BATS_TEST_DIRNAME}/../build/release}" \
    --prefix /opt/rcb
  run -0 staged/opt/rcb/share/redis-contention-bench/scripts/bench --version
}

@test "bench says what the results mean, and the program's own flags are left to it" {
  run -0 --separate-stderr "${scripts}/bench" --benchmark_filter='Counter/.*/(token_lock|incr)/workers:10/' --benchmark_min_time=0.01
  [[ "${output}" == *"verdict: "*"What this means."*"Counter, 10 workers: fastest by p95: "* ]]
  run -0 --separate-stderr "${scripts}/bench" --answers=none --benchmark_list_tests
  [[ "${output}" != *"What this means."* ]]
}

@test "bench is the program, and record keeps its results where it is called" {
  run -0 "${scripts}/bench" --version
  [[ "${output}" == "redis-contention-bench "* ]]
  run -0 --separate-stderr "${scripts}/record" --runs 1 --filter 'Counter/lockfree/incr/workers:10/' \
    -- --benchmark_min_time=0.01
  [[ -s "${output}/run-1.json" && "${output}" == "${PWD}/results/"* ]]
  [[ ! -e "${PREFIX}/share/redis-contention-bench/results" ]]
}

@test "a prefix that is moved goes on to work" {
  cp --recursive "${PREFIX}" moved
  run -0 moved/share/redis-contention-bench/scripts/bench --version
}
