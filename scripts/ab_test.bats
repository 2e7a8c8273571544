#!/usr/bin/env bats
# scripts/ab: what it builds, in which order it runs what, when it stops, and what it makes of it.
# Benchmarks are played by a script that writes made-up results.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2154  # bats sets stderr

bats_require_minimum_version 1.5.0

setup() {
  cd "${BATS_TEST_TMPDIR}" || exit
  write_bench bench 1
}

# A bench whose p95_us is multiplied by FACTOR, or the N of --factor=N; notes its arguments in the
# file `ran`. Its noise goes by how often it ran.
write_bench() { # PATH FACTOR
  cat >"$1" <<BENCH
#!/usr/bin/env bash
set -euo pipefail
source "${BATS_TEST_DIRNAME}/lib/fixture.sh"
factor=$2
for argument in "\$@"; do
  case "\${argument}" in
    --benchmark_out=*) out="\${argument#*=}" ;;
    --factor=*) factor="\${argument#*=}" ;;
    --status=*) exit "\${argument#*=}" ;;
    --violate) violations=1 ;;
  esac
done
echo "\$*" >>"${BATS_TEST_TMPDIR}/ran"
process="\$(wc --lines <"${BATS_TEST_TMPDIR}/ran")"
VARIANTS=(Counter/lockfree/incr/workers:10)
write_processes "${BATS_TEST_TMPDIR}/made" "\${process}" "\${process}" "
  .benchmarks[].p95_us *= \${factor} | .benchmarks[].violations = \${violations:-0}"
cp "${BATS_TEST_TMPDIR}/made/\${process}.json" "\${out}"
exit "\${violations:-0}"
BENCH
  chmod +x "$1"
}

ab() { # STATUS ARG...
  local status_wanted="$1"
  shift
  run "-${status_wanted}" --separate-stderr "${BATS_TEST_DIRNAME}/ab" --out out "$@"
}

# A repository with ab in it, whose commits "build" the bench of the file `made_by`.
make_repository() {
  mkdir repository
  cp --recursive "${BATS_TEST_DIRNAME}" repository/scripts
  cat >repository/scripts/lib/build.sh <<'BUILD'
ensure_built() {
  local root
  root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
  echo "$*" >>"${BATS_TEST_TMPDIR}/builds"
  mkdir --parents "${root}/build/release"
  cp "${root}/made_by" "${root}/build/release/bench"
}
BUILD
  cd repository || exit
  echo /build/ >.gitignore
  git init --quiet .
  git config user.email nobody@localhost && git config user.name Nobody
  commit_bench first 1
}

commit_bench() { # TAG FACTOR
  write_bench made_by "$2"
  git add . && git commit --quiet --message "$1" && git tag "$1"
}

@test "sides run in turns, A B B A and then B A A B, with one seed a block" {
  ab 0 --flags '--factor=1 --a' --flags '--factor=1 --b' --max-blocks 2 --bench ./bench \
    --filter 'incr|Counter' -- --rounds=5 '--last one'
  [[ "$(grep --only-matching -- '--[ab] ' ran | tr --delete ' \n-')" == abbabaab ]]
  [[ "$(grep --only-matching -- '--seed=[0-9]*' ran | tr --delete '\n')" == \
    --seed=1--seed=1--seed=1--seed=1--seed=2--seed=2--seed=2--seed=2 ]]
  [[ "$(grep --count -- '--benchmark_filter=incr|Counter .*--rounds=5 --last one ' ran)" == 8 ]]
  [[ "$(cd out && echo {a,b}/*.json)" == "$(echo {a,b}/00{1,2}-{1,2}.json)" ]]
}

@test "a seed that the user gives is left alone" {
  ab 0 --flags --a --flags --b --max-blocks 1 --bench ./bench -- --seed=9
  [[ "$(grep --only-matching -- '--seed=[0-9]*' ran | sort --unique)" == --seed=9 ]]
}

@test "it stops at the first look at which every gated metric is decided" {
  ab 1 --flags --factor=1 --flags --factor=1.5 --bench ./bench
  [[ "$(wc --lines <ran)" == 16 && "${output}" == *"regressed"*"p95_us"*"8+8"* ]]
  [[ "${stderr}" == *"every gated metric is decided"* ]]
}

@test "what does not differ is decided as well" {
  ab 0 --flags --a --flags --b --bench ./bench --format json
  [[ "$(jq '.summary["verdict unchanged"]' <<<"${output}")" == 3 && "$(wc --lines <ran)" == 16 ]]
}

