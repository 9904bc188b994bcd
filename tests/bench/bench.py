"""Our line beside what a good Python user would write instead, in one run on the same files.

    make bench [QUICK=1] [BENCH_FLAGS='--only train']

Ours and the peers take turns, at least three rounds of each; the table gives medians, and the median of the ratios round by
round, since a machine's pace drifts. All costs go to results.json, which compare.py sets beside another run's. Whether the models
are as good, on more tables, is what accuracy.py asks.
"""

import argparse
import json
import os
import statistics
import sys
from pathlib import Path

from rows import groups

COLUMNS = "{:50} {:>10} {:>10} {:>7} {:>7}"


def main():
    options = arguments()
    results = []
    print(COLUMNS.format("", "ours", "peer", "ratio", "bound"))
    for group in groups(options):
        costs = {name: [] for name in group.contenders}
        checks = {}
        for turn in range(options.rounds):
            for name, contender in group.contenders.items():
                place = fresh(options, group, name, turn)
                # What the one before left to be written is not this one's cost: who syncs would wait for all of it.
                os.sync()
                cost, found = contender(place)
                costs[name].append(cost)
                checks[name] = found
        group.check(checks)
        for comparison in group.comparisons:
            results.append(show(group, comparison, costs))
    options.out.write_text(json.dumps(results, indent=1) + "\n")
    print(f"\n{options.out}")


def arguments():
    here = Path(__file__).resolve()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, default=here.parents[2] / "target/release", help="where the stages are")
    parser.add_argument("--work", type=Path, default=here.parents[2] / "target/bench", help="where tables and queues go")
    parser.add_argument("--out", type=Path, help="where all costs go [WORK/results.json]")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a fifth of the rows, one round, fewer peers")
    parser.add_argument("--only", default="", help="only rows whose name has this in it")
    options = parser.parse_args()
    options.bin, options.work = options.bin.resolve(), options.work.resolve()
    options.out = options.out or options.work / "results.json"
    if options.quick:
        options.rounds = 1
    return options


def fresh(options, group, name, turn):
    """A directory of a run's own. Emptied at the end of all: to delete just before a run would slow its file system down."""
    directory = options.scratch / f"{group.name}-{name}-{turn}".replace(" ", "-")
    directory.mkdir(parents=True)
    return directory


def show(group, comparison, costs):
    """Prints a row of the table, and gives it as data."""
    ours, peer = costs[comparison.ours], costs[comparison.peer] if comparison.peer else None
    value = (lambda cost: cost.peak / 1e6) if comparison.peak else (lambda cost: cost.wall)
    unit = "MB" if comparison.peak else "s"
    median = statistics.median(map(value, ours))
    if peer:
        other = statistics.median(map(value, peer))
        ratio = statistics.median(value(a) / value(b) for a, b in zip(ours, peer))
    else:
        other, ratio = None, median
    number = lambda x: "" if x is None else f"{x:.0f} {unit}" if comparison.peak else f"{x:.3f} {unit}"
    mark = "" if ratio <= comparison.bound else "  over"
    print(COLUMNS.format(comparison.name, number(median), number(other), f"{ratio:.3f}", f"{comparison.bound:g}") + mark, flush=True)
    return {
        "name": comparison.name,
        "unit": unit,
        "ours": [value(cost) for cost in ours],
        "peer": peer and [value(cost) for cost in peer],
        "cpu": [cost.cpu for cost in ours],
        "peer_cpu": peer and [cost.cpu for cost in peer],
        "ratio": ratio,
        "bound": comparison.bound,
    }


if __name__ == "__main__":
    sys.exit(main())
