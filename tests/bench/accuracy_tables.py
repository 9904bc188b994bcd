"""The tables that accuracy is measured on: real ones, and the tasks of the bench.

Each is a matrix of doubles, categories as codes, missing values as NaN: what all contenders are given. Columns that are known
only when the label is are left out, as the tables' README says.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
import tasks


MISSING = ["", "?", "NA"]


@dataclass(frozen=True)
class Table:
    """Features and a label."""

    task: str
    """`binary`, `multiclass` or `regression`."""
    names: list
    matrix: np.ndarray
    levels: list
    """The number of categories of each feature; 0 for numbers."""
    label: np.ndarray
    classes: int
    """0 for a regression."""
    settings: dict
    """Settings of this table's own."""


def table(task, frame, label, categories=(), settings=None):
    """The rows of a frame that have a label; texts are categories, and so are `categories`."""
    frame = frame.drop_nulls(label)
    codes, values = [], frame[label].to_numpy().astype(float if task == "regression" else object)
    if task != "regression":
        codes, values = np.unique(values, return_inverse=True)
    columns, levels = [], []
    features = frame.drop(label)
    for column in features:
        if column.dtype == pl.String or column.name in categories:
            column = column.cast(pl.String).rank("dense") - 1
            levels.append(int(column.max()) + 1)
        else:
            levels.append(0)
        columns.append(column.cast(pl.Float64).fill_null(float("nan")).to_numpy())
    return Table(task, features.columns, np.column_stack(columns), levels, values, len(codes), settings or {})


def plain(path, separator=",", names=None):
    """A file whose header, where it has none, is `names`."""
    head = {"has_header": names is None, "new_columns": names}
    return pl.read_csv(path, separator=separator, null_values=MISSING, infer_schema_length=None, **head)


def adult(data):
    """Does someone earn more than 50,000 a year? 8 categories; missing values."""
    words = "age workclass fnlwgt education education_num marital occupation relationship race sex gain loss hours country label".split()
    text = "".join((data / f"adult/adult-{part}.csv").read_text() for part in ["train", "test"])
    frame = plain(text.replace(", ", ",").replace("\n\n", "\n").encode(), names=words)
    return table("binary", frame.with_columns(pl.col("label").str.starts_with(">").cast(pl.Int8)), "label")


def phoneme(data):
    """Is a vowel nasal or oral? Numbers."""
    return table("binary", plain(data / "phoneme/phoneme.csv", names=[f"x{n}" for n in range(5)] + ["label"]), "label")


def lightgbm_example(data, name, file, task):
    """LightGBM's own examples: 28 numbers."""
    words = ["label"] + [f"x{n}" for n in range(28)]
    return table(task, pl.concat([plain(data / name / f"{file}.{part}", "\t", words) for part in ["train", "test"]]), "label")


def chicago_taxi(data):
    """Was more than a fifth of the fare given as a tip? 6 categories; missing values."""
    frame = plain(data / "chicago_taxi/data.csv").filter(pl.col("fare") > 0)
    frame = frame.with_columns((pl.col("tips") > 0.2 * pl.col("fare")).cast(pl.Int8).alias("label"))
    places = ["pickup_community_area", "dropoff_community_area", "pickup_census_tract", "dropoff_census_tract"]
    return table("binary", frame.drop("tips"), "label", places)


def pnw_flights(data):
    """Does a flight arrive late? 4 categories, one of 2,508 levels."""
    frame = pl.concat([plain(data / f"pnw_flights/flights-2014-0{month}.csv") for month in [1, 2]])
    frame = frame.with_columns((pl.col("arr_delay") > 15).cast(pl.Int8))
    return table("binary", frame.drop("dep_time", "dep_delay", "arr_time", "air_time", "year"), "arr_delay")


def wikiticker(data):
    """Was a page edited by a robot? 7 categories, mostly missing values."""
    frame = pl.read_ndjson(data / "wikiticker_jsonl/wikiticker-2015-09-12-sampled.json.gz", infer_schema_length=None)
    flags = ["isRobot", "isAnonymous", "isMinor", "isNew", "isUnpatrolled"]
    frame = frame.with_columns(
        pl.col(flags).cast(pl.Int8),
        pl.col("time").str.slice(11, 2).cast(pl.Int32).alias("hour"),
        pl.col("comment").str.len_chars().alias("length"),
    )
    return table("binary", frame.drop("user", "comment", "page", "time"), "isRobot")


