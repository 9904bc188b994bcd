"""One script: pandas reads and splits, scikit-learn encodes, trains its histogram gradient boosting and judges."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from common import BINS, LEAVES, RATE, ROUNDS, features, judge, tell
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.preprocessing import OrdinalEncoder

raw, name = sys.argv[1:]
numbers, categories = features(name)
table = pd.concat([pd.read_csv(file, engine="pyarrow") for file in sorted(Path(raw).glob("*.csv"))], ignore_index=True)
assert table["label"].isin([0, 1]).all() and table["id"].notna().all()
bucket = pd.util.hash_array(table["id"].to_numpy()) % 10
parts = {"train": bucket < 8, "validation": bucket == 8, "test": bucket == 9}
if categories:
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    encoder.fit(table.loc[parts["train"], categories])
    table[categories] = encoder.transform(table[categories])
# It takes at most 255 levels a category; what has more is a number to it.
native = [column for column in categories if table[column].nunique() <= BINS]
model = HistGradientBoostingClassifier(
    max_iter=ROUNDS, max_leaf_nodes=LEAVES, learning_rate=RATE, max_bins=BINS, early_stopping=False, categorical_features=native or None
)
x = {part: table.loc[rows, numbers + categories] for part, rows in parts.items()}
label = {part: table.loc[rows, "label"].to_numpy() for part, rows in parts.items()}
model.fit(x["train"], label["train"])
tell({part: judge(label[part], model.predict_proba(x[part])[:, 1]) for part in ["validation", "test"]})
