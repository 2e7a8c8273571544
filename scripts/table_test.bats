#!/usr/bin/env bats
# scripts/table: what it prints of results, and how it keeps the tables in documents.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2154  # bats sets stderr

bats_require_minimum_version 1.5.0

setup() {
  # shellcheck source=scripts/lib/fixture.sh
  source "${BATS_TEST_DIRNAME}/lib/fixture.sh"
  cd "${BATS_TEST_TMPDIR}" || exit
}

table() { # STATUS ARG...
  local status_wanted="$1"
  shift
  run "-${status_wanted}" --separate-stderr "${BATS_TEST_DIRNAME}/table" "$@"
}

# A repository with a copy of the scripts, and results whose table is in the file `expected`.
make_repository() {
  mkdir repository
  cp --recursive "${BATS_TEST_DIRNAME}" repository/scripts
  write_processes "repository/the results" 1 3 '.benchmarks[].p50_us = 12.34'
  repository/scripts/table --columns p50_us "repository/the results" >expected
}

# Prints a document whose one table has what is on stdin.
document() { # ARGUMENTS
  printf '# Heading\n\n<!-- scripts/table %s -->\n' "$1"
  cat
  printf '<!-- /scripts/table -->\n\nThe rest | of it.\n'
}

readonly ARGUMENTS="--columns p50_us 'the results'"

# --- One table

@test "a row for each benchmark, a cell for each column, and which results they are" {
  write_processes results 1 3 '.benchmarks[] |= (.items_per_second = 171999 | .p50_us = 285.9 |
    .p95_us = 1234.5 | .p99_us = 0.95 | .real_time = 5)'
  table 0 results
  diff - <(echo "${output}") <<'END'
| benchmark | ops/s | p50 | p95 | p99 | violations |
|---|--:|--:|--:|--:|--:|
| `Counter/unsafe/get_set/workers:10` | 172.0k | 286us | 1.23ms | 950ns | 102 |
| `Counter/locking/token_lock/workers:10` | 172.0k | 286us | 1.23ms | 950ns | 0 |
| `Counter/lockfree/incr/workers:10` | 172.0k | 286us | 1.23ms | 950ns | 0 |

results: medians of 3 processes, redis 7.0.15, tcp, commit 0123456789ab
END
}

@test "a cell is the median over the processes, each the median of its repetitions" {
  write_processes results 1 3 '.benchmarks[].p50_us =
    (if .context.seed == "1" then 900 else 20 end) |
    .benchmarks |= [.[] | (.repetition_index = 0 | .p50_us *= 9), (.repetition_index = 1),
      (.repetition_index = 2)]'
  table 0 --columns p50_us results
  [[ "${lines[2]}" == *"| 20.0us |" ]]
}

@test "figures have the form that the console gives to their unit" {
  local unit value shown
  write_processes results 1 1 '.context.metrics = "a ns lower noisy;b_us us lower noisy" +
    ";c 1/s higher noisy;d 1 lower noisy;e MiB - info;f ratio lower noisy"'
  while read -r unit value shown; do
    jq ".benchmarks[0].${unit} = ${value}" results/1.json >one.json
    table 0 --filter unsafe --columns "${unit}" one.json
    [[ "${lines[2]}" == "| \`Counter/unsafe/get_set/workers:10\` | ${shown} |" ]] ||
      { echo "${unit} ${value}: ${output}"; return 1; }
  done <<'CASES'
a 12.34 12.3ns
b_us 0.9994 999ns
b_us 12.34 12.3us
b_us 999.4 999us
b_us 4560 4.56ms
b_us 150000 150ms
b_us 1200000 1.20s
c 99.94 99.9
c 9999 9999
c 172000 172.0k
c 1500000 1.50M
d 0 0
d 2.0345 2.03
d 123456 123456
e 18.449 18.4MiB
f 0.12345 0.123
CASES
}

@test "what a benchmark lacks is -, and one that failed is an error" {
  write_processes results 1 3 'del(.benchmarks[0].p95_us) | if .context.seed == "2" then
    .benchmarks[1] |= (. + {error_occurred: true, error_message: "no server"}) else . end'
  table 0 --columns p95_us,computations results
  [[ "${lines[2]}" == *"| - | - |" && "${lines[3]}" == *"| error | error |" ]]
  [[ "${lines[4]}" == *"us | - |" ]]
}

