# The knees of scripts/knee (slurped) as a table of Markdown. Argument: factor.

def rate: if . >= 1e6 then "\(. / 1e4 | round / 100)M" elif . >= 1000 then "\(. / 100 | round / 10)k"
  elif . >= 10 then round | tostring else . * 100 | round / 100 | tostring end;

def name: sub("/real_time"; "") | sub("/threads:1$"; "") | sub("/iterations:[0-9]+"; "");

[.[] | ([.levels[] | "\(.metric)\(.sign)\(.bound)"] | join(", ")) as $levels | .knees[] |
  select(.knee_per_second != null) + {$levels}] |
if . == [] then "Not known: see what is missing."
else
  "Plan for no more than the knee divided by \($factor), so that a peak does not reach it:", "",
  "| variant | level | holds, per second | plan for | what ends it |", "|---|---|---|---|---|",
  (.[] | "| `\(.benchmark | name)` | \(.levels) | \(.knee_per_second | rate)" +
    (if .interval[1] then " (at \(.interval[1] | rate) no more)" else " and more" end) +
    " | **\(.knee_per_second / $factor | rate)** | " +
    (if .broken then "**it broke its contract: do not use it**"
     elif .limit == "client" then "the client that measured; the server may hold more"
     else .why // "nothing that was tried" end) + " |"),
  "", "From \(map("\(.points | length) runs of `\(.benchmark | name)`") | join(", "))."
end
