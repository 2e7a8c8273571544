# How much memory a hit ratio takes, and how large a pool a wait: the answer of scripts/size, or one
# line that says what is wrong, with status 2. After popularity.awk; reads rows as rows.jq writes
# them. Settings: the options of scripts/size, empty where they were not given.

BEGIN {
  FS = "\t"
  MIB = 1048576
  # A key of Redis 7: its entry in the table and the table's slot, the object of the value, and the
  # headers and the rounding of two strings.
  OVERHEAD = 24 + 8 + 16 + 24
  EMPTY = 2 * MIB  # a server without keys and clients
}

$1 == "row" && $6 == "" { take_row($3, $8) }

END {
  if (wait_us != "" && variant_count == 0) {
    print "no file has rows of Pool with wait_p95_us; scripts/bench --benchmark_filter=Pool " \
      "--benchmark_out=FILE makes one"
    exit 2
  }
  if (hit_ratio != "") answer_memory()
  if (wait_us != "") {
    if (hit_ratio != "") print ""
    answer_pool()
  }
}

function take_row(name, role,    i, parts, policy) {
  if (split(name, parts, "/") < 4) return
  if (parts[1] == "Pool" && role != "control" && name ~ /\/pool:[0-9]+/) {
    for (i = 10; i < NF; i += 2) if ($i == "wait_p95_us") take_wait(name, $(i + 1))
  }
  if (parts[1] != "Eviction" || parts[2] != "policy" || role != "safe") return
  policy = parts[3]
  if (!(policy in seen_policy)) {
    seen_policy[policy] = 1
    policies[++policy_count] = policy
  }
  for (i = 10; i < NF; i += 2) keep(policy SUBSEP $i, $(i + 1))
}

function keep(key, value) {
  samples[key] = key in samples ? samples[key] " " value : value
}

# The median of what was kept; empty where nothing was.
function median(key,    n, list, i, j, value) {
  if (!(key in samples)) return ""
  n = split(samples[key], list, " ")
  for (i = 2; i <= n; ++i) {
    value = list[i]
    for (j = i; j > 1 && list[j - 1] + 0 > value + 0; --j) list[j] = list[j - 1]
    list[j] = value
  }
  return n % 2 ? list[(n + 1) / 2] + 0 : (list[n / 2] + list[n / 2 + 1]) / 2
}

# What theory a policy is measured against.
function theory_of(policy) {
  if (policy ~ /lru$/) return "lru"
  return policy ~ /lfu$/ ? "bound" : "random"
}

function line(name, held, bytes, note,    data, limit, whole) {
  data = held * bytes
  limit = data + clients * client_bytes + EMPTY
  whole = limit * fragmentation
  printf "%-28s %12.0f %7.1f%% %12.1f %12.1f %12.1f  %s\n", name, held, 100 * held / keys,
    data / MIB, limit / MIB, whole / MIB, note
}

# The bytes of a key that rows measured besides its value; empty where there are none.
function measured_overhead(    i, sum, n, bytes, value) {
  for (i = 1; i <= policy_count; ++i) {
    bytes = median(policies[i] SUBSEP "bytes_per_key")
    value = median(policies[i] SUBSEP "value_bytes_per_key")
    # A volatile policy keeps a time to live for each key; the others are told.
    if (bytes == "" || value == "" || policies[i] ~ /^volatile/) continue
    sum += bytes - value
    ++n
  }
  return n ? sum / n : ""
}

function answer_memory(    bytes, measured, overhead) {
  define_popularity(zipf, keys)
  bytes = value_bytes + key_bytes + OVERHEAD
  printf "a hit ratio of %s over %.0f keys by Zipf's law (exponent %s), values of %s bytes\n",
    hit_ratio, keys, zipf, value_bytes
  printf "%.0f bytes a key by theory: the value, a name of %s bytes, and %d besides\n", bytes,
    key_bytes, OVERHEAD
  overhead = measured_overhead()
  measured = overhead == "" ? bytes : value_bytes + overhead
  if (overhead != "") {
    printf "%.0f bytes a key as measured: the value and %.0f bytes besides\n", measured, overhead
  }
  printf "clients' buffers: %s times %s bytes; fragmentation %s\n\n", clients, client_bytes,
    fragmentation
  printf "%-28s %12s %8s %12s %12s %12s  %s\n", "policy", "keys held", "share", "data MiB",
    "maxmemory", "machine", "why"
  line("bound", held_for("bound", hit_ratio), bytes, "theory: the most popular keys are held")
  line("lru", held_for("lru", hit_ratio), bytes, "theory: Che")
  line("random, fifo", held_for("random", hit_ratio), bytes, "theory: Gelenbe")
  answer_measured(measured)
}

# What a policy was measured to serve, over what theory says of as many keys, is asked of the theory
# of the question too.
function answer_measured(bytes,    i, policy, theory, hits, predicted, wanted) {
  for (i = 1; i <= policy_count; ++i) {
    policy = policies[i]
    theory = theory_of(policy)
    hits = median(policy SUBSEP "hit_ratio")
    predicted = median(policy SUBSEP "hit_ratio_" theory)
    if (hits == "" || predicted == "" || hits + 0 <= 0 || predicted + 0 <= 0) continue
    wanted = hit_ratio * predicted / hits
    if (wanted >= 1) {
      printf "%-28s %12s %8s %12s %12s %12s  %s\n", policy, "all", "-", "-", "-", "-",
        "measured: it served too little to say"
    } else {
      line(policy, held_for(theory, wanted), bytes,
           sprintf("measured: %.1f %% where theory (%s) gives %.1f %%", 100 * hits, theory,
                   100 * predicted))
    }
  }
}

function take_wait(name, value,    pool, variant) {
  match(name, /\/pool:[0-9]+/)
  pool = substr(name, RSTART + 6, RLENGTH - 6) + 0
  variant = substr(name, 1, RSTART - 1) substr(name, RSTART + RLENGTH)
  sub("/real_time", "", variant)
  sub("/threads:1$", "", variant)
  if (!(variant in seen_variant)) {
    seen_variant[variant] = 1
    variants[++variant_count] = variant
  }
  if (!((variant, pool) in seen_pool)) {
    seen_pool[variant, pool] = 1
    pools[variant] = pools[variant] " " pool
  }
  keep(variant SUBSEP pool SUBSEP "wait", value)
}

# The smallest pool of each variant that keeps the wait.
function answer_pool(    i, j, n, list, wait, best, best_wait, largest, largest_wait) {
  printf "the smallest pool where 95 %% of the operations wait for %s us or less\n\n", wait_us
  printf "%-48s %8s %14s\n", "benchmark", "pool", "wait p95"
  for (i = 1; i <= variant_count; ++i) {
    n = split(pools[variants[i]], list, " ")
    best = largest = 0
    for (j = 1; j <= n; ++j) {
      wait = median(variants[i] SUBSEP list[j] SUBSEP "wait")
      if (list[j] + 0 > largest) {
        largest = list[j] + 0
        largest_wait = wait
      }
      if (wait <= wait_us + 0 && (best == 0 || list[j] + 0 < best)) {
        best = list[j] + 0
        best_wait = wait
      }
    }
    if (best > 0) printf "%-48s %8d %11.1f us\n", variants[i], best, best_wait
    else printf "%-48s %8s %11.1f us  with %d, the largest measured\n", variants[i], "none",
      largest_wait, largest
  }
}
