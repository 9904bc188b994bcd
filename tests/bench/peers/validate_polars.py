"""polars, streaming: all CSV files, checked, to one Parquet file."""

import sys
from pathlib import Path

import polars as pl
from common import features

source, target, name = sys.argv[1:]
numbers, categories = features(name)
types = {"id": pl.Int64, "label": pl.Int8} | dict.fromkeys(numbers, pl.Float64) | dict.fromkeys(categories, pl.String)
Path(target).mkdir(parents=True, exist_ok=True)
valid = pl.col("id").is_not_null() & pl.col("label").is_in([0, 1])
table = pl.scan_csv(f"{source}/*.csv", schema_overrides=types).filter(valid)
table.sink_parquet(Path(target) / "rows.parquet", compression="uncompressed")