@test "the names lose only what is the same for all" {
  write_processes results 1 1 '
    .benchmarks[0].run_name = "A/b/c/workers:5/iterations:7/real_time/threads:1" |
    .benchmarks[1].run_name = "A/b/c/workers:5/real_time/threads:16"'
  table 0 results
  [[ "${lines[2]}" == "| \`A/b/c/workers:5\` |"* ]]
  [[ "${lines[3]}" == "| \`A/b/c/workers:5/threads:16\` |"* ]]
}

@test "rows stand as in the files, or by name with its numbers by value" {
  VARIANTS=(B/lockfree/a/workers:5 A/lockfree/a/workers:100 A/lockfree/a/workers:20)
  write_processes results 1 2
  table 0 --columns p50_us results
  [[ "$(cut --delimiter='`' --fields=2 <<<"${output}" | sed --quiet 3,5p | paste --serial)" == \
    $'B/lockfree/a/workers:5\tA/lockfree/a/workers:100\tA/lockfree/a/workers:20' ]]
  table 0 --columns p50_us --order=name results
  [[ "$(cut --delimiter='`' --fields=2 <<<"${output}" | sed --quiet 3,5p | paste --serial)" == \
    $'A/lockfree/a/workers:20\tA/lockfree/a/workers:100\tB/lockfree/a/workers:5' ]]
}

