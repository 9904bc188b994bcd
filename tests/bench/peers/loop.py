"""A Python loop that is safe: each result is written beside, synced and renamed."""

import json
import os
import sys
from pathlib import Path

source, target = map(Path, sys.argv[1:])
target.mkdir(parents=True, exist_ok=True)
for file in source.iterdir():
    row = json.loads(file.read_bytes())
    beside = target / f".{file.name}.tmp"
    with open(beside, "wb") as out:
        out.write(json.dumps(row).encode())
        out.flush()
        os.fsync(out.fileno())
    os.rename(beside, target / file.name)
