# Makes of what bench --series=FILE wrote an object by the name of the benchmark:
#
#   jq -L DIRECTORY --null-input --from-file series.jq FILE
#
#   {times: [ms], spans: [ms], computations: [...], p95: [us], marks: [[ms, mark, text]]}
#
# Of the last run of each row, from its beginning; those before it find out how long it has to be.

include "names";

def is_line: type == "object" and (.row | type == "string") and (.t_ms | type == "number") and
  (has("mark") or (.ops | type == "number"));

def most_marks: 300;

# The lines of one row.
def series:
  ([.[] | select(.mark == "run") | .t_ms] | max // 0) as $begin |
  map(select(.t_ms >= $begin) | .t_ms -= $begin) |
  (map(select(.mark | not)) | sort_by(.t_ms) | map(select(.t_ms > 0))) as $intervals |
  {
    times: ($intervals | map(.t_ms | rounded)),
    spans: [range($intervals | length) as $i |
      ($intervals[$i].t_ms - (if $i > 0 then $intervals[$i - 1].t_ms else 0 end)) | rounded],
    computations: ($intervals | map(.computations // 0)),
    p95: ($intervals | map(.p95_us | if . then rounded else null end)),
    marks: (map(select(.mark and .mark != "run" and .mark != "judged") |
      [(.t_ms | rounded), (.mark | tostring), (.text // "" | tostring)]) | .[:most_marks])
  };

[inputs | if is_line then . else error("has a line that is no interval and no mark") end] |
group_by(.row) | map({key: .[0].row, value: series}) | from_entries
