"""Text without space around it, file by file."""

import sys
from pathlib import Path

import polars as pl

source, target, name = sys.argv[1:]
Path(target).mkdir(parents=True, exist_ok=True)
for file in sorted(Path(source).glob("*.parquet")):
    table = pl.scan_parquet(file).with_columns(pl.col(pl.String).str.strip_chars())
    table.sink_parquet(Path(target) / file.name, compression="uncompressed", statistics=False)
(Path(target) / "_done").touch()
