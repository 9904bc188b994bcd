# Completion of `waystation` in fish: its commands, then the options that a command's own --help lists, then files.
function __waystation_commands
    echo help
    command ls (path resolve (command -v waystation) | path dirname | path dirname)/libexec/waystation
end
function __waystation_options
    set -l words (commandline -opc)
    test (count $words) -ge 2; or return
    waystation $words[2] --help 2>/dev/null | string match -rga '^ +(?:-[a-zA-Z], )?(--[a-z-]+)'
end
complete -c waystation -n 'test (count (commandline -opc)) -eq 1' -f -a '(__waystation_commands)'
complete -c waystation -n 'test (count (commandline -opc)) -ge 2; and string match -q -- "-*" (commandline -ct)' -f -a '(__waystation_options)'
