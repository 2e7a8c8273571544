# Turns recorded rows into series with their change points, for scripts/history. Run as
#
#   awk -v wanted=METRIC,... -f student_t.awk -f outliers.awk -f change_points.awk -f promises.awk \
#     -f history.awk stage=metrics METRICS stage=benchmarks NAMES stage=rows ROWS
#
# METRICS as known_metrics of results.sh prints them. ROWS as from rows.jq, records in order of
# time; the folder of each file names its record. NAMES has the benchmarks to take, one a line;
# wanted the metrics, empty for all noisy and contract ones.
#
# A record is one point, however many processes it has: they share what the machine did that hour,
# so they are no replicates of the commit, and a test that took them for such would find a change
# between any two days. The point of a noisy metric is the median over the processes, each the
# median of its repetitions; of a contract metric the worst observation, since one violation is one
# too many.
#
# What is a contract for a benchmark is not tested but watched: a change is where it broke or was
# kept again. For controls the violations are watched the other way round: none is what breaks. The
# role and the bounds that the newest process of a benchmark declares hold for its whole series.
#
# Prints tab-separated lines, R, P and S being numbers from 1 (- stands for no value):
#   record   R  NAME  UTC  COMMIT  MACHINE  LABEL
#   place    P  DESCRIPTION    what has to be equal for results to be of one series
#   placed   P  R              in order of time
#   series   S  P  BENCHMARK  METRIC  DIRECTION  CLASS
#   point    S  R  VALUE  PROCESSES
#   change   S  R  PREVIOUS_R  VERDICT  BEFORE  AFTER  CHANGE  P_VALUE
#   outlier  S  R  VALUE  LEVEL   a point that takes no part in levels: see outliers.awk
#   gap      P  R  BENCHMARK  REASON   a benchmark with errors, which has no point in that record
#   unknown  METRIC                    neither in metrics.tsv nor described by a file, left out
# CLASS is contract where a bound of the benchmark names the metric, and info for a contract metric
# where the benchmark has no such contract.
# VERDICT is regressed, improved or changed for noisy metrics, broken or repaired for contracts.

BEGIN {
  FS = OFS = "\t"
  WINDOW = 50  # points, as in Hunter
  MIN_MAGNITUDE = 0.05
  any_metric = wanted == ""
  wanted = "," wanted ","
  # What places a result besides machine and server: a context key, its value not worth a word.
  settings = split("server_address private server_mode standalone server_io_threads 1 " \
    "server_options default server_maxmemory_policy noeviction transport - rate 0 " \
    "compute wait compute_ms 0 value_bytes 0 keys 0 key_distribution 0 mix cache op_timeout_ms 5000 seed 1 build_type Release", \
    setting, " ")
}

stage == "metrics" {
  if (FNR == 1) next
  direction[$1] = $3
  class[$1] = $4
  if (any_metric || index(wanted, "," $1 ",")) {
    metric_name[++metric_count] = $1
    is_taken[$1] = 1
  }
  next
}

stage == "benchmarks" { is_selected[$0] = 1; next }

$1 == "context" { place_of[$2] = enter_file($2); next }

$1 == "row" && is_selected[$3] { take_row(place_of[$2], $2, $3, $6, $8, $9) }

# The number of the record that a file belongs to; entering another ends the last one.
function enter_record(file,    parts, count, name, fields) {
  count = split(file, parts, "/")
  name = parts[count - 1]
  if (name == record_name[record_count]) return record_count
  end_record()
  record_name[++record_count] = name
  # UTC, commit, perhaps dirty, and the machine's name, which may have hyphens too.
  split(name, fields, "-")
  record_utc[record_count] = fields[1]
  commit[record_count] = fields[2] (fields[3] == "dirty" ? "-dirty" : "")
  machine[record_count] = substr(name, length(fields[1] commit[record_count]) + 3)
  return record_count
}

# Reads a context line: the number of the place where the file's process ran.
function enter_file(file,    record, i, context, text, place) {
  record = enter_record(file)
  split("", context)
  # Older records could have no other than these.
  context["server_options"] = "default"
  context["value_bytes"] = 0
  context["keys"] = 0
  context["key_distribution"] = 0
  context["mix"] = "cache"
  for (i = 3; i < NF; i += 2) context[$i] = $(i + 1)
  label[record] = context["record_label"]
  text = machine[record] ": " context["server_name"] " " context["server_version"]
  for (i = 1; i < settings; i += 2) {
    if (setting[i] == "transport") text = text ", " context[setting[i]]
    else if (context[setting[i]] != setting[i + 1]) {
      text = text ", " setting[i] " " context[setting[i]]
    }
  }
  text = text ", Google Benchmark " context["google_benchmark_version"]
  if (!(text in place_number)) {
    place_number[text] = ++place_count
    place_text[place_count] = text
  }
  place = place_number[text]
  if (!((place, record) in is_placed)) {
    is_placed[place, record] = 1
    placed[place, ++placed_count[place]] = record
  }
  return place
}

# Keeps the metrics of a row until its record ends.
function take_row(place, file, benchmark, fault, its_role, its_bounds,    i, group, cell) {
  role[place, benchmark] = its_role
  bounds[place, benchmark] = its_bounds
  if (!((place, benchmark) in is_known)) {
    is_known[place, benchmark] = 1
    benchmark_name[place, ++benchmark_count[place]] = benchmark
  }
  if (fault != "") {
    if (!((place, benchmark, record_count) in fault_of)) {
      fault_of[place, benchmark, record_count] = fault
    }
    return
  }
  for (i = 10; i < NF; i += 2) {
    if (!($i in class) && !is_unknown[$i]++) unknown[++unknown_count] = $i
    if (!is_taken[$i]) continue
    group = place SUBSEP benchmark SUBSEP $i
    if (!(group in process_count)) {
      groups[++group_count] = group
      process_count[group] = 0
    }
    cell = group SUBSEP file
    if (!(cell in value_count)) cells[group, ++process_count[group]] = cell
    values[cell, ++value_count[cell]] = $(i + 1) + 0
  }
}

