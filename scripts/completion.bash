# shellcheck shell=bash
# Completion of the benchmarks' flags and of what they take, for bash: source it, or install it under
# the program's name in share/bash-completion/completions. It asks the program itself with --help.

# Prints the flags of a program, each with a '=' where it takes a value.
_rcb_flags() { # PROGRAM
  "$1" --help 2>/dev/null </dev/null |
    sed --quiet --regexp-extended 's/^  (--[a-z_]+=?)(  .*)?$/\1/p'
}

# Prints the words that a flag takes, where --help tells of nothing else: "tcp or unix".
_rcb_values() { # PROGRAM FLAG
  "$1" --help 2>/dev/null </dev/null |
    sed --quiet --regexp-extended "s/^  $2=  (([a-z]+, )*[a-z]+ or [a-z]+)\$/\\1/p" |
    sed 's/, / /g; s/ or / /'
}

_rcb_complete() { # PROGRAM
  local program="$1" word="${COMP_WORDS[COMP_CWORD]}" flag="" words
  # Bash takes --flag=value for three words.
  if [[ "${word}" == = ]]; then
    flag="${COMP_WORDS[COMP_CWORD - 1]}" word=""
  elif ((COMP_CWORD >= 2)) && [[ "${COMP_WORDS[COMP_CWORD - 1]}" == = ]]; then
    flag="${COMP_WORDS[COMP_CWORD - 2]}"
  fi
  if [[ -n "${flag}" ]]; then
    case "${flag}" in
      --benchmark_out | --redis_server | --series | --histograms | --log) mapfile -t COMPREPLY < <(compgen -f -- "${word}") ;;
      *)
        words="$(_rcb_values "${program}" "${flag}")"
        mapfile -t COMPREPLY < <(compgen -W "${words}" -- "${word}")
        ;;
    esac
    return
  fi
  words="$(_rcb_flags "${program}")"
  mapfile -t COMPREPLY < <(compgen -W "${words}" -- "${word}")
  # The value follows at once.
  if [[ "${COMPREPLY[*]}" == *= ]]; then compopt -o nospace 2>/dev/null || true; fi
}

complete -F _rcb_complete redis-contention-bench bench
