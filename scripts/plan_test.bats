#!/usr/bin/env bats
# scripts/plan: what made-up results advise, and what they do not tell.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2016  # the marks of Markdown
# shellcheck disable=SC2034  # of the fixture
# shellcheck disable=SC2154  # bats sets stderr

bats_require_minimum_version 1.5.0

# shellcheck source=scripts/lib/fixture.sh
source "${BATS_TEST_DIRNAME}/lib/fixture.sh"

setup() {
  cd "${BATS_TEST_TMPDIR}" || exit
  VARIANTS=(Counter/unsafe/get_set/workers:10 Counter/locking/token_lock/workers:10
    Counter/lockfree/incr/workers:10 Eviction/policy/allkeys_lru/workers:10
    Pool/locking/fifo/workers:10/pool:5 Pool/locking/fifo/workers:10/pool:9 Pool/unsafe/barging/workers:10/pool:4)
  write_processes made 1 3 '.benchmarks[3] += {role: "safe", hit_ratio: 0.77, hit_ratio_lru: 0.8,
      bytes_per_key: 1100, value_bytes_per_key: 1000} |
    .benchmarks[4].wait_p95_us = 900 | .benchmarks[5,6].wait_p95_us = 30 | .benchmarks[2].items_per_second = 200000 |
    .benchmarks[1].p95_us = 1174 | .benchmarks[2].p95_us = 52 | .benchmarks[0].p95_us = 9999'
  printf 'fast\t^Counter/l\tp95_us\t< 1100\nmuch\t/incr/\titems_per_second\t> 1000\n' >levels
  printf 'whole\trole:safe\tviolations\t== 0\ncaught\trole:control\tviolations\t> 0\n' >>levels
}

plan() { # STATUS ARG...
  run "-$1" --separate-stderr "${BATS_TEST_DIRNAME}/plan" "${@:2}"
}

write_knee() { # JQ_PROGRAM
  jq --null-input '{schema_version: 1, kind: "knee", min_success: 1, context: {},
    levels: [{metric: "p95_us", sign: "<", bound: 20000}],
    knees: [{benchmark: "Counter/lockfree/incr/workers:10/real_time/threads:1", knee_per_second: 80000,
      interval: [80000, 83000], limit: "server", why: "overloaded", broken: false, points: [1, 2, 3]}]} |
    '"$1" >knee.json
}

readonly CACHE=(--hit-ratio 0.95 --keys 1e6 --zipf 0.99 --value-bytes 1000)

@test "memory, connections, rate and levels, each with the rows that it came from" {
  write_knee .
  plan 0 "${CACHE[@]}" --wait-us 500 --knee knee.json --slo levels made
  [[ -z "${stderr}" && "${output}" != *"is missing"* ]]
  [[ "${lines[1]}" == "Measured with redis 7.0.15 on 2 processors, processor, commit 0123456789ab." ]]
  # As scripts/size says it.
  [[ "${output}" == *"$("${BATS_TEST_DIRNAME}/size" "${CACHE[@]}" made)"* ]]
  [[ "${output}" == *'From `Eviction/policy/allkeys_lru/workers:10`.'* ]]
  [[ "${output}" == *"$("${BATS_TEST_DIRNAME}/size" --wait-us 500 made)"* ]]
  [[ "${output}" == *'From `Pool/locking/fifo/workers:10/pool:5`, `Pool/locking/fifo/workers:10/pool:9`.'* ]]
  grep --fixed-strings --line-regexp \
    '| `Counter/lockfree/incr/workers:10` | p95_us<20000 | 80k (at 83k no more) | **40k** | overloaded |' <<<"${output}"
  grep --fixed-strings --line-regexp 'From 3 runs of `Counter/lockfree/incr/workers:10`.' <<<"${output}"
  grep --fixed-strings --line-regexp \
    '| fast | p95_us | 1.17 ms | **< 2.4 ms** | < 1.1 ms, **not held** | worst of 2: `Counter/locking/token_lock/workers:10` |' <<<"${output}"
  grep --fixed-strings --line-regexp \
    '| much | items_per_second | 200 k/s | **> 100 k/s** | > 1 k/s | worst of 1: `Counter/lockfree/incr/workers:10` |' <<<"${output}"
  grep --line-regexp -- '- whole: violations == 0, kept by all 5 rows' <<<"${output}"
  [[ "${output}" != *caught* ]]  # production runs no controls
}

@test "the factor is what production may take" {
  write_knee .
  plan 0 --factor 3 --knee knee.json --slo levels made
  [[ "${output}" == *"times 3 (rates divided by it)"* && "${output}" == *"| 1.17 ms | **< 3.6 ms** |"* ]]
  [[ "${output}" == *"| **26.7k** |"* ]]
}

