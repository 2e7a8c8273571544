#!/usr/bin/env bats
# scripts/knee, with a program in the place of bench that knows how much it holds.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2154  # bats sets stderr
# shellcheck disable=SC2016  # of other programs

bats_require_minimum_version 1.5.0

setup() {
  cd "${BATS_TEST_TMPDIR}" || exit
  export RCB_BENCH="${PWD}/fake"
  make_fake ""
}

# Something that holds 10000 operations per second, with a p95 of 1 ms over what is left of it. The
# statements of awk make the row different: rate, run (which it is), p95 and the rest are there.
make_fake() { # STATEMENTS
  cat >fake <<'BASH'
#!/usr/bin/env bash
rate=0 out="" iterations=1000 name=Pool/lockfree/made/workers:7
for arg in "$@"; do
  case "${arg}" in
    --rate=*) rate="${arg#*=}" ;;
    --benchmark_out=*) out="${arg#*=}" ;;
    --benchmark_min_time=*x) iterations="${arg#*=}" iterations="${iterations%x}" ;;
    --benchmark_filter=*nothing*)
      echo "bench: --benchmark_filter=nothing matches no benchmark" >&2
      exit 2
      ;;
    --benchmark_list_tests=true)
      echo "${name}/real_time/threads:1"
      if [[ " $* " == *"=both "* ]]; then echo "${name}0/real_time/threads:1"; fi
      exit
      ;;
  esac
done
echo "$*" >>calls
mapfile -t calls <calls
if [[ "$*" == *workers:70* ]]; then name+=0; fi
exec awk -v "name=${name}/real_time/threads:1" -v "rate=${rate}" -v "iterations=${iterations}" \
  -v "run=${#calls[@]}" -f program >"${out}"
BASH
  chmod +x fake
  cat >program <<AWK
BEGIN {
  role = "safe"; verdict = "ok"; success = 1; violations = dropped = 0; client = 0.5; closed = 9000
  achieved = rate < 10000 ? rate : 10000
  p95 = rate < 10000 ? 1000 / (1 - rate / 10000) : 1e6
  if (rate > 10400) verdict = "overloaded"
  $1
  printf "{\"context\": {\"rcb_schema_version\": \"1\", \"server_name\": \"made up\"}, \"benchmarks\": [{"
  printf "\"run_name\": \"%s\", \"run_type\": \"iteration\", \"role\": \"%s\", \"verdict\": \"%s\", ", name, role, verdict
  printf "\"label\": \"nothing is lost\", \"iterations\": %d, \"client_cpu\": %g, ", iterations, client
  if (error != "") printf "\"error_occurred\": true, \"error_message\": \"%s\", ", error
  if (rate > 0) {
    printf "\"dropped\": %d, \"p50_us\": 500, \"p95_us\": %.9g, \"p99_us\": 2000, ", dropped, p95
    printf "\"achieved_per_second\": %.9g, ", achieved
  }
  printf "\"success_rate\": %g, \"violations\": %d, \"items_per_second\": %.9g}]}\n", success, violations, closed
}
AWK
}

knee() { # STATUS ARG...
  run "-$1" --separate-stderr "${BATS_TEST_DIRNAME}/knee" "${@:2}"
}

of_knee() { # JQ_PROGRAM
  jq --raw-output ".knees[0] | $1" <<<"${output}"
}

