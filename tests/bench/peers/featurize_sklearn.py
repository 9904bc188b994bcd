"""scikit-learn: imputes and scales numbers, one-hot and ordinal codes; fitted on train rows."""

import sys
from pathlib import Path

import pandas as pd
from common import features
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

source, target, name = sys.argv[1:]
numbers, categories = features(name)
table = pd.read_parquet(sorted(Path(source).glob("*.parquet")))
train = pd.util.hash_array(table["id"].to_numpy()) % 10 < 8
unknown = {"handle_unknown": "use_encoded_value", "unknown_value": -1}
parts = [("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers)]
if categories:
    parts.append(("few", OneHotEncoder(handle_unknown="ignore", sparse_output=False), categories[:5]))
    parts.append(("many", OrdinalEncoder(**unknown), categories[5:]))
transform = ColumnTransformer(parts).set_output(transform="pandas")
transform.fit(table[train])
Path(target).mkdir(parents=True, exist_ok=True)
found = transform.transform(table)
found[["id", "label"]] = table[["id", "label"]]
found.to_parquet(Path(target) / "features.parquet", compression=None)