@test "results are called by their directory or file, without this machine's paths" {
  local record=20260101T000000Z-0123456789ab-m
  write_processes "${record}" 1 2
  write_processes other 3 5
  table 0 "${PWD}/${record}/"
  [[ "${lines[-1]}" == "${record}: medians of 2 processes, "* ]]
  table 0 "${PWD}/${record}/2.json"
  [[ "${lines[-1]}" == "${record}/2.json: 1 process, "* ]]
  table 0 "${record}" "${PWD}"/other/*.json
  [[ "${lines[-1]}" == "${record}, 3.json, 4.json and 1 more: medians of 5 processes, "* ]]
}

@test "wrong usage and unusable input exit 2 and say why" {
  local words message
  write_processes results 1 1
  mkdir empty
  printf '{' >cut.json
  while IFS='|' read -r words message; do
    # shellcheck disable=SC2086  # meant to be split
    table 2 ${words}
    [[ -z "${output}" && "${stderr}" == *"${message}"* ]] ||
      { echo "${words}: ${stderr}"; return 1; }
  done <<'CASES'
|no results
empty|empty has no *.json
nowhere|nowhere cannot be read
cut.json|cut.json is cut off or not JSON
--filter nothing results|--filter nothing matches no benchmark
--filter ( results|not an extended regular expression
--columns p42_us results|--columns: p42_us is not in scripts/metrics.tsv
--columns p50_us, results|a list of names
--order size results|--order is name or file
--nonsense results|no option --nonsense
--filter|--filter needs a value
--update|--update needs a document
--update --check x|either --update or --check
--check nowhere.md|nowhere.md cannot be read
CASES
  table 0 --help
  [[ "${output}" == "usage: scripts/table"* ]]
}

# --- Tables in documents

@test "--update puts in what the command prints, and nothing else changes" {
  make_repository
  document "${ARGUMENTS}" <<<'| an old | table |' >a.md
  document "${ARGUMENTS}" </dev/null >b.md
  document "${ARGUMENTS}" <expected >wanted.md
  chmod 640 a.md
  run -0 --separate-stderr repository/scripts/table --update a.md b.md
  [[ -z "${output}" && "${stderr}" == "table: 2 tables changed" ]]
  cmp a.md wanted.md && cmp b.md wanted.md
  [[ "$(stat --format=%a a.md)" == 640 ]]
  cd / && run -0 --separate-stderr "${BATS_TEST_TMPDIR}/repository/scripts/table" --update \
    "${BATS_TEST_TMPDIR}/a.md"
  [[ "${stderr}" == "table: 0 tables changed" ]]
}

@test "a mark may take several lines, which stay as they are" {
  make_repository
  document "${ARGUMENTS}" <expected >wanted.md
  document "${ARGUMENTS}" <<<old >a.md
  sed --in-place 's|^<!-- scripts/table |<!-- scripts/table\n     |' wanted.md a.md
  grep --quiet '^<!-- scripts/table$' a.md
  repository/scripts/table --update a.md
  cmp a.md wanted.md
  run -0 repository/scripts/table --check a.md
}

@test "what scripts/answers prints as a table is kept up to date like those of scripts/table" {
  make_repository
  local mark="scripts/answers --format markdown 'the results'"
  printf '<!-- %s -->\nold\n<!-- /scripts/answers -->\n' "${mark}" >a.md
  run -1 --separate-stderr repository/scripts/table --check a.md
  repository/scripts/table --update a.md
  run -0 --separate-stderr repository/scripts/table --check a.md
  (cd repository && scripts/answers --format markdown 'the results') >answers
  [[ "$(sed '1d;$d' a.md)" == "$(cat answers)" ]]
}

@test "--check tells file and line of what is not as it should be, and changes nothing" {
  make_repository
  { document "${ARGUMENTS}" <expected && document "${ARGUMENTS}" <<<stale; } >a.md
  document "${ARGUMENTS}" <expected >good.md
  cp a.md before.md
  run -1 --separate-stderr repository/scripts/table --check good.md a.md
  [[ "${#lines[@]}" == 1 ]]
  [[ "${output}" == "a.md:16: this table is not what its command gives"* ]]
  cmp a.md before.md
  run -0 --separate-stderr repository/scripts/table --check good.md
  [[ -z "${output}${stderr}" ]]
  repository/scripts/table --update a.md
  run -0 repository/scripts/table --check good.md a.md
}

@test "a command that cannot be run is named by its place, and no document changes" {
  make_repository
  document "${ARGUMENTS}" <<<old >a.md
  document "--columns p50_us nowhere" <<<old >b.md
  cp a.md before.md
  run -2 --separate-stderr repository/scripts/table --update a.md b.md
  [[ "${stderr}" == "table: b.md:3: "*"nowhere cannot be read" ]]
  cmp a.md before.md
  document "'the results" <<<old >b.md
  run -2 --separate-stderr repository/scripts/table --check b.md
  [[ "${stderr}" == "table: b.md:3: a quote has no end"* ]]
  document "--update b.md" <<<old >b.md
  run -2 --separate-stderr repository/scripts/table --update b.md
  [[ "${stderr}" == "table: b.md:3: --update makes no table" ]]
}

@test "the arguments of a table are words and never run" {
  make_repository
  # shellcheck disable=SC2016  # not to be expanded
  document '--filter "$(touch ran)`touch ran`;touch${IFS}ran" '"'the results'" <<<old >a.md
  run -2 --separate-stderr repository/scripts/table --update a.md
  [[ ! -e ran && ! -e repository/ran ]]
}

@test "tables without an end, a beginning or a place are refused by file and line" {
  make_repository
  local mark="<!-- scripts/table ${ARGUMENTS} -->"
  printf '%s\n' text "${mark}" >no_end.md
  printf '%s\n' "${mark}" "${mark}" '<!-- /scripts/table -->' >nested.md
  printf '%s\n' text '<!-- /scripts/table -->' >no_beginning.md
  printf 'text\n' >none.md
  while read -r file message; do
    run -2 --separate-stderr repository/scripts/table --check "${file}"
    [[ "${stderr}" == "table: ${file}${message}" ]] || { echo "${stderr}"; return 1; }
  done <<'CASES'
no_end.md :2: this table has no end
nested.md :1: this table has no end before the next
no_beginning.md :2: this table has no beginning
CASES
  run -2 --separate-stderr repository/scripts/table --check none.md
  [[ "${stderr}" == "table: none.md has no table" ]]
}

@test "what stands in a code block is no table" {
  make_repository
  # shellcheck disable=SC2016  # no command
  { printf '```\n' && document "nowhere" <<<old && printf '```\n' &&
    document "${ARGUMENTS}" <expected; } >a.md
  run -0 --separate-stderr repository/scripts/table --check a.md
}
