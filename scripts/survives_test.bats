#!/usr/bin/env bats
# scripts/survives: what made-up results under faults are said to show.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2016  # of jq
# shellcheck disable=SC2154  # bats sets stderr

bats_require_minimum_version 1.5.0

# shellcheck source=scripts/lib/fixture.sh
source "${BATS_TEST_DIRNAME}/lib/fixture.sh"

setup() {
  cd "${BATS_TEST_TMPDIR}" || exit
  VARIANTS=(Stall/unsafe/lock_redlock/workers:20/lease_ms:100
    Stall/locking/lock_ticket/workers:20/lease_ms:100
    Stall/locking/lock_fenced/workers:20/lease_ms:100
    Durability/lockfree/everysec/workers:50)
}

# The verdicts and costs of these rows.
readonly FIGURES='(.benchmarks[] | .verdict) = "ok" | .benchmarks[0] += {verdict: "caught",
  late_write_ratio: 0.957} | .benchmarks[1].recovery_p50_us = 150250 | .benchmarks[3].lost_ratio = 0'

survives() { # STATUS ARG...
  run "-$1" --separate-stderr "${BATS_TEST_DIRNAME}/survives" "${@:2}"
}

has_line() { # LINE
  local line
  for line in "${lines[@]}"; do [[ "${line}" != "$1" ]] || return 0; done
  echo "there is no line: $1"
  echo "${output}"
  return 1
}

@test "each variant is kept, bounded or broken, with what that costs" {
  VARIANTS+=(Stall/locking/server_lock_fenced/workers:20/lease_ms:100)
  write_processes one 1 1 "${FIGURES}"
  survives 0 one/1.json
  has_line '### A client stands still for longer than its lease'
  has_line '| `Stall/locking/lock_fenced` | kept | no late write is accepted |'
  has_line '| `Stall/locking/lock_ticket` | bounded | the others wait 150 ms for it |'
  has_line '| `Stall/unsafe/lock_redlock` | broken | 95.7 % of its late writes are accepted |'
  has_line '### The server is killed and starts again'
  has_line 'One process, redis 7.0.15, commit 0123456789ab'
  has_line '### The server stands still for longer than a lease'
  has_line '| `Stall/locking/server_lock_fenced` | kept | no late write is accepted |'
  [[ "${output}" == *lock_fenced*lock_ticket*lock_redlock*server_lock_fenced*everysec* ]]
  [[ "${output}" != *server_lock_fenced*server_lock_fenced* ]]
}

@test "a figure is the median of several processes, and of the largest number of workers" {
  VARIANTS+=(Stall/locking/lock_ticket/workers:5/lease_ms:100)
  write_processes many 1 3 "(.context.seed | tonumber) as \$process | ${FIGURES} |
    .benchmarks[1].recovery_p50_us = [7000, 5000, 9e6][\$process - 1] |
    .benchmarks[4].recovery_p50_us = 1"
  survives 0 many
  has_line '| `Stall/locking/lock_ticket` | bounded | the others wait 7 ms for it |'
  has_line 'Medians of 3 processes, redis 7.0.15, commit 0123456789ab'
}

@test "other arguments make another row" {
  VARIANTS=(Failover/lockfree/wait/workers:20/cut_off:0 Failover/lockfree/wait/workers:20/cut_off:1)
  write_processes one 1 1 '(.benchmarks[] | .verdict) = "ok"'
  survives 0 one/1.json
  has_line '| `Failover/lockfree/wait/cut_off:0` | kept | no confirmed write is lost |'
  has_line '| `Failover/lockfree/wait/cut_off:1` | kept | no confirmed write is lost |'
}

@test "what this run has not shown, or what failed, is not said to be anything else" {
  write_processes one 1 1 "${FIGURES} | .benchmarks[0].verdict = \"not provable here\" |
    .benchmarks[1].verdict = \"BROKEN\" |
    .benchmarks[2] += {error_occurred: true, error_message: \"it | failed\"} |
    del(.benchmarks[3].lost_ratio)"
  survives 0 one/1.json
  has_line '| `Stall/unsafe/lock_redlock` | not shown | this run has not shown it |'
  has_line '| `Stall/locking/lock_ticket` | broken | IT MUST NOT BE: see its verdict |'
  has_line '| `Stall/locking/lock_fenced` | error | it \| failed |'
  has_line '| `Durability/lockfree/everysec` | bounded | - |'
}

@test "--brief is one table, and --filter chooses" {
  write_processes one 1 1 "${FIGURES}"
  survives 0 --brief --filter 'Stall/.*lock_(fenced|ticket)' one/1.json
  [[ "${#lines[@]}" == 5 ]]
  has_line '| a client stalls | `locking/lock_ticket` | bounded | the others wait 150 ms for it |'
}

@test "unusable input: one line, exit 2" {
  VARIANTS=(Counter/lockfree/incr/workers:10)
  write_processes one 1 1
  survives 2 one/1.json
  [[ "${stderr}" == "survives: nothing in these results breaks anything" ]]
  survives 2 --filter nothing one/1.json
  [[ "${#stderr_lines[@]}" == 1 && "${stderr}" == *nothing* ]]
  survives 2
  [[ "${stderr}" == "survives: no results; see --help" ]]
  survives 2 --brieve one/1.json
  survives 2 missing.json
}

# Whoever adds a variant says what its promise amounts to.
@test "scripts/survival.tsv has each variant of the families that break something, and no other" {
  local bench="${RCB_BUILD_DIR:-${BATS_TEST_DIRNAME}/../build/release}/bench" families
  families="$(tail --lines=+2 "${BATS_TEST_DIRNAME}/survival.tsv" | cut --fields=1 | sort --unique)"
  tail --lines=+2 "${BATS_TEST_DIRNAME}/survival.tsv" |
    awk -F '\t' '$3 != "fault" { n = split($2, variant, " ")
      for (i = 1; i <= n; ++i) print $1 "/" variant[i], ($3 == "broken" ? "control" : "safe") }' |
    sort >told
  "${bench}" --benchmark_list_tests |
    grep --extended-regexp "^(${families//$'\n'/|})/" |
    awk -F / '{ print $1 "/" $3, ($2 == "unsafe" ? "control" : "safe") }' | sort --unique >there
  diff told there
}

@test "what a line says has a figure just where it names a counter, which exists" {
  awk -F '\t' 'FNR == NR { is_counter[$1] = 1; next }
    FNR > 1 && $3 != "fault" && ($4 != "") != (index($5, "%") > 0) { print "no figure: " $0; bad = 1 }
    FNR > 1 && $3 != "fault" && $4 != "" && !is_counter[$4] { print "no counter: " $0; bad = 1 }
    END { exit bad }' "${BATS_TEST_DIRNAME}/metrics.tsv" "${BATS_TEST_DIRNAME}/survival.tsv"
}
