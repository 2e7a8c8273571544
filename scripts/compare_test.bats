#!/usr/bin/env bats
# scripts/compare on made-up results: its verdicts, its tables and its exit status.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2154  # bats sets stderr, and lib/compare_test.sh the variants

bats_require_minimum_version 1.5.0

load lib/compare_test.sh

# --- Noisy metrics

@test "what does not differ is unchanged and exits 0" {
  compare 0 --format json base -- same
  [[ "$(verdict "${lockfree}" p95_us)" == unchanged ]]
  [[ "$(jq --compact-output '[.rows[].verdict] | unique' <<<"${output}")" == \
    '["held","info","unchanged"]' ]]
}

@test "20 % more latency in one metric of one benchmark is a regression, and nothing else is" {
  compare_changed 1 '.benchmarks[2].p95_us *= 1.2'
  [[ "$(jq --compact-output '[.rows[] | select(.verdict == "regressed") | [.benchmark, .metric]]' \
    <<<"${output}")" == "[[\"${lockfree}/real_time/threads:1\",\"p95_us\"]]" ]]
  [[ "$(jq '.rows[0].ratio > 1.19 and .rows[0].ratio < 1.21' <<<"${output}")" == true ]]
  [[ "$(jq '.rows[0] | .low < .ratio and .ratio < .high and .q < 0.001' <<<"${output}")" == true ]]
}

@test "the direction of a metric decides what is worse" {
  compare_changed 1 '.benchmarks[2].items_per_second /= 1.2'
  [[ "$(verdict "${lockfree}" items_per_second)" == regressed ]]
  compare_changed 0 '.benchmarks[2].items_per_second *= 1.2'
  [[ "$(verdict "${lockfree}" items_per_second)" == improved ]]
  compare_changed 0 '.benchmarks[2].p95_us /= 1.2'
  [[ "$(verdict "${lockfree}" p95_us)" == improved ]]
}

@test "a change below the threshold is none, however certain; --min-effect moves the threshold" {
  compare_changed 0 '.benchmarks[2].p95_us *= 1.03'
  [[ "$(verdict "${lockfree}" p95_us)" == unchanged ]]
  compare_changed 1 '.benchmarks[2].p95_us *= 1.03' --min-effect 1
  [[ "$(verdict "${lockfree}" p95_us)" == regressed ]]
  compare_changed 0 '.benchmarks[2].p95_us *= 1.2' --min-effect=30%
}

@test "an interval that reaches beyond the threshold is inconclusive, which only --strict fails" {
  write_processes noisy 11 20 '.benchmarks[2].p95_us *=
    (if .context.seed | test("[02468]$") then 1.5 else 0.7 end)'
  compare 0 --format json base -- noisy
  [[ "$(verdict "${lockfree}" p95_us)" == inconclusive ]]
  compare 4 --strict base -- noisy
  compare 0 --strict base -- same
}

@test "too few processes are said to be too few, with what would be needed" {
  compare 0 base/{1,2,3}.json -- same/{11,12,13}.json
  [[ "${output}" == *"15 too few"* && "${output}" == *"can reach: 0.1"* ]]
  [[ "${output}" == *"a lone regression needs p = 0.0033"* ]]
  compare 4 --strict base/1.json -- same/11.json
}

@test "the fewer metrics gate, the fewer are corrected for" {
  write_processes slower 11 20 '.benchmarks[2].p95_us *= 1.2'
  compare 0 --format json --gate '^items' base -- slower
  [[ "$(summary tests)" == 3 && "$(verdict "${lockfree}" p95_us)" == info ]]
  compare 1 --format json --gate p95 base -- slower
}

@test "a metric that is the same in all processes is unchanged and is not corrected for" {
  write_processes base 1 10 '.benchmarks[].retries_per_op = 0'
  compare_changed 0 '.benchmarks[].retries_per_op = 0'
  [[ "$(verdict "${lockfree}" retries_per_op)" == unchanged && "$(summary tests)" == 15 ]]
}

@test "something where nothing was is a regression of infinite size" {
  write_processes base 1 10 '.benchmarks[].retries_per_op = 0'
  compare_changed 1 '.benchmarks[2].retries_per_op = 1 | .benchmarks[:2][].retries_per_op = 0'
  [[ "$(field "${lockfree}" retries_per_op ratio)" == '"infinite"' ]]
  compare 1 base -- changed
  [[ "${output}" == *"retries_per_op"*" inf "* ]]
}

