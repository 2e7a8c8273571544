# Turns what history.awk prints into one JSON document; for scripts/history.
#
#   jq --null-input --raw-input --from-file history.jq
#
# {records: [{name, utc, commit, machine, label}],
#  places: [{description, records: [record],
#            gaps: [{record, benchmark, reason}],
#            series: [{benchmark, metric, direction, class,
#                      points: [{record, value, processes}],
#                      outliers: [{record, commit, value, level}],
#                      changes: [{record, commit, previous_commit, verdict, before, after, change,
#                                 p}]}]}],
#  unknown_metrics: [metric]}
#
# A record inside places is an index into records, from 0. outliers are points that take no part in
# the levels, and level is that around them. change is relative (0.05 is 5 %); it and
# p are null for contract metrics, and so are previous_commit and before where the first point is
# broken. Units are those of scripts/metrics.tsv; real_time and cpu_time are in nanoseconds.

def text: gsub("\\\\t"; "\t") | gsub("\\\\n"; "\n") | gsub("\\\\\\\\"; "\\");
def value: if . == "-" then null else tonumber end;

[inputs | split("\t")] |
(map(select(.[0] == "record")) |
  map({name: .[2], utc: .[3], commit: .[4], machine: .[5], label: (.[6] | text)})) as $records |
(map(select(.[0] == "point")) | group_by(.[1]) | map({key: .[0][1], value: map(
  {record: (.[2] | tonumber - 1), value: (.[3] | tonumber), processes: (.[4] | tonumber)})}) |
  from_entries) as $points |
(map(select(.[0] == "outlier")) | group_by(.[1]) | map({key: .[0][1], value: map(
  (.[2] | tonumber - 1) as $record |
  {record: $record, commit: $records[$record].commit, value: (.[3] | tonumber),
   level: (.[4] | tonumber)})}) | from_entries) as $outliers |
(map(select(.[0] == "change")) | group_by(.[1]) | map({key: .[0][1], value: map(
  (.[2] | tonumber - 1) as $record |
  {record: $record, commit: $records[$record].commit,
   previous_commit: (.[3] | value | if . then $records[. - 1].commit else null end),
   verdict: .[4], before: (.[5] | value), after: (.[6] | value), change: (.[7] | value),
   p: (.[8] | value)})}) | from_entries) as $changes |
(map(select(.[0] == "series")) | group_by(.[2]) | map({key: .[0][2], value: map(
  {benchmark: .[3], metric: .[4], direction: .[5], class: .[6],
   points: ($points[.[1]] // []), outliers: ($outliers[.[1]] // []),
   changes: ($changes[.[1]] // [])})}) | from_entries) as $series |
(map(select(.[0] == "placed" or .[0] == "gap")) | group_by([.[0], .[1]]) |
  map({key: "\(.[0][0]) \(.[0][1])", value: .}) | from_entries) as $in_place |
{records: $records,
 places: map(select(.[0] == "place") |
   {description: (.[2] | text),
    records: ($in_place["placed \(.[1])"] | map(.[2] | tonumber - 1)),
    gaps: ($in_place["gap \(.[1])"] // [] |
      map({record: (.[2] | tonumber - 1), benchmark: .[3], reason: (.[4] | text)})),
    series: ($series[.[1]] // [])}),
 unknown_metrics: map(select(.[0] == "unknown") | .[1])}
