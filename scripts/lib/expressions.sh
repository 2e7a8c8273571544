# shellcheck shell=bash
# The awk that the scripts run on, and the expressions that they take: one dialect, whatever reads
# it (see expressions.awk). Shared by the scripts, which source it, directly or with results.sh.
#
#   check_awk                    ends the script where awk is one that is known to fail
#   expression_fault RE          prints why RE is no expression that can be taken, or nothing
#   check_expression OPTION RE   ends the script where there is such a reason
#   unmatched RE FILE            prints RE where no line of FILE matches it, or else the sides of its
#                                alternations that no line matches, one a line
#
# The script defines die STATUS MESSAGE, unless results.sh does.

# Bytes are compared as bytes, so that the same input gives the same output everywhere.
export LC_ALL=C

EXPRESSIONS_AWK="$(dirname "$(readlink --canonicalize "${BASH_SOURCE[0]}")")/expressions.awk"
readonly EXPRESSIONS_AWK

# That of busybox is often built without sqrt and log, and fails in the middle of the work.
check_awk() {
  type -P awk >/dev/null || die 2 "awk is not installed: mawk, gawk or original-awk will do"
  local says
  says="$(awk --help 2>&1 </dev/null || true)"
  if [[ "${says}" == *BusyBox* ]]; then
    die 2 "awk is that of busybox, which is not supported: install mawk, gawk or original-awk"
  fi
}

expression_fault() { # RE
  RE="$1" awk -f "${EXPRESSIONS_AWK}" </dev/null | sed --quiet 's/^fault\t//p'
}

check_expression() { # OPTION RE
  [[ -n "$2" ]] || return 0
  local fault
  fault="$(expression_fault "$2")"
  if [[ -n "${fault}" ]]; then die 2 "$1: not an extended regular expression: $2: ${fault}"; fi
}

unmatched() { # RE FILE
  [[ -n "$1" ]] || return 0
  if ! RE="$1" awk '$0 ~ ENVIRON["RE"] { found = 1; exit } END { exit !found }' "$2"; then
    echo "$1"
    return
  fi
  local parts
  parts="$(RE="$1" awk -f "${EXPRESSIONS_AWK}" </dev/null | sed --quiet "s/^part\t//p")"
  [[ -n "${parts}" ]] || return 0
  awk '
    FNR == NR { parts[++count] = $0; next }
    { for (i = 1; i <= count; ++i) if (!found[i] && $0 ~ parts[i]) found[i] = 1 }
    END { for (i = 1; i <= count; ++i) if (!found[i]) print parts[i] }' - "$2" <<<"${parts}"
}
