# How often the change points of history find a change where there is none, and one where there is,
# in series that are made up; after student_t.awk, outliers.awk and change_points.awk. Input, a line
# for each rate, with blanks between:
#
#   NOISE  SD  CORRELATION  RECORDS  STEP  AFTER  BAD  SERIES
#
# NOISE is normal or lognormal, SD its standard deviation over the mean, CORRELATION of each point
# with the next (0 for independent ones). STEP is the change that the last AFTER of the RECORDS
# have, 0 for none; BAD how many of the records at random places are bad, at two or half of what
# they were. Prints the line, and in how many of the SERIES a change was found: any where STEP is 0,
# otherwise one within two records of the step. Nothing is random but for the seed, which is the
# number of the series.

function uniform() {
  seed = (seed * 16807) % 2147483647
  return seed / 2147483647
}

function normal(    i, sum) {
  for (i = 0; i < 12; i++) sum += uniform()
  return sum - 6
}

function begin_series(number,    i) {
  seed = (number * 7919 + 12345) % 2147483647
  for (i = 0; i < 5; i++) uniform()
}

function make_series(number, noise, sd, correlation, records, step, after, bad, z,
                     i, deviation, at) {
  begin_series(number)
  split("", z)
  deviation = normal()
  for (i = 1; i <= records; i++) {
    if (i > 1) {
      deviation = correlation * deviation + sqrt(1 - correlation * correlation) * normal()
    }
    z[i] = 100 * (noise == "lognormal" ? exp(sd * deviation) : 1 + sd * deviation)
    if (z[i] < 1) z[i] = 1
    if (i > records - after) z[i] *= 1 + step
  }
  for (i = 1; i <= bad; i++) {
    at = 1 + int(records * uniform())
    z[at] *= uniform() < 0.5 ? 0.5 : 2
  }
}

{
  hits = 0
  for (number = 1; number <= $8; number++) {
    make_series(number, $1, $2, $3, $4, $5, $6, $7, z)
    count = find_change_points(z, $4, 50, MAX_P, 0.05, found, outliers)
    hit = count > 0
    if ($5 != 0) {
      hit = 0
      for (i = 1; i <= count; i++) {
        off = found[i, "at"] - ($4 - $6 + 1)
        if (off >= -2 && off <= 2) hit = 1
      }
    }
    hits += hit
  }
  print $0, hits
  fflush()
}
