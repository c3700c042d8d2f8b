# Completes manage.py: its commands, options, tables and the beginnings of codes.
_codebook() {
  local at=0 answers= options= choices= IFS=$$' \t\n'
  local word=$${COMP_WORDS[COMP_CWORD]} before=$${COMP_WORDS[COMP_CWORD-1]}
  while (( at < COMP_CWORD )) && [[ $${COMP_WORDS[at]##*/} != manage.py ]]; do at=$$((at + 1)); done
  COMPREPLY=()
  # Something else than manage.py: the shell completes files.
  (( at < COMP_CWORD )) || return 0
  local run=("$${COMP_WORDS[@]:0:$$((at + 1))}") command=$${COMP_WORDS[at+1]}
  case "$$command $$before" in
$options
  esac
  if (( COMP_CWORD == at + 1 )); then answers=$$(compgen -W "$commands" -- "$$word")
  elif [[ -n $$choices ]]; then answers=$$(compgen -W "$$choices" -- "$$word")
  elif [[ $$before == --table ]]; then answers=$$("$${run[@]}" completion tables "$$word" 2>/dev/null)
  elif [[ $$word == -* ]]; then answers=$$(compgen -W "$$options" -- "$$word")
  elif [[ $$command == lookup && -n $$word ]]; then answers=$$("$${run[@]}" completion codes "$$word" 2>/dev/null)
  fi
  # Not through compgen: it would run what stands in a word.
  COMPREPLY=($$answers)
}
complete -o default -F _codebook manage.py python python3
