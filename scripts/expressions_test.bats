#!/usr/bin/env bats
# The expressions that the scripts take: one dialect, and none that matches nothing.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2154  # bats sets stderr

bats_require_minimum_version 1.5.0

setup() {
  scripts="${BATS_TEST_DIRNAME}"
  cd "${BATS_TEST_TMPDIR}" || exit
  # shellcheck source=scripts/lib/fixture.sh
  source "${scripts}/lib/fixture.sh"
}

@test "an expression that not every awk reads alike is refused with its reason" {
  local expression reason
  # shellcheck source=scripts/lib/expressions.sh
  source "${scripts}/lib/expressions.sh"
  while IFS=' ' read -r expression reason; do
    [[ "$(expression_fault "${expression}")" == *"${reason}"* ]] ||
      { echo "${expression}: $(expression_fault "${expression}")"; return 1; }
  done <<'CASES'
a{2} interval
a{2,3}b interval
( no )
a) no (
[a no ]
a||b empty
(a|) empty
|a empty
() empty
*a nothing to repeat
a** nothing to repeat
(+a) nothing to repeat
a|?b nothing to repeat
\d does not mean the same
\<a does not mean the same
a\ stands at its end
a^b in the middle
a$b in the middle
[\d] in brackets
[[:words:]] names no class
[[.a.]] not every awk
CASES
}

@test "an expression that is taken means the same to every awk" {
  local program expression
  # shellcheck source=scripts/lib/expressions.sh
  source "${scripts}/lib/expressions.sh"
  printf '%s\n' Counter/lockfree/incr/workers:10 'a{2}' 'a|b' 'x.y' '' 'a]b' 'A-1' >names
  for expression in 'incr|lua' '^Counter/(lockfree|locking)/.*workers:10*$' 'a\{2' 'a\|b' 'x\.y' \
    '[[:digit:]]+' '[]a]b' '[^]a]' '(^a|b$)' 'A\-1' 'r/w?' '^$' 'o\/?c'; do
    [[ -z "$(expression_fault "${expression}")" ]] || { echo "${expression}"; return 1; }
    for program in mawk gawk original-awk; do
      type -P "${program}" >/dev/null || continue
      # shellcheck disable=SC2016  # awk expands it
      diff <(grep --extended-regexp -- "${expression}" names) \
        <(RE="${expression}" "${program}" '$0 ~ ENVIRON["RE"]' names)
    done
  done
}

@test "of an alternation each side has to match, the others left out" {
  # shellcheck source=scripts/lib/expressions.sh
  source "${scripts}/lib/expressions.sh"
  printf '%s\n' p50_us p95_us items_per_second >names
  [[ -z "$(unmatched '^(p50|p95)_us$' names)" && -z "$(unmatched 'p9|item' names)" ]]
  [[ "$(unmatched '^p50us$' names)" == '^p50us$' ]]
  [[ "$(unmatched '^(items_per_second|p50us)$' names)" == '^(p50us)$' ]]
  [[ "$(unmatched 'item(s|z)_|p(50|96)_(us|ms)' names)" == \
    $'item(z)_\np(96)_(us|ms)\np(50|96)_(ms)' ]]
}

@test "every script refuses the same expressions in the same words" {
  write_processes base 1 2
  write_processes records/20260101T000001Z-c0001-m 1 2
  printf 'a\tCounter.{2}\tp95_us\t< 1000\n' >levels
  local words
  while IFS= read -r words; do
    # shellcheck disable=SC2086  # meant to be split
    run -2 --separate-stderr "${scripts}"/${words}
    [[ -z "${output}" && "${#stderr_lines[@]}" == 1 && "${stderr}" == *"{ begins an interval"* ]] ||
      { echo "${words}: ${stderr}"; return 1; }
  done <<'CASES'
compare --filter o{2} base -- base
compare --gate p5{1}0 base -- base
compare --contrast o{2} b base
check --slo levels base
table --filter o{2} base
history records --benchmark o{2}
record --filter o{2}
ab --filter o{2} --flags a --flags b --bench /bin/false
ab --gate p{1} --flags a --flags b --bench /bin/false
CASES
}

# --- What gates nothing

compare() { # STATUS ARG...
  run "-$1" --separate-stderr "${scripts}/compare" --floors none "${@:2}"
}

