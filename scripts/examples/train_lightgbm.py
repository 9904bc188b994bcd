"""Trains LightGBM itself, in the place of `train`.

    make reports TRAIN='python3 scripts/examples/train_lightgbm.py'

INPUT is a queue of splits: train/, validation/ and test/ with Parquet files whose columns say by their metadata what
they are for (`waystation.role`). OUTPUT gets model.txt, training.json and predictions/*.parquet. The parameters are
those under `trees` in config/train.json, which have LightGBM's own names.

Needs: pip install lightgbm pyarrow
"""

import json
import os
import re
import sys
from pathlib import Path

try:
    import lightgbm
    import numpy
    import pyarrow
    import pyarrow.parquet as parquet
except ImportError as error:
    sys.exit(f"the Python package `{error.name}` is missing: pip install lightgbm pyarrow")

# The same model whatever the number of threads.
FIXED = {"deterministic": True, "force_row_wise": True, "verbosity": -1}


def main(source: Path, target: Path) -> None:
    train, validation, test = (read(source / name) for name in ("train", "validation", "test"))
    if train is None:
        sys.exit(f"{source / 'train'}: no rows to train on")

    parameters = given_parameters() | FIXED | objective(train)
    data = dataset(train)
    watched = [] if validation is None else [dataset(validation, data)]
    if not watched:
        parameters.pop("early_stopping_round", None)
    curves = {}
    model = lightgbm.train(
        parameters,
        data,
        valid_sets=watched,
        valid_names=["validation"][: len(watched)],
        callbacks=[lightgbm.record_evaluation(curves)],
    )

    model.save_model(target / "model.txt")
    training = json.dumps(told(model, train, curves), indent=2)
    (target / "training.json").write_text(training + "\n")
    (target / "predictions").mkdir()
    for name, table in (("validation", validation), ("test", test)):
        if table is not None:
            parquet.write_table(predictions(model, table), target / "predictions" / f"{name}.parquet")


def given_parameters() -> dict:
    """The settings of `train` that are for trees."""
    config = os.environ.get("WAYSTATION_CONFIG")
    return json.loads(Path(config).read_text()).get("trees", {}) if config else {}


def read(folder: Path) -> pyarrow.Table | None:
    """All rows of a partition that have a label, in the order of the files' names."""
    files = sorted(folder.glob("*.parquet"))
    if not files:
        return None
    table = pyarrow.concat_tables(parquet.read_table(file) for file in files)
    table = table.filter(table[fields(table, "label")[0].name].is_valid())
    return table if table.num_rows else None


def fields(table: pyarrow.Table, role: str) -> list[pyarrow.Field]:
    """The columns that have a role."""
    roles = lambda field: (field.metadata or {}).get(b"waystation.role", b"").decode().split(",")
    return [field for field in table.schema if role in roles(field)]


def matrix(table: pyarrow.Table, role: str) -> numpy.ndarray:
    """The columns that have a role, as doubles with NaN for what is missing."""
    columns = [table[field.name].cast(pyarrow.float64()).to_numpy() for field in fields(table, role)]
    return numpy.column_stack(columns) if columns else numpy.empty((table.num_rows, 0))


def objective(train: pyarrow.Table) -> dict:
    """What is learnt follows from the label."""
    label = fields(train, "label")[0].metadata
    task = label[b"waystation.task"].decode()
    if task == "multiclass":
        return {"objective": task, "num_class": len(json.loads(label[b"waystation.classes"]))}
    return {"objective": task}


def dataset(table: pyarrow.Table, train: lightgbm.Dataset | None = None) -> lightgbm.Dataset:
    features = fields(table, "feature")
    weight = matrix(table, "weight")
    categories = [b"waystation.categories" in field.metadata for field in features]
    return lightgbm.Dataset(
        matrix(table, "feature"),
        label=matrix(table, "label")[:, 0],
        weight=weight[:, 0] if weight.size else None,
        reference=train,
        # LightGBM takes no punctuation in names.
        feature_name=[re.sub(r"\W", "_", field.name) for field in features],
        categorical_feature=[index for index, is_category in enumerate(categories) if is_category],
    )


def told(model: lightgbm.Booster, train: pyarrow.Table, curves: dict) -> dict:
    """What the report shows of the training."""
    names = [field.name for field in fields(train, "feature")]
    gains, splits = model.feature_importance("gain"), model.feature_importance("split")
    return {
        "model": "LightGBM",
        "best_round": model.best_iteration or model.num_trees(),
        "curves": [
            {"partition": partition, "metric": metric, "values": values}
            for partition, metrics in curves.items()
            for metric, values in metrics.items()
        ],
        "importance": [
            {"feature": name, "gain": float(gain), "split": int(split)}
            for name, gain, split in zip(names, gains, splits)
        ],
    }


def predictions(model: lightgbm.Booster, table: pyarrow.Table) -> pyarrow.Table:
    """What `evaluate` reads: the label, the prediction, and the columns to judge it by."""
    predicted = model.predict(matrix(table, "feature"))
    label = fields(table, "label")[0]
    columns = [(label.with_name("label"), table[label.name])]
    columns += [(field.with_name("weight"), table[field.name]) for field in fields(table, "weight")]
    if predicted.ndim == 1:
        columns.append(double("prediction", predicted))
    else:
        columns += [double(f"prediction_{code}", column) for code, column in enumerate(predicted.T)]
    carried = {field.name: field for role in ("key", "slice") for field in fields(table, role)}
    columns += [(field, table[name]) for name, field in carried.items() if name not in ("label", "weight")]
    schema, arrays = zip(*columns)
    return pyarrow.table(list(arrays), schema=pyarrow.schema(schema))


def double(name: str, values: numpy.ndarray) -> tuple[pyarrow.Field, numpy.ndarray]:
    return pyarrow.field(name, pyarrow.float64()), values


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: train_lightgbm.py INPUT OUTPUT")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
