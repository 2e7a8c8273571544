# shellcheck shell=bash
# Made-up results for tests, which source it.
#
#   write_processes DIRECTORY FIRST LAST [JQ_PROGRAM]   writes DIRECTORY/<number>.json for processes
#                                                       FIRST to LAST, each after the program
#
# VARIANTS are the benchmarks in them; see fixture.jq.

VARIANTS=(Counter/unsafe/get_set/workers:10 Counter/locking/token_lock/workers:10
  Counter/lockfree/incr/workers:10)

write_processes() { # DIRECTORY FIRST LAST [JQ_PROGRAM]
  mkdir --parents "$1"
  jq --null-input --compact-output --argjson processes "[$(seq --separator=, "$2" "$3")]" \
    --arg variants "$(printf '%s\n' "${VARIANTS[@]}")" \
    "$(<"${BASH_SOURCE[0]%.sh}.jq") | ${4:-.}" |
    DIRECTORY="$1" awk -v "process=$2" '{
      file = ENVIRON["DIRECTORY"] "/" process++ ".json"
      print >file
      close(file)
    }'
}
