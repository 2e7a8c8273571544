# Prints what percentile texts of HdrHistogram say (bench --histograms=DIR), as JSON lines with the
# name of the file, without directory and ending, and [1/(1-percentile), microseconds] of each
# percentile. Prints instead "bad" and the name of the first file that is none.

function begin_file(name) {
  end_file()
  file = name
  points = ""
  seen_head = 0
}

function end_file() {
  if (file == "") return
  if (!seen_head) bad(file)
  name = file
  sub(/.*\//, "", name)
  sub(/\.hgrm$/, "", name)
  gsub(/[\\"]/, "\\\\&", name)
  print "{\"name\": \"" name "\", \"points\": [" points "]}"
}

function bad(name) {
  print "bad " name
  is_bad = 1
  exit
}

FNR == 1 {
  begin_file(FILENAME)
  seen_head = $1 == "Value" && $2 == "Percentile"
  next
}

/^[ \t]*$/ || /^#/ { next }

{
  if ($1 !~ /^[0-9.]+$/ || $2 !~ /^[0-9.]+$/) bad(FILENAME)
  # The last line is that of all operations, whose inverse is infinite.
  if (NF >= 4) points = points (points == "" ? "" : ",") sprintf("[%.5g,%.5g]", $4, $1)
}

END { if (!is_bad) end_file() }
