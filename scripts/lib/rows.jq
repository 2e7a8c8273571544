# Flattens results (what the suite, or another program with Google Benchmark, writes with
# --benchmark_out) to lines of tab-separated fields.
#
#   jq --raw-output --from-file rows.jq FILE...
#
# Kinds of line, by their first field; FILE is the name as given on the command line, and tabs,
# newlines and backslashes in a field stand as \t, \n and \\:
#
#   context  FILE  KEY  VALUE  [KEY  VALUE]...
#     One for each document, before its rows: what tells where and how the process ran. KEY foreign
#     is there for a document that is not of the suite, and caches for the sizes of the processor's.
#   row  FILE  BENCHMARK  REPETITION  THREADS  ERROR  LABEL  ROLE  BOUNDS  [METRIC  VALUE]...
#     One for each repetition of a benchmark; aggregates are left out. ERROR is empty for a row
#     that is a result, and begins with "skipped: " for one that was left out on purpose; rows with
#     an error have no metrics. LABEL is the contract as a sentence for people, or empty. ROLE is
#     control (has to violate its contract), safe (must not) or measurement (has none). BOUNDS is what the contract bounds besides violations, as "METRIC OP
#     NUMBER" with OP one of <= == >=, joined by semicolons; or empty. METRIC is a name as in
#     scripts/metrics.tsv, also iterations, one that the context key metrics describes, or an
#     unknown counter; VALUE a finite number. real_time and cpu_time are in nanoseconds, whatever
#     time_unit the file has.
#   verdict  FILE  BENCHMARK  REPETITION  VERDICT
#     What the suite itself says of the row before, where it says so: ok, BROKEN, caught and so on.
#   bad  FILE  REASON
#     Instead of its rows, for a document that is JSON but no results: see fault.
#
# The context key metrics describes the counters of its file, for scripts that are older than they
# are: "NAME UNIT DIRECTION CLASS" as in scripts/metrics.tsv, joined by semicolons.
#
# Left to the caller, for jq 1.6 cannot see it from in here: an empty file has no line at all, two
# documents in one file have two context lines, and text that is no JSON ends jq with status 2 or 4
# and without the name of the file (jq glues the files together, so that a cut file can be found out
# in the next one).

def is_text: type == "string" and length > 0;

# jq 1.6 reads NaN, Infinity and 1e999 without complaint, and would print null or 1.79e308.
def is_finite: type == "number" and . - . == 0;

def nanoseconds: {ns: 1, us: 1000, ms: 1000000, s: 1000000000};

def not_a_metric: {
  name: 1, run_name: 1, run_type: 1, family_index: 1, per_family_instance_index: 1, repetitions: 1,
  repetition_index: 1, threads: 1, time_unit: 1, label: 1, error_occurred: 1, error_message: 1,
  skipped: 1, skip_message: 1, aggregate_name: 1, aggregate_unit: 1, role: 1, bounds: 1,
  evidence: 1, verdict: 1, detectors: 1, trial: 1, servers: 1
};

# $other is not_a_metric, which jq would build anew for each row.
def metric_names($other): keys_unsorted[] | select($other[.] | not);

def bad_value:
  if type != "number" then "not a number" elif isnan then "NaN" else "infinite" end;

# What documents of other programs are judged by; their other counters are only shown.
def foreign_judged: {real_time: 1, cpu_time: 1, items_per_second: 1, bytes_per_second: 1};

# For messages, which stay short.
def shown: tostring | if length > 60 then .[:57] + "..." else . end;

def is_role: . == "control" or . == "safe" or . == "measurement";

def is_bound:
  type == "string" and test("^[A-Za-z0-9_]+ (<=|==|>=) -?[0-9]+(\\.[0-9]+)?(e[-+]?[0-9]+)?$");

def is_description: test("^[^ ]+ [^ ]+ (higher|lower|-) (noisy|contract|info)$");

# What is wrong with the description of the counters; nothing where all is well.
def description_fault:
  if . == null then empty
  elif type != "string" then "has metrics in its context that are no string"
  else first(split(";")[] | select(is_description | not)) |
    "has in its context, among the metrics, what is not NAME UNIT DIRECTION CLASS: \(shown)"
  end;