@test "finds the highest rate that holds the level, and an interval around it" {
  # p95 is 20 ms at 9500.
  knee 0 --filter Pool --format json
  [[ "$(of_knee '.interval | (.[0] <= 9500 and .[1] >= 9500 and .[1] / .[0] < 1.045)')" == true ]]
  [[ "$(of_knee '.knee_per_second == .interval[0] and .benchmark == "Pool/lockfree/made/workers:7/real_time/threads:1"
    and .family == "Pool" and .workers == "7" and .limit == "server" and (.broken | not)')" == true ]]
  [[ "$(of_knee '.points | length < 15')" == true ]]
  # Each point is told as what it was, and what decided was seen twice.
  [[ "$(of_knee '. as $knee | .points | all(.[]; .holds == (.p95_us < 20000)) and
    (map(select(.rate == $knee.knee_per_second)) | length >= 2)')" == true ]]
  knee 0 --filter Pool --slo 'p95_us<5000' --format json
  [[ "$(of_knee '.interval | (.[0] <= 8000 and .[1] >= 8000)')" == true ]]
}

@test "says in words what holds, where it ends and why, with the curve" {
  knee 0 --filter Pool
  [[ "${lines[0]}" =~ ^Pool/lockfree/made/workers:7\ holds\ 9[.0-9]+k\ /s\ with\ p95_us\<20000\;\ at\ [0-9.]+k\ /s:\ p95_us\ is\ [0-9]+.\ The\ client\ was\ not\ the\ limit.$ ]]
  [[ "${lines[1]}" =~ rate\ +achieved\ +p50\ +p95\ +p99\ +dropped\ +client\ +result ]]
  [[ "${lines[2]}" == *"held" && "${lines[-1]}" != *"held" ]]
  [[ "${stderr}" == *"knee: 3000 /s: p95 1429 us, held"* ]]
}

@test "what is overloaded is never fine, whatever its latency, and what falls behind neither" {
  make_fake 'if (rate > 6000) { p95 = 1; verdict = "overloaded" }'
  knee 0 --filter Pool --precision 60 --format json
  [[ "$(of_knee '.knee_per_second <= 6000 and .why == "overloaded" and
    all(.points[]; .holds == (.rate <= 6000))')" == true ]]
  make_fake 'if (rate > 6000) { p95 = 1; achieved = rate * 0.9 }'
  knee 0 --filter Pool --precision 60 --format json
  [[ "$(of_knee '.knee_per_second <= 6000 and (.why | startswith("falls behind"))')" == true ]]
  # Once is enough, where everything else only counts from twice on.
  make_fake 'if (rate > 6000 && run % 3 == 0) verdict = "overloaded"'
  knee 0 --filter Pool --precision 60 --format json
  [[ "$(of_knee '. as $knee | [.points[] | select(.verdict == "overloaded") | .rate] |
    index($knee.knee_per_second)')" == null ]]
}

@test "drops, failures and errors are not fine either" {
  local change
  for change in 'dropped = 1' 'success = 0.99' 'error = "3 errors"' 'violations = 1'; do
    make_fake "if (rate > 5000) { p95 = 1; ${change} }"
    run --separate-stderr "${BATS_TEST_DIRNAME}/knee" --filter Pool --precision 60 --format json
    [[ "$(of_knee '.knee_per_second <= 5000 and .interval[1] > 5000')" == true ]] || { echo "${change}: ${output}"; return 1; }
  done
  make_fake 'if (rate > 5000) success = 0.99'
  knee 0 --filter Pool --precision 60 --min-success 0.95 --format json
  [[ "$(of_knee '.knee_per_second > 6500')" == true ]]
}

@test "one bad run in three does not move the knee, and one lucky run neither" {
  make_fake 'if (rate > 6000 && rate < 9500 && run % 3 == 0) p95 = 50000'
  knee 0 --filter Pool --precision 30 --format json
  [[ "$(of_knee '.knee_per_second > 7500')" == true ]]
  rm calls  # so that the fourth is the third rate that is tried
  make_fake 'if (rate > 5000 && run != 4) p95 = 30000'
  knee 0 --filter Pool --precision 30 --format json
  [[ "$(of_knee '.knee_per_second <= 5000')" == true ]]
}

@test "the client's own limit is told apart from the server's" {
  make_fake 'client = 0.97'
  knee 0 --filter Pool --precision 60
  [[ "${lines[0]}" == *"The client was the limit, busy for over 90 % of the time"* ]]
  knee 0 --filter Pool --precision 60 --format json
  [[ "$(of_knee .limit)" == client ]]
}

@test "a violation at any rate is told and fails" {
  make_fake 'if (rate > 8000) { violations = 2; verdict = "BROKEN" }'
  knee 1 --filter Pool --precision 60
  [[ "${lines[0]}" == *"2 violations"* && "${lines[1]}" == "  BROKEN: the contract was violated"* ]]
}

@test "what holds no rate, and what holds any, say so" {
  make_fake 'p95 = 1e6; closed = 4'
  knee 1 --filter Pool
  [[ "${lines[0]}" == "Pool/lockfree/made/workers:7 holds no rate: not even 0.15 /s, where it was p95_us is 1000000" ]]
  make_fake 'p95 = 1; verdict = "ok"; achieved = rate'
  knee 0 --filter Pool --most-runs 5
  [[ "${lines[0]}" == "Pool/lockfree/made/workers:7 holds 15.2k /s and more with p95_us<20000: no rate was too high" ]]
}

@test "runs are long enough for p95 and for the level" {
  knee 0 --filter Pool --slo 'p95_us<20000' --most-runs 1
  # 2 s at 3000 /s, and never less than 2000 operations.
  grep --quiet -- '--rate=3000 .*--benchmark_min_time=6000x' calls
  rm calls
  make_fake 'closed = 30'
  knee 0 --filter Pool --slo 'p95_us<1000000' --most-runs 2
  grep --quiet -- '--rate=10.00 .*--benchmark_min_time=600x' calls  # a minute is the most
  rm calls
  make_fake ""
  knee 0 --filter Pool --slo 'p95_us<200000' --most-runs 1
  grep --quiet -- '--rate=3000 .*--benchmark_min_time=15000x' calls
  # Each has arrivals of its own.
  knee 0 --filter Pool --most-runs 6
  [[ -z "$(grep --only-matching -- '--seed=[0-9]*' <(tail --lines=6 calls) | sort | uniq --repeated)" ]]
}

@test "several benchmarks have a knee each, and --out has it all" {
  knee 0 --filter both --precision 60 --out knees.json
  [[ "$(jq --raw-output '.knees[].benchmark' knees.json)" == \
    $'Pool/lockfree/made/workers:7/real_time/threads:1\nPool/lockfree/made/workers:70/real_time/threads:1' ]]
  jq --exit-status '.schema_version == 1 and .kind == "knee" and .context.server_name == "made up" and
    .levels == [{metric: "p95_us", sign: "<", bound: 20000}]' knees.json
  [[ "${output}" == *workers:7\ holds*workers:70\ holds* ]]
}

@test "what cannot be searched is refused in a line that names it, before anything runs" {
  knee 2
  [[ "${stderr}" == "knee: --filter is missing, which names the variant; see --help" ]]
  knee 2 --filter nothing
  [[ "${stderr}" == "knee: --benchmark_filter=nothing matches no benchmark" ]]
  knee 2 --filter Pool --slo 'p95<1'
  [[ "${stderr}" == "knee: --slo: p95<1 matches no counter: there is no p95" ]]
  knee 2 --filter Pool --slo 'p95_us'
  [[ "${stderr}" == "knee: --slo: p95_us is not COUNTER, "* ]]
  knee 2 --filter Pool --out nowhere/knee.json
  [[ "${stderr}" == "knee: --out: nowhere/knee.json cannot be written" ]]
  knee 2 --filter Pool -- --rate=5
  [[ "${stderr}" == "knee: --rate is set by knee itself" ]]
  knee 2 --filter Pool --min-success 2
  knee 2 --filter Pool --format html
  knee 2 Pool
  [[ ! -e calls ]]
  knee 2 --filter Pool --slo 'wait_p95_us<1'
  [[ "${stderr##*$'\n'}" == "knee: --slo: wait_p95_us matches no counter of Pool/lockfree/made/workers:7/"* ]]
  make_fake 'role = "control"'
  knee 2 --filter Pool
  [[ "${stderr##*$'\n'}" == *"is a control, which is wrong on purpose: what it holds says nothing" ]]
  run -0 "${BATS_TEST_DIRNAME}/knee" --help
  [[ "${lines[0]}" == "usage: scripts/knee"* ]]
}

@test "a real variant has a knee" {
  export RCB_BENCH="${RCB_BUILD_DIR:-${BATS_TEST_DIRNAME}/../build/release}/bench"
  # A level that it breaks early, whatever the machine: two runs of half a second each.
  run --separate-stderr "${BATS_TEST_DIRNAME}/knee" --filter 'Counter/lockfree/incr/' --seconds 0.3 --most-runs 3 \
    --format json -- --workers=10
  [[ "${status}" -le 1 ]]
  [[ "$(of_knee '.benchmark | startswith("Counter/lockfree/incr/workers:10/")')" == true ]]
  [[ "$(of_knee '.points | length == 3 and all(.[]; .iterations >= 2000 and .achieved_per_second > 0)')" == true ]]
}
