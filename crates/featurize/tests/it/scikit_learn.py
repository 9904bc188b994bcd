"""The same transforms by scikit-learn: columns as lists, as JSON, missing values as null."""

import json
import sys
import warnings

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

warnings.simplefilter("ignore")
x, c, y, late, kind = (text.split() for text in sys.argv[1:])
x = np.array([[np.nan if word == "-" else float(word)] for word in x])
c = np.array([[np.nan if word == "-" else word] for word in c], dtype=object)
y = np.array([float(word) for word in y])
late = np.array(late)
kind = np.array(kind)


def log1p():
    return FunctionTransformer(np.log1p)


def bins():
    settings = {"n_bins": 4, "encode": "ordinal", "strategy": "quantile"}
    try:
        return KBinsDiscretizer(quantile_method="linear", **settings)
    except TypeError:
        return KBinsDiscretizer(**settings)


numbers = {
    "impute_mean": SimpleImputer(),
    "impute_median": SimpleImputer(strategy="median"),
    "impute_most_frequent": SimpleImputer(strategy="most_frequent"),
    "impute_constant": SimpleImputer(strategy="constant", fill_value=-7.5),
    "standard_scale": StandardScaler(),
    "standard_scale_without_mean": StandardScaler(with_mean=False),
    "min_max_scale": MinMaxScaler(feature_range=(-1, 2)),
    "robust_scale": RobustScaler(),
    "robust_scale_wide": RobustScaler(quantile_range=(10, 90)),
    "log1p": log1p(),
    "impute_standard": make_pipeline(SimpleImputer(), StandardScaler()),
    "impute_median_robust": make_pipeline(SimpleImputer(strategy="median"), RobustScaler()),
    "log1p_impute_min_max": make_pipeline(log1p(), SimpleImputer(), MinMaxScaler()),
    "impute_log1p_standard": make_pipeline(SimpleImputer(), log1p(), StandardScaler()),
    "impute_bins": make_pipeline(SimpleImputer(), bins()),
}
categories = {
    "ordinal": OrdinalEncoder(),
    "ordinal_min_frequency": OrdinalEncoder(min_frequency=4),
    "ordinal_max_categories": OrdinalEncoder(max_categories=3),
    "one_hot": OneHotEncoder(sparse_output=False),
    "one_hot_min_frequency": OneHotEncoder(sparse_output=False, min_frequency=0.2),
    "one_hot_max_categories": OneHotEncoder(sparse_output=False, max_categories=4),
}
targets = {
    "target_auto_number": (TargetEncoder(target_type="continuous"), y),
    "target_smooth_number": (TargetEncoder(target_type="continuous", smooth=3.5), y),
    "target_auto_binary": (TargetEncoder(), late),
    "target_smooth_binary": (TargetEncoder(smooth=2), late),
    "target_auto_class": (TargetEncoder(), kind),
}

found = {name: transform.fit(x).transform(x) for name, transform in numbers.items()}
found |= {name: transform.fit(c).transform(c) for name, transform in categories.items()}
found |= {name: encoder.fit(c, label).transform(c) for name, (encoder, label) in targets.items()}


def columns(table):
    return [[None if np.isnan(cell) else float(cell) for cell in column] for column in np.asarray(table).T]


print(json.dumps({name: columns(table) for name, table in found.items()}))