@test "what is not decided runs to the last block; looking often lowers alpha" {
  ab 0 --flags --factor=1 --flags --factor=1.03 --bench ./bench --max-blocks 6 --format json
  [[ "$(wc --lines <ran)" == 24 ]]
  jq --exit-status '.summary | .alpha == 0.025 and .["verdict inconclusive"] == 1' <<<"${output}"
  rm --recursive out
  ab 4 --flags --factor=1 --flags --factor=1.03 --bench ./bench --max-blocks 5 --strict
}

@test "it starts no block after the time limit" {
  sed --in-place 's/^set -euo.*/&\nsleep 0.2/' bench
  sed 's/60 \* minutes/minutes/' "${BATS_TEST_DIRNAME}/ab" >ab
  mkdir copy && cp --recursive "${BATS_TEST_DIRNAME}" copy/scripts && cp ab copy/scripts/ab
  run -0 copy/scripts/ab --floors none --out out --minutes 1 --bench ./bench \
    --flags --factor=1 --flags --factor=1.03
  [[ "$(wc --lines <ran)" -le 8 ]]
}

@test "two servers are two values of --redis_server" {
  ab 0 --server '/usr/bin/one' --server '/opt/an other' --bench ./bench --max-blocks 1
  [[ "$(grep --count -- '^--redis_server=/usr/bin/one ' ran)" == 2 ]]
  [[ "$(grep --count -- '^--redis_server=/opt/an other ' ran)" == 2 ]]
}

@test "a broken contract on one side fails although its processes exit 1" {
  ab 1 --flags --a --flags --violate --bench ./bench --max-blocks 1
  [[ "${output}" == *"broken"*"violations"* ]]
}

@test "a benchmark that cannot run, or writes nothing, ends it with its words" {
  ab 2 --flags --a --flags --status=2 --bench ./bench
  [[ "${stderr}" == *"status 2 from: ./bench --status=2"* ]]
  rm --recursive out
  ab 2 --flags --status=0 --flags --b --bench ./bench
  rm --recursive out
  ab 130 --flags --status=130 --flags --b --bench ./bench
}

@test "results of an earlier run are not mixed with" {
  ab 0 --flags --a --flags --b --bench ./bench --max-blocks 1
  ab 2 --flags --a --flags --b --bench ./bench --max-blocks 1
  [[ "${stderr}" == *"out has results already"* ]]
}

@test "two commits are built once each, in worktrees that are gone afterwards" {
  make_repository
  commit_bench second 1.5
  run -1 --separate-stderr scripts/ab first second --out out
  [[ "${output}" == *"regressed"*"p95_us"* ]]
  [[ "$(cat "${BATS_TEST_TMPDIR}/builds")" == $'release bench\nrelease bench' ]]
  [[ "$(git worktree list | wc --lines)" == 1 && -z "$(find build/ab -name 'tree.*')" ]]
  run -0 --separate-stderr scripts/ab second first --max-blocks 1
  [[ "$(wc --lines <"${BATS_TEST_TMPDIR}/builds")" == 2 ]]
  [[ -n "$(find build/ab -name '001-1.json')" ]]
}

@test "recorded floors count where they are asked for: they have drift in them, blocks have not" {
  mkdir results
  printf 'Counter/lockfree/incr/workers:10/real_time/threads:1\tp95_us\t0.9\n' >results/aa-floor.tsv
  export RCB_RESULTS_DIR="${PWD}/results"
  ab 1 --flags --a --flags --factor=1.5 --bench ./bench --max-blocks 4
  rm --recursive out
  ab 0 --flags --a --flags --factor=1.5 --bench ./bench --max-blocks 4 \
    --floors results/aa-floor.tsv
}

@test "a commit that cannot be built, or is none, ends it and leaves no worktree" {
  make_repository
  git rm --quiet made_by && git commit --quiet --message broken && git tag broken
  run -2 --separate-stderr scripts/ab first broken
  [[ "${stderr}" == *"broken cannot be built"* && "$(git worktree list | wc --lines)" == 1 ]]
  run -2 --separate-stderr scripts/ab first nowhere
  [[ "${stderr}" == *"nowhere is no commit"* ]]
  # Before anything is built.
  rm --force "${BATS_TEST_TMPDIR}/builds"
  run -2 --separate-stderr scripts/ab first nowhere
  [[ ! -e "${BATS_TEST_TMPDIR}/builds" ]]
}

