"""Metrics of validation and test."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import polars as pl  # noqa: E402
from common import judge, tell  # noqa: E402

source, target, name = sys.argv[1:]
Path(target).mkdir(parents=True, exist_ok=True)
metrics = {}
for part in ["validation", "test"]:
    table = pl.read_parquet(f"{source}/{part}.parquet")
    metrics[part] = judge(table["label"].to_numpy(), table["prediction"].to_numpy())
(Path(target) / "metrics.json").write_text(json.dumps(metrics))
(Path(target) / "_done").touch()
tell(metrics)
