"""One script, no intermediates: DuckDB reads, encodes and splits; LightGBM trains; scikit-learn judges."""

import sys

import duckdb
import lightgbm
from common import ROUNDS, THREADS, features, judge, lightgbm_settings, tell

raw, name = sys.argv[1:]
numbers, categories = features(name)
database = duckdb.connect(config={"threads": THREADS})
types = {"id": "BIGINT", "label": "TINYINT"} | dict.fromkeys(numbers, "DOUBLE") | dict.fromkeys(categories, "VARCHAR")
database.execute(f"CREATE TABLE rows AS SELECT *, hash(id) % 10 AS bucket FROM read_csv('{raw}/*.csv', header = true, types = {types})")
columns = list(numbers)
for column in categories:
    database.execute(f"CREATE TABLE codes_{column} AS SELECT {column}, (row_number() OVER (ORDER BY {column}) - 1)::INTEGER AS code FROM (SELECT DISTINCT {column} FROM rows)")
    columns.append(f"codes_{column}.code AS {column}")
joins = " ".join(f"JOIN codes_{column} USING ({column})" for column in categories)
parts = {"train": "bucket < 8", "validation": "bucket = 8", "test": "bucket = 9"}
x, label = {}, {}
for part, where in parts.items():
    rows = database.execute(f"SELECT {', '.join(columns)}, label FROM rows {joins} WHERE {where}").to_arrow_table()
    label[part] = rows["label"].to_numpy()
    x[part] = rows.drop_columns(["label"])
train = lightgbm.Dataset(x["train"], label["train"], categorical_feature=categories or "auto")
model = lightgbm.train(lightgbm_settings(name), train, ROUNDS)
tell({part: judge(label[part], model.predict(x[part])) for part in ["validation", "test"]})