@test "repetitions of a process count once, by their median" {
  local thrice='.benchmarks |= [.[] | (.repetition_index = 0 | .p95_us *= 9),
    (.repetition_index = 1 | .p95_us *= 0.5), (.repetition_index = 2)]'
  write_processes base 1 10 "${thrice}"
  compare_changed 0 "${thrice}"
  [[ "$(field "${lockfree}" p95_us processes_new)" == 10 ]]
  [[ "$(verdict "${lockfree}" p95_us)" == unchanged ]]
  jq --exit-status '[.rows[] | select(.metric == "p95_us") | .old < 92] | all' <<<"${output}"
}

@test "aggregates are not results" {
  compare_changed 0 '.benchmarks += [.benchmarks[] | .run_type = "aggregate" | .p95_us *= 99]'
  [[ "$(verdict "${lockfree}" p95_us)" == unchanged ]]
}

@test "times are converted to one unit" {
  compare_changed 0 '.benchmarks[] |= (.time_unit = "us" | .real_time /= 1000 | .cpu_time /= 1000)'
  [[ "$(verdict "${lockfree}" real_time)" == unchanged ]]
  compare_changed 1 '.benchmarks[] |= (.time_unit = "us")'
  [[ "$(verdict "${lockfree}" real_time)" == regressed ]]
}

@test "exchanging the sides inverts the ratios" {
  write_processes slower 11 20 '.benchmarks[].p95_us *= 1.3'
  compare 1 --format json base -- slower
  local there="${output}"
  compare 0 --format json slower -- base
  jq --exit-status --slurp '
    [.[].rows | map(select(.ratio)) | sort_by(.benchmark, .metric)] | transpose |
    length > 15 and all(.[]; .[0].ratio * .[1].ratio - 1 | fabs < 1e-9)' \
    <<<"${there}${output}"
}

