"""Ours, LightGBM and XGBoost on the same matrix of doubles, with the same settings under their own names.

Settings are given as ours, whose names are LightGBM's; where the peers' defaults part, ours is asked for the peer's. What cannot
be matched: XGBoost smooths no categories, and it holds values as floats of 32 bits where the others have 64. Each has one
thread: several trainings run at a time.
"""

import json

import measure
import numpy as np
import pyarrow as pa
import pyarrow.parquet

LEARN = {
    "num_iterations": 100,
    "num_leaves": 31,
    "learning_rate": 0.1,
    "max_bin": 255,
    "cat_smooth": 10.0,
    "cat_l2": 10.0,
    "max_cat_threshold": 32,
    "max_cat_to_onehot": 4,
}

# When a leaf is great enough, and how much its value is drawn to zero: each peer's defaults.
LEAVES = {
    "LightGBM": {"min_data_in_leaf": 20, "min_sum_hessian_in_leaf": 1e-3, "lambda_l2": 0.0},
    "XGBoost": {"min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 1.0, "lambda_l2": 1.0},
}

# LightGBM's overfit a softmax quickly: what ours does by default then is asked of both.
SOFTMAX = {"min_sum_hessian_in_leaf": 1.0, "lambda_l2": 1.0}


def settings(peer, task, given):
    """What ours and a peer are asked to do."""
    return LEARN | LEAVES[peer] | (SOFTMAX if task == "multiclass" else {}) | given


def ours(binaries, place, table, train, test, asked, seed):
    """The `train` stage: from a queue of splits to a queue with a model and predictions."""
    for part, rows in [("train", train), ("test", test)]:
        (place / "raw" / part).mkdir(parents=True)
        pa.parquet.write_table(_split(table, rows), place / "raw" / part / "part.parquet")
    copy = ["sh", "-c", 'cp -R "$0/." "$1"']
    measure.run([binaries / "adapt", "--quiet", "--raw", place / "raw", place / "splits", "--", *copy])
    config = place / "train.json"
    config.write_text(json.dumps({"model": "trees", "trees": {**asked, "seed": seed}}))
    measure.run([binaries / "train", "--quiet", "--jobs", 1, "--config", config, place / "splits", place / "models"])
    found = pa.parquet.read_table(place / "models/predictions/test.parquet")
    if not np.array_equal(found["number"], test):
        raise ValueError(f"{place}: the predictions are not those of the test rows, in their order")
    if table.task != "multiclass":
        return found["prediction"].to_numpy()
    return np.column_stack([found[f"prediction_{code}"] for code in range(table.classes)])


def _split(table, rows):
    """Rows of a table as `split` would leave them, with each column's role."""
    fields, columns = [], []
    for name, values, levels in zip(table.names, table.matrix.T, table.levels):
        role = {"waystation.role": "feature"} | ({"waystation.categories": str(levels)} if levels else {})
        values = values[rows]
        array = pa.array(values, mask=np.isnan(values))
        array = array.cast(pa.int32()) if levels else array
        fields.append(pa.field(name, array.type, metadata=role))
        columns.append(array)
    task = {"waystation.role": "label", "waystation.task": table.task}
    if table.classes:
        task["waystation.classes"] = json.dumps([str(code) for code in range(table.classes)])
    label = pa.array(table.label[rows]).cast(pa.int32() if table.classes else pa.float64())
    fields += [pa.field("label", label.type, metadata=task), pa.field("number", pa.int64(), metadata={"waystation.role": "key"})]
    return pa.table(columns + [label, pa.array(rows)], schema=pa.schema(fields))


def lightgbm(table, train, test, asked, seed):
    """LightGBM, through its own interface."""
    import lightgbm

    categories = [column for column, levels in enumerate(table.levels) if levels]
    objective = {"objective": table.task} | ({"num_class": table.classes} if table.task == "multiclass" else {})
    parameters = asked | objective | {"seed": seed, "num_threads": 1, "verbosity": -1}
    rounds = parameters.pop("num_iterations")
    data = lightgbm.Dataset(table.matrix[train], table.label[train], categorical_feature=categories, params={"verbosity": -1})
    return lightgbm.train(parameters, data, rounds).predict(table.matrix[test], num_threads=1)


def xgboost(table, train, test, asked, seed):
    """XGBoost, by histograms and leaf by leaf, through its own interface."""
    import xgboost

    objectives = {"binary": "binary:logistic", "regression": "reg:squarederror", "multiclass": "multi:softprob"}
    parameters = {
        "objective": objectives[table.task],
        "tree_method": "hist",
        "grow_policy": "lossguide",
        "max_depth": 0,
        "max_leaves": asked["num_leaves"],
        "max_bin": asked["max_bin"],
        "learning_rate": asked["learning_rate"],
        "min_child_weight": asked["min_sum_hessian_in_leaf"],
        "reg_lambda": asked["lambda_l2"],
        "max_cat_threshold": asked["max_cat_threshold"],
        "max_cat_to_onehot": asked["max_cat_to_onehot"],
        "seed": seed,
        "nthread": 1,
        "verbosity": 0,
    }
    if table.task == "multiclass":
        parameters["num_class"] = table.classes
    kinds = ["c" if levels else "q" for levels in table.levels]
    matrix = lambda rows, label=None: xgboost.QuantileDMatrix(
        table.matrix[rows], label, feature_types=kinds, enable_categorical=True, max_bin=asked["max_bin"], nthread=1
    )
    data = matrix(train, table.label[train])
    model = xgboost.train(parameters, data, asked["num_iterations"])
    predicted = xgboost.DMatrix(table.matrix[test], feature_types=kinds, enable_categorical=True, nthread=1)
    return model.predict(predicted)


PEERS = {"LightGBM": lightgbm, "XGBoost": xgboost}
