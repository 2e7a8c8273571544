#!/usr/bin/env bats
# scripts/answers: what made-up results are said to mean.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2016  # of jq
# shellcheck disable=SC2154  # bats sets stderr

bats_require_minimum_version 1.5.0

# shellcheck source=scripts/lib/fixture.sh
source "${BATS_TEST_DIRNAME}/lib/fixture.sh"

setup() {
  cd "${BATS_TEST_TMPDIR}" || exit
  VARIANTS=(Lock/unsafe/none/workers:10 Lock/locking/spin/workers:10 Lock/locking/queue/workers:10
    Lock/lockfree/lua/workers:10 Lock/lockfree/watch/workers:10)
}

# Of these five rows, in their order, p95 and operations per second.
readonly FIGURES='def set($p95; $rate): [.benchmarks | keys[]] as $rows |
  reduce $rows[] as $i (.; .benchmarks[$i].p95_us = $p95[$i] |
    .benchmarks[$i].items_per_second = $rate[$i]);'

answers() { # STATUS ARG...
  run "-$1" --separate-stderr "${BATS_TEST_DIRNAME}/answers" "${@:2}"
}

# Writes a file for each number, which stands for that process, with figures by a jq program.
make() { # DIRECTORY LAST JQ_PROGRAM
  write_processes "$1" 1 "$2" "${FIGURES} (.context.seed | tonumber) as \$process | $3"
}

# Of the only group of the last output in JSON.
of_group() { # JQ_PROGRAM
  jq --raw-output ".groups | if length == 1 then .[0] else error(\"not one\") end | $1" <<<"${output}"
}

@test "with one repetition the margin decides what ties, and the line says so" {
  make one 1 'set([1, 900, 800, 100, 149]; [9, 10, 20, 1000, 660])'
  answers 0 one/1.json
  [[ -z "${stderr}" ]]
  [[ "${lines[1]}" == "Lock, 10 workers: fastest by p95: lockfree/lua (100 us); within noise of it \
lockfree/watch (149 us) (of one run each, less than 1.5 times apart is a tie)" ]]
  [[ "${lines[2]}" == "  most operations per second: lockfree/lua (1 k/s), and nothing comes near" ]]
  [[ "${lines[3]}" == "  best locking is locking/queue (800 us), best lock-free lockfree/lua (100 us): \
lock-free's p95 is 8 times shorter; lock-free does 50 times as many operations per second" ]]
  [[ "${lines[4]}" == "  promised: no update lost" && "${#lines[@]}" == 5 ]]
  answers 0 --margin 10 one/1.json
  [[ "${lines[1]}" == *"(100 us), and nothing comes near (of one run each, less than 1.1 times apart is a tie)" ]]
}

@test "an unsafe variant is never an answer, however fast" {
  make one 1 'set([1, 900, 800, 100, 149]; [999999, 10, 20, 1000, 660])'
  answers 0 --format json one
  [[ "$(of_group '[.. | .variant? // empty | select(. == "unsafe/none")] | length')" == 1 ]]
  [[ "$(of_group '.controls[0] | .variant + " " + .verdict')" == "unsafe/none caught" ]]
}

