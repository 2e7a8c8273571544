#!/usr/bin/env bats
# scripts/bench, scripts/test and .ci/run, on a copy of them with a project of one source file.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2154  # bats sets stderr_lines

bats_require_minimum_version 1.5.0

setup() {
  root="$(readlink --canonicalize "${BATS_TEST_DIRNAME}/..")"
  project="$(readlink --canonicalize "${BATS_TEST_TMPDIR}")/project"
  mkdir "${project}" "${project}"/{bench,common,scripts}
  cp --recursive "${root}/.ci" "${root}/CMakePresets.json" "${project}"
  cp --recursive "${root}"/scripts/{bench,test,lib,metrics.tsv} "${project}/scripts"
  printf '#!/bin/sh\nexit 0\n' >"${project}/scripts/setup"
  chmod +x "${project}/scripts/setup"
  cat >"${project}/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(scratch LANGUAGES CXX)
add_executable(bench bench/main.cc)
add_custom_target(always_runs COMMAND ${CMAKE_COMMAND} -E true)
add_dependencies(bench always_runs)
enable_testing()
add_test(NAME runs COMMAND bench 0)
add_test(NAME also_runs COMMAND bench 0)
CMAKE
  source_file 'prints this'
}

# bench prints a line, its working directory and its arguments; the first is its exit status.
source_file() { # LINE
  cat >"${project}/bench/main.cc" <<SOURCE
#include <cstdio>
#include <cstdlib>
#include <unistd.h>
int main(int argc, char** argv) {
  char directory[4096];
  std::printf("$1\n%s\n", getcwd(directory, sizeof(directory)));
  for (int i = 1; i < argc; ++i) std::printf("<%s>\n", argv[i]);
  return argc > 1 ? std::atoi(argv[1]) : 0;
}
SOURCE
}

run_bench() { # STATUS ARG...
  local status_wanted="$1"
  shift
  run "-${status_wanted}" --separate-stderr "${project}/scripts/bench" "$@"
}

@test "bench becomes the binary: its arguments, output, directory and exit status" {
  cd "${BATS_TEST_TMPDIR}"
  run_bench 7 --answers=none 7 '--filter=a b|c' ''
  [[ "${output}" == $'prints this\n'"${PWD}"$'\n<7>\n<--filter=a b|c>\n<>' ]]
  [[ "${stderr}" == "bench: building once"* && "${#stderr_lines[@]}" == 1 ]]
}

@test "bench has the binary write a file for the answers, unless nobody would see them" {
  local flag
  run_bench 7 7
  [[ "${lines[3]}" == "<--benchmark_out="*/results.json">" && "${lines[4]}" == "<--benchmark_out_format=json>" ]]
  [[ ! -e "$(sed --quiet 's/^<--benchmark_out=\(.*\)>$/\1/p' <<<"${output}")" ]]
  for flag in --benchmark_format=json --benchmark_list_tests=true --list_metrics --history_check=file; do
    run_bench 7 7 "${flag}"
    [[ "${lines[3]}" == "<${flag}>" && "${#lines[@]}" == 4 ]] || { echo "${flag}: ${output}"; return 1; }
  done
  run_bench 7 7 --benchmark_out=there.json
  [[ "${lines[3]}" == "<--benchmark_out=there.json>" && "${#lines[@]}" == 4 ]]
  run_bench 7 7 --benchmark_out=there.csv --benchmark_out_format=csv
  [[ "${stderr}" == "bench: no answers, which take a file of JSON: --benchmark_out_format=csv" ]]
  run_bench 2 --answers=maybe
  [[ "${stderr}" == "bench: --answers is text or none, "* ]]
  run_bench 2 --answers_out=nowhere/answers.json
  [[ "${stderr}" == "bench: --answers_out: nowhere/answers.json cannot be written" ]]
}

# bench writes what the file results in the working directory has to where it is told to.
file_writer() {
  cat >"${project}/bench/main.cc" <<'SOURCE'
#include <cstdlib>
#include <string>
int main(int argc, char** argv) {
  std::string out;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg.rfind("--benchmark_out=", 0) == 0) out = arg.substr(16);
  }
  return std::system(("cat table && cp results '" + out + "'").c_str()) == 0 ? 1 : 3;
}
SOURCE
}