def abalone(data):
    """How old is a shell? Small, a category of 3 levels."""
    words = ["sex"] + [f"x{n}" for n in range(7)] + ["rings"]
    return table("regression", plain(data / "abalone/abalone.csv", names=words), "rings")


def diamonds(data):
    """What does a diamond cost? 3 categories."""
    return table("regression", plain(data / "diamonds/diamonds.csv"), "price")


def diamonds_cut(data):
    """How is a diamond cut? 5 classes."""
    return table("multiclass", plain(data / "diamonds/diamonds.csv"), "cut")


def beijing_pm25(data):
    """How bad is the air? A category."""
    return table("regression", plain(data / "beijing_pm25/pollution.csv").drop("No"), "pm2.5")


def wine_quality(data):
    """How good is a wine? Numbers, many of them equal."""
    words = [f"x{n}" for n in range(11)] + ["quality"]
    colours = [plain(data / f"wine_quality/winequality-{colour}.csv", names=words).cast(pl.Float64) for colour in ["red", "white"]]
    both = [frame.with_columns(pl.lit(code).alias("white")) for code, frame in enumerate(colours)]
    # A wine that is there twice would be in train and test.
    return table("regression", pl.concat(both).unique(maintain_order=True), "quality")


def nyc_taxi(data):
    """How great was the tip? 6 categories; missing values."""
    files = sorted((data / "nyc_taxi_monthly").glob("*.csv"))
    frame = pl.concat([plain(file) for file in files], how="vertical_relaxed")
    times = [pl.col(f"{name}_datetime").str.to_datetime() for name in ["pickup", "dropoff"]]
    frame = frame.with_columns(
        (times[1] - times[0]).dt.total_seconds().alias("seconds"),
        times[0].dt.hour().alias("hour"),
        times[0].dt.weekday().alias("weekday"),
        times[0].dt.ordinal_day().alias("day"),
    )
    known = frame.drop("pickup_datetime", "dropoff_datetime", "total_amount")
    codes = ["vendor_id", "rate_code_id", "pickup_location_id", "dropoff_location_id", "payment_type"]
    return table("regression", known, "tip_amount", codes)


def covid_italy(data):
    """How many new cases has a region? A category; missing values."""
    files = sorted((data / "covid_italy_regions_daily").glob("*.csv"))
    keep = "codice_regione lat long ricoverati_con_sintomi terapia_intensiva isolamento_domiciliare dimessi_guariti deceduti tamponi"
    keep = keep.split() + ["casi_testati", "nuovi_positivi"]
    # A column that is empty on a day is read as text.
    numbers = pl.col(keep).cast(pl.Float64)
    frames = [plain(file).select(numbers, pl.lit(day).alias("day")) for day, file in enumerate(files)]
    return table("regression", pl.concat(frames), "nuovi_positivi", ["codice_regione"])


def task(name, rows):
    """A task of the bench, with the settings of the bench."""
    numbers, categories = tasks.features(name)
    frame = pl.concat([pl.from_arrow(shard) for _, shard in getattr(tasks, name)(rows)])
    asked = {"num_iterations": tasks.ROUNDS, "num_leaves": tasks.LEAVES, "learning_rate": tasks.RATE, "max_bin": tasks.BINS}
    return table("binary", frame.select(categories + numbers + ["label"]), "label", settings=asked)


REAL = {
    "adult": adult,
    "phoneme": phoneme,
    "lightgbm_binary": lambda data: lightgbm_example(data, "lightgbm_binary", "binary", "binary"),
    "chicago_taxi": chicago_taxi,
    "pnw_flights": pnw_flights,
    "wikiticker": wikiticker,
    "abalone": abalone,
    "diamonds": diamonds,
    "beijing_pm25": beijing_pm25,
    "wine_quality": wine_quality,
    "nyc_taxi": nyc_taxi,
    "covid_italy": covid_italy,
    "lightgbm_multiclass": lambda data: lightgbm_example(data, "lightgbm_multiclass", "multiclass", "multiclass"),
    "diamonds_cut": diamonds_cut,
}

# The tasks of the bench: in full size, and with rows so few that there is time for all seeds.
FULL = {"numeric, full size": ("numeric", 1_000_000), "mixed, full size": ("mixed", 300_000)}
TASKS = FULL | {"numeric": ("numeric", 100_000), "mixed": ("mixed", 100_000)}
