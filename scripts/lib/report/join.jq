# Adds to the document of data.jq what else the page shows, each null where it is not wanted:
#
#   jq -L DIRECTORY --compact-output --from-file join.jq --slurpfile answers A --slurpfile old O
#     --slurpfile comparison C --slurpfile series S --slurpfile spectra H
#     --slurpfile history R --slurpfile knees K DATA
#
# A is what scripts/answers prints as JSON, O the document of the older results, C what
# scripts/compare prints, S what series.jq, H what spectra.awk R what scripts/history and K what
# scripts/knee prints.

include "names";

def latencies: {p50_us, p95_us, p99_us, max_us} | with_entries(select(.value));

# As FileNameOfRow in common/report/output_files.cc.
def file_name: gsub("/"; ".") | gsub(":"; "_");

# The figures of judge.awk in one sentence.
def summary_text: . as $summary |
  [["regressed", "got worse"], ["improved", "got better"], ["broken", "broke a promise"],
   ["unchanged", "did not change by as much as counts"], ["inconclusive", "are undecided"],
   ["too few", "have too few processes to tell"]] |
  map($summary["verdict \(.[0])"] as $count | select($count > 0) | "\($count) \(.[1])") |
  if length == 0 then "Nothing could be judged." else "Of the figures, " + join(", ") + "." end;

# What is for information only, nobody looks for here; figures that may fail come first.
def comparison($names): {
  names: $names, notes, text: (.summary | summary_text),
  rows: [.rows[] | select(.verdict != "info") |
    {verdict, name: (.benchmark | short_name), metric,
     old: (.old | if type == "number" then rounded else . end),
     new: (.new | if type == "number" then rounded else . end), ratio, low, high,
     n: (if .processes_old then "\(.processes_old)+\(.processes_new)" else null end), remark}]
};

def knees: {
  levels: (.levels | map("\(.metric) \(.sign) \(.bound)") | join(", ")),
  found: (.knees | map({
    name: (.benchmark | short_name), family, discipline, variant, workers, limit, why,
    rate: .knee_per_second, points: (.points | map({rate, p95_us, holds, why}))
  }))
};

# By the short name of a benchmark its series over the records; place is an index.
def histories: [
    range(.places | length) as $place | .places[$place] | .records as $records | .series[] | {
      name: (.benchmark | short_name), place: $place, metric,
      points: (.points | map(.record as $record |
        [($records | index($record)), (.value | rounded)])),
      changes: (.changes | map(.record as $record |
        [($records | index($record)), .verdict, .before, .after]))}
  ] | group_by(.name) | map({key: .[0].name, value: map(del(.name))}) | from_entries;

def places: .records as $records |
  .places | map({description, records: (.records | map($records[.].name))});

($old[0] // {rows: []} | .rows | map({key: .benchmark, value: {metrics: (.metrics | latencies)}}) |
  from_entries) as $old_rows |
($spectra | map({key: .name, value: .points}) | from_entries) as $spectrum_of |
($history[0] | if . then histories else {} end) as $histories |
.answers = $answers[0] |
.places = ($history[0] | if . then places else null end) |
.knees = ($knees[0] | if . then knees else null end) |
.comparison = (if $comparison[0] then $comparison[0] | comparison($old[0].names) else null end) |
.rows |= map(
  $old_rows[.benchmark] as $before | ($series[0] // {})[.benchmark] as $over_time |
  $spectrum_of[.benchmark | file_name] as $spectrum |
  if $before then .old = $before else . end |
  if $over_time and ($over_time.times | length) > 0 then .series = $over_time else . end |
  if $histories[.name] then .history = $histories[.name] else . end |
  if $spectrum then .spectrum = $spectrum else . end |
  del(.benchmark))