@test "the A/A floor counts all splits both ways and is stored for compare" {
  printf 'Other/row\tp95_us\t0.5\t0\t1\t4\tabc\n%s\tp95_us\t0.9\t0\t1\t4\tabc\tprocessor 2cpu\n' \
    Counter/lockfree/incr/workers:10/real_time/threads:1 >floors
  run -0 --separate-stderr "${BATS_TEST_DIRNAME}/ab" --aa HEAD --bench ./bench --runs 6 \
    --gate '^p95' --floors floors --out out
  [[ "${output}" == "10 splits of 6 processes, 10 tests: 0 (0.00 %)"* ]]
  [[ "$(grep --count --invert-match '^#' floors)" == 2 ]]
  [[ "$(grep ^Other floors)" == $'Other/row\tp95_us\t0.5\t0\t1\t4\tabc' ]]
  # The same by jq: each half against the other, the 19th of 20 distances.
  local expected
  expected="$(jq --slurp 'def hl($x; $y): [$x[] as $a | $y[] / $a] | sort | .[4];
    [.[].benchmarks[0].p95_us] as $v |
    [range(64) | . as $s | [range(6) | ($s / pow(2; .) | floor) % 2] as $bits |
      select($bits | add == 3) |
      hl([range(6) | select($bits[.] == 1) | $v[.]]; [range(6) | select($bits[.] == 0) | $v[.]])
      - 1 | fabs] | sort | .[18]' out/a/*.json)"
  awk -F '\t' -v "expected=${expected}" '/^Counter/ { d = $3 / expected - 1 }
    END { exit !(d < 1e-5 && d > -1e-5) }' floors
}

@test "the A/A floor says how often what does not differ would have been flagged" {
  # shellcheck disable=SC2016  # expanded by bench
  sed --in-place 's/^VARIANTS=.*/&\nfactor=$((process > 4 ? 2 : 1))/' bench
  run -0 --separate-stderr "${BATS_TEST_DIRNAME}/ab" --aa HEAD --bench ./bench --runs 8 \
    --gate '^p95' --floors none --out out
  [[ "${output}" == "35 splits of 8 processes, 35 tests: 1 (2.86 %)"* ]]
  [[ "${output}" == *", 1 (2.86 %) after correction" ]]
}

@test "the A/A floor of a commit is of its build" {
  make_repository
  run -0 --separate-stderr scripts/ab --aa first --runs 4
  [[ -s results/aa-floor.tsv && "$(cat "${BATS_TEST_TMPDIR}/builds")" == 'release bench' ]]
  # The context of the made-up results names this commit.
  grep $'\tp95_us\t.*\t4\t0123456789ab\tprocessor 2cpu$' results/aa-floor.tsv
}

@test "wrong usage exits 2 and says why" {
  local words message
  while IFS='|' read -r words message; do
    # shellcheck disable=SC2086  # meant to be split
    ab 2 ${words}
    # Late refusals cost hours.
    [[ ! -e ran ]]
    [[ "${stderr}" == *"${message}"* ]] || { echo "${words}: ${stderr}"; return 1; }
  done <<'CASES'
|name two commits
one|it takes two
one two three|it takes two
--server one|it takes two
--server a --server b one two|name two commits
--flags a --flags b --aa HEAD|name two commits
--aa HEAD --runs 5|even number
--aa HEAD --runs 14|even number
--flags a --flags b --max-blocks 0|not a number
--flags a --flags b --minutes x|not a number
--flags a --flags b --alpha 1.5|--alpha
--flags a --flags b --alpha 0.0000001|--alpha has to be a number from 0.001
--flags a --flags b --min-effect 2000|--min-effect has to be a number from 0 to 1000
--flags a --flags b --format html|--format is text, markdown or json
--flags a --flags b --floors nowhere|--floors: nowhere cannot be read
--flags a --flags b --bench ./bench -- --benchmark_out=x|--benchmark_out=x: ab measures
--flags --list_metrics --flags b --bench ./bench|--list_metrics: ab measures
--flags a --flags b --bench ./bench --out bench|--out: bench cannot be written to
--flags a --flags b --bench nowhere|cannot be run
one two --bench ./bench|two commits are two
--nonsense a b|no option --nonsense
--filter|needs a value
CASES
}

@test "help goes to stdout" {
  ab 0 --help
  [[ "${output}" == "usage: scripts/ab"* && -z "${stderr}" ]]
}
