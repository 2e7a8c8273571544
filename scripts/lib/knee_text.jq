# The JSON of scripts/knee for people.

def significant: if . >= 100 then round elif . >= 10 then . * 10 | round / 10 else . * 100 | round / 100 end |
  tostring;

def rate: if . == null then "-" elif . >= 1e6 then "\(. / 1e6 | significant)M"
  elif . >= 1000 then "\(. / 1000 | significant)k" else significant end;

def time: if . == null then "-" elif . >= 1e6 then "\(. / 1e6 | significant)s"
  elif . >= 1000 then "\(. / 1000 | significant)ms" else "\(significant)us" end;

def share: if . == null then "-" else "\(. * 100 | round)%" end;

def left($width): tostring | if length >= $width then . else " " * ($width - length) + . end;

def limit: if .limit == "client" then
    "the client was the limit, busy for over 90 % of the time: with --threads=2 the server may hold more"
  elif .limit == "server" then "the client was not the limit"
  else "no rate was too high" end;

([.levels[] | "\(.metric)\(.sign)\(.bound)"] | join(", ")) as $levels |
.knees[] | (.benchmark | sub("/real_time"; "") | sub("/threads:1$"; "") | sub("/iterations:[0-9]+"; "")) as $name |
(if .knee_per_second == null then
  "\($name) holds no rate: not even \(.interval[1] | rate) /s, where it was \(.why)"
 elif .interval[1] == null then
  "\($name) holds \(.knee_per_second | rate) /s and more with \($levels): \(limit)"
 else
  "\($name) holds \(.knee_per_second | rate) /s with \($levels); at \(.interval[1] | rate) /s: \(.why). " +
    "\(limit | .[:1] | ascii_upcase)\(limit | .[1:])."
 end),
(if .broken then "  BROKEN: the contract was violated, as the points tell" else empty end),
"      rate  achieved       p50       p95       p99   dropped  client  result",
(.points[] | (.rate | rate | left(10)) + (.achieved_per_second | rate | left(10)) + (.p50_us | time | left(10)) +
  (.p95_us | time | left(10)) + (.p99_us | time | left(10)) + (.dropped // "-" | left(10)) +
  (.client_cpu | share | left(8)) + "  " + (if .holds then "held" else .why end))
