# Of the points that were measured (one a line) what scripts/knee says of a benchmark: jq --slurp.
# Arguments: benchmark, closed_loop (operations per second), low and high (rates, or null), levels,
# min_success.

def parsed: split("/") as $part | {family: $part[0], discipline: $part[1], variant: $part[2],
  workers: ([$part[] | select(startswith("workers:"))[8:]] | .[0] // null)};

def median: map(select(. != null)) | sort | length as $n |
  if $n == 0 then null elif $n % 2 == 1 then .[($n - 1) / 2] else (.[$n / 2 - 1] + .[$n / 2]) / 2 end;

def at($rate): map(select(.rate == $rate));

# What the rate that is not held any more runs into. A client that is busy all the time is the limit
# itself, whatever the server could do.
def limit: if $high == null then null
  else at($high) | (map(.client_cpu) | median) as $cpu |
    if $cpu != null and $cpu > 0.9 then "client" else "server" end end;

. as $points | (if $high == null then [] else at($high) | map(.why // empty) end) as $reasons |
$benchmark + ($benchmark.name | parsed) | {benchmark: .name, family, discipline, variant, workers,
  knee_per_second: $low, interval: [$low, $high], limit: ($points | limit),
  why: ($reasons[0] // null), broken: ($points | any(.broken)),
  closed_loop_per_second: $closed_loop, promise: $benchmark.promise,
  points: ($points | sort_by(.rate) | map(del(.broken)))}
