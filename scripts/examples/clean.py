"""Cleans the demo's flights with polars, in the place of `clean`.

    make cleaned CLEAN='python3 scripts/examples/clean.py'

INPUT holds validated Parquet files, OUTPUT gets a cleaned file of the same name for each. The rules are those of the
demo's config/clean.json, written as Python.

Needs: pip install polars
"""

import sys
from pathlib import Path

try:
    import polars
except ImportError as error:
    sys.exit(f"the Python package `{error.name}` is missing: pip install polars")

# Known only after the flight, or said again by `date` and `hour`.
DROPPED = ["year", "month", "day", "dep_time", "dep_delay", "arr_time", "air_time"]


def clean(flights: polars.DataFrame) -> polars.DataFrame:
    return (
        flights.with_columns(polars.col(polars.String).str.strip_chars())
        # Cancelled flights have no departure, diverted ones no delay.
        .drop_nulls(["dep_time", "arr_delay"])
        .with_columns(polars.date("year", "month", "day").alias("date"))
        .drop(DROPPED)
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: clean.py INPUT OUTPUT")
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for item in sorted(source.rglob("*.parquet")):
        path = target / item.relative_to(source)
        path.parent.mkdir(parents=True, exist_ok=True)
        clean(polars.read_parquet(item)).write_parquet(path)
