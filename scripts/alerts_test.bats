#!/usr/bin/env bats
# scripts/alerts: what Prometheus makes of the rules, on made-up series.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2154  # bats sets stderr

bats_require_minimum_version 1.5.0

load lib/prometheus_test.sh

setup() {
  cd "${BATS_TEST_TMPDIR}" || exit
}

alerts() { # STATUS ARG...
  run "-$1" --separate-stderr "${BATS_TEST_DIRNAME}/alerts" "${@:2}"
}

# A level, with tabs between.
level() { # FIELD...
  local IFS=$'\t'
  printf '%s\n' "$*" >>levels
}

labels() { # FAMILY DISCIPLINE VARIANT WORKERS [MORE]
  printf 'family="%s",discipline="%s",variant="%s",workers="%s"%s' "$1" "$2" "$3" "$4" "${5:+,$5}"
}

# A series for the test of rules, whose values change by so much each ten seconds.
series() { # SERIES VALUES
  printf "  - series: '%s'\n    values: '%s'\n" "$1" "$2" >>input
}

# 100 operations each ten seconds, of which PERCENT take less than 10 ms, and the rest up to 40 ms.
latency() { # LABELS PERCENT
  series "rcb_latency_seconds_bucket{$1,le=\"0.01\"}" "0+$2x60"
  series "rcb_latency_seconds_bucket{$1,le=\"0.04\"}" "0+100x60"
  series "rcb_latency_seconds_bucket{$1,le=\"+Inf\"}" "0+100x60"
}

# Runs the rules over the series, and prints after some minutes: what fires of an alert.
firing() { # ALERT
  {
    printf 'rule_files: [rules.yml]\nevaluation_interval: 10s\ntests:\n- interval: 10s\n  input_series:\n'
    cat input
    printf "  alert_rule_test:\n  - eval_time: 8m\n    alertname: %s\n    exp_alerts: [{exp_labels: {wanted: nothing}}]\n" "$1"
  } >test.yml
  promtool test rules test.yml 2>&1 | sed --quiet '/got:/,$p' | grep --only-matching 'Labels:{[^}]*}' || true
}

@test "the levels of scripts/slo.tsv become rules that Prometheus takes, whatever the options" {
  local arguments
  for arguments in "" "--factor 1.5 --window 30s" "--factor 3 --for 2m"; do
    # shellcheck disable=SC2086  # words
    alerts 0 ${arguments} --out rules.yml
    [[ -z "${output}${stderr}" ]]
    promtool_is_content check rules rules.yml
  done
  [[ "$(grep --count 'alert:' rules.yml)" == \
    "$(grep --count --extended-regexp --invert-match '^#|role:control' "${BATS_TEST_DIRNAME}/slo.tsv")" ]]
  grep --line-regexp "# Without the level 'controls are caught': production runs no controls." rules.yml
}

@test "a time may be the factor times as long in production" {
  level quick '^Counter/lockfree/(incr|lua)/workers:(10|50)/' p95_us '< 15000'
  latency "$(labels Counter lockfree incr 10)" 90   # p95 is 25 ms
  latency "$(labels Counter lockfree lua 50)" 99
  latency "$(labels Counter lockfree incr 500)" 0   # no level of it
  latency "$(labels Counter locking lua 10)" 0
  alerts 0 --slo levels --factor 1.5 --window 1m --out rules.yml
  grep --line-regexp ' *description: "p95_us is .* < 15000 us in tests, and production may have that times 1.5."' rules.yml
  run -0 firing RcbQuick
  [[ "${lines[0]}" == *'alertname="RcbQuick", benchmark="Counter/lockfree/incr/workers:10/", discipline="lockfree"'* ]]
  [[ "${#lines[@]}" == 1 ]]
  alerts 0 --slo levels --factor 2 --window 1m --out rules.yml
  run -0 firing RcbQuick
  [[ -z "${output}" ]]
}

@test "a rate may be that much lower, and what is over is not too slow" {
  level busy '^Counter/' items_per_second '>= 20'
  series "rcb_operations_total{$(labels Counter lockfree slow 10)}" '0+90x60'   # 9 a second
  series "rcb_operations_total{$(labels Counter lockfree fair 10)}" '0+110x60'
  series "rcb_operations_total{$(labels Counter lockfree over 10)}" '100+0x60'
  alerts 0 --slo levels --factor 2 --window 1m --out rules.yml
  run -0 firing RcbBusy
  [[ "${#lines[@]}" == 1 && "${output}" == *"Counter/lockfree/slow/"* ]]
}

