# shellcheck shell=bash
# Reading results, shared by the scripts that judge them, which source it.
#
#   REPO_ROOT                    the checkout that this file is part of, without symlinks, or the
#                                folder in a prefix that the scripts were installed to
#   die STATUS MESSAGE           says so on stderr and ends the script
#   check_expression OPTION RE   and others: see expressions.sh
#   check_number OPTION VALUE LEAST MOST
#                                ends the script where VALUE is none from LEAST to MOST
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
#   put_in_place FILE PATH [OPTION]
#                                writes PATH, the value of OPTION (--out), as a whole; ends the script
#                                where it cannot
#   announce FILE TEXT           says on stderr what is done now, where FILE is large enough for it
#                                to take long
#   read_results ROWS FILE...    writes ROWS (see rows.jq); ends the script with status 2 and a line
#                                for each file that is not whole and results

REPO_ROOT="$(cd "$(dirname "$(readlink --canonicalize "${BASH_SOURCE[0]}")")/../.." && pwd -P)"
readonly REPO_ROOT
if [[ -e "${REPO_ROOT}/CMakePresets.json" ]]; then
  readonly RESULTS_DIR="${RCB_RESULTS_DIR:-${REPO_ROOT}/results}"
else
  readonly RESULTS_DIR="${RCB_RESULTS_DIR:-${PWD}/results}"  # installed, where nobody should write
fi
readonly LARGE=4000000  # bytes that take about a second

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

