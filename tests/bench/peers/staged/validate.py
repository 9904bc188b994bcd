"""CSV to Parquet, checked, file by file."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import polars as pl  # noqa: E402
from common import features  # noqa: E402

source, target, name = sys.argv[1:]
numbers, categories = features(name)
types = {"id": pl.Int64, "label": pl.Int8} | dict.fromkeys(numbers, pl.Float64) | dict.fromkeys(categories, pl.String)
Path(target).mkdir(parents=True, exist_ok=True)
for file in sorted(Path(source).glob("*.csv")):
    valid = pl.col("id").is_not_null() & pl.col("label").is_in([0, 1])
    table = pl.scan_csv(file, schema_overrides=types).filter(valid)
    table.sink_parquet(Path(target) / f"{file.stem}.parquet", compression="uncompressed", statistics=False)
(Path(target) / "_done").touch()
