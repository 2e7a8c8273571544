# shellcheck shell=bash
# Reading results, shared by the scripts that judge them, which source it.
#
#   REPO_ROOT                    the checkout that this file is part of, without symlinks
#   die STATUS MESSAGE           says so on stderr and ends the script
#   check_expression OPTION RE   and others: see expressions.sh
#   escape TEXT                  prints it as rows.jq writes a field
#   fraction PERCENT             prints it over a hundred
#   results_in DIRECTORY         prints the result files in it, one a line
#   recordings_of REV            prints the directories of results/ that have this commit, the
#                                oldest first; fails where there is none
#   newest_pair OLD NEW          prints two of these directories, which it takes one a line: the
#                                newest that one machine made, or just the newest
#   known_metrics ROWS           prints scripts/metrics.tsv, and in its form what only the contexts
#                                in ROWS describe, the last of them where they differ; of results
#                                of other programs what Google Benchmark itself measures
#   benchmarks_in ROWS           prints the names of the benchmarks in ROWS, one a line
#   failing_metrics_in ROWS METRICS FILTER
#                                prints the metrics in them that may fail a comparison
#   require_match STATUS OPTION RE NAMES WHAT
#                                ends the script where RE, or a side of an alternation in it,
#                                matches no line of the file NAMES
#   require_distinct FILE...     ends the script where two of them are one file by different names,
#                                or have the same content: a process counts once
#   read_results ROWS FILE...    writes ROWS (see rows.jq); ends the script with status 2 and a line
#                                for each file that is not whole and results

REPO_ROOT="$(cd "$(dirname "$(readlink --canonicalize "${BASH_SOURCE[0]}")")/../.." && pwd -P)"
readonly REPO_ROOT
readonly RESULTS_DIR="${RCB_RESULTS_DIR:-${REPO_ROOT}/results}"

die() { # STATUS MESSAGE
  echo "${0##*/}: $2" >&2
  exit "$1"
}

# shellcheck source=scripts/lib/expressions.sh
source "${REPO_ROOT}/scripts/lib/expressions.sh"
check_awk

escape() { # TEXT
  local text="${1//\\/\\\\}"
  text="${text//$'\t'/\\t}"
  text="${text//$'\r'/\\r}"
  printf '%s' "${text//$'\n'/\\n}"
}

fraction() { # PERCENT
  awk -v "percent=$1" 'BEGIN { printf "%.10g\n", percent / 100 }'
}

results_in() { # DIRECTORY
  find "$1/" -maxdepth 1 -name '*.json' | sed 's|//*|/|g' | sort
}