@test "the order of files and of rows does not matter, and neither does a second run" {
  write_processes mixed 11 20 '.benchmarks |= reverse | .benchmarks[0].p95_us *= 1.2'
  compare 1 --all base/*.json -- mixed/*.json
  local first="${output}"
  compare 1 --all base/{10,9,8,7,6,5,4,3,2,1}.json -- mixed/{20,12,13,14,15,16,17,18,19,11}.json
  [[ "${output}" == "${first}" ]]
}

@test "a constant factor is found exactly" {
  write_processes twice 1 10 '.benchmarks[].p95_us *= 1.25'
  compare 1 --format json base -- twice
  [[ "$(field "${lockfree}" p95_us ratio)" == 1.25 ]]
}

@test "unknown counters are shown and never gate" {
  write_processes base 1 10 '.benchmarks[].surprise = 1'
  compare_changed 0 '.benchmarks[].surprise = 5'
  [[ "$(verdict "${lockfree}" surprise)" == unknown ]]
  compare 0 base -- changed
  [[ "${output}" == *"unknown"*"surprise"*"x5"* ]]
}

@test "files of one block are permuted only among themselves" {
  # shellcheck disable=SC2016  # a variable of jq
  local program='((.context.seed | tonumber - 1) % 10 / 2 | floor) as $block |
    .benchmarks[].p95_us *= pow(2; $block)'
  write_processes base 1 10 "${program}"
  write_processes changed 11 20 "${program} | .benchmarks[].p95_us *= 1.15"
  local i
  for i in {1..10}; do
    mv "base/${i}.json" "base/$(((i - 1) / 2))-${i}.json"
    mv "changed/$((10 + i)).json" "changed/$(((i - 1) / 2))-${i}.json"
  done
  compare 0 --gate p95 --format json base -- changed
  [[ "$(verdict "${lockfree}" p95_us)" == inconclusive ]]
  compare 1 --gate p95 --format json --by-block base -- changed
  [[ "$(verdict "${lockfree}" p95_us)" == regressed ]]
}

@test "a recorded floor above the threshold takes its place" {
  write_processes slower 11 20 '.benchmarks[1:][].p95_us *= 1.2'
  printf '# comment\n%s/real_time/threads:1\tp95_us\t0.25\n' "${lockfree}" >floors
  compare 1 --floors floors --format json base -- slower
  [[ "$(verdict "${lockfree}" p95_us)" != regressed ]]
  [[ "$(verdict "${locking}" p95_us)" == regressed ]]
  [[ "$(field "${lockfree}" p95_us threshold)" == 0.25 ]]
}

@test "a floor of another machine does not count" {
  write_processes slower 11 20 '.benchmarks[2].p95_us *= 1.2'
  printf '%s/real_time/threads:1\tp95_us\t0.25\t0\t126\t10\tabc\tprocessor 8cpu\n' "${lockfree}" >floors
  compare 1 --floors floors base -- slower
  sed --in-place 's/8cpu/2cpu/' floors
  compare 0 --floors floors base -- slower
}

@test "results/aa-floor.tsv is where floors are looked for" {
  write_processes slower 11 20 '.benchmarks[2].p95_us *= 1.2'
  mkdir results
  printf '%s/real_time/threads:1\tp95_us\t0.5\n' "${lockfree}" >results/aa-floor.tsv
  RCB_RESULTS_DIR="${PWD}/results" run -0 "${BATS_TEST_DIRNAME}/compare" base -- slower
}

# --- Variants of one run

@test "a contrast pairs names that are equal but for the match, and lists what has no partner" {
  VARIANTS+=(Counter/locking/token_lock/workers:50 Counter/lockfree/incr/workers:99)
  write_processes both 1 10 '.benchmarks[2].items_per_second *= 10'
  compare 0 --format json --contrast locking/token_lock lockfree/incr both
  local pair='Counter/{locking/token_lock -> lockfree/incr}/workers:10'
  [[ "$(verdict "${pair}" items_per_second)" == better ]]
  [[ "$(jq '.notes | map(select(startswith("without a partner")))' <<<"${output}")" == \
    *lockfree/incr/workers:99*locking/token_lock/workers:50* ]]
  [[ "$(summary rows_compared)" == 1 && "$(summary alone)" == 2 ]]
  compare 1 --format json --contrast lockfree/incr locking/token_lock both
  [[ "$(verdict Counter items_per_second)" == worse ]]
}

@test "a contrast with a broken contract on either side exits 1, one without a pair 3" {
  write_processes both 1 10 '.benchmarks[1].violations = 1'
  compare 1 --contrast locking/token_lock lockfree/incr both
  compare 1 --contrast lockfree/incr locking/token_lock both
  compare 3 --contrast locking/nothing lockfree/incr base
  [[ "${stderr}" == *"the first: locking/nothing matches no benchmark" ]]
}

@test "disciplines put every locking beside every lock-free variant, best against best first" {
  VARIANTS=(Counter/locking/slow/workers:10 Counter/locking/fast/workers:10
    Counter/lockfree/slow/workers:10 Counter/lockfree/fast/workers:10/own:1
    Counter/lockfree/other/workers:20 Other/locking/alone/workers:10)
  write_processes all 1 10 '.benchmarks |= map(if .name | test("fast") then
    .items_per_second *= 3 | .p95_us /= 3 else . end)'
  compare 0 --disciplines --format json all
  [[ "$(summary rows_compared)" == 4 && "$(summary alone)" == 2 ]]
  [[ "$(jq --raw-output '[.rows[] | select(.metric == "p95_us")][0] | .benchmark + " " + .remark' \
    <<<"${output}")" == \
    'Counter/{locking/fast -> lockfree/fast}/workers:10/'*'/own:1 best against best' ]]
  [[ "$(jq '[.rows[] | select(.remark == "best against best")] | length' <<<"${output}")" == 3 ]]
}

@test "what is too few is one line, with the number of files that it takes" {
  compare 0 base/{1,2,3}.json -- same/{11,12,13}.json
  [[ "${output}" == *"15 too few to be told: "*" p = 0.0033, so 6 files a side, and these are 3 and 3"* ]]
  [[ "$(grep --count '^too few' <<<"${output}")" == 0 ]]
  compare 0 --all base/{1,2,3}.json -- same/{11,12,13}.json
  [[ "$(grep --count '^too few' <<<"${output}")" == 15 ]]
  # With so many none of them is too few any more.
  compare 0 --format json base/{1,2,3,4,5,6}.json -- same/1{1,2,3,4,5,6}.json
  [[ "$(summary "verdict too few")" == 0 && "$(summary files_needed)" == null ]]
  compare 0 --format json base/{1,2,3}.json -- same/{11,12,13}.json
  [[ "$(summary files_needed)" == 6 ]]
  # Ties, too, can keep samples from showing anything; more files help.
  write_processes base 1 10 '.benchmarks[2].p95_us = 90'
  write_processes changed 11 20 '.benchmarks[2].p95_us =
    (if .context.seed | tonumber > 15 then 100 else 90 end)'
  compare 0 --alpha 0.01 --gate p95 --filter lockfree base -- changed
  [[ "${output}" == *"1 too few to be told: many of their values are equal; it takes more than"* ]]
}

@test "each family has a geometric mean of its changes, which fails nothing" {
  VARIANTS=(Counter/locking/a/workers:10 Counter/lockfree/b/workers:10 Lock/locking/c/workers:10
    Lock/locking/d/workers:10 Alone/lockfree/e/workers:10)
  write_processes before 1 10
  write_processes after 1 10 '.benchmarks[0].p95_us *= 1.21 | .benchmarks[2:4][].p50_us *= 0.5'
  compare 1 --format json before -- after
  jq --exit-status '.families | map(select(.family == "Counter" and .metric == "p95_us"))[0] |
    .rows == 2 and (.ratio - 1.1 | fabs < 1e-9)' <<<"${output}"
  jq --exit-status '.families | map(select(.family == "Alone")) | length == 5' <<<"${output}"
  compare 1 before -- after
  [[ "${output}" == *"Counter, geometric mean of 2 rows: "*"p95_us +10.0%"* ]]
  [[ "${output}" == *"Lock, geometric mean of 2 rows: "*"p50_us x0.5,"* ]]
  [[ "${output}" != *"Alone, geometric"* ]]
  # Something over nothing has no part in it.
  write_processes before 1 10 '.benchmarks[].retries_per_op = 0'
  write_processes after 1 10 '.benchmarks[].retries_per_op = 0 | .benchmarks[0].retries_per_op = 1'
  compare 1 --format json before -- after
  jq --exit-status '.families | map(select(.metric == "retries_per_op" and .family == "Counter"))[0] |
    .rows == 1 and .ratio == 1' <<<"${output}"
}

@test "the medians that are shown differ by the change that is stated" {
  # The medians of these, 100 and 100, say that nothing changed; the pairs, that most did.
  write_processes base 1 10 '.benchmarks[2].p95_us = [90, 90.1, 90.2, 90.3, 100, 100.1, 130, 130.1,
    130.2, 130.3][.context.seed | tonumber - 1]'
  write_processes changed 11 20 '.benchmarks[2].p95_us = [99, 99.1, 99.2, 99.3, 100, 100.1, 180,
    180.1, 180.2, 180.3][.context.seed | tonumber - 11]'
  compare 0 --format json base -- changed
  jq --exit-status '.rows | map(select(.class == "noisy")) | length > 10 and
    all(.[]; .new / .old / .ratio - 1 | fabs < 1e-9)' <<<"${output}"
  jq --exit-status '.rows | map(select(.metric == "p95_us" and (.benchmark | test("incr"))))[0] |
    .ratio > 1.05 and .old > 90 and .old < 131' <<<"${output}"
}

# --- Output

@test "the worst comes first" {
  compare_changed 1 '.benchmarks[1].violations = 1 | .benchmarks[2].p95_us *= 1.2 |
    .benchmarks[2].p50_us *= 1.4 | .benchmarks[0].p50_us *= 0.5'
  [[ "$(jq --compact-output '[.rows[:4][] | .verdict, .metric]' <<<"${output}")" == \
    '["broken","violations","regressed","p50_us","regressed","p95_us","improved","p50_us"]' ]]
}

@test "text ends with what was compared, missing, new, errored, corrected for and reachable" {
  compare 0 base -- same
  [[ "${output}" == *"3 rows compared in 30 metrics, of 10 and 10 processes: "* ]]
  [[ "${output}" == *"processes: 15 unchanged, 11 held, 4 info"* ]]
  [[ "${output}" == *"0 missing, 0 new, 0 errored, 0 incomparable"* ]]
  [[ "${output}" == *"15 tests corrected for, alpha 0.05"* ]]
  [[ "${output}" == *"smallest p that these samples can reach: 1.1e-05"* ]]
}

@test "markdown is a table, and only a terminal gets colour" {
  write_processes slower 11 20 '.benchmarks[2].p95_us *= 1.2'
  compare 1 --format markdown base -- slower
  [[ "${output}" == *"| verdict | benchmark | metric | before | after |"* ]]
  [[ "${output}" == *"| regressed | ${lockfree} | p95_us |"* ]]
  compare 1 base -- slower
  [[ "${output}" != *$'\033'* ]]
  run -1 script --quiet --return --command "'${BATS_TEST_DIRNAME}/compare' base -- slower" /dev/null
  [[ "${output}" == *$'\033[31mregressed'* ]]
  NO_COLOR=1 run -1 script --quiet --return \
    --command "'${BATS_TEST_DIRNAME}/compare' base -- slower" /dev/null
  [[ "${output}" == *regressed* && "${output}" != *$'\033[31m'* ]]
}

@test "names are shown without what is the same for all, but with all of their threads" {
  write_processes base 1 10 '.benchmarks[1].run_name += "6"'
  compare_changed 0 '.benchmarks[1].run_name += "6"'
  compare 0 --all base -- changed
  [[ "${output}" == *"/locking/token_lock/workers:10/real_time/threads:16 "* ]]
  [[ "${output}" == *"/lockfree/incr/workers:10 "* ]]
}

@test "names with blanks, other directories and symlinks work" {
  mv base "the base"
  mkdir "tab"$'\t'"and \\ backslash"
  cp same/* "tab"$'\t'"and \\ backslash"
  ln --symbolic "${BATS_TEST_DIRNAME}/compare" "a link"
  cd /
  run -0 "${BATS_TEST_TMPDIR}/a link" "${BATS_TEST_TMPDIR}/the base" -- \
    "${BATS_TEST_TMPDIR}/tab"$'\t'"and \\ backslash"/*.json
}

@test "the same file on both sides is no change at all" {
  compare 0 --format json base -- base
  [[ "$(field "${lockfree}" p95_us ratio)" == 1 ]]
}

@test "the filter takes only what matches" {
  compare_changed 0 '.benchmarks[1].violations = 1' --filter '/lockfree/'
  [[ "$(summary rows_compared)" == 1 ]]
}

@test "a row that could not keep up is no basis, and its verdict is no metric" {
  write_processes before 1 8 '.benchmarks[] |= (.verdict = "ok")'
  write_processes after 9 16 '.benchmarks[] |= (.verdict = "ok") |
    .benchmarks[2].verdict = "overloaded"'
  compare 0 before -- before
  compare 3 before -- after
  [[ "${output}" == *"8 of 8 processes after: overloaded: more was offered than was done"* ]]
}

@test "help goes to stdout" {
  compare 0 --help
  [[ "${output}" == "usage: scripts/compare"* && -z "${stderr}" ]]
}

@test "the self-test finds its faults, and notices when compare does not" {
  compare 0 --self-test
  [[ "$(grep --count 'as it must be' <<<"${output}")" == 6 ]]
  mkdir copy
  cp --recursive "${BATS_TEST_DIRNAME}" copy/scripts
  sed --in-place 's/significant && ratio > limit/0/' copy/scripts/lib/judge.awk
  run -1 --separate-stderr copy/scripts/compare --self-test
  [[ "${stderr}" == *"+20 % in one metric: status 0 instead of 1"* ]]
}

@test "many rows are judged, tied ones too" {
  mapfile -t VARIANTS < <(seq --format 'Counter/lockfree/v%.0f/workers:10' 60)
  local tied='.benchmarks[] |= (.p50_us |= (. * 20 | floor / 20))'
  write_processes many 1 10 "${tied}"
  write_processes more 11 20 "${tied}"
  compare 0 --format json many -- more
  [[ "$(summary tests)" == 300 && "$(summary "verdict unchanged")" == 300 ]]
}
