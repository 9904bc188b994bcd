"""Categories as codes, fitted on train rows."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import polars as pl  # noqa: E402
from common import features  # noqa: E402

source, target, name = sys.argv[1:]
_, categories = features(name)
Path(target).mkdir(parents=True, exist_ok=True)
table = pl.scan_parquet(f"{source}/*.parquet").with_columns(bucket=pl.col("id").hash(seed=0) % 10)
levels = {}
for column in categories:
    known = table.filter(pl.col("bucket") < 8).select(pl.col(column).unique().sort()).collect()
    levels[column] = known[column].to_list()
for file in sorted(Path(source).glob("*.parquet")):
    table = pl.scan_parquet(file)
    table = table.with_columns(
        pl.col(column).replace_strict(levels[column], list(range(len(levels[column]))), default=None, return_dtype=pl.Int32) for column in categories
    )
    table.sink_parquet(Path(target) / file.name, compression="uncompressed", statistics=False)
(Path(target) / "_levels.json").write_text(json.dumps(levels))
(Path(target) / "_done").touch()
