"""One script, no intermediates: polars reads, checks, encodes and splits; LightGBM trains; scikit-learn judges."""

import sys

import lightgbm
import polars as pl
from common import ROUNDS, features, judge, lightgbm_settings, tell

raw, name = sys.argv[1:]
numbers, categories = features(name)
types = {"id": pl.Int64, "label": pl.Int8} | dict.fromkeys(numbers, pl.Float64) | dict.fromkeys(categories, pl.String)
table = pl.scan_csv(f"{raw}/*.csv", schema_overrides=types).collect(engine="streaming")
assert table["label"].is_in([0, 1]).all() and table["id"].null_count() == 0
if categories:
    table = table.with_columns(pl.col(column).cast(pl.Categorical).to_physical().cast(pl.Int32) for column in categories)
bucket = table["id"].hash(seed=0) % 10
parts = {"train": table.filter(bucket < 8), "validation": table.filter(bucket == 8), "test": table.filter(bucket == 9)}
x = {part: rows.select(numbers + categories).to_arrow() for part, rows in parts.items()}
train = lightgbm.Dataset(x["train"], parts["train"]["label"].to_numpy(), categorical_feature=categories or "auto")
model = lightgbm.train(lightgbm_settings(name), train, ROUNDS)
metrics = {part: judge(parts[part]["label"].to_numpy(), model.predict(x[part])) for part in ["validation", "test"]}
tell(metrics)
