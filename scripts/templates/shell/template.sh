#!/bin/sh
# template: drops rows with an empty cell.
#
#   adapt --each INPUT OUTPUT -- sh template.sh        (or --batch 50, or all items at once)
#   conform --each -- sh template.sh
#
# INPUT holds the items to do, OUTPUT is an empty directory for what becomes of them. Read the one, write the other, and
# end with 0: what is in OUTPUT is taken over. End with 75 to be tried again, with anything else to be set aside; the
# last lines of stderr are kept as the reason. The same items must give the same bytes.

# Without this a failed command passes for a success.
set -eu
# The same order and the same letters everywhere.
export LC_ALL=C

if [ $# -ne 2 ]; then
    echo "usage: template.sh INPUT OUTPUT" >&2
    exit 64
fi
input=$1
output=$2

# A torn item: say which, and take no half of it.
torn() {
    echo "$1" >&2
    exit 1
}

# Reads an item and writes its output. Every row is written, or counted as dropped, with a reason. (Cells in quotes need
# a language with a CSV reader.)
process() {
    ITEM=$1 NAME=$2 awk -F, '
        function fail(text) { print ENVIRON["ITEM"] ":" NR ": " text > "/dev/stderr"; failed = 1; exit 1 }
        NR == 1 { cells = NF; print; next }
        NF != cells { fail("expected " cells " cells, found " NF) }
        { read++ }
        { for (cell = 1; cell <= NF; cell++) if ($cell == "") { dropped++; next } }
        { written++; print }
        END {
            if (failed) exit 1
            if (NR == 0) fail("no header")
            name = ENVIRON["NAME"]
            gsub(/[\\"]/, "\\\\&", name)
            if (ENVIRON["WAYSTATION_COUNTS"] != "")
                printf "{\"item\": \"%s\", \"read\": %d, \"written\": %d, \"dropped\": {\"empty cell\": %d}}\n", \
                    name, read, written, dropped >> ENVIRON["WAYSTATION_COUNTS"]
        }
    ' < "$1" > "$output/$2"
}

for item in "$input"/*; do
    iconv -f UTF-8 -t UTF-8 "$item" > /dev/null 2>&1 || torn "$item: not readable as UTF-8"
    process "$item" "${item##*/}"
done
