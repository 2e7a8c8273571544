#!/usr/bin/env bats
# scripts/export: what tools that keep metrics are given of made-up results.

# shellcheck disable=SC2030,SC2031  # each test is a subshell, which is what they want
# shellcheck disable=SC2154  # bats sets stderr

bats_require_minimum_version 1.5.0

load lib/compare_test.sh
load lib/prometheus_test.sh

export_results() { # STATUS FORMAT ARG...
  run "-$1" --separate-stderr "${BATS_TEST_DIRNAME}/export" --format "${@:2}"
}

# The value of a sample with exactly these labels.
sample() { # NAME_AND_LABELS
  sed --quiet "s|^$1 ||p" <<<"${output}"
}

readonly LABELS='family="Counter",discipline="lockfree",variant="incr",workers="10"'

@test "openmetrics: what promtool accepts, in seconds, with the labels that were asked for" {
  export_results 0 openmetrics base/1.json
  promtool_is_content check metrics <<<"${output}"
  [[ "${lines[-1]}" == "# EOF" ]]
  jq --exit-status --argjson p95 "$(sample "rcb_latency_seconds{${LABELS},quantile=\"0.95\"}")" \
    --argjson rate "$(sample "rcb_operations_per_second{${LABELS}}")" \
    --argjson time "$(sample "rcb_real_time_seconds{${LABELS}}")" '.benchmarks[2] |
    (.p95_us / 1e6 - $p95 | fabs < 1e-12) and (.items_per_second - $rate | fabs < 1e-3) and
    (.real_time / 1e9 - $time | fabs < 1e-15)' base/1.json
  [[ "$(sample "rcb_violations{${LABELS}}")" == 0 && "$(sample "rcb_success_ratio{${LABELS}}")" == 1 ]]
  [[ "$(sample 'rcb_run_info{commit="0123456789ab",server="redis 7.0.15",machine="processor"}')" == 1 ]]
  [[ "$(sample rcb_run_timestamp_seconds)" == 1767225600 ]]
}