# What a row says it is instead of a result, or "".
def error_of_row:
  if .error_occurred then
    .error_message // "" | tostring |
    if . == "" then "error" else sub("^skipped: "; "error: skipped: ") end
  elif .skipped then
    "skipped: " + (.skip_message // "" | tostring | if . == "" then "no reason given" else . end)
  elif .verdict == "overloaded" then "overloaded: more was offered than was done"
  else "" end;

def is_result: .run_type == "iteration" and error_of_row == "";

# Nothing was measured there, which is no figure to compare.
def is_timeless: .real_time == 0 or .iterations == 0;

# Times and rates cannot be; other counters may.
def is_negative($name):
  (.[$name] | is_finite and . < 0) and
  (foreign_judged[$name] or ($name | endswith("_us")) or $name == "iterations");

def row_fault($other):
  if type != "object" then "has a row that is no object"
  elif [.name, .run_name // .name] | all(is_text) | not then "has a row without a name"
  elif .run_type != "iteration" and .run_type != "aggregate" then
    "\(.name) has no run_type that is known"
  elif .run_type == "iteration" and (nanoseconds[.time_unit | tostring] | not) then
    "\(.name) has no time_unit that is known"
  elif .run_type == "iteration" and ([.threads, .repetition_index] | all(is_finite) | not) then
    "\(.name) has no threads or no repetition_index"
  elif has("role") and (.role | is_role | not) then
    "\(.name) has a role that is not control, safe or measurement: \(.role | shown)"
  elif has("bounds") and (.bounds | type != "array") then
    "\(.name) has bounds that are no array: \(.bounds | shown)"
  elif any(.bounds[]?; is_bound | not) then
    "\(.name) has a bound that is not COUNTER, <= == or >=, and NUMBER: " +
      (first(.bounds[] | select(is_bound | not)) | shown)
  elif is_result and is_timeless then "\(.name) ran for no time, and yet has no error"
  elif is_result and any(is_negative(metric_names($other)); .) then
    . as $row | first(metric_names($other) | select(. as $metric | $row | is_negative($metric))) |
    "\(.) of \($row.name) is negative"
  else
    . as $row | first(metric_names($other) | select($row[.] | is_finite | not)) |
    "\(.) of \($row.name) is \($row[.] | bad_value)"
  end;

# The first reason why a document is no results; nothing for one that is.
def fault($other):
  if type != "object" then "is not an object"
  elif .context | type != "object" then "has no context: no results of Google Benchmark"
  elif .context | has("rcb_schema_version") and .rcb_schema_version != "1" then
    "is not of rcb_schema_version 1, but \(.context.rcb_schema_version)"
  elif .benchmarks | type != "array" then "has no benchmarks: no results of Google Benchmark"
  else first((.context.metrics | description_fault), (.benchmarks[] | row_fault($other))),
    if any(.benchmarks[]; .run_type? == "iteration") then empty
    elif .benchmarks == [] then "has no results"
    else "has no results but aggregates: --benchmark_report_aggregates_only leaves the others out"
    end
  end;

# --- Documents of other programs

# Whether a document is Google Benchmark's without being of the suite.
def is_foreign:
  type == "object" and (.context | type == "object" and (has("rcb_schema_version") | not)) and
  (.benchmarks | type == "array" and all(.[]; type == "object"));

# Old versions of the library have no run_type.
def foreign_run_type:
  .run_type //
    (if .name | tostring | test("_(mean|median|stddev|cv|BigO|RMS)$") then "aggregate"
     else "iteration" end);

# What the row lacks, and without what is no number; it promises nothing, whatever its counters are
# called. Its place among the rows of its name is left to number_rows.
def foreign_row($other):
  .run_type = foreign_run_type | (.run_type == "iteration") as $is_measured |
  with_entries(select($other[.key] or (.value | is_finite) or
    ($is_measured and foreign_judged[.key]))) |
  .run_name = (.run_name // .name) | .threads = (.threads // 1) |
  .time_unit = (.time_unit // "ns") | .role = "measurement" | .bounds = [] | del(.verdict);

# Repetitions, and benchmarks that were registered twice, from 0.
def number_rows:
  [range(length) as $at | {$at, row: .[$at]}] | group_by([.row.run_type, .row.run_name]) |
  [.[] | range(length) as $number | .[$number] | .row.repetition_index = $number] | sort_by(.at) |
  map(.row);

def as_ours($other):
  if is_foreign then
    .context.foreign = "Google Benchmark" | del(.context.metrics) |
    .benchmarks |= (map(foreign_row($other)) | number_rows)
  else . end;

# The same for equal processors, wherever the process ran.
def caches:
  if .caches | type == "array" then
    [.caches[] | select(type == "object") | "\(.type) L\(.level) \(.size)"] | join(", ")
  else "" end;

def context_line($file):
  ["context", $file] +
  (.context | caches | if . == "" then [] else ["caches", .] end) +
  ([.context | to_entries[] | select(.value | type != "object" and type != "array") |
    .key, (.value | tostring)]);

# What a row of an older file, which declares no role, is judged by: the second part of its name,
# and how the label of its contract begins. Nothing else knows of these.
def role_by_name:
  ((.run_name // .name) | split("/")[1]) as $discipline |
  if $discipline == "unsafe" then "control"
  elif $discipline == "locking" or $discipline == "lockfree" then "safe"
  else "measurement" end;

def bounds_by_label:
  if role_by_name == "safe" and (.label // "" | tostring | startswith("one computation per")) then
    [("computations", "computations_max") as $counter | select(has($counter)) | "\($counter) <= 1"]
  else [] end;

def row_line($file; $other):
  . as $row | nanoseconds[.time_unit] as $factor | error_of_row as $error |
  ["row", $file, .run_name // .name, .repetition_index, .threads, $error, (.label // "" | tostring),
   .role // role_by_name,
   (if .role then .bounds // [] else bounds_by_label end | join(";"))] +
  if $error != "" then []
  else
    [metric_names($other) |
      ., $row[.] * (if . == "real_time" or . == "cpu_time" then $factor else 1 end)]
  end;

def verdict_line($file):
  if .verdict | is_text then ["verdict", $file, .run_name // .name, .repetition_index, .verdict]
  else empty end;

input_filename as $file | not_a_metric as $other | as_ours($other) |
first(fault($other), null) as $fault |
if $fault then ["bad", $file, $fault]
else
  context_line($file),
  (.benchmarks[] | select(.run_type == "iteration") |
    (row_line($file; $other), verdict_line($file)))
end | @tsv
