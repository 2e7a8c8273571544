# Makes one JSON document of results, which the page of scripts/report shows:
#
#   jq -L DIRECTORY --null-input --from-file data.jq --rawfile metrics METRICS
#     --argjson families QUESTIONS --rawfile selected BENCHMARKS --arg title TEXT
#     --argjson names [NAME...] FILE...
#
# METRICS is what known_metrics prints, QUESTIONS has one by the name of each family, and only the
# benchmarks in BENCHMARKS count. A figure of a row is an array: the median over the processes, each
# the median of its repetitions, and where these are several the least and the greatest of them.

include "names";

def nanoseconds: {ns: 1, us: 1000, ms: 1000000, s: 1000000000};

def median: sort | if length % 2 == 1 then .[length / 2 | floor]
  else (.[length / 2 - 1] + .[length / 2]) / 2 end;

def metric_table: $metrics | split("\n") | .[1:] | map(split("\t") | select(length >= 4) | {
  key: .[0],
  value: {unit: .[1], direction: .[2], class: .[3], meaning: (.[5] // "")}
}) | from_entries;

# The parts of a short name: family, group (or discipline), variant, and as arguments what has a
# colon.
def parts: split("/") | {
  family: .[0],
  group: (if (.[1] // "" | contains(":")) then "" else .[1] // "" end),
  variant: ([.[2:][] | select(contains(":") | not)] | join("/")),
  arguments: ([.[1:][] | select(contains(":")) | split(":") |
    {key: .[0], value: (.[1:] | join(":"))}] | from_entries)
};

def error_of_row:
  if .error_occurred then .error_message // "error" | tostring
  elif .skipped then "left out: " + (.skip_message // "no reason given" | tostring)
  else "" end;

# What an older suite, which wrote neither role nor verdict, meant.
def role_of_row: .role // (((.run_name // .name) | split("/")[1]) as $second |
  {unsafe: "control", locking: "safe", lockfree: "safe"}[$second // ""] // "measurement");

def verdict_of_row:
  if .verdict then .verdict
  elif .skipped then "left out"
  elif error_of_row != "" then "error"
  elif role_of_row == "control" then (if (.violations // 0) > 0 then "caught" else "not caught" end)
  elif (.violations // 0) > 0 then "BROKEN"
  else "ok" end;

# Of all verdicts the one that a reader has to know of.
def worst_verdict: . as $all | first(
  ("BROKEN", "error", "void", "not caught", "overloaded", "not provable here", "left out", "caught",
   "ok") | select(. as $one | $all | index([$one]))) // .[0];

def figure($metric): [group_by(.file)[] | [.[][$metric] | numbers] | select(length > 0) | median] |
  if length == 0 then null
  elif length == 1 then [.[0] | rounded]
  else [(median, min, max) | rounded] end;

# One row of all repetitions and processes; $counters are the names of what is counted in any.
def merged($counters): .[0] as $first | ($first.run_name | short_name) as $name |
  {name: $name, benchmark: $first.run_name} + ($name | parts) + {
    role: ($first | role_of_row), contract: ($first.label // "" | tostring),
    bounds: ($first.bounds // []), verdict: (map(verdict_of_row) | worst_verdict),
    error: (map(error_of_row) | map(select(. != "")) | .[0] // ""),
    detectors: (reduce (.[] | .detectors // {} | to_entries[]) as $entry
      ({}; .[$entry.key] += $entry.value)),
    worst_violations: ([.[] | .violations | numbers] | max),
    metrics: (map(select(error_of_row == "")) as $good |
      reduce $counters[] as $metric ({};
        ($good | figure($metric)) as $figure |
        if $figure then .[$metric] = $figure else . end))
  };

# Keeps the order of the files: families and variants stand as the suite ran them.
def rows: ($selected | split("\n") | map({key: ., value: true}) | from_entries) as $wanted |
  [.[] | .file as $file | .benchmarks[] | select(.run_type == "iteration") |
    .run_name = (.run_name // .name) | .file = $file | select($wanted[.run_name]) |
    nanoseconds[.time_unit] as $factor | .real_time *= $factor | .cpu_time *= $factor] |
  ([to_entries[] | {key: .value.run_name, value: .key}] | reverse | from_entries) as $place |
  group_by(.run_name) | sort_by($place[.[0].run_name]) |
  map(merged([.[] | to_entries[] | select(.value | type == "number") | .key] | unique -
    ["family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads"]));

# What the contexts say, each key once: several values where the processes differ.
def context: [.[].context | to_entries[] |
    select(.value | type != "object" and type != "array") | select(.key != "metrics")] |
  group_by(.key) | map({key: .[0].key, value: (map(.value | tostring) | unique | join(", "))}) |
  from_entries;

[inputs | {file: input_filename, context, benchmarks}] |
{
  title: $title, names: $names, processes: length, context: context, metrics: metric_table,
  families: $families, rows: rows
}