check_number() { # OPTION VALUE LEAST MOST
  if ! [[ "$2" =~ ^([0-9]+\.?[0-9]*|\.[0-9]+)$ ]] ||
    ! awk -v "x=$2" -v "least=$3" -v "most=$4" 'BEGIN { exit !(x >= least && x <= most) }'; then
    die 2 "$1 has to be a number from $3 to $4, not $2"
  fi
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

# Prints for each record, one a line, what tells its machine from others: the keys of the group in
# context.awk.
machines_of() { # DIRECTORY...
  local directory files
  for directory in "$@"; do
    mapfile -t files < <(results_in "${directory}")
    jq --compact-output '.context | {num_cpus, cpu_model, memory_gib, kernel,
      caches: (.caches // null | if . then map({type, level, size}) else . end)}' \
      "${files[0]:-/dev/null}" 2>/dev/null | head --lines=1 | grep . || echo null
  done
}

newest_pair() { # OLD NEW
  local i j olds news old_machines new_machines
  mapfile -t olds <<<"$1"
  mapfile -t news <<<"$2"
  mapfile -t old_machines < <(machines_of "${olds[@]}")
  mapfile -t new_machines < <(machines_of "${news[@]}")
  # What an older record does not tell keeps it from no pair.
  read -r i j < <(printf '%s\n' "${old_machines[@]}" "${new_machines[@]}" |
    jq --raw-output --slurp --argjson olds "${#olds[@]}" '
      def fits($other): . != null and $other != null and
        (to_entries | all(.value == null or $other[.key] == null or .value == $other[.key]));
      . as $all | first(
        (range(length - 1; $olds - 1; -1) as $new | range($olds - 1; -1; -1) |
          select(. as $old | $all[$old] | fits($all[$new])) | "\(.) \($new - $olds)"),
        "-1 -1")' || echo -1 -1)
  printf '%s\n%s\n' "${olds[i]}" "${news[j]}"
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

size_of() { # FILE...
  stat --dereference --format=%s -- "$@" | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

announce() { # FILE TEXT
  if (($(size_of "$1") > LARGE / 4)); then echo "${0##*/}: $2" >&2; fi
}

read_results() { # ROWS FILE...
  local rows="$1" file size sum=0 total read=0 faults="" readable=() batch=() parsed=()
  shift
  command -v jq >/dev/null || die 2 "jq is not installed"
  for file in "$@"; do
    if [[ -d "${file}" || ! -r "${file}" ]]; then
      faults+="${file} cannot be read"$'\n'
    else
      readable+=("${file}")
    fi
  done
  total=0
  if ((${#readable[@]} > 0)); then total="$(size_of "${readable[@]}")"; fi
  if ((total > LARGE)); then
    echo "${0##*/}: reading ${#readable[@]} files, $((total / 1000000)) MB" >&2
  fi
  : >"${rows}"
  # So many at a time that something is heard of large ones.
  for file in "${readable[@]}"; do
    batch+=("${file}")
    if ((total <= LARGE)); then continue; fi
    size="$(size_of "${file}")"
    if (((sum += size) < 2 * LARGE)); then continue; fi
    read_batch
    echo "${0##*/}: read ${read} of ${#readable[@]} files" >&2
    sum=0
  done
  read_batch
  faults+="$(for file in "${parsed[@]}"; do escape "${file}" && echo; done |
    awk -f "${REPO_ROOT}/scripts/lib/faults.awk" stage=files - stage=rows "${rows}")"
  [[ -n "${faults}" ]] || return 0
  while IFS= read -r file; do echo "${0##*/}: ${file}" >&2; done <<<"${faults%$'\n'}"
  exit 2
}

# Of read_results, whose variables it takes: adds the rows of the batch, which it empties.
read_batch() {
  local file message flatten=(jq --raw-output --from-file "${REPO_ROOT}/scripts/lib/rows.jq")
  if ((${#batch[@]} == 0)); then return; fi
  if "${flatten[@]}" "${batch[@]}" </dev/null >"${rows}.batch" 2>/dev/null; then
    parsed+=("${batch[@]}")
    cat "${rows}.batch" >>"${rows}"
  else
    # Which of them it was, jq tells only when asked one by one.
    for file in "${batch[@]}"; do
      if message="$("${flatten[@]}" "${file}" 2>&1 >"${rows}.batch")"; then
        parsed+=("${file}")
        cat "${rows}.batch" >>"${rows}"
      else
        faults+="${file} is cut off or not JSON (${message##*error: })"$'\n'
      fi
    done
  fi
  rm "${rows}.batch"
  read="$((read + ${#batch[@]}))"
  batch=()
}

# By device and inode, else by content. What is no plain file, as a pipe, can be read only once.
require_distinct() { # FILE...
  local i file identity size content files=() facts=() alike=() contents=()
  declare -A of_identity=() of_size=() of_content=()
  for file in "$@"; do
    if [[ -f "${file}" && -r "${file}" ]]; then files+=("${file}"); fi
  done
  if ((${#files[@]} < 2)); then return; fi
  mapfile -t facts < <(stat --dereference --format='%d:%i %s' -- "${files[@]}")
  for i in "${!files[@]}"; do
    file="${files[i]}" identity="${facts[i]% *}" size="${facts[i]#* }"
    refuse_twice "${of_identity[${identity}]:-}" "${file}" "are one file"
    of_identity["${identity}"]="${file}"
    of_size["${size}"]="$((${of_size[${size}]:-0} + 1))"
  done
  # Only files of one size can be equal.
  for i in "${!files[@]}"; do
    if ((${of_size[${facts[i]#* }]} > 1)); then alike+=("${files[i]}"); fi
  done
  if ((${#alike[@]} == 0)); then return; fi
  mapfile -t contents < <(sha256sum --binary --zero -- "${alike[@]}" | tr '\n\0' ' \n')
  for i in "${!alike[@]}"; do
    content="${contents[i]%% *}"
    refuse_twice "${of_content[${content}]:-}" "${alike[i]}" "have the same content"
    of_content["${content}"]="${alike[i]}"
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

# Nobody sees half of the file, who reads it again and again.
put_in_place() { # FILE PATH [OPTION]
  local partial option="${3:---out}"
  [[ ! -d "$2" ]] || die 2 "${option}: $2 is a directory"
  if [[ -e "$2" && ! -f "$2" ]]; then  # such as /dev/stdout
    cat "$1" 2>/dev/null >"$2" || die 2 "${option}: $2 cannot be written"
    return
  fi
  partial="$(mktemp "$2.XXXXXX" 2>/dev/null)" || die 2 "${option}: $2 cannot be written"
  if ! { cat "$1" >"${partial}" && chmod "$(printf '%o' "$((0666 & ~0$(umask)))")" "${partial}" &&
    mv --force "${partial}" "$2"; } 2>/dev/null; then
    rm --force "${partial}"
    die 2 "${option}: $2 cannot be written"
  fi
}
