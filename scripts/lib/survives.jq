# What survives what, as Markdown, of the lines of rows.jq:
#
#   jq --raw-input --null-input --raw-output --argjson brief BOOLEAN --rawfile metrics METRICS_TSV
#     --rawfile outcomes SURVIVAL_TSV --from-file survives.jq ROWS
#
# SURVIVAL_TSV has, below a heading, the lines "FAMILY VARIANTS OUTCOME METRIC SAYS" in the order of
# the page: VARIANTS with blanks between them, OUTCOME kept, bounded or broken, and SAYS a text with a
# % for the value of METRIC. A line with the outcome fault tells what befalls the variants of its
# family in the lines below it, in a few words (METRIC) and in some more (SAYS).

def unescaped:
  if contains("\\") then gsub("\\\\(?<c>.)"; {"t": "\t", "n": "\n", "r": "\r"}[.c] // .c) else . end;

def fields: split("\t") | map(unescaped);

def median: sort | length as $n |
  if $n == 0 then null
  elif $n % 2 == 1 then .[($n - 1) / 2] else (.[$n / 2 - 1] + .[$n / 2]) / 2 end;

def table: split("\n") | .[1:] | map(select(. != "") | split("\t"));

def rounded($digits): . * pow(10; $digits) | round / pow(10; $digits);

def significant: if . >= 100 then round elif . >= 10 then rounded(1) else rounded(2) end | tostring;

# A value of a counter as people read it.
def shown($unit):
  if $unit == "us" then
    if . >= 1e6 then "\(. / 1e6 | significant) s" elif . >= 1000 then "\(. / 1000 | significant) ms"
    else "\(significant) us" end
  elif $unit == "ratio" then "\(. * 100 | significant) %"
  else significant end;

# {family, variant, name, workers}; the name tells the arguments that make another row of it.
def parsed_name: split("/") as $part |
  ($part[3:] | map(select(test(":")) | select(test("^(workers|threads|iterations|repeats|lease_ms):")
    | not))) as $arguments |
  {family: $part[0], variant: $part[2], name: ([$part[1], $part[2]] + $arguments | join("/")),
   workers: ([$part[] | select(startswith("workers:")) | .[8:] | tonumber] + [0] | .[0])};

def rank: {kept: 0, bounded: 1, broken: 2, "not shown": 3, error: 4}[.];

($metrics | table | map({key: .[0], value: .[1]}) | from_entries) as $unit |
($outcomes | table | reduce .[] as $cell ([]; . + [{family: $cell[0],
  variants: ($cell[1] | split(" ")), outcome: $cell[2], metric: $cell[3], says: $cell[4],
  fault: ((.[-1].fault // 0) + (if $cell[2] == "fault" then 1 else 0 end))}])) as $lines |

[inputs | fields] as $all |
($all | map(select(.[0] == "context")) | map(. as $f | [range(2; length - 1; 2) |
  {key: $f[.], value: $f[. + 1]}] | from_entries)) as $contexts |
($all | map(select(.[0] == "verdict") | {key: ([.[1], .[2], .[3]] | tojson), value: .[4]})
  | from_entries) as $verdicts |

# Of a benchmark: what became of it, and what that cost.
def judged($line):
  (map(select(.[5] != "")) | length) as $errors |
  (map($verdicts[[.[1], .[2], .[3]] | tojson] // "")) as $own |
  (if $line.metric == "" then [] else
    map(. as $f | [range(9; length - 1; 2) | select($f[.] == $line.metric) | $f[. + 1] | tonumber]
      | .[]) end | median) as $value |
  (if $errors > 0 then "error"
   elif any($own[]; . == "BROKEN") then "broken"
   elif $line.outcome != "broken" then $line.outcome
   elif any($own[]; . == "caught") then "broken"
   else "not shown" end) as $outcome |
  {outcome: $outcome, wanted: $line.outcome,
   says: (if $outcome == "error" then first(.[] | .[5] | select(. != ""))
     elif $outcome == "not shown" then "this run has not shown it"
     elif $line.outcome != "broken" and $outcome == "broken" then "IT MUST NOT BE: see its verdict"
     elif $line.metric == "" then $line.says
     elif $value == null then "-"
     else $line.says | sub("%"; $value | shown($unit[$line.metric])) end)};

($all | map(select(.[0] == "row")) | map({row: ., id: (.[2] | parsed_name)})) as $rows |

# Each fault with its variants.
[$lines[] | select(.outcome == "fault") | . as $fault |
  {says, brief: .metric, variants: [
    $rows | map(select(.id.family == $fault.family)) | group_by(.id.name)[] |
    (map(.id.workers) | max) as $workers | map(select(.id.workers == $workers)) |
    .[0].id as $id |
    first($lines[] | select(.fault == $fault.fault and .outcome != "fault" and
      any(.variants[]; . == $id.variant))) as $line |
    {name: $id.name, family: $id.family} + (map(.row) | judged($line))] |
    sort_by([(.outcome | rank), .name])} |
  select(.variants != [])] as $faults |

def cells: map(gsub("\\|"; "\\|")) | "| \(join(" | ")) |";

def known($key): [$contexts[] | .[$key] // empty] | unique |
  if . == [] then "unknown" else join(", ") end;

if $faults == [] then empty
else
  (if $brief then
    (["what happens", "technique", "its promise is", ""] | cells), "|---|---|---|---|",
    ($faults[] | .brief as $fault | .variants[] | [$fault, "`\(.name)`", .outcome, .says] | cells)
  else
    ($faults[] | "### \(.says)", "", (["technique", "its promise is", ""] | cells), "|---|---|---|",
      (.variants[] | ["`\(.family)/\(.name)`", .outcome, .says] | cells), "")
  end),
  (if $brief then "" else empty end),
  "\($contexts | length | if . == 1 then "One process" else "Medians of \(.) processes" end), " +
  "redis \(known("server_version")), commit \(known("commit"))"
end
