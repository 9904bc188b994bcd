#compdef waystation
# Completion of `waystation` in zsh: its commands, then the options that a command's own --help lists, then files.
_waystation() {
    local program=${commands[waystation]}
    local prefix=${program:A:h:h}
    if (( CURRENT == 2 )); then
        compadd help ${prefix}/libexec/waystation/*(:t)
    elif [[ $words[CURRENT] == -* ]]; then
        compadd -- ${(f)"$($program $words[2] --help 2>/dev/null | grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+')"}
    else
        _files
    fi
}
_waystation "$@"
