"""template: drops rows with an empty cell.

    adapt --each INPUT OUTPUT -- python3 template.py        (or --batch 50, or all items at once)
    conform --each -- python3 template.py

INPUT holds the items to do, OUTPUT is an empty directory for what becomes of them. Read the one, write the other, and
end with 0: what is in OUTPUT is taken over. End with 75 to be tried again, with anything else to be set aside; the last
lines of stderr are kept as the reason. The same items must give the same bytes: no clock, no chance, no order of a set.
"""

import csv
import json
import os
import sys
from pathlib import Path


def main(source: Path, target: Path) -> None:
    for item in sorted(path for path in source.rglob("*") if not path.is_dir()):
        name = item.relative_to(source)
        output = target / name
        output.parent.mkdir(parents=True, exist_ok=True)
        try:
            count(name, process(item, output))
        except (UnicodeDecodeError, ValueError) as error:
            # A torn item: say which, and take no half of it.
            sys.exit(f"{item}: {error}")


def process(item: Path, output: Path) -> dict:
    """Reads an item and writes its output. Every row is written, or counted as dropped, with a reason."""
    with item.open(encoding="utf-8", newline="") as rows, output.open("w", encoding="utf-8", newline="") as kept:
        reader, writer = csv.reader(rows, strict=True), csv.writer(kept, lineterminator="\n")
        header = next(reader, None)
        if header is None:
            raise ValueError("no header")
        writer.writerow(header)
        counts = {"read": 0, "written": 0, "dropped": {"empty cell": 0}}
        for row in reader:
            if len(row) != len(header):
                raise ValueError(f"line {reader.line_num}: expected {len(header)} cells, found {len(row)}")
            counts["read"] += 1
            if all(row):
                counts["written"] += 1
                writer.writerow(row)
            else:
                counts["dropped"]["empty cell"] += 1
    return counts


def count(name: Path, counts: dict) -> None:
    """Tells the row counts, which must reconcile: read = written + rejected + dropped."""
    path = os.environ.get("WAYSTATION_COUNTS")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"item": str(name)} | counts) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: template.py INPUT OUTPUT")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
