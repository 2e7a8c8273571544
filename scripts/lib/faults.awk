# awk -f faults.awk stage=files FILES stage=rows ROWS: prints what keeps ROWS (see rows.jq) from standing for each of the
# FILES, one name a line as in ROWS; nothing when all is well.

BEGIN { FS = "\t" }

stage == "files" { names[++count] = $0; next }

$1 == "bad" { print $2 " " $3; documents[$2] = 1 }

$1 == "context" && ++documents[$2] == 2 { print $2 " has more than one document" }

$1 == "context" {
  foreign = 0
  for (i = 3; i < NF; i += 2) if ($i == "foreign") foreign = 1
  if (!(foreign in first_of)) first_of[foreign] = $2
}

# One line a file is enough.
$1 == "row" && ++seen[$2, $3, $4] == 2 && documents[$2] == 1 && !repeats[$2]++ {
  print $2 " has repetition " $4 " of " $3 " twice"
}

END {
  for (i = 1; i <= count; ++i) if (!documents[names[i]]) print names[i] " is empty"
  if ((0 in first_of) && (1 in first_of)) {
    print first_of[0] " is of this suite, and " first_of[1] " is not: these do not compare"
  }
}
