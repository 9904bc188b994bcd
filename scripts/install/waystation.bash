# Completion of `waystation` in bash: its commands, then the options that a command's own --help lists, then files.
_waystation() {
    local word=${COMP_WORDS[COMP_CWORD]} program prefix
    program=$(command -v "${COMP_WORDS[0]}") || return
    prefix=$(dirname "$(dirname "$(readlink -f "$program")")")
    if [ "$COMP_CWORD" = 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "help $(ls "$prefix/libexec/waystation")" -- "$word")
    elif [[ $word == -* ]]; then
        local options
        options=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null | grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+')
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}
complete -o filenames -F _waystation waystation