# A recording is a directory <utc>-<commit>-<machine>. One whose name has "dirty" is not of the
# commit; name its directory to compare it all the same.
recordings_of() { # REV
  local commit directory name found=0
  commit="$(git -C "${REPO_ROOT}" rev-parse --verify --quiet "$1^{commit}" 2>/dev/null)" ||
    commit="$1"
  for directory in "${RESULTS_DIR}"/*/; do
    name="$(basename "${directory}")"
    if [[ "${name}" =~ ^[^-]+-([0-9a-f]{7,40})-(.*)$ && "${BASH_REMATCH[2]}-" != dirty-* ]] &&
      [[ "${commit}" == "${BASH_REMATCH[1]}"* ||
        "${#commit}" -ge 7 && "${BASH_REMATCH[1]}" == "${commit}"* ]]; then
      echo "${directory%/}"
      found=1
    fi
  done
  ((found))
}

# Prints for each record, one a line, what tells its machine from others.
machines_of() { # DIRECTORY...
  local directory files
  for directory in "$@"; do
    mapfile -t files < <(results_in "${directory}")
    jq --compact-output '.context | {num_cpus, cpu_model, memory_gib, kernel}' \
      "${files[0]:-/dev/null}" 2>/dev/null | head --lines=1 | grep . || echo null
  done
}

newest_pair() { # OLD NEW
  local i j old new old_machines new_machines
  mapfile -t old <<<"$1"
  mapfile -t new <<<"$2"
  mapfile -t old_machines < <(machines_of "${old[@]}")
  mapfile -t new_machines < <(machines_of "${new[@]}")
  # What an older record does not tell keeps it from no pair.
  read -r i j < <(printf '%s\n' "${old_machines[@]}" "${new_machines[@]}" |
    jq --raw-output --slurp --argjson olds "${#old[@]}" '
      def fits($other): . != null and $other != null and
        (to_entries | all(.value == null or $other[.key] == null or .value == $other[.key]));
      . as $all | first(
        (range(length - 1; $olds - 1; -1) as $new | range($olds - 1; -1; -1) |
          select(. as $old | $all[$old] | fits($all[$new])) | "\(.) \($new - $olds)"),
        "-1 -1")' || echo -1 -1)
  printf '%s\n%s\n' "${old[i]}" "${new[j]}"
}

# Whether results are not of the suite, but of another program with Google Benchmark.
is_foreign() { # ROWS
  awk -F '\t' '$1 == "context" { for (i = 3; i < NF; i += 2) if ($i == "foreign") found = 1; exit }
    END { exit !found }' "$1"
}

known_metrics() { # ROWS
  if is_foreign "$1"; then
    printf '%s\t%s\t%s\t%s\t-\t-\n' name unit direction class items_per_second 1/s higher noisy \
      bytes_per_second B/s higher noisy real_time ns lower noisy cpu_time ns lower noisy \
      iterations 1 - info
    return
  fi
  awk -F '\t' -v OFS='\t' '
    FNR == NR { print; is_known[$1] = 1; next }
    $1 == "context" {
      for (i = 3; i < NF; i += 2) if ($i == "metrics") count = split($(i + 1), entries, ";")
      for (i = 1; i <= count; ++i) {
        split(entries[i], field, " ")
        if (field[1] in is_known) continue
        if (!(field[1] in line)) names[++found] = field[1]
        line[field[1]] = field[1] OFS field[2] OFS field[3] OFS field[4] OFS "-" OFS "-"
      }
      count = 0
    }
    END { for (i = 1; i <= found; ++i) print line[names[i]] }' \
    "${REPO_ROOT}/scripts/metrics.tsv" "$1"
}

read_results() { # ROWS FILE...
  local rows="$1" file message faults="" readable=() parsed=()
  local flatten=(jq --raw-output --from-file "${REPO_ROOT}/scripts/lib/rows.jq")
  shift
  command -v jq >/dev/null || die 2 "jq is not installed"
  for file in "$@"; do
    if [[ -d "${file}" || ! -r "${file}" ]]; then
      faults+="${file} cannot be read"$'\n'
    else
      readable+=("${file}")
    fi
  done
  parsed=("${readable[@]}")
  if ! "${flatten[@]}" "${readable[@]}" </dev/null >"${rows}" 2>/dev/null; then
    # Which of them it was, jq tells only when asked one by one.
    parsed=()
    : >"${rows}"
    for file in "${readable[@]}"; do
      if message="$("${flatten[@]}" "${file}" 2>&1 >>"${rows}")"; then
        parsed+=("${file}")
      else
        faults+="${file} is cut off or not JSON (${message##*error: })"$'\n'
      fi
    done
  fi
  faults+="$(for file in "${parsed[@]}"; do escape "${file}" && echo; done |
    awk -f "${REPO_ROOT}/scripts/lib/faults.awk" - "${rows}")"
  if [[ -n "${faults}" ]]; then die 2 "unusable input"$'\n'"${faults%$'\n'}"; fi
}

# By device and inode, else by content. What is no plain file, as a pipe, can be read only once.
require_distinct() { # FILE...
  local file identity size content i files=() facts=()
  declare -A of_identity=() of_size=() of_content=() is_read=()
  for file in "$@"; do
    if [[ -f "${file}" && -r "${file}" ]]; then files+=("${file}"); fi
  done
  if ((${#files[@]} < 2)); then return; fi
  mapfile -t facts < <(stat --dereference --format='%d:%i %s' -- "${files[@]}")
  for i in "${!files[@]}"; do
    file="${files[i]}" identity="${facts[i]% *}" size="${facts[i]#* }"
    refuse_twice "${of_identity[${identity}]:-}" "${file}" "are one file"
    of_identity["${identity}"]="${file}"
    # Only files of one size can be equal; the first of a size waits for a second one.
    if [[ -z "${of_size[${size}]:-}" ]]; then
      of_size["${size}"]="${file}"
      continue
    fi
    for file in "${of_size[${size}]}" "${file}"; do
      if [[ -n "${is_read[${file}]:-}" ]]; then continue; fi
      is_read["${file}"]=1
      content="$(sha256sum <"${file}")"
      refuse_twice "${of_content[${content}]:-}" "${file}" "have the same content"
      of_content["${content}"]="${file}"
    done
  done
}

refuse_twice() { # FORMER FILE HOW
  [[ -n "$1" ]] || return 0
  if [[ "$1" == "$2" ]]; then die 2 "$2 is named twice"; fi
  die 2 "$1 and $2 $3: one process is named twice"
}

benchmarks_in() { # ROWS
  awk -F '\t' '$1 == "row" && !seen[$3]++ { print $3 }' "$1"
}

failing_metrics_in() { # ROWS METRICS FILTER
  RE="$3" awk -F '\t' '
    FNR == NR { if ($4 == "noisy" || $4 == "contract") may_fail[$1] = 1; next }
    $1 == "row" && (ENVIRON["RE"] == "" || $3 ~ ENVIRON["RE"]) {
      for (i = 10; i < NF; i += 2) if (($i in may_fail) && !seen[$i]++) print $i
    }' "$2" "$1"
}

require_match() { # STATUS OPTION RE NAMES WHAT
  local left_out
  left_out="$(unmatched "$3" "$4")"
  [[ -n "${left_out}" ]] || return 0
  if [[ "${left_out}" == "$3" ]]; then die "$1" "$2 $3 matches no $5"; fi
  die "$1" "$2 $3 matches no $5 by ${left_out//$'\n'/, nor by }"
}
