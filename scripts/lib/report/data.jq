# Makes one JSON document of results, which the page of scripts/report shows:
#
#   jq --null-input --from-file data.jq --rawfile metrics METRICS --slurpfile families FILE
#     --rawfile selected BENCHMARKS --arg title TEXT --argjson names [NAME...] FILE...
#
# METRICS is what known_metrics prints, families what families.json has; a figure of a row is the
# median over the processes, each the median of its repetitions, with the least and the greatest of
# the processes where these are several.

# Without what is the same for almost every benchmark, as the tables have it.
def short_name: split("/") | map(select(test("^(real_time|threads:1|iterations:.*)$") | not)) |
  join("/");

def median: sort | if length % 2 == 1 then .[length / 2 | floor]
  else (.[length / 2 - 1] + .[length / 2]) / 2 end;

# Not more digits than anybody reads: the page is smaller by half.
def rounded: if . == 0 or (. | floor) == . and (. | fabs) < 1e6 then .
  else (. | fabs | log10 | floor) as $digits |
    if $digits >= 5 then round
    else pow(10; 5 - $digits) as $factor | (. * $factor | round) / $factor end
  end;

def nanoseconds: {ns: 1, us: 1000, ms: 1000000, s: 1000000000};

def metric_table: $metrics | split("\n") | .[1:] | map(split("\t") | select(length >= 4) | {
  key: .[0],
  value: {unit: .[1], direction: .[2], class: .[3], meaning: (.[5] // "")}
}) | from_entries;

# The parts of a short name: family, discipline, variant, and what has a colon as arguments.
def parts: split("/") | {
  family: .[0],
  group: (if (.[1] // "" | contains(":")) then "" else .[1] // "" end),
  variant: ([.[2:][] | select(contains(":") | not)] | join("/")),
  arguments: ([.[1:][] | select(contains(":")) |
    {key: (split(":") | .[0]), value: (split(":") | .[1:] | join(":"))}] | from_entries)
};

def error_of_row:
  if .error_occurred then .error_message // "error" | tostring
  elif .skipped then "left out: " + (.skip_message // "no reason given" | tostring)
  else "" end;

# What an older suite, which wrote no verdict, would have said.
def verdict_of_row:
  if .verdict then .verdict
  elif error_of_row != "" then "error"
  elif .role == "control" then (if (.violations // 0) > 0 then "caught" else "not caught" end)
  elif (.violations // 0) > 0 then "BROKEN"
  else "ok" end;

def role_of_row: .role // (((.run_name // .name) | split("/")[1]) as $second |
  {unsafe: "control", locking: "safe", lockfree: "safe"}[$second // ""] // "measurement");

# Of all verdicts the one that a reader has to know of.
def worst_verdict: . as $all | first(
  ("BROKEN", "error", "void", "not caught", "overloaded", "not provable here", "caught", "ok") |
  select(. as $one | $all | index([$one]))) // .[0];

# The figure that stands for several processes: [median, least, greatest].
def figure($metric): [group_by(.file)[] | [.[][$metric] | numbers] | select(length > 0) | median] |
  if length == 0 then null
  elif length == 1 then [.[0] | rounded]
  else [(median, min, max) | rounded] end;

def merged($names): . as $rows | .[0] as $first | {
    name: ($first.run_name | short_name)
  } + ($first.run_name | short_name | parts) + {
    role: ($first | role_of_row), contract: ($first.label // "" | tostring),
    bounds: ($first.bounds // []), evidence: ($first.evidence // ""),
    trial: ($first.trial // ""), verdict: (map(verdict_of_row) | worst_verdict),
    error: (map(error_of_row) | map(select(. != "")) | .[0] // ""),
    detectors: (reduce (.[] | .detectors // {} | to_entries[]) as $entry
      ({}; .[$entry.key] += $entry.value)),
    worst_violations: ([.[] | .violations | numbers] | max),
    metrics: (map(select(error_of_row == "")) as $good |
      reduce $names[] as $metric ({};
        ($good | figure($metric)) as $figure |
        if $figure then .[$metric] = $figure else . end))
  };

def is_wanted: $selected | split("\n") | map({key: ., value: true}) | from_entries;

# Keeps the order of the files: families and variants stand as the suite ran them.
def rows: is_wanted as $wanted |
  [.[] | .file as $file | .benchmarks[] | select(.run_type == "iteration") |
    .run_name = (.run_name // .name) | .file = $file |
    nanoseconds[.time_unit] as $factor | .real_time *= $factor | .cpu_time *= $factor] |
  ([to_entries[] | {key: .value.run_name, value: .key}] | reverse | from_entries) as $place |
  map(select($wanted[.run_name])) | group_by(.run_name) | sort_by($place[.[0].run_name]) |
  map(merged([.[] | to_entries[] | select(.value | type == "number") | .key] | unique -
    ["family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads"]));

# What the contexts say, each key once: several values where the processes differ.
def context: [.[].context | to_entries[] |
    select(.value | type != "object" and type != "array") | select(.key != "metrics")] |
  group_by(.key) | map({key: .[0].key, value: (map(.value | tostring) | unique | join(", "))}) |
  from_entries;

[inputs | {file: input_filename, context, benchmarks}] |
{
  names: $names, processes: length, context: context, metrics: metric_table,
  families: $families[0], title: $title, rows: rows
}