@test "a gate that gates nothing, or less than it says, exits 3 and says so" {
  write_processes base 1 10
  write_processes slower 11 20 '.benchmarks[].p50_us *= 1.3'
  compare 3 --gate '^p50us$' base -- slower
  [[ -z "${output}" && "${stderr}" == 'compare: --gate ^p50us$ matches no metric that may fail' ]]
  compare 3 --strict --gate 'p50us|p59_us' base -- slower
  compare 3 --gate '^(items_per_second|p50us)$' base -- slower
  [[ "${stderr}" == *'may fail by ^(p50us)$' ]]
  compare 3 --gate rtt_us base -- slower
  compare 1 --gate '^(items_per_second|p50_us)$' base -- slower
  compare 1 --gate usual base -- slower
}

@test "a filter or contrast of which a part matches nothing exits 3 and says so" {
  write_processes base 1 10
  compare 3 --filter 'nothing' base -- base
  [[ "${stderr}" == 'compare: --filter nothing matches no benchmark' ]]
  compare 3 --filter '/(incr|lua)/' base -- base
  [[ "${stderr}" == *'matches no benchmark by /(lua)/' ]]
  compare 3 --contrast 'locking/(token_lock|redlock)' lockfree/incr base
  [[ "${stderr}" == *'by locking/(redlock)' ]]
  compare 3 --contrast locking/token_lock 'lockfree/(incr|lua)' base
  compare 0 --filter '/(incr|get_set)/' base -- base
}

@test "a comparison in which nothing may fail exits 3, and says so" {
  local only='del(.benchmarks[] | .items_per_second, .p50_us, .p95_us, .violations, .errors,
    .timeouts, .success_rate) | .benchmarks[].role = "measurement"'
  write_processes base 1 10 "${only}"
  write_processes slower 11 20 "${only} | .benchmarks[].real_time *= 2"
  compare 1 base -- slower
  compare 3 --gate usual base -- slower
  [[ "${output}" == *"nothing was judged"* ]]
}

@test "table and history take no expression of which a part matches nothing" {
  write_processes base 1 2
  write_processes records/20260101T000001Z-c0001-m 1 2
  run -2 --separate-stderr "${scripts}/table" --filter 'incr|lua' base
  [[ "${stderr}" == 'table: --filter incr|lua matches no benchmark by lua' ]]
  run -2 --separate-stderr "${scripts}/table" --filter 'nothing' base
  run -2 --separate-stderr "${scripts}/history" records --benchmark 'incr|lua'
  [[ "${stderr}" == 'history: --benchmark incr|lua matches no benchmark by lua' ]]
}

@test "a level of which a part, or benchmarks in some processes, are gone is an error" {
  write_processes results 1 4
  printf 'tail\t/(incr|lua)/\tp95_us\t< 1000\n' >levels
  run -2 --separate-stderr "${scripts}/check" --slo levels results
  [[ "${stderr}" == *'check: the level "tail" matches nothing by /(lua)/' ]]
  printf 'tail\t/incr/\tp95_us\t>= 0\t/(token_lock|redlock)/\n' >levels
  run -2 --separate-stderr "${scripts}/check" --slo levels results
  write_processes results 3 4 'del(.benchmarks[2])'
  printf 'tail\t/incr/\tp95_us\t< 1000\n' >levels
  run -2 --separate-stderr "${scripts}/check" --slo levels results
  [[ "${stderr}" == *'the level "tail": Counter/lockfree/incr'*' is missing from 2 of 4 processes'* ]]
}

@test "ab says after its first process what its expressions do not match" {
  cat >bench <<BENCH
#!/usr/bin/env bash
source "${scripts}/lib/fixture.sh"
echo ran >>"${PWD}/ran"
write_processes "${PWD}/made" 1 1
for argument in "\$@"; do
  if [[ "\${argument}" == --benchmark_out=* ]]; then cp "${PWD}/made/1.json" "\${argument#*=}"; fi
done
BENCH
  chmod +x bench
  local expression
  for expression in '--gate=p50us' '--gate=p95_us|p50us' '--filter=incr|lua'; do
    rm --recursive --force out ran
    run -3 --separate-stderr "${scripts}/ab" --out out --bench ./bench --flags a --flags b \
      "${expression}"
    [[ "$(wc --lines <ran)" == 1 && "${stderr}" == *"${expression%%=*} "*"matches no"* ]]
    rm --recursive --force out ran
    run -3 --separate-stderr "${scripts}/ab" --out out --bench ./bench --aa HEAD --floors none \
      "${expression}"
    [[ "$(wc --lines <ran)" == 1 ]]
  done
}
