#!/usr/bin/env bats
# The shape of scripts/metrics.tsv, which other scripts read without checking.

bats_require_minimum_version 1.5.0

setup() {
  table="${BATS_TEST_DIRNAME}/metrics.tsv"
}

@test "every row has a name, a unit, a direction, a class, families and a meaning" {
  [[ "$(head --lines=1 "${table}")" == $'name\tunit\tdirection\tclass\tfamilies\tmeaning' ]]
  local row tab=$'\t'
  local shape="^[a-z0-9_]+${tab}(us|ns|1|1/s|ratio|MiB)${tab}(higher|lower|-)"
  shape+="${tab}(noisy|contract|info)${tab}(all|[A-Z][A-Za-z]*(,[A-Z][A-Za-z]*)*)${tab}[^${tab}]+\$"
  tail --lines=+2 "${table}" | while IFS= read -r row; do
    [[ "${row}" =~ ${shape} ]] || { echo "bad row: ${row}"; return 1; }
  done
}

@test "no name occurs twice" {
  [[ -z "$(cut --fields=1 "${table}" | sort | uniq --repeated)" ]]
}

@test "what is for information only has no better direction, and all else has one" {
  [[ -z "$(awk -F '\t' 'NR > 1 && ($3 == "-") != ($4 == "info")' "${table}")" ]]
}

@test "a time has the unit that its name ends with" {
  [[ -z "$(awk -F '\t' '($1 ~ /_us$/) != ($2 == "us") || ($1 ~ /_per_second$/) != ($2 == "1/s")' \
    "${table}")" ]]
}