@test "a violation of a safe variant fires, of a control it does not, and neither is multiplied" {
  level 'no violations' role:safe violations '== 0'
  level 'controls' role:control violations '> 0'
  series "rcb_violations_total{$(labels Lock locking spin 10)}" '0x30 1x30'
  series "rcb_violations_total{$(labels Lock locking good 10)}" '0x60'
  series "rcb_violations_total{$(labels Lock unsafe none 10)}" '0+5x60'
  alerts 0 --slo levels --factor 3 --out rules.yml
  run -0 firing RcbNoViolations
  [[ "${#lines[@]}" == 1 && "${output}" == *'variant="spin"'* && "${output}" == *'severity="critical"'* ]]
  [[ "$(grep --count alert: rules.yml)" == 1 ]]
}

@test "the share of what succeeds counts errors, also where there never was one" {
  level success role:safe success_rate '> 0.95'
  series "rcb_operations_total{$(labels Lock locking bad 10)}" '0+90x60'
  series "rcb_errors_total{$(labels Lock locking bad 10)}" '0+10x60'
  series "rcb_operations_total{$(labels Lock locking good 10)}" '0+90x60'
  alerts 0 --slo levels --window 1m --out rules.yml
  run -0 firing RcbSuccess
  [[ "${#lines[@]}" == 1 && "${output}" == *'variant="bad"'* ]]
}

@test "the best of the one against the best of the other, for each family and number of workers" {
  level 'lock-free 50 % faster' '/lockfree/' items_per_second '>= 1.5' '/locking/'
  series "rcb_operations_total{$(labels Lock lockfree a 10)}" '0+140x60'
  series "rcb_operations_total{$(labels Lock lockfree b 10)}" '0+90x60'
  series "rcb_operations_total{$(labels Lock locking c 10)}" '0+100x60'
  series "rcb_operations_total{$(labels Lock lockfree a 50)}" '0+160x60'
  series "rcb_operations_total{$(labels Lock locking c 50)}" '0+100x60'
  alerts 0 --slo levels --factor 3 --window 1m --out rules.yml
  run -0 firing RcbLockFree50Faster
  [[ "${#lines[@]}" == 1 && "${output}" == *'family="Lock", severity="warning", workers="10"'* ]]
}

@test "exported results count where nothing runs, with all of their arguments" {
  level quick '^Pool/.*/pool:5' p99_us '< 10000'
  level bounds role:safe bounds '== held'
  level few '^Pool/' computations_max '== 1'
  local more='arguments="pool:5",instance="a",job="b"'
  series "rcb_latency_seconds{$(labels Pool locking fifo 10 "${more}"),quantile=\"0.99\"}" '0.03x60'
  series "rcb_latency_seconds{$(labels Pool locking lifo 10 "${more}"),quantile=\"0.99\"}" '0.01x60'
  series "rcb_latency_seconds{$(labels Pool locking lifo 10 "${more}"),quantile=\"0.999\"}" '1x60'
  series "rcb_verdict{$(labels Pool locking fifo 10 "${more}"),role=\"safe\",verdict=\"BROKEN\"}" '1x60'
  series "rcb_verdict{$(labels Pool locking lifo 10 "${more}"),role=\"safe\",verdict=\"ok\"}" '1x60'
  series "rcb_computations_max{$(labels Pool locking fifo 10 "${more}")}" '2x60'
  alerts 0 --slo levels --out rules.yml
  local alert
  for alert in RcbQuick RcbBounds RcbFew; do
    run -0 firing "${alert}"
    [[ "${#lines[@]}" == 1 && "${output}" == *'variant="fifo"'* ]] || { echo "${alert}: ${output}"; return 1; }
  done
}

@test "names with marks and expressions with backslashes come through, and twins are told apart" {
  level 'a "b" {{ c }} \d' '^Pool/.*/pool:5(\.|$)' p95_us '< 10'
  level 'a "b" {{ c }} \d' '^Pool/lo[ck]+' p95_us '< 10'
  alerts 0 --slo levels --out rules.yml
  promtool_is_content check rules rules.yml
  grep --fixed-strings "alert: RcbABCD_2" rules.yml
}

@test "the dashboard is JSON that asks for what is there, in expressions that Prometheus takes" {
  alerts 0 --dashboard --out board.json
  jq --exit-status '([.panels[].id] | length == (unique | length)) and (.panels | length > 8) and
    all(.panels[]; .title != "" and .description != "" and (.targets | length) > 0) and
    ([.templating.list[].name] == ["datasource", "family", "workers"])' board.json
  # Nothing lies on something else.
  jq --exit-status '[.panels[].gridPos | . as $p | range(.x; .x + .w) | . as $x |
    range($p.y; $p.y + $p.h) | [$x, .]] | length == (unique | length) and all(.[0] < 24)' board.json
  jq --raw-output '"groups:\n- name: board\n  rules:", (.panels[].targets[].expr |
    gsub("\\$__rate_interval"; "1m") | "  - record: r\(length)\n    expr: |-\n      \(.)")' board.json >board.yml
  run -0 promtool check rules --lint=none board.yml
  # The metrics are those of the program and of scripts/export.
  run ! grep --line-regexp --invert-match --extended-regexp \
    'rcb_(operations|errors|violations|computations)_total|rcb_latency_seconds(_bucket)?|rcb_(violations|errors)' \
    <(grep --only-matching --extended-regexp 'rcb_[a-z_]+' board.yml)
}