@test "from four repetitions on, overlap alone decides" {
  make four 4 'set([1, 900, 800, 100 + $process, 104 + $process]; [1, 1, 1, 100 + $process, 90 + $process])'
  answers 0 --format json four
  [[ "$(of_group '.fastest.p95_us | [.best.variant, .best.value, .best.low, .best.high,
    .best.observations, (.tied | length), .next.variant] | join(" ")')" == \
    "lockfree/lua 102.5 101 104 4 0 lockfree/watch" ]]
  make overlap 4 'set([1, 900, 800, 100 + $process, 103 + $process]; [1, 1, 1, 100 + $process, 90 + $process])'
  answers 0 --format json overlap
  [[ "$(of_group '.fastest.p95_us.tied[0] | .variant + " " + .tie')" == "lockfree/watch overlap" ]]
  [[ "$(of_group '.text[0]')" == *"(a tie is where their 4 or more runs overlap)" ]]
  [[ "$(of_group '.fastest.items_per_second.tied | length')" == 0 ]]
}

@test "with two or three repetitions the margin decides too, for ranges of so few miss each other by chance" {
  make two 2 'set([1, 900, 800, 100 + $process, 110 + $process]; [1, 1, 1, 1000, 1000])'
  answers 0 --format json two
  [[ "$(of_group '.fastest.p95_us.tied[0] | .variant + " " + .tie')" == "lockfree/watch margin" ]]
  [[ "$(of_group '.text[0]')" == *"(of few runs, a tie is where they overlap or are less than 1.5 times apart)" ]]
  make three 3 'set([1, 900, 800, 100 + $process, 104 + $process]; [1, 1, 1, 1000, 1000])'
  answers 0 --format json three
  [[ "$(of_group '.fastest.p95_us.tied[0].tie')" == margin ]]
  make apart 2 'set([1, 900, 800, 100 + $process, 200 + $process]; [1, 1, 1, 1000, 1000])'
  answers 0 --format json apart
  [[ "$(of_group '.fastest.p95_us.tied | length')" == 0 ]]
}

@test "repetitions in one file count like those of several" {
  make one 1 'set([1, 900, 800, 100, 103]; [1, 1, 1, 1000, 1000]) |
    .benchmarks |= [.[] | . as $row | range(4) | . as $i | $row + {repetition_index: $i,
      repetitions: 4, p95_us: ($row.p95_us + $i)}]'
  answers 0 --format json one
  [[ "$(of_group '.fastest.p95_us | [.best.observations, .tied[0].tie] | join(" ")')" == "4 overlap" ]]
}

@test "what has no result or broke its contract is left out with the reason, and named" {
  make one 1 'set([1, 90, 80, 10, 15]; [9, 10, 20, 1000, 660]) |
    .benchmarks[1] += {error_occurred: true, error_message: "2 errors, 0 timeouts; first: ERR no"} |
    .benchmarks[2] += {error_occurred: true, error_message: "void: the server restarted"} |
    .benchmarks[3] += {verdict: "overloaded"} | .benchmarks[4] += {verdict: "BROKEN", violations: 3}'
  answers 0 --format json one
  [[ "$(of_group '.left_out | map(.variant + " " + .reason) | sort | join(", ")')" == \
"lockfree/lua overloaded, lockfree/watch broken, locking/queue void, locking/spin errors" ]]
  [[ "$(of_group '.left_out | map(select(.reason == "errors").detail)[0]')" == "2 errors"*"ERR no" ]]
  [[ "$(of_group '.fastest.p95_us')" == null && "$(of_group '.best_locking')" == null ]]
  [[ "$(jq --raw-output '.verdict | "\(.ok) \(.broken | length) \(.no_result | length)"' \
    <<<"${output}")" == "false 1 3" ]]
  answers 0 one
  [[ "${lines[1]}" == "Lock, 10 workers: no safe variant has results" ]]
  [[ "${lines[2]}" == *"lockfree/watch (broke its contract)"* &&
    "${lines[2]}" == *"lockfree/lua (was overloaded: it could not keep up with the rate asked for)"* &&
    "${lines[2]}" == *"locking/queue (is void: the server lost data)"* &&
    "${lines[2]}" == *"locking/spin (had errors)"* ]]
}

@test "one bad repetition is enough to be left out, and so is a file without the row" {
  make some 2 'set([1, 90, 80, 10, 15]; [9, 10, 20, 1000, 660]) |
    if $process == 2 then .benchmarks[3].violations = 1 | del(.benchmarks[4]) else . end'
  answers 0 --format json some
  [[ "$(of_group '.left_out | map(.variant + " " + .reason) | sort | join(", ")')" == \
    "lockfree/lua broken, lockfree/watch missing" ]]
  [[ "$(of_group '.fastest.p95_us.best.variant')" == locking/queue ]]
  [[ "$(of_group '.text[-1]')" == \
    "left out: lockfree/lua (broke its contract); lockfree/watch (did not run in every file)" ]]
}

@test "a control that was not caught is told, and fails the verdict" {
  make one 1 'set([1, 90, 80, 10, 15]; [9, 10, 20, 1000, 660]) |
    .benchmarks[0] += {violations: 0, verdict: "not caught"}'
  answers 0 --format json one
  [[ "$(of_group '.text[-1]')" == "not proven: unsafe/none had to break the contract and did not" ]]
  [[ "$(of_group '[.fastest.p95_us | .best, .tied[], .next | values | .variant] | index("unsafe/none")')" == null ]]
  [[ "$(jq --raw-output '.verdict | "\(.ok) \(.not_caught[0])"' <<<"${output}")" == \
    "false Lock/unsafe/none/workers:10"* ]]
}

@test "each number of workers and each load is a question of its own; arguments of a variant are not" {
  VARIANTS=(Pool/locking/fifo/workers:10/size:5 Pool/locking/fifo/workers:20/size:5
    Pool/locking/fifo/workers:20/size:9 Pool/lockfree/own/workers:20/size:9/spare:1
    Pool/lockfree/own/workers:20/size:9/spare:2 Pool/policy/lru/workers:20/size:9)
  write_processes one 1 1
  answers 0 --format json one
  [[ "$(jq --raw-output '.groups[].title' <<<"${output}")" == \
"Pool, 10 workers, size 5
Pool, 20 workers, size 5
Pool, 20 workers, size 9" ]]
  [[ "$(jq --raw-output '.groups[2].fastest.p95_us | [.best, .tied[]] | map(.variant) | sort | join(", ")' \
    <<<"${output}")" == \
    "lockfree/own with spare 1, lockfree/own with spare 2, locking/fifo" ]]
}

@test "an open loop is not measured by the rate that it was given" {
  make one 1 'set([1, 900, 800, 100, 149]; [100, 100, 100, 100, 100]) | .context.rate = "100"'
  answers 0 --format json one
  [[ "$(of_group '.fastest | has("items_per_second")')" == false ]]
  [[ "$(of_group '.text[1]')" == "all were asked for 100 operations per second, so that is no measure of them" ]]
}

@test "the most hits count where hits are what is measured, and tie by their misses" {
  make one 1 'set([1, 900, 800, 100, 149]; [9, 10, 20, 1000, 660]) | .benchmarks[2].hit_ratio = 0.9 |
    .benchmarks[3].hit_ratio = 0.92 | .benchmarks[4].hit_ratio = 0.917'
  answers 0 --format json one
  [[ "$(of_group .fastest.hit_ratio)" == null ]]
  jq '.benchmarks[].hit_efficiency = 1' one/1.json >hits.json
  answers 0 --format json hits.json
  [[ "$(of_group '.fastest.hit_ratio | [.best.variant, .tied[].variant, .next.variant] | join(" ")')" == \
    "lockfree/lua lockfree/watch locking/queue" ]]
  [[ "$(of_group '.text[2]')" == "most hits: lockfree/lua (92 % hits); within noise of it lockfree/watch (91.7 % hits) (of one run each, less than 1.05 times the misses is a tie)" ]]
}

@test "a row without a result fails the verdict alone" {
  make one 1 'set([1, 90, 80, 10, 15]; [9, 10, 20, 1000, 660]) |
    .benchmarks[3] += {error_occurred: true, error_message: "void: gone"}'
  answers 0 --format json one
  [[ "$(jq --compact-output '.verdict | [.ok, (.broken | length), (.no_result | length)]' <<<"${output}")" == "[false,0,1]" ]]
  make fine 1 'set([1, 90, 80, 10, 15]; [9, 10, 20, 1000, 660])'
  answers 0 --format json fine
  [[ "$(jq --raw-output '.verdict | "\(.ok): \(.text)"' <<<"${output}")" == \
    "true: all 4 safe rows kept the contract; 1 of 1 control caught, which are wrong on purpose" ]]
}

@test "a client at its limit is told, and files that differ in their setting too" {
  make some 2 'set([1, 900, 800, 100, 900]; [1, 1, 2, 1000, 20]) | .benchmarks[3].client_cpu = 0.95 |
    .context.server_version = "7.0.\($process)"'
  answers 0 some
  [[ "${output}" == *"the client was busy all the time with lockfree/lua, so a faster client may see more"* ]]
  [[ "${lines[1]}" == "note: the files differ in server_version: 7.0.1 and 7.0.2" ]]
}

@test "what the program itself left out is told, too" {
  make one 1 '.context.left_out = "Lock/lockfree/new is left out: no such command"'
  answers 0 one
  [[ "${lines[1]}" == "note: Lock/lockfree/new is left out: no such command" ]]
}

@test "names and promises with marks come through" {
  make one 1 'set([1, 900, 800, 100, 900]; [1, 1, 2, 1000, 20]) |
    .benchmarks[3].label = "a \\ and a \"tab\t\" <script>"'
  answers 0 --format json one
  [[ "$(of_group '.fastest.p95_us.best.promise')" == $'a \\ and a "tab\t" <script>' ]]
}

@test "--out has the JSON as a whole, also where there is nothing to say" {
  write_processes one 1 1
  answers 0 --out there.json one
  [[ "${lines[0]}" == "What this means."* ]]
  diff there.json <("${BATS_TEST_DIRNAME}/answers" --format json one)
  answers 2 --out there.json --filter unsafe one
  [[ "$(jq --compact-output .groups there.json)" == "[]" ]]
  answers 2 --out nowhere/there.json one
  [[ "${stderr}" == "answers: --out: nowhere/there.json cannot be written" ]]
}

@test "--format markdown is a row for each answer by p95, and which results they are" {
  make one 1 'set([1, 900, 800, 100, 149]; [9, 10, 20, 1000, 660])'
  answers 0 --format markdown one
  diff - <(echo "${output}") <<'END'
| | the fastest that is safe, by p95 | within its noise | locking against lock-free |
|---|---|---|---|
| Lock, 10 workers | `lockfree/lua`, 100 us | 1 other | locking takes 8 times as long |

One process, redis 7.0.15, commit 0123456789ab
END
  make other 2 'set([1, 99, 800, 149, 175]; [9, 10, 20, 1000, 660])'
  answers 0 --format markdown other
  [[ "${lines[2]}" == '| Lock, 10 workers | `locking/spin`, 99 us | none | lock-free takes 1.5 times as long |' ]]
  [[ "${lines[3]}" == "Medians of 2 processes, "* ]]
  make tie 1 'set([1, 900, 800, 700, 149]; [9, 10, 20, 1000, 660]) | del(.benchmarks[4])'
  answers 0 --format markdown tie
  [[ "${lines[2]}" == '| Lock, 10 workers | `lockfree/lua`, 700 us | 2 others | a tie |' ]]
  answers 0 --format markdown --filter locking tie
  [[ "${lines[2]}" == *' | no lock-free one |' ]]
  answers 0 --format markdown --filter lockfree tie
  [[ "${lines[2]}" == *' | no locking one |' ]]
}

@test "what cannot be answered is refused with the reason" {
  write_processes one 1 1
  answers 2
  [[ "${stderr}" == "answers: no results to answer with; see --help" ]]
  answers 2 --format html one
  [[ "${stderr}" == "answers: --format is text, markdown or json, not html" ]]
  answers 2 --margin much one
  [[ "${stderr}" == "answers: --margin has to be a number"* ]]
  answers 2 --filter nothing one
  [[ "${stderr}" == "answers: --filter nothing matches no benchmark" ]]
  answers 2 --filter unsafe one
  [[ "${stderr}" == "answers: there is nothing to answer with: no row promises to be safe" ]]
  answers 0 --format json --filter unsafe one
  [[ "$(jq --compact-output '[.groups, .without_answer[0].family]' <<<"${output}")" == '[[],"Lock"]' ]]
  answers 2 --nonsense one
  [[ "${stderr}" == *"no option --nonsense"* ]]
  jq '.context.rcb_schema_version = "2"' one/1.json >other.json
  answers 2 other.json
  [[ "${stderr}" == "answers: other.json is not of rcb_schema_version 1, but 2" ]]
  echo nonsense >text.json
  answers 2 text.json
  [[ "${stderr}" == "answers: text.json is cut off or not JSON"* ]]
  jq 'del(.context.rcb_schema_version)' one/1.json >foreign.json
  answers 2 foreign.json
  [[ "${stderr}" == "answers: foreign.json is not of this suite: nothing in it says which variants are safe" ]]
  run -0 "${BATS_TEST_DIRNAME}/answers" --help
  [[ "${lines[0]}" == "usage: scripts/answers"* ]]
}
