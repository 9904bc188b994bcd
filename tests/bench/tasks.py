"""The tables the bench works on: made by seed, so that everybody has the same."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

SHARDS = 20
ROUNDS, LEAVES, RATE, BINS = 200, 63, 0.1, 255
SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
LEVELS = [3, 5, 10, 20, 50, 200, 500, 2000]
NUMBERS = 8
MISSING = 0.1


def numeric(rows, seed=1):
    """Yields shards of a binary task: an id, 28 numbers with six figures, a label that depends on some of them and their products."""
    random = np.random.default_rng(seed)
    for shard, first in enumerate(range(0, rows, rows // SHARDS)):
        count = rows // SHARDS
        x = random.normal(size=(count, 28))
        score = x[:, 0] + 0.8 * x[:, 1] * x[:, 2] - 0.6 * np.abs(x[:, 3]) + 0.5 * np.sin(2 * x[:, 4]) * x[:, 5]
        label = (score + random.logistic(size=count) > 0).astype(np.int8)
        columns = {"id": np.arange(first, first + count)}
        columns |= {f"x{number}": np.round(x[:, number], 5) for number in range(28)}
        yield f"part-{shard:02}.csv", pa.table(columns | {"label": label})


def mixed(rows, seed=2):
    """Yields shards of a binary task: an id, 8 categories of 3 to 2,000 levels, 8 numbers of which a tenth is missing, a label."""
    random = np.random.default_rng(seed)
    effects = [random.normal(size=levels) for levels in LEVELS]
    for shard, first in enumerate(range(0, rows, rows // SHARDS)):
        count = rows // SHARDS
        # Few levels are frequent, as in life.
        codes = [np.minimum(random.exponential(levels / 4, count).astype(int), levels - 1) for levels in LEVELS]
        x = random.normal(size=(count, NUMBERS))
        score = sum(effect[code] for effect, code in zip(effects, codes)) / 2 + x[:, 0] + x[:, 1] * x[:, 2]
        label = (score + random.logistic(size=count) > 0).astype(np.int8)
        columns = {"id": np.arange(first, first + count)}
        for number, code in enumerate(codes):
            names = np.array([f"{'abcdefgh'[number]}{level:04}" for level in range(LEVELS[number])])
            columns[f"c{number}"] = names[code]
        for number in range(NUMBERS):
            gone = random.random(count) < MISSING
            columns[f"x{number}"] = pa.array(np.round(x[:, number], 5), mask=gone)
        yield f"part-{shard:02}.csv", pa.table(columns | {"label": label})


def features(name):
    """The names of a task's columns of features."""
    if name == "numeric":
        return [f"x{number}" for number in range(28)], []
    return [f"x{number}" for number in range(NUMBERS)], [f"c{number}" for number in range(len(LEVELS))]


def write(name, rows, project):
    """Lays out a task as a project: `raw/` and `config/`. Does nothing where it is laid out."""
    project = Path(project)
    done = project / f".{name}-{rows}"
    if done.exists():
        return project
    raw = project / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for file, table in {"numeric": numeric, "mixed": mixed}[name](rows):
        options = pyarrow.csv.WriteOptions(quoting_style="none")
        pyarrow.csv.write_csv(table, raw / file, options)
    settings(name, project / "config")
    done.touch()
    return project


def settings(name, config):
    """The settings of our line for a task, equal to what the peers do."""
    config.mkdir(parents=True, exist_ok=True)
    numbers, categories = features(name)
    required = {"constraints": {"required": True}}
    fields = [{"name": "id", "type": "integer", **required}]
    order = categories + numbers
    fields += [{"name": column, "type": "string" if column in categories else "number"} for column in order]
    fields += [{"name": "label", "type": "integer", "constraints": {"required": True, "enum": [0, 1]}}]
    trees = {"num_iterations": ROUNDS, "num_leaves": LEAVES, "learning_rate": RATE, "max_bin": BINS, "early_stopping_round": 0}
    scale = [{"columns": numbers, "transforms": [{"impute": {"strategy": "median"}}, "standard_scale"]}]
    encode = [{"columns": categories[:5], "transforms": ["one_hot"]}, {"columns": categories[5:], "transforms": ["ordinal"]}]
    label = {"label": {"column": "label", "as": "classes"}, "key": ["id"]}
    files = {
        "validate": {"fields": fields, "missingValues": [""]},
        "featurize": {**label, "features": "auto"},
        # For the row that compares `featurize` alone.
        "featurize-all": {**label, "features": scale + (encode if categories else [])},
        "split": {"rule": "hash", "columns": ["id"], "shares": SHARES},
        "train": {"model": "trees", "trees": trees},
    }
    for file, content in files.items():
        (config / f"{file}.json").write_text(json.dumps(content, indent=2) + "\n")
