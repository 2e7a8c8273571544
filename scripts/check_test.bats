#!/usr/bin/env bats
# scripts/check: which levels hold, which do not, and what it refuses.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2154  # bats sets stderr

bats_require_minimum_version 1.5.0

setup() {
  # shellcheck source=scripts/lib/fixture.sh
  source "${BATS_TEST_DIRNAME}/lib/fixture.sh"
  cd "${BATS_TEST_TMPDIR}" || exit
}

check() { # STATUS ARG...
  local status_wanted="$1"
  shift
  run "-${status_wanted}" --separate-stderr "${BATS_TEST_DIRNAME}/check" "$@"
}

# Writes levels from words with | between.
levels() { # LEVEL...
  printf '%s\n' "$@" | tr '|' '\t' >levels
}

# Results that fall under every shipped level.
write_all_families() { # [JQ_PROGRAM]
  VARIANTS=(Counter/unsafe/get_set/workers:10 Counter/locking/token_lock/workers:10
    Counter/lockfree/incr/workers:10 Transaction/lockfree/watch/workers:10
    Stampede/locking/token_lock/workers:10 StampedeExpiry/locking/xfetch_lock/workers:10
    Counter/lockfree/{lua,function,sharded}/workers:10 Counter/lockfree/incr/workers:{50,100}
    Transaction/lockfree/watch/workers:50 Transaction/locking/ordered_locks/workers:10
    Lock/lockfree/lua/workers:10 Lock/locking/blpop_queue/workers:10
    Stampede/locking/{pubsub,blpop,single_flight,lease}/workers:10
    StampedeExpiry/lockfree/xfetch/workers:10
    Mixed/locking/safe/workers:10 Mixed/lockfree/safe/workers:10)
  write_processes results 1 3 "(.benchmarks[] | select(.name | test(\"^Stampede.*/locking/\"))) |=
    (.computations_max = 1 | .bounds = [\"computations_max <= 1\"]) |
    .benchmarks[2].items_per_second *= 2 |
    (.benchmarks[] | select(.name | test(\"^Mixed/\"))) |=
      (.hit_p95_us = 900 | .transfer_p95_us = 1100) |
    (.benchmarks[] | select(.name | test(\"^(Transaction|Lock)/lockfree/\"))).items_per_second *= 2 |
    ${1:-.}"
}

@test "the shipped levels hold for results that keep them" {
  write_all_families
  check 0 results
  [[ -z "${output}" && "${stderr}" == *"against 12 levels, 0 broken" ]]
}

@test "the shipped levels hold for results of older suites, which declare no roles" {
  write_all_families 'del(.benchmarks[] | .role, .bounds, .evidence) |
    (.benchmarks[] | select(.name | test("^Stampede.*/locking/"))).label =
      "one computation per round"'
  check 0 results
  [[ "${stderr}" == *"against 12 levels, 0 broken" ]]
}

@test "each shipped level is broken by results that do not keep it" {
  local change
  while IFS='|' read -r level change; do
    write_all_families "${change}"
    check 1 results
    [[ $'\n'"${output}" == *$'\n'"broken"$'\t'"${level}"$'\t'* ]] ||
      { echo "${level}: ${output}"; return 1; }
  done <<'CHANGES'
atomic operations|.benchmarks[2].p95_us = 15000
cache hits|.benchmarks[5].p95_us = 20001
transactions|.benchmarks[3].p95_us = 75000.5
mixed cache hits|(.benchmarks[] | select(.name | test("^Mixed/locking"))).hit_p95_us = 20000
mixed transactions|.benchmarks[-1].transfer_p95_us = 75001
declared bounds hold|.benchmarks[1] |= (.queue_max = 6 | .bounds = ["queue_max <= 5"])
success|if .context.seed == "2" then .benchmarks[4].success_rate = 0.95 else . end
one computation per stampede|.benchmarks[4].computations_max = (.context.seed | tonumber)
one computation per expiry|.benchmarks[5].computations_max = 2
no violations|if .context.seed == "2" then .benchmarks[1].violations = 1 else . end
controls are caught|if .context.seed == "2" then .benchmarks[0].violations = 0 else . end
lock-free 50 % faster|.benchmarks[2].items_per_second /= 1.5
CHANGES
}

@test "a broken level tells level, benchmark, metric, value and bound" {
  write_processes results 1 3 '.benchmarks[].p95_us = 80.5'
  levels 'tail|/incr/|p95_us|< 80'
  check 1 --slo levels results
  [[ "${output}" == \
    $'broken\ttail\tCounter/lockfree/incr/workers:10/real_time/threads:1\tp95_us\t80.5\t< 80' ]]
  [[ "${stderr}" == "check: 1 results against 1 levels, 1 broken" ]]
}

@test "bounds are what they say" {
  write_processes results 1 1 '.benchmarks[].p95_us = 80'
  local bound
  for bound in '<= 80' '== 80' '>= 80' '< 80.5' '> 79'; do
    levels "tail|/incr/|p95_us|${bound}"
    check 0 --slo levels results
  done
  for bound in '< 80' '> 80' '== 81' '<= 79.9' '>= 81'; do
    levels "tail|/incr/|p95_us|${bound}"
    check 1 --slo=levels results
  done
}

@test "noisy metrics count by the median of the processes, contracts by the worst repetition" {
  write_processes results 1 3 'if .context.seed == "2" then
    .benchmarks[].p95_us = 1000 | .benchmarks[2].errors = 1 else . end'
  levels 'tail|/incr/|p95_us|< 100'
  check 0 --slo levels results
  levels 'errors|/incr/|errors|== 0'
  check 1 --slo levels results
  [[ "${output}" == *$'\t1 and 0\t'* ]]
}

@test "a counter that a safe benchmark bounds counts by its worst repetition too" {
  local once='if .context.seed == "2" then .benchmarks[].queue_max = 6 else
    .benchmarks[].queue_max = 5 end'
  write_processes results 1 3 "${once} | .benchmarks[1:][].bounds = [\"queue_max <= 9\"]"
  levels 'queue|/incr/|queue_max|<= 5'
  check 1 --slo levels results
  [[ "${output}" == *$'\tqueue_max\t6\t<= 5' ]]
  write_processes results 1 3 "${once}"
  check 0 --slo levels results
}

@test "a level may select benchmarks by their role, whatever they are called" {
  VARIANTS=(Limiter/policy/bucket/workers:1 Limiter/policy/none/workers:1
    Limiter/unsafe/what/workers:1)
  write_processes results 1 3 '.benchmarks[0] |= (.role = "safe") |
    .benchmarks[1] |= (.role = "control" | .violations = 7) |
    .benchmarks[2] |= (.role = "measurement")'
  levels 'none|role:safe|violations|== 0' 'caught|role:control|violations|> 0' \
    'many|role:measurement|violations|> 100'
  check 0 --slo levels results
  [[ "${stderr}" == *"3 results against 3 levels, 0 broken" ]]
  write_processes results 1 3 'if .context.seed == "2" then .benchmarks[0] |=
    (.role = "safe" | .violations = 1) else . end'
  levels 'none|role:safe|violations|== 0'
  check 1 --slo levels results
  [[ "${output}" == *"Limiter/policy/bucket"*$'\tviolations\t1 and 0\t== 0' ]]
  levels 'caught|role:control|p95_us|> 0|role:safe'
  check 0 --slo levels results
  levels 'nobody|role:unsafe|violations|== 0'
  check 2 --slo levels results
  [[ "${stderr}" == *"names a role that is not control, safe or measurement"* ]]
}

@test "declared bounds are each held by their benchmark, in its worst repetition" {
  write_processes results 1 3 '.benchmarks[] |= (.queue_max = 5 | .burst = 2) |
    .benchmarks[0].bounds = ["queue_max <= 1"] | .benchmarks[1].bounds = ["queue_max <= 5"] |
    .benchmarks[2].bounds = ["burst == 2", "burst >= 1"]'
  levels 'bounds|role:safe|bounds|== held'
  check 0 --slo levels results
  [[ "${stderr}" == *"3 results against 1 levels, 0 broken" ]]
  write_processes results 1 3 '.benchmarks[] |= (.queue_max = 5 | .burst = 2) |
    .benchmarks[1].bounds = ["queue_max <= 5", "queue_min >= 1"] |
    .benchmarks[2].bounds = ["burst == 2"] | if .context.seed == "2" then
    .benchmarks[1].queue_max = 6 | .benchmarks[2].burst = 3 else . end'
  check 1 --slo levels results
  [[ "$(cut --fields=4- <<<"${output}")" == \
    $'burst\t3 and 2\t== 2\nqueue_max\t6\t<= 5\nqueue_min\tabsent\t>= 1' ]]
  write_processes results 1 3 'if .context.seed == "2" then .benchmarks[2] |=
    (. + {error_occurred: true, error_message: "no server"}) else . end'
  check 1 --slo levels results
  [[ "${output}" == *incr*$'\tbounds\terrored\t== held' ]]
  write_processes results 1 3
  check 2 --slo levels results
  [[ "${stderr}" == *'the level "bounds" matches nothing'* ]]
}

@test "an advantage is that of the best over the best, for each set of arguments" {
  VARIANTS=(Counter/locking/a/workers:1 Counter/locking/b/workers:1 Counter/lockfree/c/workers:1
    Counter/lockfree/d/workers:1 Counter/locking/a/workers:2 Counter/lockfree/c/workers:2)
  # shellcheck disable=SC2016  # a variable of jq
  write_processes results 1 1 'reduce ([[100, 10], [200, 20], [50, 30], [300, 5], [100, 40],
    [140, 40]] | to_entries[]) as $row (.; .benchmarks[$row.key] |= (.items_per_second =
    $row.value[0] | .p95_us = $row.value[1]))'
  levels 'faster|/lockfree/|items_per_second|>= 1.5|/locking/'
  check 1 --slo levels results
  [[ "${output}" == *$'\tCounter/workers:2/real_time/threads:1\titems_per_second\t1.4\t'* ]]
  [[ "${stderr}" == *"2 results against 1 levels, 1 broken" ]]
  levels 'quicker|/lockfree/|p95_us|>= 2|/locking/'
  check 1 --slo levels results
  [[ "${output}" == *workers:2* && "${output}" != *workers:1* ]]
}

@test "an errored benchmark breaks its levels" {
  write_processes results 1 3 'if .context.seed == "2" then .benchmarks[2] |=
    (. + {error_occurred: true, error_message: "no server"}) else . end'
  levels 'tail|/incr/|p95_us|< 1000'
  check 1 --slo levels results
  [[ "${output}" == *errored* ]]
}

@test "a benchmark that lacks the metric that others have breaks the level" {
  write_processes results 1 3 'del(.benchmarks[2].p95_us)'
  levels 'tail|^Counter/lock|p95_us|< 1000'
  check 1 --slo levels results
  [[ "${output}" == *incr*absent* ]]
}

@test "a level that matches nothing is an error, also beside broken ones" {
  write_processes results 1 3
  levels 'nobody|/nobody/|p95_us|< 1000' 'tail|/incr/|p95_us|< 1'
  check 2 --slo levels results
  [[ "${stderr}" == *'the level "nobody" matches nothing'* && "${output}" == *tail* ]]
  levels 'nothing|/incr/|p42_us|< 1000'
  check 2 --slo levels results
  levels 'no partner|/incr/|p95_us|>= 1|/nobody/'
  check 2 --slo levels results
}

@test "malformed levels are errors" {
  local level
  write_processes results 1 1
  for level in 'a|/incr/|p95_us' 'a|/incr/|p95_us|~ 3' 'a|/incr/|p95_us|< fast' \
    '|/incr/|p95_us|< 3' 'a|/incr/|bounds|== 1' 'a|/incr/|p95_us|== held' \
    'a|/incr/|bounds|== held|/x/'; do
    levels "${level}"
    check 2 --slo levels results
    [[ "${stderr}" == *"line 1 is not NAME"* ]]
  done
  levels '# only a comment' ''
  check 2 --slo levels results
  [[ "${stderr}" == *"there are no levels"* ]]
}

@test "unusable input and wrong usage exit 2" {
  write_processes results 1 1
  check 2
  check 2 nowhere.json
  check 2 --slo nowhere results
  check 2 --nonsense results
  mkdir empty
  check 2 empty
  printf '{' >cut.json
  check 2 results/1.json cut.json
  [[ "${stderr}" == *"cut.json is cut off or not JSON"* ]]
  check 2 results/1.json results/1.json
}

@test "names with blanks and other directories work; help goes to stdout" {
  write_processes "the results" 1 3
  levels 'tail|/incr/|p95_us|< 1000'
  mv levels "the levels"
  cd /
  check 0 --slo "${BATS_TEST_TMPDIR}/the levels" "${BATS_TEST_TMPDIR}/the results"/*.json
  check 0 --help
  [[ "${output}" == "usage: scripts/check"* ]]
}