@test "what makes no rules is refused in a line that names it, and leaves the file as it was" {
  echo before >rules.yml
  alerts 2 --slo nowhere
  [[ "${stderr}" == "alerts: --slo: nowhere cannot be read" ]]
  level strange '^Counter/' p95_ms '< 1'
  alerts 2 --slo levels --out rules.yml
  [[ "${stderr}" == 'alerts: levels: the level "strange" matches no metric: there is no p95_ms' ]]
  printf 'half\t^Counter/\n' >levels
  alerts 2 --slo levels
  [[ "${stderr}" == 'alerts: levels: line 1 is not NAME, BENCHMARKS, METRIC, BOUND'* ]]
  rm levels
  level broken '(Counter' p95_us '< 1'
  alerts 2 --slo levels
  [[ "${stderr}" == 'alerts: the level "broken": not an extended regular expression: (Counter'* ]]
  rm levels
  level controls role:control violations '> 0'
  alerts 2 --slo levels
  [[ "${stderr}" == "alerts: levels: none of the levels is one for production" ]]
  echo '# nothing' >levels
  alerts 2 --slo levels
  [[ "${stderr}" == "alerts: levels: there are no levels" ]]
  alerts 2 --factor 1.4
  [[ "${stderr}" == "alerts: --factor has to be a number from 1.5 to 3, not 1.4" ]]
  alerts 2 --factor 3.5
  alerts 2 --window soon
  [[ "${stderr}" == "alerts: --window is a time such as 30s or 5m, not soon" ]]
  alerts 2 --for ever
  alerts 2 --out nowhere/rules.yml
  [[ "${stderr}" == "alerts: --out: nowhere/rules.yml cannot be written" ]]
  alerts 2 run.json
  [[ "${stderr}" == "alerts: no option run.json; see --help" ]]
  [[ "$(<rules.yml)" == before ]]
  run -0 "${BATS_TEST_DIRNAME}/alerts" --help
  [[ "${lines[0]}" == "usage: scripts/alerts"* ]]
}

# Runs a command again until it succeeds, for fifteen seconds.
soon() { # COMMAND...
  local end="$((SECONDS + 15))"
  until "$@"; do
    if ((SECONDS >= end)); then
      echo "not within fifteen seconds: $*"
      return 1
    fi
    sleep 0.2
  done
}

is_listening() { # LOG
  address="$(sed --quiet 's/.*msg="Listening on" address=//p' "$1" | head --lines=1)"
  [[ -n "${address}" ]]
}

fires() { # ALERT
  promtool query instant "http://${address}" "ALERTS{alertname=\"$1\",alertstate=\"firing\"}" 2>&1 |
    tee answer | grep --quiet "alertname=\"$1\""
}

teardown() {
  local process
  for process in ${processes:-}; do
    kill "${process}" 2>/dev/null || true
    wait "${process}" 2>/dev/null || true
  done
}

@test "a real Prometheus sees a level broken while bench runs" {
  local bench="${RCB_BUILD_DIR:-${BATS_TEST_DIRNAME}/../build/release}/bench" port
  "${bench}" --help | grep --quiet -- '--metrics_port=' || skip "this bench has no --metrics_port"
  # Nothing answers in a thousandth of a microsecond, and everything within an hour.
  level 'broken on purpose' '^Counter/lockfree/incr/workers:10/' p95_us '< 0.001'
  level 'kept' '^Counter/lockfree/incr/workers:10/' p95_us '< 3600000000'
  alerts 0 --slo levels --window 5s --out rules.yml
  port="$((20000 + RANDOM % 10000))"
  cat >prometheus.yml <<YAML
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs: [{job_name: bench, static_configs: [{targets: ["127.0.0.1:${port}"]}]}]
YAML
  "${bench}" --metrics_port="${port}" --benchmark_filter='Counter/lockfree/incr/' --workers=10 \
    --benchmark_min_time=30 >bench.log 2>&1 3>&- &
  processes="$!"
  prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address=127.0.0.1:0 \
    >prometheus.log 2>&1 3>&- &
  processes+=" $!"
  soon is_listening prometheus.log
  soon fires RcbBrokenOnPurpose || { cat answer bench.log; return 1; }
  grep 'benchmark="Counter/lockfree/incr/workers:10/"' answer
  run ! fires RcbKept
}