@test "bench prints what the results mean below the table, and keeps the exit status" {
  # shellcheck source=scripts/lib/fixture.sh
  source "${BATS_TEST_DIRNAME}/lib/fixture.sh"
  cp "${BATS_TEST_DIRNAME}/answers" "${project}/scripts"
  cd "${BATS_TEST_TMPDIR}"
  file_writer
  echo "the table" >table
  write_processes made 1 1
  cp made/1.json results
  run_bench 1
  [[ "${lines[0]}" == "the table" && "${lines[1]}" == "What this means."* ]]
  [[ "${lines[2]}" == "Counter, 10 workers: fastest by p95: "* ]]
  run_bench 1 --benchmark_out=kept.json
  [[ "${lines[1]}" == "What this means."* ]]
  cmp kept.json results
  run_bench 1 --answers=none --benchmark_out=kept.json
  [[ "${output}" == "the table" ]]
  run_bench 1 --answers=none --answers_out=answers.json
  [[ "${output}" == "the table" && "$(jq --raw-output '.groups[0].title' answers.json)" == "Counter, 10 workers" ]]
  run_bench 1 --benchmark_format=json --answers_out=answers.json
  [[ "${output}" == "the table" ]]
  jq '.benchmarks |= map(select(.role == "control"))' made/1.json >results
  run_bench 1
  [[ "${output}" == "the table" && "${stderr}" != *answers* ]]
  echo nonsense >results
  run_bench 1
  [[ "${output}" == "the table" && "${stderr}" == *"bench: no answers: "*"not JSON"* ]]
}

# bench counts the signals that it gets within half a second of the first, and tells.
signal_counter() {
  cat >"${project}/bench/main.cc" <<'SOURCE'
#include <csignal>
#include <cstdio>
#include <unistd.h>
volatile std::sig_atomic_t count = 0;
void Count(int) { count = count + 1; }
int main() {
  std::signal(SIGTERM, Count);
  std::signal(SIGINT, Count);
  std::printf("ready\n");
  std::fflush(stdout);
  for (int i = 0; i < 200 && count == 0; ++i) usleep(50000);
  for (int i = 0; i < 10; ++i) usleep(50000);
  std::printf("%d signals\n", static_cast<int>(count));
  return 143;
}
SOURCE
}

@test "bench passes a signal on to the binary once, whether to it alone or to the group, and waits" {
  signal_counter
  run_bench 143  # builds it
  local kind out="${BATS_TEST_TMPDIR}/out" bench status
  for kind in -TERM -INT; do
    rm --force "${out}"
    setsid env --default-signal=INT "${project}/scripts/bench" >"${out}" 3>&- &
    bench="$!"
    eventually grep --quiet ready "${out}"
    kill "${kind}" "${bench}"
    status=0
    wait "${bench}" || status="$?"
    [[ "${status}" == 143 && "$(tail --lines=1 "${out}")" == "1 signals" ]] || return 1
    rm --force "${out}"
    setsid env --default-signal=INT "${project}/scripts/bench" >"${out}" 3>&- &
    bench="$!"
    eventually grep --quiet ready "${out}"
    kill "${kind}" -- "-${bench}"
    status=0
    wait "${bench}" || status="$?"
    [[ "${status}" == 143 && "$(tail --lines=1 "${out}")" == "1 signals" ]] || return 1
  done
}

@test "bench builds nothing and says nothing when nothing changed" {
  run_bench 0
  run_bench 0
  [[ -z "${stderr}" ]]
}

@test "bench builds again after a change of a source or of the presets" {
  run_bench 0
  source_file 'prints that'
  run_bench 0
  [[ "${lines[0]}" == "prints that" && "${stderr}" == "bench: building what changed" ]]
  sed --in-place 's/"Release"/"Debug"/' "${project}/CMakePresets.json"
  run_bench 0
  grep 'CMAKE_BUILD_TYPE.*=Debug' "${project}/build/release/CMakeCache.txt"
  run_bench 0
  [[ -z "${stderr}" ]]
}

