"""Reads the queues of a project with each tool, as a user would, and prints the rows each of them finds.

    read_queues.py PROJECT
"""

import json
import sys
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow.dataset


def rows(directory):
    """The rows of all items of a queue, or of one folder of it.

    pandas and pyarrow skip names beginning with an underscore, polars and DuckDB want a pattern.
    """
    return {
        "pandas": len(pandas.read_parquet(directory)),
        "polars": polars.read_parquet(directory / "*.parquet").height,
        "duckdb": duckdb.sql(f"select count(*) from '{directory}/*.parquet'").fetchall()[0][0],
        "pyarrow": pyarrow.dataset.dataset(directory).count_rows(),
    }


def main():
    project = Path(sys.argv[1])
    found = {queue: rows(project / queue) for queue in ["validated", "cleaned", "features"]}
    partitions = [rows(project / "splits" / name) for name in ["train", "validation", "test"]]
    found["splits"] = {tool: sum(each[tool] for each in partitions) for tool in partitions[0]}
    print(json.dumps(found))


main()
