"""LightGBM on the train rows; predicts validation and test."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import lightgbm  # noqa: E402
import polars as pl  # noqa: E402
from common import ROUNDS, features, lightgbm_settings  # noqa: E402

source, target, name = sys.argv[1:]
numbers, categories = features(name)
Path(target).mkdir(parents=True, exist_ok=True)


def rows(part):
    table = pl.read_parquet(f"{source}/{part}/*.parquet", columns=numbers + categories + ["label"])
    return table.select(numbers + categories).to_arrow(), table["label"].to_numpy()


x, label = rows("train")
train = lightgbm.Dataset(x, label, categorical_feature=categories or "auto")
model = lightgbm.train(lightgbm_settings(name), train, ROUNDS)
model.save_model(Path(target) / "model.txt")
for part in ["validation", "test"]:
    x, label = rows(part)
    predicted = pl.DataFrame({"label": label, "prediction": model.predict(x)})
    predicted.write_parquet(Path(target) / f"{part}.parquet")
(Path(target) / "_done").touch()
