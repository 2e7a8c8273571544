# shellcheck shell=bash
# Configuring and building, shared by scripts/bench, scripts/test and .ci/run, which source it. All
# of it writes to stderr only: stdout belongs to what is run afterwards.
#
#   REPO_ROOT                       the checkout that this file is part of, without symlinks, or
#                                   the folder in a prefix that the scripts were installed to
#   BENCH_BINARY                    the bench binary of the two, which may have to be built
#   provide_bench_binary            installs what is missing and builds it, in a checkout
#   configure PRESET [CMAKE_ARG..]  sets build/PRESET up anew
#   ensure_built PRESET TARGET      configures if needed, builds if a source changed

REPO_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
readonly REPO_ROOT
if [[ -e "${REPO_ROOT}/CMakePresets.json" ]]; then
  BENCH_BINARY="${REPO_ROOT}/build/release/bench"
else
  BENCH_BINARY="${REPO_ROOT}/bench"
fi
# shellcheck disable=SC2034  # for those who source it
readonly BENCH_BINARY

# ninja answers Ctrl-C with an ordinary failure, after which bash would go on.
trap 'exit 130' INT

say() { # MESSAGE
  echo "${0##*/}: $1" >&2
}

# Runs a command with its output kept for the day it fails.
run_logged() { # LOG COMMAND...
  local log="$1"
  shift
  if "$@" </dev/null >"${log}" 2>&1; then return; fi
  cat "${log}" >&2
  say "the build failed as shown above (also in ${log})"
  exit 2
}

configure() { # PRESET [CMAKE_ARG...]
  local preset="$1"
  local dir="${REPO_ROOT}/build/${preset}"
  shift
  mkdir --parents "${dir}"
  run_logged "${dir}/configure.log" cmake -S "${REPO_ROOT}" --fresh --preset "${preset}" "$@"
}

# False also for a build directory that was copied or moved here with its checkout, which would go
# on building the sources it was made for, and for one that older presets have set up.
is_configured() { # DIR
  [[ -f "$1/build.ninja" && ! "${REPO_ROOT}/CMakePresets.json" -nt "$1/build.ninja" ]] &&
    grep --quiet --fixed-strings --line-regexp \
      "CMAKE_HOME_DIRECTORY:INTERNAL=${REPO_ROOT}" "$1/CMakeCache.txt"
}

# Only for the note to the user. What to build is for ninja to say, but a dry run of it takes
# targets that always run, and all that depends on them, for changed.
has_changed() { # STAMP
  [[ ! -e "$1" ]] ||
    [[ -n "$(find "${REPO_ROOT}"/{CMakeLists.txt,bench,common} -newer "$1" -print -quit)" ]]
}

ensure_built() { # PRESET TARGET
  local preset="$1" target="$2"
  local dir="${REPO_ROOT}/build/${preset}"
  local stamp="${dir}/.${target}_built"
  local lock
  if ! mkdir --parents "${dir}" || [[ ! -w "${dir}" ]]; then
    say "cannot write to ${dir}; give it to $(id --user --name), or remove it"
    exit 2
  fi
  # ninja does not keep two builds in one directory apart.
  exec {lock}>"${dir}/.lock"
  if ! flock --nonblock "${lock}"; then
    say "waiting for another build in ${dir}"
    flock "${lock}"
  fi
  if ! is_configured "${dir}"; then
    say "building once, which takes a minute or two"
    configure "${preset}"
  elif has_changed "${stamp}"; then
    say "building what changed"
  fi
  run_logged "${dir}/build.log" cmake --build "${dir}" --target "${target}"
  touch "${stamp}"
  exec {lock}>&-
}

provide_bench_binary() {
  if [[ ! -e "${REPO_ROOT}/CMakePresets.json" ]]; then return; fi
  "${REPO_ROOT}/scripts/setup"
  ensure_built release bench
}
