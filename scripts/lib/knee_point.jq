# What a run at a rate showed, of its results, in four lines for scripts/knee: why they cannot answer,
# or nothing; whether the rate held, and what it counts if it did not; a message; and an object.
# Arguments: rate, levels (an array of {metric, sign, bound}), min_success.

def holds($level):
  if $level.sign == "<" then . < $level.bound elif $level.sign == "<=" then . <= $level.bound
  elif $level.sign == ">" then . > $level.bound elif $level.sign == ">=" then . >= $level.bound
  else . == $level.bound end;

def short: if . >= 1000 then round else . * 100 | round / 100 end | tostring;

# As far behind as neither chance nor the start of the clients explains.
def falls_behind: .achieved_per_second < $rate * (0.98 - 3 / (.iterations | sqrt));

# The first reason why the rate is not held; nothing where it is.
def failures: . as $row |
  (select(.error_occurred) | .error_message // "error"),
  (select(.verdict == "BROKEN" or (.violations // 0) > 0) | "\(.violations // 0) violations"),
  (select(.verdict == "overloaded") | "overloaded"),
  (select((.dropped // 0) > 0) | "\(.dropped) dropped"),
  (select(.achieved_per_second and falls_behind) | "falls behind: \(.achieved_per_second | short) /s done"),
  (select((.success_rate // 0) < $min_success) | "success_rate is \(.success_rate // 0)"),
  ($levels[] | . as $level | select($row[$level.metric] | holds($level) | not) |
    "\($level.metric) is \($row[$level.metric] | short)");

# A row with an error has no counters that count.
def fault: . as $row |
  if .error_occurred then empty
  elif (has("achieved_per_second") | not) then "\(.run_name) takes no rate"
  else first($levels[].metric | select(. as $metric | $row | has($metric) | not)) |
    "--slo: \(.) matches no counter of \($row.run_name)" end;

[.benchmarks[] | select(.run_type == "iteration")] |
(if length != 1 then "\(length) benchmarks ran instead of one" else first((.[0] | fault), "") end) as $fault |
$fault,
(.[0] | select($fault == "") | first(failures, null) as $why |
  "\($why == null) \(if .verdict == "overloaded" then 2 else 1 end)",
  "\($rate) /s: p95 \(.p95_us // 0 | round) us, \($why // "held")",
  ({rate: $rate, achieved_per_second, iterations, p50_us, p95_us, p99_us, dropped, violations,
    success_rate, client_cpu, verdict, holds: ($why == null), why: $why,
    broken: (.verdict == "BROKEN" or (.violations // 0) > 0)} | tojson))
