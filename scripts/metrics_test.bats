#!/usr/bin/env bats
# The shape of scripts/metrics.tsv, which other scripts read without checking.

bats_require_minimum_version 1.5.0

setup() {
  table="${BATS_TEST_DIRNAME}/metrics.tsv"
}

@test "every row has a name, a direction, a class and a meaning" {
  [[ "$(head --lines=1 "${table}")" == $'name\tdirection\tclass\tmeaning' ]]
  local row
  tail --lines=+2 "${table}" | while IFS= read -r row; do
    [[ "${row}" =~ ^[a-z0-9_]+$'\t'(higher|lower|-)$'\t'(noisy|contract|info)$'\t'[^$'\t']+$ ]] ||
      { echo "bad row: ${row}"; return 1; }
  done
}

@test "no name occurs twice" {
  [[ -z "$(cut --fields=1 "${table}" | sort | uniq --repeated)" ]]
}

@test "what is for information only has no better direction, and all else has one" {
  [[ -z "$(awk -F '\t' 'NR > 1 && ($2 == "-") != ($3 == "info")' "${table}")" ]]
}
