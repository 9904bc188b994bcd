"""Sets two runs of the bench beside each other: compare.py BEFORE.json AFTER.json [--tolerance 0.15]

Ratios to the peer of the same run are compared, not seconds: they hold when the machine's pace changes. Ends 1 where one
has grown by more than the tolerance.
"""

import argparse
import json
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--tolerance", type=float, default=0.15, help="by how much a ratio may grow")
    options = parser.parse_args()
    before, after = ({row["name"]: row for row in json.loads(path.read_text())} for path in [options.before, options.after])
    grown = False
    print(f"{'':44} {'before':>8} {'after':>8} {'change':>8}")
    for name, row in after.items():
        if name not in before:
            print(f"{name:44} {'':8} {row['ratio']:8.3f}      new")
            continue
        change = row["ratio"] / before[name]["ratio"] - 1
        worse = change > options.tolerance
        grown |= worse
        print(f"{name:44} {before[name]['ratio']:8.3f} {row['ratio']:8.3f} {change:+8.1%}{'  slower' if worse else ''}")
    for name in before.keys() - after.keys():
        print(f"{name:44} {before[name]['ratio']:8.3f} {'':8}     gone")
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
