# Draws the sorted lines of judge.awk as a table. Settings: format (text or markdown), color (0 or
# 1), hide (the verdicts to leave out, with commas).

BEGIN { FS = "\t" }

$1 == "note" { notes[++note_count] = short_name($2) }

$1 == "cell" { if (is_shown()) add_row(); else ++hidden }

$1 == "family" {
  if ($2 in family_text) family_text[$2] = family_text[$2] ", "
  else families[++family_count] = $2
  if ($5 > family_rows[$2]) family_rows[$2] = $5
  family_text[$2] = family_text[$2] $4 " " change_text($6)
}

$1 == "summary" { summary[$2] = $3 }

function is_shown() {
  return index("," hide ",", "," $7 ",") == 0
}

# One string a line, its fields as in heading(), with tabs.
function add_row(    change, interval) {
  if ($12 != "") {
    change = change_text($12)
    interval = $13 == "" ? "" : "[" change_text($13) ", " change_text($14) "]"
  }
  verdicts[++rows] = $7
  lines[rows] = $7 "\t" short_name($5) "\t" ($6 == "-" ? "" : $6) "\t" human($10) "\t" human($11) \
      "\t" change "\t" interval "\t" ($16 == "" ? "" : sprintf("%.2g", $16)) "\t" \
      ($17 == "" && $18 == "" ? "" : $17 + 0 "+" $18 + 0) "\t" remark()
}

# What a contract was held over matters as much as whether it was.
function remark(    text) {
  text = $22
  if ($8 == "contract" && $20 != $21) {
    text = text (text == "" ? "" : "; ") "in " $20 + 0 " and " $21 + 0 " iterations"
  }
  return text
}

# A name, or a text with names in it, without what is the same for almost every benchmark.
function short_name(text) {
  text = text " "
  while (match(text, /\/real_time\/threads:1[^0-9]/)) {
    text = substr(text, 1, RSTART - 1) substr(text, RSTART + RLENGTH - 1)
  }
  return substr(text, 1, length(text) - 1)
}

function human(value,    size) {
  if (value == "") return ""
  size = value < 0 ? -value : value
  if (size >= 1e300) return "inf"
  if (size >= 1e9) return sprintf("%.4gG", value / 1e9)
  if (size >= 1e6) return sprintf("%.4gM", value / 1e6)
  if (size >= 1e4) return sprintf("%.4gk", value / 1e3)
  return sprintf("%.4g", value)
}

# Percent up to a factor of two either way, beyond that the factor.
function change_text(ratio) {
  if (ratio >= 1e100) return "inf"
  if (ratio <= 0.5 || ratio >= 2) return sprintf("x%.3g", ratio)
  return sprintf("%+.1f%%", 100 * (ratio - 1))
}

function heading(    sides) {
  sides = "before\tafter"
  if (summary["mode"] == "contrast") sides = "first\tsecond"
  if (summary["mode"] == "disciplines") sides = "locking\tlockfree"
  return "verdict\tbenchmark\tmetric\t" sides "\tchange\t" 100 * (1 - summary["alpha"]) \
      "% interval\tq\tn\tremark"
}

function paint(verdict, text) {
  if (!color) return text
  if (verdict ~ /^(broken|worsened|regressed|worse|errored)$/) return "\033[31m" text "\033[0m"
  if (verdict ~ /^(missing|incomparable|inconclusive|too few|collapsed)$/) return "\033[33m" text "\033[0m"
  if (verdict ~ /^(improved|better)$/) return "\033[32m" text "\033[0m"
  return text
}

function print_text(    i, j, line, cell, width, columns, pad) {
  lines[0] = heading()
  for (i = 0; i <= rows; ++i) {
    columns = split(lines[i], cell, "\t")
    for (j = 1; j <= columns; ++j) if (length(cell[j]) > width[j]) width[j] = length(cell[j])
  }
  for (i = 0; i <= rows; ++i) {
    split(lines[i], cell, "\t")
    line = ""
    for (j = 1; j <= columns; ++j) {
      # Figures to the right, words to the left.
      pad = (j >= 4 && j <= 9 ? "%" : "%-") width[j] + 0 "s"
      line = line (j == 1 ? "" : "  ") sprintf(pad, cell[j])
    }
    sub(" +$", "", line)
    print paint(verdicts[i], line)
  }
}

