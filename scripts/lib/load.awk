# Reads what a comparison is made of, from files that follow an assignment of `table`:
#
#   table=metrics   as known_metrics of results.sh prints them
#   table=floors    BENCHMARK METRIC FLOOR [FLAGGED SPLITS RUNS COMMIT MACHINE], lines with #
#                   aside: the A/A floors; one without a machine holds for all
#   table=sides     SIDE(1|2) FILE BLOCK(1..): which processes each side consists of
#   table=rows      see rows.jq
#
# RCB_FILTER in the environment is an expression for the benchmarks to take, or empty.
# Benchmarks, metrics and files become numbers. A process counts once: series() collapses its
# repetitions to their median. Needs promises.awk.

BEGIN {
  FS = "\t"
  filter = ENVIRON["RCB_FILTER"]
}

table == "metrics" && FNR > 1 {
  unit[$1] = $2
  direction[$1] = $3
  class[$1] = $4
}

table == "floors" && !/^#/ { floor_of[$1, $2, $8] = $3 }

table == "sides" {
  side_files[$1]++
  side_file[$1, side_files[$1]] = id_of("file", $2)
  file_block[id_of("file", $2)] = $3
  if ($3 > blocks) blocks = $3
}

table == "rows" && $1 == "context" {
  file = id_of("file", $2)
  for (i = 3; i < NF; i += 2) {
    context[file, $i] = $(i + 1)
    has_context[file, $i] = 1
  }
}

table == "rows" && $1 == "row" && (filter == "" || $3 ~ filter) { load_row() }

# Numbers the names of a kind from 1 on, in the order of their first use.
function id_of(kind, name) {
  if (!((kind, name) in id_)) {
    id_[kind, name] = ++ids[kind]
    name_of[kind, ids[kind]] = name
  }
  return id_[kind, name]
}

# Of differing texts the first by alphabet: which one it is must not depend on the order of files.
function least_text(old, new) {
  return old == "" || new < old ? new : old
}

function load_row(    file, bench, metric, key, i) {
  file = id_of("file", $2)
  bench = id_of("bench", $3)
  present[file, bench] = 1
  threads[file, bench] = $5
  if ($7 != "") label[file, bench] = $7
  if ($6 ~ /^skipped: /) skip[file, bench] = least_text(skip[file, bench], substr($6, 10))
  else if ($6 != "") error[file, bench] = least_text(error[file, bench], $6)
  role[file, bench] = $8
  bounds[file, bench] = $9
  for (i = 10; i < NF; i += 2) {
    metric = id_of("metric", $i)
    key = file SUBSEP bench SUBSEP metric
    measured[bench, metric] = 1
    if ($i == "iterations") iterations[file, bench] += $(i + 1)
    values[key] = key in values ? values[key] " " $(i + 1) : $(i + 1)
  }
}

# Fills out[1..n] and block[1..n] with the value of each process of a side, and returns n. Sets
# series_least and series_most over all repetitions.
function series(side, bench, metric, out, block,    i, j, n, key, count, text, repetition) {
  series_least = series_most = ""
  for (i = 1; i <= side_files[side]; ++i) {
    key = side_file[side, i] SUBSEP bench SUBSEP metric
    if (!(key in values)) continue
    count = split(values[key], text, " ")
    for (j = 1; j <= count; ++j) {
      repetition[j] = text[j] + 0
      if (series_least == "" || repetition[j] < series_least) series_least = repetition[j]
      if (series_most == "" || repetition[j] > series_most) series_most = repetition[j]
    }
    out[++n] = count == 1 ? repetition[1] : median(repetition, count)
    block[n] = file_block[side_file[side, i]]
  }
  return n + 0
}

function iterations_on(side, bench,    i, sum) {
  for (i = 1; i <= side_files[side]; ++i) sum += iterations[side_file[side, i], bench]
  return sum + 0
}

# How many processes of a side ran a benchmark.
function processes_on(side, bench,    i, count) {
  for (i = 1; i <= side_files[side]; ++i) if ((side_file[side, i], bench) in present) ++count
  return count + 0
}

# The contract as its rows state it, or "".
function label_on(side, bench,    i, text) {
  for (i = 1; i <= side_files[side]; ++i) {
    if ((side_file[side, i], bench) in label) {
      text = least_text(text, label[side_file[side, i], bench])
    }
  }
  return text
}

# What a benchmark of a side is for. Where its processes differ, what promises most counts.
function role_on(side, bench,    i, found, best) {
  if (!((side, bench) in role_on_)) {
    for (i = 1; i <= side_files[side]; ++i) {
      if (!((side_file[side, i], bench) in present)) continue
      found = role[side_file[side, i], bench]
      if (found == "safe" || best == "" || found == "control" && best != "safe") best = found
    }
    role_on_[side, bench] = best
  }
  return role_on_[side, bench]
}

# The bounds of a benchmark of a side, sorted, with semicolons: all that any of its processes has.
function bounds_on(side, bench,    i, j, k, n, count, part, seen, sorted, joined) {
  if (!((side, bench) in bounds_on_)) {
    for (i = 1; i <= side_files[side]; ++i) {
      if (!((side_file[side, i], bench) in present)) continue
      count = split(bounds[side_file[side, i], bench], part, ";")
      for (j = 1; j <= count; ++j) {
        if (part[j] in seen) continue
        seen[part[j]] = 1
        for (k = ++n; k > 1 && sorted[k - 1] > part[j]; --k) sorted[k] = sorted[k - 1]
        sorted[k] = part[j]
      }
    }
    for (i = 1; i <= n; ++i) joined = joined (i > 1 ? ";" : "") sorted[i]
    bounds_on_[side, bench] = joined
  }
  return bounds_on_[side, bench]
}

# Whether a metric is a contract for a benchmark of a side: no statistics, its worst counts.
function is_contract(side, bench, name) {
  return is_promised(role_on(side, bench), bounds_on(side, bench), name, class[name] "")
}

# Whether a process of a side has no results: an error, or skipped.
function is_errored(side, bench,    i) {
  for (i = 1; i <= side_files[side]; ++i) {
    if (is_void(side_file[side, i], bench)) return 1
  }
  return 0
}

function is_void(file, bench) { return (file, bench) in error || (file, bench) in skip }

# How many processes of a side skipped a benchmark; sets skip_reason.
function skipped_on(side, bench,    i, count) {
  skip_reason = ""
  for (i = 1; i <= side_files[side]; ++i) {
    if (!((side_file[side, i], bench) in skip)) continue
    ++count
    skip_reason = least_text(skip_reason, skip[side_file[side, i], bench])
  }
  return count + 0
}

# unsafe, locking or lockfree; "" for a name without. Only for pairs of names: what a benchmark is
# for, its role says.
function discipline_of(name,    part) {
  split(name, part, "/")
  return part[2] ~ /^(unsafe|locking|lockfree)$/ ? part[2] : ""
}
