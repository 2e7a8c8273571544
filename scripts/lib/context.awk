# Whether two sides may be compared by what their context says of them, after load.awk. Setting:
# across, groups of keys that may differ, with commas; or all.

function note(text) {
  print "note", text
}

# A machine is its processors, memory and kernel: containers on equal machines have different names.
function define_groups() {
  group_keys["machine"] = "num_cpus cpu_model caches memory_gib kernel"
  group_keys["server"] = "server_name server_version server_mode server_maxmemory_policy " \
      "server_io_threads server_options server_is_private server_address transport"
  group_keys["library"] = "google_benchmark_version library_version hiredis_version " \
      "libuv_version library_build_type"
  group_keys["build"] = "build_type compiler"
  group_keys["load"] = "rate compute compute_ms value_bytes keys key_distribution mix op_timeout_ms"
  group_count = split("machine server library build load", group_names, " ")
}

# The values of a key on a side, sorted, with commas. A file without the key says nothing.
function context_values(side, key,    i, j, n, texts, seen, value, joined) {
  for (i = 1; i <= side_files[side]; ++i) {
    if (!((side_file[side, i], key) in has_context)) continue
    value = context[side_file[side, i], key]
    if (value in seen) continue
    seen[value] = 1
    for (j = ++n; j > 1 && texts[j - 1] > value; --j) texts[j] = texts[j - 1]
    texts[j] = value
  }
  for (i = 1; i <= n; ++i) joined = joined (i > 1 ? ", " : "") texts[i]
  return joined
}

# Sets incomparable where the two sides, or the processes of one, differ in what must be equal.
function check_context(    g, k, keys, count, old, new) {
  if (context_values(1, "foreign") != "") {
    note("not of this suite: real_time, cpu_time, items_per_second and bytes_per_second are judged, " \
         "other counters only shown; there are no roles and no contracts")
  }
  define_groups()
  for (g = 1; g <= group_count; ++g) {
    count = split(group_keys[group_names[g]], keys, " ")
    for (k = 1; k <= count; ++k) {
      old = context_values(1, keys[k])
      new = context_values(2, keys[k])
      if (old == "" || new == "" || !differs(keys[k])) continue
      if (index("," across ",", "," group_names[g] ",") || across == "all") {
        note(group_names[g] " differs, as allowed: " keys[k] " " old " against " new)
      } else {
        incomparable = 1
        note("incomparable: " keys[k] " is " old " against " new \
             "; --across " group_names[g] " compares all the same")
      }
    }
  }
  if (mode != "commits") return
  old = context_values(1, "host_name")
  new = context_values(2, "host_name")
  if (old != new && !incomparable) note("host " old " against " new)
  old = context_values(1, "commit")
  new = context_values(2, "commit")
  if (old != "" || new != "") note("commit " old " against " new)
}

# Between the sides or among the processes of one.
function differs(key,    side, i, value, seen, count) {
  for (side = 1; side <= 2; ++side) {
    for (i = 1; i <= side_files[side]; ++i) {
      if (!((side_file[side, i], key) in has_context)) continue
      value = context[side_file[side, i], key]
      if (!(value in seen)) ++count
      seen[value] = 1
    }
  }
  return count > 1
}
