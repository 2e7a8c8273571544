# What results mean, of the lines of rows.jq, as the JSON document that scripts/README.md describes:
#
#   jq --raw-input --null-input --argjson margin PERCENT --from-file answers.jq ROWS
#
# Knows no family: what a row is for, its role says, and its arguments its name.

def unescaped:
  if contains("\\") then gsub("\\\\(?<c>.)"; {"t": "\t", "n": "\n", "r": "\r"}[.c] // .c) else . end;

def fields: split("\t") | map(unescaped);

def median: sort | length as $n |
  if $n % 2 == 1 then .[($n - 1) / 2] else (.[$n / 2 - 1] + .[$n / 2]) / 2 end;

def pairs_from($from): . as $field |
  [range($from; length - 1; 2) | {key: $field[.], value: $field[. + 1]}] | from_entries;

# --- Names

# {family, discipline, variant, workers, threads, arguments}; what tells nothing of the load is left
# out of the arguments.
def parsed_name: split("/") as $part |
  ([$part[3:][] | select(contains(":")) | split(":") | {key: .[0], value: .[1]}] | from_entries)
    as $argument |
  {family: $part[0], discipline: ($part[1] // ""), variant: ($part[2] // ""),
   workers: ($argument.workers // null | if . then tonumber else null end),
   threads: ($argument.threads // "1" | tonumber),
   arguments: ($argument | del(.workers, .threads, .iterations, .repeats))};

# Disciplines of locking are answers to one question; a family's own set asks one each.
def question: if IN("locking", "lockfree", "unsafe") then "" else . end;

def in_words: to_entries | map("\(.key) \(.value)") | join(", ");

# --- Numbers for people

def rounded($digits): . * pow(10; $digits) | round / pow(10; $digits);

def significant: if . >= 100 then round elif . >= 10 then rounded(1) else rounded(2) end | tostring;

def shown($metric):
  if $metric == "p95_us" then
    if . >= 1e6 then "\(. / 1e6 | significant) s" elif . >= 1000 then "\(. / 1000 | significant) ms"
    else "\(significant) us" end
  elif $metric == "hit_ratio" then "\(. * 100 | significant) % hits"
  elif . >= 1e6 then "\(. / 1e6 | significant) M/s"
  elif . >= 1000 then "\(. / 1000 | significant) k/s"
  else "\(significant) /s" end;

def list: if length < 2 then join("") else "\(.[:-1] | join(", ")) and \(.[-1])" end;

def plural($one; $many): "\(.) \(if . == 1 then $one else $many end)";

# --- Benchmarks: the rows of one name

# Why a benchmark has no figures to answer with, or null.
def left_out($processes): . as $rows |
  first((.[] | select(.error != "") | .error), null) as $error |
  if any(.[]; .verdict == "BROKEN") then
    {reason: "broken", detail: "it broke its contract: \(map(.metrics.violations // 0) | max |
      if . > 0 then plural("violation"; "violations") else "see its verdict" end)"}
  elif $error then
    {reason: ($error | if startswith("void: ") then "void" elif startswith("skipped: ") then "skipped"
      elif startswith("overloaded") then "overloaded" else "errors" end), detail: $error}
  elif map(.file) | unique | length < $processes then
    {reason: "missing", detail: "it is missing from \($processes - (map(.file) | unique | length)) of
      \($processes) files" | gsub("\n *"; " ")}
  else null end;

def worst_verdict: map(.verdict) | . as $verdicts |
  first(("BROKEN", "error", "void", "not caught", "overloaded", "not provable here", "caught", "ok") |
    select(. as $verdict | $verdicts | index($verdict))) // "unknown";

def benchmark($processes): . as $rows | .[0] as $first | $first.name_parts + {
  benchmark: $first.name, role: $first.role, promise: $first.promise, verdict: worst_verdict,
  left_out: left_out($processes),
  # Where hits are what is measured, their bound is, too.
  values: ([.[].metrics | if has("hit_efficiency") then . else del(.hit_ratio) end | to_entries[] |
    select(.key | IN("p95_us", "items_per_second", "hit_ratio"))]
    | group_by(.key) | map({key: .[0].key, value: map(.value)}) | from_entries),
  client_cpu: ([.[].metrics.client_cpu // empty] | if . == [] then null else median end)};

def entry($metric): . as $row | .values[$metric] as $values |
  {benchmark, variant: .shown_variant, discipline, promise, value: ($values | median),
   shown: ($values | median | shown($metric)),
   low: ($values | min), high: ($values | max), observations: ($values | length),
   client_limited: ((.client_cpu // 0) > 0.9)};

# --- What is better, and what is a tie

def is_higher($metric): $metric != "p95_us";

# From how many observations on the ranges alone decide: with fewer, ranges of the same thing often
# do not overlap by chance.
def enough: 4;

# A share has no factor between two of it that tells much near 1: of what is missed the factor counts.
def factor($metric; $a; $b): ([$a, $b] | max) as $more | ([$a, $b] | min) as $less |
  (if $metric == "hit_ratio" then [1 - $less, 1 - $more] else [$more, $less] end) as [$above, $below] |
  if $above == $below then 1 elif $below <= 0 then null else $above / $below end;

# Up to which factor that is a tie where there are few observations. Hits vary less than times.
def limit($metric): if $metric == "hit_ratio" then 1.05 else 1 + $margin / 100 end;

# How a tie between two entries is decided, "" where there is none.
def tie($metric; $a; $b): factor($metric; $a.value; $b.value) as $factor |
  if $a.low <= $b.high and $b.low <= $a.high then
    if $a.observations > 1 or $b.observations > 1 or $factor == 1 then "overlap" else "" end
  else "" end |
  if . == "" and ([$a.observations, $b.observations] | min) < enough and $factor != null and
    $factor < limit($metric) then "margin" else . end;

def ranked($metric): map(select(.values[$metric])) | map(entry($metric)) |
  sort_by(.benchmark) | sort_by(if is_higher($metric) then -.value else .value end);

# The best of them with those that noise does not tell from it; null where nothing has the metric.
def fastest($metric): ranked($metric) | if . == [] then null else
  .[0] as $best | {best: $best,
    tied: [.[1:][] | tie($metric; $best; .) as $tie | select($tie != "") | . + {tie: $tie}],
    next: first((.[1:][] | select(tie($metric; $best; .) == "")), null)} end;

def best_of($discipline; $metric): map(select(.discipline == $discipline)) | ranked($metric)[0] // null;

def difference($metric): best_of("locking"; $metric) as $locking |
  best_of("lockfree"; $metric) as $lockfree |
  if $locking and $lockfree then
    {locking: $locking, lockfree: $lockfree,
     factor: factor($metric; $locking.value; $lockfree.value),
     better: (if $locking.value == $lockfree.value then null
       elif ($locking.value > $lockfree.value) == is_higher($metric) then "locking" else "lockfree" end),
     tie: (tie($metric; $locking; $lockfree) | if . == "" then null else . end)}
  else null end;

# --- Sentences

def with_value($metric): "\(.variant) (\(.value | shown($metric)))";

def noise($metric; $entries): ($entries | map(.observations) | min) as $least |
  "less than \(limit($metric)) times \(if $metric == "hit_ratio" then "the misses" else "apart" end)"
    as $near |
  if $least >= enough then "a tie is where their \($least) or more runs overlap"
  elif ($entries | map(.observations) | max) == 1 then "of one run each, \($near) is a tie"
  else "of few runs, a tie is where they overlap or are \($near)" end;

# What stands with the best, and by which rule that is a tie.
def pick_words($metric; $words; $entries): . as $pick | [.best, .tied[]] as $all |
  (if ($entries | length) == 1 then "\($words): \(.best | with_value($metric)), the only one"
   elif ($all | length) == ($entries | length) then
     "\($words): \(if ($all | length) == 2 then "both" else "all \($all | length)" end) are within " +
       "noise of each other, from " +
       "\($all[0] | with_value($metric)) to \($all[-1] | with_value($metric))"
   else "\($words): \(.best | with_value($metric))" +
     if .tied == [] then ", and nothing comes near"
     else "; within noise of it \(.tied | map(with_value($metric)) | list)" end
   end);

def times
: if . < 10 then rounded(1) else round end | tostring;

def how_far($metric): if .tie then if $metric == "p95_us" then "they are within noise of each other in p95"
    else "within noise of each other in operations per second" end
  elif .factor == null then "\(.better) is ahead"
  else (.factor | times) as $times |
    (if .better == "lockfree" then "lock-free" else "locking" end) +
    if $metric == "p95_us" then "'s p95 is \($times) times shorter"
    else " does \($times) times as many operations per second" end end;

def locking_sentence: .difference.p95_us as $p95 | .difference.items_per_second as $rate |
  if .discipline != "" then empty
  elif $p95 == null and $rate == null then
    "no safe \(if .best_locking then "lock-free" else "locking" end) variant to compare with"
  else
    (if $p95 then $p95 + {metric: "p95_us"} else $rate + {metric: "items_per_second"} end) as $first |
    "best locking is \($first.metric as $metric | $first.locking | with_value($metric)), best lock-free " +
    "\($first.metric as $metric | $first.lockfree | with_value($metric)): " +
    ([($p95 // empty | how_far("p95_us")),
      ($rate // empty | how_far("items_per_second") +
        if $p95 and ([.locking, .lockfree] | map(.benchmark)) !=
          ([$p95.locking, $p95.lockfree] | map(.benchmark)) then
          " (\(.locking.variant) against \(.lockfree.variant))" else "" end)] | join("; "))
  end;

# What the fastest promise, which is what a user gets for the time.
def promise_sentence: .fastest.p95_us // .fastest.items_per_second // empty |
  [.best, .tied[] | select(.promise != "")] | group_by(.promise) | sort_by(-length) |
  if length == 0 then empty
  elif length == 1 then "promised: \(.[0][0].promise)"
  else "promised: \(map("\(.[0].promise) (\(map(.variant) | list))") | join("; "))" end;

def reasons
: {errors: "had errors", void: "is void: the server lost data", skipped: "was skipped",
  overloaded: "was overloaded: it could not keep up with the rate asked for",
  broken: "broke its contract", missing: "did not run in every file"};

def sentences: . as $group |
  ([(["p95_us", "fastest by p95"], ["items_per_second", "most operations per second"],
     ["hit_ratio", "most hits"]) as [$metric, $words] |
    $group.fastest[$metric] // empty | pick_words($metric; $words; $group.entries[$metric]) as $text |
    {$text, noise: (if ($group.entries[$metric] | length) < 2 then ""
      else noise($metric; $group.entries[$metric]) end)}] |
   foreach .[] as $line ({said: ""}; {said: $line.noise, text: ($line.text +
     if $line.noise == "" or $line.noise == .said then "" else " (\($line.noise))" end)}; .text)),
  (if .rate then "all were asked for \(.rate) operations per second, so that is no measure of them"
   else empty end),
  locking_sentence, promise_sentence,
  (([.fastest[] | values | .best, .tied[]] | map(select(.client_limited).variant) | unique) as $limited |
   if $limited == [] then empty
   else "the client was busy all the time with \($limited | list), so a faster client may see more" end),
  (if .left_out == [] then empty else
    "left out: " + (.left_out | group_by(.reason) | map("\(map(.variant) | list) " +
      "(\(.[0].reason as $reason | reasons[$reason]))") | join("; ")) end),
  (.controls | map(select(.verdict == "not caught").variant) |
   if . == [] then empty else "not proven: \(list) had to break the contract and did not" end);

# --- Groups

def entries($metric): map(select(.values[$metric])) | map(entry($metric));

def shared_arguments: map(.arguments | keys) | if . == [] then [] else
  .[0] - (.[0] - (reduce .[1:][] as $other (.[0]; . - (. - $other)))) end;

def group($rate): . as $rows | .[0] as $first |
  (map(select(.role == "safe" and .left_out == null))) as $good |
  ($rate | if . > 0 then ["p95_us", "hit_ratio"] else ["p95_us", "items_per_second", "hit_ratio"] end)
    as $metrics |
  {family: $first.family, discipline: $first.asks, workers: $first.workers,
   threads: $first.threads, arguments: $first.load, rate: (if $rate > 0 then $rate else null end)} |
  .title = ([.family + (if .discipline == "" then "" else " \(.discipline)" end),
    (.workers // empty | plural("worker"; "workers")),
    (if .threads > 1 then "\(.threads) threads" else empty end),
    (.arguments | in_words | select(. != ""))] | join(", ")) |
  .fastest = ([$metrics[] as $metric | {key: $metric, value: ($good | fastest($metric))}] | from_entries) |
  .entries = ([$metrics[] as $metric | {key: $metric, value: ($good | entries($metric))}] | from_entries) |
  .best_locking = ($good | best_of("locking"; "p95_us") // best_of("locking"; "items_per_second")) |
  .best_lockfree = ($good | best_of("lockfree"; "p95_us") // best_of("lockfree"; "items_per_second")) |
  .difference = ([$metrics[] as $metric | {key: $metric, value: ($good | difference($metric))}] |
    from_entries) |
  .left_out = [$rows[] | select(.role == "safe" and .left_out) |
    {benchmark, variant: .shown_variant, discipline} + .left_out] |
  .controls = [$rows[] | select(.role == "control") |
    {benchmark, variant: .shown_variant, verdict}] |
  if $good == [] then .text = ["no safe variant has results", (sentences | select(startswith("left out")))]
  else .text = [sentences] end | del(.entries);

# Of all rows of a family: which arguments are the load, which every safe variant has, and which are a
# variant's own and belong to its name.
def labelled: (map(select(.role == "safe")) | shared_arguments) as $shared |
  map((.arguments | with_entries(select(.key as $key | $shared | index($key)))) as $load |
    (.arguments | with_entries(select(.key as $key | $shared | index($key) | not))) as $own |
    . + {$load, asks: (.discipline | question),
      shown_variant: ("\(.discipline)/\(.variant)" +
        if $own == {} then "" else " with \($own | in_words)" end)});

# A control takes part in the question whose workers it shares, whatever its own load is.
def groups($rate): . as $rows | map(select(.role == "safe")) |
  group_by([.asks, .workers, .threads, .load]) | map(.[0] as $first |
    . + [$rows[] | select(.role == "control" and .workers == $first.workers and
      .threads == $first.threads)] | group($rate)) | sort_by(.workers, .threads);

def verdict: {
  safe: map(select(.role == "safe").benchmark) | length,
  broken: map(select(.verdict == "BROKEN").benchmark),
  controls: map(select(.role == "control")) | length,
  caught: map(select(.verdict == "caught")) | length,
  not_caught: map(select(.verdict == "not caught").benchmark),
  not_provable: map(select(.verdict == "not provable here").benchmark),
  no_result: map(select(.left_out and .left_out.reason != "broken").benchmark)} |
  .ok = (.broken == [] and .not_caught == [] and .no_result == []) |
  .text = ([
    (if .safe == 0 then "nothing here promises to be safe"
     elif .broken == [] then "all \(.safe | plural("safe row"; "safe rows")) kept the contract"
     else "\(.broken | length) of \(.safe | plural("safe row"; "safe rows")) broke the contract: " +
       (.broken | list) end),
    (if .controls == 0 then empty else
      "\(.caught) of \(.controls | plural("control"; "controls")) caught, which are wrong on purpose" end),
    (if .not_caught == [] then empty else "not caught: \(.not_caught | list)" end),
    (if .no_result == [] then empty else "without a result: \(.no_result | list)" end)] | join("; "));

[inputs | fields] as $lines |
($lines | map(select(.[0] == "context") | pairs_from(2))) as $contexts |
($lines | map(select(.[0] == "verdict") | {key: (.[1:4] | tojson), value: .[4]}) | from_entries)
  as $verdicts |
($contexts | map(.rate // "0" | tonumber) | max // 0) as $rate |
["rate", "cpu_model", "num_cpus", "server_name", "server_version", "transport", "commit"] as $keys |
[$lines[] | select(.[0] == "row") |
  {file: .[1], name: .[2], error: .[5], promise: .[6], role: .[7],
   verdict: ($verdicts[.[1:4] | tojson] // ""),
   name_parts: (.[2] | parsed_name), metrics: (pairs_from(9) | map_values(tonumber))} |
  if .verdict == "" and .role == "safe" and (.metrics.violations // 0) > 0 then .verdict = "BROKEN"
  elif .verdict == "" and .role == "control" then
    .verdict = if (.metrics.violations // 0) > 0 then "caught" else "not caught" end
  elif .verdict == "" then .verdict = if .error == "" then "ok" else "error" end
  else . end] as $rows |
($contexts | length) as $processes |
(reduce $rows[].name_parts.family as $family ({order: [], seen: {}};
  if .seen[$family] then . else .seen[$family] = true | .order += [$family] end) | .order) as $families |
([$rows | group_by(.name)[] | benchmark($processes)] | group_by(.family) | map(labelled)) as $by_family |
def known($key): $contexts | map(.[$key] // empty) | unique | join(" and ");
{schema_version: 1, files: $processes, margin_percent: $margin,
 source: ("\(if $processes == 1 then "One process" else "Medians of \($processes) processes" end), " +
   "\(known("server_name")) \(known("server_version")), commit \(known("commit"))"),
 verdict: ([$by_family[][]] | verdict),
 notes: [($keys[] as $key | ($contexts | map(.[$key] // empty) | unique) | select(length > 1) |
   "the files differ in \($key): \(join(" and "))"),
   ($contexts | map(.left_out // empty) | unique[])],
 groups: [$families[] as $family | $by_family[] | select(.[0].family == $family) | groups($rate)[]],
 without_answer: [$families[] as $family | $by_family[] | select(.[0].family == $family) |
   select(all(.[]; .role != "safe")) | {family: $family,
     reason: "none of its rows promises to be safe"}]}