@test "what the results do not tell is missing, with what measures it, and nothing is guessed" {
  jq '.benchmarks |= map(select(.name | startswith("Counter")))' made/1.json >only.json
  printf 'strange\t^Nothing/\tp95_us\t< 1\n' >>levels
  plan 0 --slo levels only.json
  local missing="${output#*## What is missing}"
  [[ "${missing}" != "${output}" ]]
  [[ "${missing}" == *"- memory: what the cache is to hold, as --hit-ratio 0.95"* ]]
  [[ "${missing}" == *"- connections: the longest wait"*"--wait-us 500"* ]]
  [[ "${missing}" == *"- connections: rows of Pool: "*"--benchmark_filter='Pool/"* ]]
  [[ "${missing}" == *'- rate: what a variant holds: `scripts/knee '* ]]
  [[ "${missing}" == *'- the level "strange": no row matches ^Nothing/ and has p95_us'* ]]
  [[ "$(grep --count --line-regexp "Not known: see what is missing." <<<"${output}")" == 3 ]]
  plan 0 "${CACHE[@]}" --slo levels only.json
  [[ "${output}" == *"By theory alone"* && "${output}" == *"- memory: rows of Eviction, without which there is theory alone"* ]]
}

@test "what is not fine is not promised" {
  jq '.benchmarks[1] += {error_occurred: true, error_message: "no"} | .benchmarks[2].violations = 3' \
    made/1.json >bad.json
  plan 0 --wait-us 10 --slo levels bad.json
  [[ "${output}" == *'- the level "fast": no results of Counter/locking/token_lock/workers:10'* ]]
  [[ "${output}" == *'- whole: violations == 0 - **do not promise it**: 1 of 4 rows break it; `Counter/lockfree/incr/workers:10` has 3'* ]]
  [[ "${output}" == *"- connections: larger pools for those where none was enough"* ]]
  write_knee '.knees[0] += {broken: true} | .knees += [{benchmark: "Lock/locking/spin/workers:9",
    knee_per_second: null, interval: [null, 1], why: "overloaded", broken: false, points: []}]'
  plan 0 --knee knee.json --slo levels bad.json
  [[ "${output}" == *"| **it broke its contract: do not use it** |"* ]]
  [[ "${output}" == *"- rate: Lock/locking/spin/workers:9 held none: overloaded"* ]]
  write_knee '.knees[0] += {limit: "client"}'
  plan 0 --knee knee.json --slo levels bad.json
  [[ "${output}" == *"| the client that measured; the server may hold more |"* ]]
}

@test "--out writes the page as a whole" {
  plan 0 --slo levels --out page.md made
  [[ -z "${output}" && "$(head --lines=1 page.md)" == "# A plan" ]]
  cp page.md before
  echo nonsense >bad.json
  plan 2 --slo levels --out page.md bad.json
  plan 2 --out nowhere/page.md made
  [[ "${stderr}" == "plan: --out: nowhere/page.md cannot be written" ]]
  cmp page.md before
}

@test "what cannot be planned by is refused in a line that names it" {
  plan 2
  [[ "${stderr}" == "plan: no results to plan by; see --help" ]]
  plan 2 --factor 1 made
  [[ "${stderr}" == "plan: --factor has to be a number from 1.5 to 3, not 1" ]]
  plan 2 --hit-ratio 0.9 made
  [[ "${stderr}" == "plan: --keys is missing; see --help" ]]
  plan 2 --knee made/1.json made
  [[ "${stderr}" == "plan: --knee: made/1.json is not what scripts/knee --out writes" ]]
  plan 2 --knee nowhere made
  [[ "${stderr}" == "plan: --knee: nowhere cannot be read" ]]
  printf 'strange\t^Counter/\tp95_ms\t< 1\n' >odd
  plan 2 --slo odd made
  [[ "${stderr}" == 'plan: odd: the level "strange" matches no metric: there is no p95_ms' ]]
  plan 2 --nonsense 1 made
  [[ "${stderr}" == "plan: no option --nonsense; see --help" ]]
  jq '.context.rcb_schema_version = "9"' made/1.json >other.json
  plan 2 other.json
  [[ "${stderr}" == "plan: other.json is not of rcb_schema_version 1, but 9" ]]
  jq 'del(.context.rcb_schema_version)' made/1.json >foreign.json
  plan 2 foreign.json
  [[ "${stderr}" == "plan: foreign.json is not of this suite: there is nothing to plan by" ]]
  run -0 "${BATS_TEST_DIRNAME}/plan" --help
  [[ "${lines[0]}" == "usage: scripts/plan"* ]]
}