function print_markdown(    i, line) {
  for (i = 0; i <= rows; ++i) {
    line = i == 0 ? heading() : lines[i]
    gsub(/\|/, "\\|", line)
    gsub(/\t/, " | ", line)
    print "| " line " |"
    if (i == 0) print "|---|---|---|--:|--:|--:|--:|--:|--:|---|"
  }
}

function say(text) {
  print (format == "markdown" ? "- " : "") text
}

# All verdicts that occurred, the worst first.
function counts(    i, n, order, text, count) {
  n = split("broken,worsened,regressed,worse,inconclusive,too few,improved,better,unchanged,held," \
            "collapsed,unknown,skipped,info", order, ",")
  for (i = 1; i <= n; ++i) {
    count = summary["verdict " order[i]]
    if (count) text = text (text == "" ? "" : ", ") count " " order[i]
  }
  return text == "" ? "nothing" : text
}

# Of one row it is what the row says.
function print_families(    i) {
  for (i = 1; i <= family_count; ++i) {
    if (family_rows[families[i]] < 2) continue
    say(families[i] ", geometric mean of " family_rows[families[i]] " rows: " \
        family_text[families[i]])
  }
}

# One line for all that no samples of this size could show.
function too_few(    are, least, units, text) {
  units = summary["blocks"] > 1 ? " blocks" : " files a side"
  least = summary["blocks"] > 1 ? summary["blocks"] + 0 : least_side()
  are = summary["blocks"] > 1 ? least : summary["processes_old"] " and " summary["processes_new"]
  text = summary["verdict too few"] " too few to be told: "
  if (summary["files_needed"] + 0 <= least) {
    return text "many of their values are equal; it takes more than these " are units
  }
  return text sprintf("a lone regression needs p = %.2g, so ", summary["p_of_a_lone_regression"]) \
      summary["files_needed"] units ", and these are " are "; or --gate fewer metrics"
}

function least_side() {
  return summary["processes_old"] + 0 < summary["processes_new"] + 0 ? \
      summary["processes_old"] + 0 : summary["processes_new"] + 0
}

function print_summary() {
  say(summary["rows_compared"] " rows compared in " summary["metrics_compared"] " metrics, of " \
      summary["processes_old"] " and " summary["processes_new"] " processes: " counts())
  say(summary["verdict missing"] " missing, " summary["verdict new"] " new, " \
      summary["verdict errored"] " errored, " summary["verdict incomparable"] " incomparable" \
      (summary["alone"] ? ", " summary["alone"] " without a partner" : ""))
  if (summary["smallest_p"] != "") {
    say(sprintf("%d tests corrected for, alpha %g; smallest p that these samples can reach: %.2g",
                summary["tests"], summary["alpha"], summary["smallest_p"]))
  }
  if (summary["verdict too few"]) say(too_few())
  else if (summary["p_of_a_lone_regression"] != "" &&
      summary["smallest_p"] > summary["p_of_a_lone_regression"] + 0) {
    say(sprintf("too few processes for so many tests: a lone regression needs p = %.2g; %s",
                summary["p_of_a_lone_regression"], "run more of them, or --gate fewer metrics"))
  }
  if (hidden) {
    gsub(/,/, ", ", hide)
    say(hidden " lines not shown (" hide "): --all shows them")
  }
}

END {
  for (i = 1; i <= note_count; ++i) say(notes[i])
  if (note_count) print ""
  if (rows && format == "markdown") print_markdown()
  if (rows && format == "text") print_text()
  if (rows) print ""
  print_families()
  print_summary()
}
