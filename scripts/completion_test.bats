#!/usr/bin/env bats
# scripts/completion.bash, which takes the flags from what scripts/bench --help says.

bats_require_minimum_version 1.5.0

setup() {
  # shellcheck source=scripts/completion.bash
  source "${BATS_TEST_DIRNAME}/completion.bash"
}

# Prints what the last of the words may become.
complete_words() { # WORD...
  COMP_WORDS=("${BATS_TEST_DIRNAME}/bench" "$@") COMP_CWORD="$#" COMPREPLY=()
  _rcb_complete "${COMP_WORDS[0]}"
  printf '%s\n' "${COMPREPLY[@]}"
}

@test "completes every flag that --help has, and no others" {
  diff <(complete_words --) \
    <(cat "${BATS_TEST_DIRNAME}"/lib/{bench,answers}_help.txt |
      grep --only-matching --extended-regexp '^  --[a-z_]+=?' | tr --delete ' ')
  [[ "$(complete_words --benchmark_min)" == \
    $'--benchmark_min_time=\n--benchmark_min_warmup_time=' ]]
  [[ "$(complete_words --answers_)" == --answers_out= ]]
  [[ "$(complete_words --hel)" == --help ]]
}

@test "completes what a flag takes, where it takes one of some words" {
  [[ "$(complete_words --transport =)" == $'tcp\nunix' ]]
  [[ "$(complete_words --transport = u)" == unix ]]
  [[ "$(complete_words --answers =)" == $'text\nnone' ]]
  [[ "$(complete_words --benchmark_format =)" == $'console\njson\ncsv' ]]
  [[ -z "$(complete_words --workers =)" ]]
  [[ -z "$(complete_words --nothing_like_this =)" ]]
}

@test "completes paths" {
  cd "${BATS_TEST_TMPDIR}"
  touch results.json
  [[ "$(complete_words --benchmark_out = res)" == results.json ]]
}

@test "is registered for the installed program and for scripts/bench" {
  complete -p redis-contention-bench bench
}

@test "the man page and the compose example name flags that the program has, and no others" {
  local flags
  flags="$(complete_words -- | tr --delete =)"
  flags_of_man_page() {
    sed 's/\\-/-/g' "${BATS_TEST_DIRNAME}/redis-contention-bench.1"
  }
  for file in <(flags_of_man_page) <(grep '^ *- --' "${BATS_TEST_DIRNAME}/compose.yaml"); do
    run -0 grep --only-matching --extended-regexp -- '--[a-z_]{3,}' "${file}"
    run -0 grep --invert-match --line-regexp --fixed-strings --regexp="${flags}" \
      <(printf '%s\n' "${lines[@]}" --unknown)
    [[ "${output}" == --unknown ]]
  done
}
