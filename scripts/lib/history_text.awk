# Shows what history.awk prints to a reader: per place its changes, oldest first, and a line with a
# sparkline for each series. For scripts/history.
#
#   awk -v unicode=1 -v show_all=0 -f history_text.awk
#
# unicode: block characters, otherwise digits from 1, low, to 8, high. show_all: also the series of
# contracts that were never broken.

BEGIN {
  FS = "\t"
  WIDTH = 50  # records in a sparkline
  # A range below this part of the middle fills only part of the height: noise should look small.
  FULL_HEIGHT = 0.1
  split(unicode ? "▁ ▂ ▃ ▄ ▅ ▆ ▇ █" : "1 2 3 4 5 6 7 8", bars, " ")
}

$1 == "record" { utc[$2] = $4; commit[$2] = $5 }
$1 == "place" { place[++place_count] = $3 }
$1 == "placed" { placed[$2, ++placed_count[$2]] = $3 }
$1 == "series" {
  series_count = $2
  place_of[$2] = $3
  benchmark[$2] = $4
  metric[$2] = $5
  class[$2] = $7
}
$1 == "point" { point[$2, $3] = $4; last[$2] = $4 }
$1 == "gap" { gaps[$2, ++gap_count[$2]] = $0; is_gap[$2, $4, $3] = 1 }
$1 == "change" {
  changes[place_of[$2], $3, ++change_count[place_of[$2], $3]] = $0
  verdicts[$5]++
  has_change[$2] = 1
}
$1 == "outlier" {
  is_outlier[$2, $3] = 1
  outliers[place_of[$2], $3, ++outlier_count[place_of[$2], $3]] = $0
  all_outliers++
}
$1 == "unknown" { unknown = unknown (unknown == "" ? "" : ", ") $2 }

function time_of(r,    date) {
  date = substr(utc[r], 1, 4) "-" substr(utc[r], 5, 2) "-" substr(utc[r], 7, 2)
  return date " " substr(utc[r], 10, 2) ":" substr(utc[r], 12, 2)
}

function plural(count, word) { return count " " word (count == 1 ? "" : "s") }

# A name without what is the same for almost every benchmark.
function short_name(name) {
  sub(/\/real_time/, "", name)
  sub(/\/threads:1$/, "", name)
  return name
}

# Four digits that matter.
function short_number(value) {
  if (value >= 1e6) return sprintf("%.4gM", value / 1e6)
  if (value >= 1e4) return sprintf("%.4gk", value / 1e3)
  return sprintf("%.4g", value)
}

function print_change(line,    field, size) {
  split(line, field, "\t")
  size = field[6] == "-" ? "" : short_number(field[6]) " -> "
  size = size short_number(field[7])
  if (field[8] != "-") size = size sprintf(", %+.1f %%", 100 * field[8])
  if (field[9] != "-") size = size ", p " field[9]
  printf "  %s  %-26s  %-9s %s %s: %s\n", time_of(field[3]),
    (field[4] == "-" ? "" : commit[field[4]]) ".." commit[field[3]], field[5],
    short_name(benchmark[field[2]]), metric[field[2]], size
}

function print_changes(p,    i, k, r, any) {
  for (i = 1; i <= placed_count[p]; i++) {
    r = placed[p, i]
    for (k = 1; k <= change_count[p, r]; k++) {
      if (!any++) print "\n\nchanges, oldest first, as the commits between which they came"
      print_change(changes[p, r, k])
    }
  }
  if (!any) print (placed_count[p] < 3 ? ": too few for a change to show" : ": no changes")
}

# A bad hour of the machine is one record with many of them: three tell what it was like.
function print_outliers(p,    i, k, r, any, field, text, shown) {
  for (i = 1; i <= placed_count[p]; i++) {
    r = placed[p, i]
    shown = outlier_count[p, r] > 4 ? 3 : outlier_count[p, r]
    for (k = 1; k <= shown; k++) {
      if (!any++) print "\noutliers, of which no change is made (! below)"
      split(outliers[p, r, k], field, "\t")
      text = short_name(benchmark[field[2]]) " " metric[field[2]] ": " short_number(field[4])
      text = text ", where " short_number(field[5]) " is usual"
      printf "  %s  %-26s  %s\n", time_of(r), commit[r], text
    }
    if (shown < outlier_count[p, r]) {
      printf "  %s  %-26s  and %d more\n", time_of(r), commit[r], outlier_count[p, r] - shown
    }
  }
}

function print_gaps(p,    i, field) {
  for (i = 1; i <= gap_count[p]; i++) {
    if (i == 1) print "\nerrors, left out (x below)"
    split(gaps[p, i], field, "\t")
    printf "  %s  %-26s  %s: %s\n", time_of(field[3]), commit[field[3]], short_name(field[4]),
      field[5]
  }
}

# A character for each record, blank where it lacks the benchmark.
function sparkline(s,    p, from, i, r, low, high, middle, any, line) {
  p = place_of[s]
  from = placed_count[p] > WIDTH ? placed_count[p] - WIDTH + 1 : 1
  for (i = from; i <= placed_count[p]; i++) {
    if (!((s, placed[p, i]) in point) || ((s, placed[p, i]) in is_outlier)) continue
    r = point[s, placed[p, i]] + 0
    if (!any || r < low) low = r
    if (!any || r > high) high = r
    any = 1
  }
  middle = (low + high) / 2
  if (high - low < FULL_HEIGHT * middle) {
    low = middle * (1 - FULL_HEIGHT / 2)
    high = middle * (1 + FULL_HEIGHT / 2)
  }
  for (i = from; i <= placed_count[p]; i++) {
    r = placed[p, i]
    if ((p, benchmark[s], r) in is_gap) line = line "x"
    else if (!((s, r) in point)) line = line " "
    else if ((s, r) in is_outlier) line = line "!"
    else if (high == low) line = line bars[1]
    else line = line bars[1 + int(7.999 * (point[s, r] - low) / (high - low))]
  }
  return line
}

function print_series(p,    s, name) {
  for (s = 1; s <= series_count; s++) {
    if (place_of[s] != p) continue
    if (class[s] == "contract" && !(s in has_change) && !show_all) {
      hidden++
      continue
    }
    if (benchmark[s] != name) print "\n" short_name(benchmark[s])
    name = benchmark[s]
    printf "  %-22s %8s  %s\n", metric[s], short_number(last[s]), sparkline(s)
  }
}

END {
  for (p = 1; p <= place_count; p++) {
    if (p > 1) print "\n"
    print place[p]
    printf "%s, %s to %s", plural(placed_count[p], "record"), time_of(placed[p, 1]),
      time_of(placed[p, placed_count[p]])
    print_changes(p)
    print_outliers(p)
    print_gaps(p)
    print_series(p)
  }
  printf "\n%d series: %d regressed, %d improved, %d broken, %d repaired", series_count,
    verdicts["regressed"], verdicts["improved"], verdicts["broken"], verdicts["repaired"]
  if (verdicts["changed"]) printf ", %d changed", verdicts["changed"]
  if (all_outliers) printf ", %s", plural(all_outliers, "outlier")
  print ""
  if (hidden) print "not shown: " hidden " of contracts that were never broken"
  if (unknown != "") print "left out, because scripts/metrics.tsv lacks them: " unknown
}