function median(list, count,    i, k, moved) {
  for (i = 2; i <= count; i++) {
    moved = list[i]
    for (k = i - 1; k >= 1 && list[k] > moved; k--) list[k + 1] = list[k]
    list[k + 1] = moved
  }
  return (list[int((count + 1) / 2)] + list[int(count / 2) + 1]) / 2
}

# Keeps what the point of a group is made of: which of it that is, is known with the last record.
function take_point(group,    i, k, cell, within, between, low, high) {
  low = high = values[cells[group, 1], 1]
  for (i = 1; i <= process_count[group]; i++) {
    cell = cells[group, i]
    for (k = 1; k <= value_count[cell]; k++) {
      within[k] = values[cell, k]
      if (within[k] < low) low = within[k]
      if (within[k] > high) high = within[k]
    }
    between[i] = median(within, value_count[cell])
  }
  middle[group, record_count] = median(between, process_count[group])
  least[group, record_count] = low
  most[group, record_count] = high
  processes[group, record_count] = process_count[group]
}

function end_record(    i) {
  for (i = 1; i <= group_count; i++) take_point(groups[i])
  group_count = 0
  split("", process_count)
  split("", value_count)
}

# What a metric is for a benchmark.
function kind_of(p, benchmark, metric) {
  if (is_promised(role[p, benchmark], bounds[p, benchmark], metric, class[metric] "")) {
    return "contract"
  }
  return class[metric] == "contract" ? "info" : class[metric]
}

# Where neither the role nor a bound says what breaks a contract, all that is not whole does.
function is_broken(p, benchmark, metric, value) {
  worst_of(role[p, benchmark], bounds[p, benchmark], metric, direction[metric], value, value)
  if (breach != "" || metric == "violations") return breach != ""
  if (is_bounded(role[p, benchmark], bounds[p, benchmark], metric)) return 0
  return direction[metric] == "higher" ? value < 1 : value > 0
}

function watch_contract(s, p, benchmark, metric, z, at, n,
                        i, verdict, since, before, broken, was_broken) {
  was_broken = 0
  for (i = 1; i <= n; i++) {
    broken = is_broken(p, benchmark, metric, z[i])
    if (broken != was_broken) {
      verdict = broken ? "broken" : "repaired"
      since = i == 1 ? "-" : at[i - 1]
      before = i == 1 ? "-" : number(z[i - 1])
      print "change", s, at[i], since, verdict, before, number(z[i]), "-", "-"
    }
    was_broken = broken
  }
}

function find_changes(s, metric, kind, z, at, n,    found, outliers, count, i, k, last, before,
                      after, verdict) {
  count = find_change_points(z, n, WINDOW, MAX_P, MIN_MAGNITUDE, found, outliers)
  for (i = 1; i <= n; i++) {
    if (i in outliers) print "outlier", s, at[i], number(z[i]), number(outliers[i])
  }
  for (i = 1; i <= count; i++) {
    k = found[i, "at"]
    before = found[i, "before"]
    after = found[i, "after"]
    verdict = (after > before) == (direction[metric] == "higher") ? "improved" : "regressed"
    if (kind == "info") verdict = "changed"
    for (last = k - 1; last in outliers; last--) {}
    print "change", s, at[k], at[last], verdict, number(before), number(after),
      (before == 0 ? "-" : number(after / before - 1)), sprintf("%.3g", found[i, "p"])
  }
}

function number(value) { return sprintf("%.9g", value) }

function print_series(p, benchmark, metric,    group, kind, s, i, n, r, z, at) {
  group = p SUBSEP benchmark SUBSEP metric
  kind = kind_of(p, benchmark, metric)
  if (kind == "info" && any_metric) return
  n = 0
  for (i = 1; i <= placed_count[p]; i++) {
    r = placed[p, i]
    if (!((group, r) in middle) || (p, benchmark, r) in fault_of) continue
    z[++n] = kind != "contract" ? middle[group, r] : \
      worst_of(role[p, benchmark], bounds[p, benchmark], metric, direction[metric], \
        least[group, r], most[group, r])
    at[n] = r
  }
  if (n == 0) return
  s = ++series_count
  print "series", s, p, benchmark, metric, direction[metric], kind
  for (i = 1; i <= n; i++) print "point", s, at[i], number(z[i]), processes[group, at[i]]
  if (kind == "contract") watch_contract(s, p, benchmark, metric, z, at, n)
  else find_changes(s, metric, kind, z, at, n)
}

function print_place(p,    i, b, m, r) {
  print "place", p, place_text[p]
  for (i = 1; i <= placed_count[p]; i++) print "placed", p, placed[p, i]
  for (b = 1; b <= benchmark_count[p]; b++) {
    for (i = 1; i <= placed_count[p]; i++) {
      r = placed[p, i]
      if ((p, benchmark_name[p, b], r) in fault_of) {
        print "gap", p, r, benchmark_name[p, b], fault_of[p, benchmark_name[p, b], r]
      }
    }
    for (m = 1; m <= metric_count; m++) print_series(p, benchmark_name[p, b], metric_name[m])
  }
}

END {
  end_record()
  for (i = 1; i <= record_count; i++) {
    print "record", i, record_name[i], record_utc[i], commit[i], machine[i], label[i]
  }
  for (i = 1; i <= place_count; i++) print_place(i)
  for (i = 1; i <= unknown_count; i++) print "unknown", unknown[i]
}