@test "openmetrics: every counter that there is has a name that promtool accepts" {
  # shellcheck disable=SC2016  # of jq
  jq --raw-input --slurp --slurpfile base base/1.json 'split("\n")[1:-1] | map(split("\t")[0]) as $names |
    $base[0] | .benchmarks[] |= . + ($names | map({(.): 1}) | add)' "${BATS_TEST_DIRNAME}/metrics.tsv" \
    >all.json
  export_results 0 openmetrics all.json
  promtool_is_content check metrics <<<"${output}"
  # None stands for two: each sample is there once.
  [[ -z "$(grep --invert-match '^#' <<<"${output}" | sed 's/ [^ ]*$//' | sort | uniq --repeated)" ]]
  [[ "$(sample "rcb_stale_seconds{${LABELS},quantile=\"1\"}")" == 1e-06 ]]
  [[ "$(sample "rcb_latency_seconds{${LABELS},quantile=\"0.999\"}")" == 1e-06 ]]
  [[ "$(sample "rcb_latency_seconds{${LABELS},quantile=\"0.5\"}")" == 1e-06 ]]
  [[ "$(sample "rcb_rss_bytes{${LABELS}}")" == 1048576 ]]
  [[ "$(sample "rcb_hit_lru_ratio{${LABELS}}")" == 1 ]]
}

@test "openmetrics: other arguments are a label, and the verdict of what has no figures is told" {
  # shellcheck disable=SC2034  # of the fixture
  VARIANTS=(Pool/locking/fifo/workers:10/pool:5/iterations:7 Pool/locking/fifo/workers:10/pool:9)
  write_processes made 1 1 '.benchmarks[0] += {verdict: "ok"} |
    .benchmarks[1] += {error_occurred: true, error_message: "void: gone", verdict: "void"}'
  export_results 3 openmetrics made
  [[ "${stderr}" == "export: Pool/locking/fifo/workers:10/pool:9/"*" is left out: it had errors" ]]
  promtool_is_content check metrics <<<"${output}"
  local labels='family="Pool",discipline="locking",variant="fifo",workers="10",arguments="pool'
  [[ -n "$(sample "rcb_latency_seconds{${labels}:5\",quantile=\"0.95\"}")" ]]
  [[ "$(sample "rcb_verdict{${labels}:9\",role=\"safe\",verdict=\"void\"}")" == 1 ]]
  [[ "${output}" != *"rcb_latency_seconds{${labels}:9"* ]]
}

@test "openmetrics: names with marks are escaped" {
  write_processes made 1 1 '.benchmarks |= [.[0]] |
    .benchmarks[0].run_name = "F/locking/a\\b\"c\nd,e=f}/workers:3" | .context.cpu_model = "x\"\\y"'
  export_results 0 openmetrics made
  promtool_is_content check metrics <<<"${output}"
  grep --fixed-strings 'variant="a\\b\"c\nd,e=f}",workers="3"' <<<"${output}"
  grep --fixed-strings 'machine="x\"\\y"' <<<"${output}"
}

@test "of several processes it is the median, and of contracts the worst" {
  write_processes three 1 3 '.benchmarks[2].p95_us = (.context.seed | tonumber * 10) |
    if .context.seed == "2" then .benchmarks[2].violations = 4 else . end'
  export_results 0 openmetrics three
  [[ "$(sample "rcb_latency_seconds{${LABELS},quantile=\"0.95\"}")" == 2e-05 ]]
  [[ "$(sample "rcb_violations{${LABELS}}")" == 4 ]]
  jq 'del(.benchmarks[1])' three/2.json >less && mv less three/2.json
  export_results 3 openmetrics three
  [[ "${output}" == *rcb_latency_seconds*incr* && "${output}" != *rcb_latency_seconds*token_lock* ]]
}

@test "influx: a line for each benchmark, with marks escaped" {
  write_processes made 1 1 '.benchmarks[1] += {verdict: "ok", run_name: "F/locking/a b,c=d\\/workers:3", p95_us: 1234567.89012}'
  export_results 0 influx made
  [[ "${#lines[@]}" == 3 && "${lines[0]}" == \
    "rcb,family=Counter,discipline=unsafe,variant=get_set,workers=10,role=control iterations=1001,"*" 1767225600000000000" ]]
  [[ "${lines[1]}" == \
    'rcb,family=F,discipline=locking,variant=a\ b\,c\=d/,workers=3,role=safe verdict="ok",iterations=1001,'*p95_us=1234567.89012,* ]]
}

@test "csv: a line for each benchmark and a column for each counter, quoted where it has to be" {
  write_processes made 1 1 '.benchmarks[1] += {run_name: "F/locking/a\"b,c/workers:3", p95_us: 1234567.89012} |
    .benchmarks[2] += {error_occurred: true, error_message: "no"}'
  export_results 3 csv made
  [[ "${lines[0]}" == "benchmark,family,discipline,variant,workers,arguments,role,verdict,processes,iterations,"*p95_us* ]]
  [[ "${lines[2]}" == '"F/locking/a""b,c/workers:3",F,locking,"a""b,c",3,,safe,,1,1001,'*,1234567.89012,* ]]
  [[ "${lines[3]}" == Counter/lockfree/incr/*,lockfree,incr,10,,safe,error,1,,,* ]]
  # As many fields in each line, but for the commas in quotes.
  printf "%s\n" "${lines[@]}" >lines
  [[ "$(sed 's/"[^"]*"//g' lines | awk -F , '{ print NF }' | sort --unique | wc --lines)" == 1 ]]
}

@test "--out writes a file at once, that is whole or not there" {
  export_results 0 openmetrics --out rcb.prom base
  [[ -z "${output}" && "$(tail --lines=1 rcb.prom)" == "# EOF" ]]
  promtool_is_content check metrics <rcb.prom
  [[ "$(stat --format=%a rcb.prom)" == "$(touch plain && stat --format=%a plain)" ]]
  export_results 0 csv --out=rcb.prom base/1.json
  [[ "$(head --lines=1 rcb.prom)" == benchmark,* && "$(ls rcb.prom*)" == rcb.prom ]]
  export_results 2 csv --out nowhere/file base
  [[ "${stderr}" == "export: --out: nowhere/file cannot be written" ]]
  export_results 2 csv --out base base
  [[ "${stderr}" == "export: --out: base is a directory" ]]
  cp rcb.prom before
  echo nonsense >bad.json
  export_results 2 csv --out rcb.prom bad.json
  cmp rcb.prom before
}

@test "what has no such metrics is refused with the reason" {
  export_results 2 xml base
  [[ "${stderr}" == "export: --format is one of: github-action-benchmark openmetrics influx csv" ]]
  jq 'del(.context.rcb_schema_version)' base/1.json >foreign.json
  export_results 2 openmetrics foreign.json
  [[ "${stderr}" == "export: --format openmetrics is for results of this suite, and foreign.json is not" ]]
  jq '.benchmarks[] += {error_occurred: true}' base/1.json >bad.json
  export_results 2 influx bad.json
  [[ "${stderr}" == "export: there is nothing to export in these results" ]]
  export_results 2 influx --filter nothing base
  [[ "${stderr}" == "export: --filter nothing matches no benchmark" ]]
}