@test "bench shows the compiler's words on stderr when the build fails, and exits 2" {
  echo 'int broken = "text";' >"${project}/bench/main.cc"
  run_bench 2
  [[ -z "${output}" && "${stderr}" == *"main.cc:1:14: error"* ]]
  [[ "${stderr_lines[-1]}" == *"the build failed"*"${project}/build/release/build.log"* ]]
}

@test "bench shows CMake's words when configuring fails, exits 2, and recovers" {
  mv "${project}/CMakeLists.txt" "${project}/away"
  run_bench 2
  [[ -z "${output}" && "${stderr}" == *"does not appear to contain CMakeLists.txt"* ]]
  mv "${project}/away" "${project}/CMakeLists.txt"
  run_bench 0
}

@test "bench works through a symlink" {
  ln --symbolic "${project}/scripts/bench" "${BATS_TEST_TMPDIR}/elsewhere"
  run -0 --separate-stderr "${BATS_TEST_TMPDIR}/elsewhere" 0
  [[ "${lines[0]}" == "prints this" ]]
}

@test "a copied checkout builds its own sources, not those it was copied from" {
  run_bench 0
  cp --recursive "${project}" "${BATS_TEST_TMPDIR}/copy"
  project="${BATS_TEST_TMPDIR}/copy"
  source_file 'prints the copy'
  run_bench 0
  [[ "${lines[0]}" == "prints the copy" ]]
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

# Holds the lock of the build directory while the file exists.
hold_lock() { # FILE
  touch "$1"
  # shellcheck disable=SC2016  # expanded by the inner bash
  flock "${project}/build/release/.lock" timeout 30 bash -c \
    'echo held >"$0"; while [[ -e "$0" ]]; do sleep 0.05; done' "$1" 3>&-
}

@test "bench waits for a build that is under way in the same directory" {
  run_bench 0
  local held="${BATS_TEST_TMPDIR}/held"
  local out="${BATS_TEST_TMPDIR}/out"
  local said="${BATS_TEST_TMPDIR}/said"
  hold_lock "${held}" &
  eventually test -s "${held}"
  "${project}/scripts/bench" >"${out}" 2>"${said}" 3>&- &
  local bench="$!"
  eventually grep "waiting for another build" "${said}"
  sleep 1
  [[ ! -s "${out}" ]]
  rm "${held}"
  wait "${bench}"
  [[ -s "${out}" ]]
}

@test "bench --help and --version need no packages, no compiler and no build" {
  local bin="${BATS_TEST_TMPDIR}/bin" tool
  mkdir "${bin}"
  for tool in bash cat dirname mktemp readlink rm sed; do  # some for bats
    ln --symbolic "$(type -P "${tool}")" "${bin}/${tool}"
  done
  printf '#!/bin/sh\nexit 2\n' >"${project}/scripts/setup"
  echo 'project(redis_contention_bench VERSION 1.2.3 LANGUAGES CXX)' >"${project}/CMakeLists.txt"
  PATH="${bin}" run_bench 0 --benchmark_filter=Stampede --help
  [[ -z "${stderr}" && "${output}" == *$'\n\n'"flags of scripts/bench:"$'\n\n'"  --answers="*"exit status: "* ]]
  diff <(grep --invert-match --line-regexp --file="${root}/scripts/lib/answers_help.txt" <<<"${output}") \
    <(grep --invert-match --line-regexp --file="${root}/scripts/lib/answers_help.txt" "${root}/scripts/lib/bench_help.txt")
  PATH="${bin}" run_bench 0 --version
  [[ "${output}" == "redis-contention-bench 1.2.3, commit unknown, not built yet" ]]
  [[ ! -e "${project}/build" ]]
}

@test "bench --version is the binary's word once it is built" {
  run_bench 0
  run_bench 0 --version
  [[ "${output}" == *"<--version>"* ]]
}

@test "the tests of the scripts are left out by choice only, not where bats is missing" {
  local make_it=(cmake -S "${root}" -G Ninja -B "${BATS_TEST_TMPDIR}/without" -DBATS=)
  run -1 "${make_it[@]}"
  [[ "${output}" == *"bats is missing"*"scripts/setup"*"-DRCB_SCRIPT_TESTS=OFF"* ]]
  run -0 "${make_it[@]}" -DRCB_SCRIPT_TESTS=OFF
}

@test "bench and test end with setup's status where it fails" {
  printf '#!/bin/sh\nexit 2\n' >"${project}/scripts/setup"
  run_bench 2
  [[ ! -e "${project}/build" ]]
  run -2 "${project}/scripts/test"
}

@test "test runs the tests from any directory, ends with ctest's summary, hands arguments on" {
  cd /
  run -0 --separate-stderr "${project}/scripts/test"
  [[ "${output}" == *"100% tests passed, 0 tests failed out of 2"* ]]
  run -0 --separate-stderr "${project}/scripts/test" --tests-regex also
  [[ "${output}" == *"100% tests passed, 0 tests failed out of 1"* ]]
}

@test "test fails with a failing test's output, and when no test is left to run" {
  sed --in-place '/also_runs/s/bench 0/bench 1/' "${project}/CMakeLists.txt"
  run ! --separate-stderr "${project}/scripts/test"
  [[ "${output}" == *"prints this"*"50% tests passed, 1 tests failed out of 2"* ]]
  run ! --separate-stderr "${project}/scripts/test" --tests-regex nothing_is_called_this
}

@test "test --help prints the usage and builds nothing" {
  run -0 "${project}/scripts/test" --help
  [[ "${lines[0]}" == "usage: scripts/test"* && ! -e "${project}/build" ]]
}

@test "ci refuses an unknown step before it runs any" {
  run -2 --separate-stderr "${project}/.ci/run" packages smoek
  [[ -z "${output}" && "${stderr}" == *"no step smoek"* ]]
}

@test "ci stops at the first step that fails" {
  printf '#!/bin/sh\nexit 2\n' >"${project}/scripts/setup"
  run -2 --separate-stderr "${project}/.ci/run" packages smoke
  [[ "${output}" == *"== packages"* && "${output}" != *"== smoke"* ]]
}

# Makes build/release/bench write one benchmark with the counter given to its --benchmark_out.
fake_bench() { # COUNTER EXIT_STATUS
  mkdir --parents "${project}/build/release"
  cat >"${project}/build/release/bench" <<SCRIPT
#!/usr/bin/env bash
for arg in "\$@"; do
  if [[ "\${arg}" == --benchmark_out=* ]]; then
    echo '{"benchmarks": [{"name": "A", "family_index": 0, "repetitions": 1, "threads": 1,
      "iterations": 5, "real_time": 1.5, "time_unit": "ns", "$1": 1}]}' >"\${arg#*=}"
  fi
done
exit $2
SCRIPT
  chmod +x "${project}/build/release/bench"
}

@test "ci smoke accepts counters that metrics.tsv explains and names those it lacks" {
  fake_bench violations 0
  run -0 "${project}/.ci/run" smoke
  fake_bench surprises 0
  run -1 --separate-stderr "${project}/.ci/run" smoke
  [[ "${stderr}" == *"metrics.tsv lacks"*": surprises" ]]
}

@test "ci smoke fails when the binary does, and when its JSON is cut short or says nothing" {
  fake_bench violations 1
  run -1 "${project}/.ci/run" smoke
  fake_bench violations 0
  sed --in-place 's/: 1}\]}/: 1/' "${project}/build/release/bench"
  run ! "${project}/.ci/run" smoke
  [[ "${output}" == *"parse error"* ]]
  echo 'echo "{\"benchmarks\": []}" >build/smoke.json' >>"${project}/build/release/bench"
  sed --in-place '/^exit/d' "${project}/build/release/bench"
  run ! "${project}/.ci/run" smoke
}
