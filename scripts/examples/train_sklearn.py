"""Trains scikit-learn's gradient boosting, in the place of `train`.

    make reports TRAIN='python3 scripts/examples/train_sklearn.py'

INPUT is a queue of splits: train/, validation/ and test/ with Parquet files whose columns say by their metadata what
they are for (`waystation.role`). OUTPUT gets model.joblib and predictions/*.parquet: a label and a prediction is all
that `evaluate` needs, so any other model can take the place of the one in `untrained`.

Needs: pip install scikit-learn pyarrow
"""

import json
import sys
from pathlib import Path

try:
    import joblib
    import numpy
    import pyarrow
    import pyarrow.parquet as parquet
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
except ImportError as error:
    sys.exit(f"the Python package `{error.name}` is missing: pip install scikit-learn pyarrow")

# Most categories that the model splits as such; longer code columns are taken as numbers.
CATEGORIES_MAX = 255


def main(source: Path, target: Path) -> None:
    train, validation, test = (read(source / name) for name in ("train", "validation", "test"))
    if train is None:
        sys.exit(f"{source / 'train'}: no rows to train on")

    model = untrained(train.schema)
    fit(model, train, validation)

    joblib.dump(model, target / "model.joblib")
    (target / "predictions").mkdir()
    for name, table in (("validation", validation), ("test", test)):
        if table is not None:
            parquet.write_table(predictions(model, table), target / "predictions" / f"{name}.parquet")


def read(folder: Path) -> pyarrow.Table | None:
    """All rows of a partition that have a label, in the order of the files' names."""
    files = sorted(folder.glob("*.parquet"))
    if not files:
        return None
    table = pyarrow.concat_tables(parquet.read_table(file) for file in files)
    table = table.filter(table[fields(table, "label")[0].name].is_valid())
    return table if table.num_rows else None


def fields(table: pyarrow.Table | pyarrow.Schema, role: str) -> list[pyarrow.Field]:
    """The columns that have a role."""
    schema = table if isinstance(table, pyarrow.Schema) else table.schema
    roles = lambda field: (field.metadata or {}).get(b"waystation.role", b"").decode().split(",")
    return [field for field in schema if role in roles(field)]


def matrix(table: pyarrow.Table, role: str) -> numpy.ndarray:
    """The columns that have a role, as doubles with NaN for what is missing."""
    columns = [table[field.name].cast(pyarrow.float64()).to_numpy() for field in fields(table, role)]
    return numpy.column_stack(columns) if columns else numpy.empty((table.num_rows, 0))


def untrained(schema: pyarrow.Schema) -> HistGradientBoostingClassifier | HistGradientBoostingRegressor:
    """A model for the label's task. With a seed, so that the same data give the same model."""
    regression = fields(schema, "label")[0].metadata[b"waystation.task"] == b"regression"
    kind = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
    categories = [int(field.metadata.get(b"waystation.categories", 0)) for field in fields(schema, "feature")]
    return kind(
        categorical_features=[0 < count <= CATEGORIES_MAX for count in categories],
        max_iter=1000,
        early_stopping=True,
        n_iter_no_change=50,
        random_state=1,
    )


def fit(model, train: pyarrow.Table, validation: pyarrow.Table | None) -> None:
    """Stops early by the validation rows; where there are none, by a tenth of the others."""
    weight = matrix(train, "weight")
    given = {"sample_weight": weight[:, 0]} if weight.size else {}
    if validation is not None:
        given |= {"X_val": matrix(validation, "feature"), "y_val": matrix(validation, "label")[:, 0]}
    model.fit(matrix(train, "feature"), matrix(train, "label")[:, 0], **given)


def predictions(model, table: pyarrow.Table) -> pyarrow.Table:
    """What `evaluate` reads: the label, the prediction, and the columns to judge it by."""
    features = matrix(table, "feature")
    label = fields(table, "label")[0]
    columns = [(label.with_name("label"), table[label.name])]
    columns += [(field.with_name("weight"), table[field.name]) for field in fields(table, "weight")]
    if label.metadata[b"waystation.task"] == b"regression":
        columns.append(double("prediction", model.predict(features)))
    elif label.metadata[b"waystation.task"] == b"binary":
        columns.append(double("prediction", model.predict_proba(features)[:, 1]))
    else:
        # A class that no train row has gets the probability 0.
        known = dict(zip(model.classes_.astype(int), model.predict_proba(features).T))
        count = len(json.loads(label.metadata[b"waystation.classes"]))
        none = numpy.zeros(table.num_rows)
        columns += [double(f"prediction_{code}", known.get(code, none)) for code in range(count)]
    carried = {field.name: field for role in ("key", "slice") for field in fields(table, role)}
    columns += [(field, table[name]) for name, field in carried.items() if name not in ("label", "weight")]
    schema, arrays = zip(*columns)
    return pyarrow.table(list(arrays), schema=pyarrow.schema(schema))


def double(name: str, values: numpy.ndarray) -> tuple[pyarrow.Field, numpy.ndarray]:
    return pyarrow.field(name, pyarrow.float64()), values


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: train_sklearn.py INPUT OUTPUT")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
