#!/usr/bin/env bash
# Measures how often scripts/history is wrong, and how soon it is right: see --help.

set -euo pipefail

LIB="$(dirname "$(readlink --canonicalize "${BASH_SOURCE[0]}")")"
readonly LIB

usage() {
  cat <<'USAGE'
usage: scripts/lib/history_rates.sh [SERIES]

Measures, on SERIES made-up series for each line (default 1000; some minutes), how often the method
of scripts/history finds a change: in series without any, and after one. Equal input gives equal
output: the figures in scripts/README.md come from here.

exit status: 0 measured, 2 SERIES is no number
USAGE
}

# Noise, its size, correlation, records, step, records after it, bad records.
lines() {
  local noise records
  for noise in 'normal 0.03 0' 'normal 0.1 0' 'lognormal 0.1 0' 'lognormal 0.3 0' \
    'normal 0.03 0.5' 'normal 0.1 0.5'; do
    for records in 20 50 300; do echo "${noise} ${records} 0 0 0"; done
  done
  for records in 20 50 300; do echo "normal 0.03 0 ${records} 0 0 2"; done
  for records in 2 3 4 5 8; do echo "normal 0.03 0 $((20 + records)) 0.1 ${records} 0"; done
  for records in 5 8; do echo "normal 0.03 0 $((20 + records)) 0.1 ${records} 2"; done
  for records in 5 8; do echo "normal 0.03 0.5 $((20 + records)) 0.1 ${records} 0"; done
}

main() {
  local series="${1:-1000}"
  if [[ "${series}" == --help || "${series}" == -h ]]; then usage && exit 0; fi
  if ! [[ "${series}" =~ ^[1-9][0-9]{0,5}$ ]]; then
    echo "history_rates.sh: SERIES is a number from 1 to 999999, not ${series}" >&2
    exit 2
  fi
  printf '%-9s %5s %11s %7s %5s %5s %3s %7s %5s\n' noise sd correlation records step after bad \
    series found
  local noise sd correlation records step after bad count found
  lines | sed "s/\$/ ${series}/" | awk -f "${LIB}/student_t.awk" -f "${LIB}/outliers.awk" \
    -f "${LIB}/change_points.awk" -f "${LIB}/history_rates.awk" |
    while read -r noise sd correlation records step after bad count found; do
      printf '%-9s %5s %11s %7s %5s %5s %3s %7s %5s  %s %%\n' "${noise}" "${sd}" "${correlation}" \
        "${records}" "${step}" "${after}" "${bad}" "${count}" "${found}" \
        "$((found * 100 / count)).$((found * 1000 / count % 10))"
    done
}

main "$@"
