# The sorted lines of judge.awk as one JSON document: jq --raw-input --null-input --from-file ...
# Figures that do not exist are null; ratios beyond 1e100 (something over nothing) are "infinite".

def figure: if . == "" then null else tonumber | if . > 1e100 then "infinite" else . end end;

def words: if . == "" then null else . end;

def cell: {
  verdict: .[6], benchmark: .[4], metric: (.[5] | if . == "-" then null else . end),
  class: (.[7] | words), direction: (.[8] | words),
  old: (.[9] | figure), new: (.[10] | figure),
  ratio: (.[11] | figure), low: (.[12] | figure), high: (.[13] | figure),
  p: (.[14] | figure), q: (.[15] | figure),
  processes_old: (.[16] | figure), processes_new: (.[17] | figure), threshold: (.[18] | figure),
  iterations_old: (.[19] | figure), iterations_new: (.[20] | figure), remark: (.[21] | words)
};

[inputs | split("\t")] |
{
  notes: map(select(.[0] == "note") | .[1]),
  rows: map(select(.[0] == "cell") | cell),
  families: map(select(.[0] == "family")
    | {family: .[1], metric: .[3], rows: (.[4] | tonumber), ratio: (.[5] | figure)}),
  summary: (map(select(.[0] == "summary")
    | {(.[1]): (.[2] | if test("^[-+.0-9e]+$") then tonumber else words end)}) | add)
}
