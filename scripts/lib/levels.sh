# shellcheck shell=bash
# Service levels, shared by the scripts that take --slo, which source it after results.sh and set slo.
#
#   list_selections   prints the expressions of the levels, each with the name of its level before it
#   check_levels      ends the script where one is no expression that can be taken

# shellcheck disable=SC2154  # slo is the script's

# The expressions of the levels, each with the name of its level before it.
list_selections() {
  awk -F '\t' -v OFS='\t' '!/^(#|$)/ && $1 != "" {
    if ($2 != "" && $2 !~ /^role:/) print $1, $2
    if ($5 != "" && $5 !~ /^role:/) print $1, $5 }' "${slo}"
}

check_levels() {
  local level expression
  while IFS=$'\t' read -r level expression; do
    check_expression "the level \"${level}\"" "${expression}"
  done < <(list_selections)
}
