"""Our trees beside LightGBM's and XGBoost's at matched settings: is the model as good?

    make bench-accuracy [QUICK=1] [ACCURACY_FLAGS='--only adult --seeds 10']

Each table is cut into train and test rows at random, anew for each seed; all learn from the same rows, the same codes and the
same missing values, and predict the same test rows. Ours is trained for each peer with that peer's defaults (accuracy_learners.py).
What counts is the difference seed by seed: its mean, and the standard error of the mean. Ours and a peer are even where the mean
is within what chance does to 19 of 20 such means (Student's t), or within a hundredth of the peer's loss (for AUC: of what it
lacks to 1). The status is 1 where ours is worse than LightGBM. All figures go to WORK/accuracy.json.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import accuracy_learners as learners
import accuracy_tables as tables
import numpy as np
from accuracy_learners import PEERS

TEST_SHARE = 0.3
MARGIN = 0.01
FULL_SEEDS = 3
TABLE = "{:20} {:9}"
PEER = " {:>8} {:>8} {:>10} {:9} {:7}"


@dataclass(frozen=True)
class Job:
    """A table, and the seeds to cut it by."""

    name: str
    seeds: int
    binaries: Path
    data: Path
    work: Path
    asked: dict

    def table(self):
        """Reads or makes it."""
        if self.name in tables.REAL:
            return tables.REAL[self.name](self.data)
        return tables.task(*tables.TASKS[self.name])


def main():
    options = arguments()
    heads = [PEER.format("ours", peer, "difference", "", "") for peer in PEERS]
    print((TABLE.format("", "") + "".join(heads)).rstrip())
    rows = []
    # As many trainings at a time as there are processors, of one thread each: none waits for another.
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        for job, found in [(job, pool.submit(measured, job)) for job in jobs(options)]:
            for metric, values in found.result().items():
                against = [compared(job.name, metric, peer, *values[peer]) for peer in PEERS]
                print(shown(job.name, metric, against), flush=True)
                rows += against
            options.out.write_text(json.dumps(rows, indent=1) + "\n")
    if not rows:
        sys.exit("accuracy: there is no table to compare on")
    print()
    for peer in PEERS:
        print(summary(peer, [row for row in rows if row["peer"] == peer]))
    print(options.out)
    return 1 if any(row["peer"] == "LightGBM" and row["verdict"] == "worse" for row in rows) else 0


def arguments():
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, default=root / "target/release", help="where the stages are")
    parser.add_argument("--work", type=Path, default=root / "target/bench", help="where queues go")
    parser.add_argument("--data", type=Path, default=root.parent / "shared/data", help="where the real tables are")
    parser.add_argument("--out", type=Path, help="where all figures go [WORK/accuracy.json]")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="trainings at a time")
    parser.add_argument("--quick", action="store_true", help="without the tasks in full size")
    parser.add_argument("--only", default="", help="only tables whose name has this in it")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="another setting, for all")
    options = parser.parse_args()
    options.bin, options.work, options.data = options.bin.resolve(), options.work.resolve(), options.data.resolve()
    options.out = options.out or options.work / "accuracy.json"
    options.work.mkdir(parents=True, exist_ok=True)
    options.asked = {name: json.loads(value) for name, value in (given.split("=", 1) for given in options.set)}
    return options


def jobs(options):
    """The longest first."""
    names = [name for name in tables.TASKS if not (options.quick and name in tables.FULL)]
    if options.data.is_dir():
        names += tables.REAL
    else:
        count = len(tables.REAL)
        print(f"accuracy: SKIPPED {count} real tables: there is no directory {options.data} (--data says where they are)", file=sys.stderr)
    for name in names:
        if options.only in name:
            seeds = min(options.seeds, FULL_SEEDS) if name in tables.FULL else options.seeds
            yield Job(name, seeds, options.bin, options.data, options.work, options.asked)


def measured(job):
    """For each metric and peer, what ours and the peer came to: two lists by seed."""
    table = job.table()
    found = {}
    for seed in range(1, job.seeds + 1):
        order = np.random.default_rng(seed).permutation(len(table.label))
        cut = round(len(order) * TEST_SHARE)
        test, train = np.sort(order[:cut]), np.sort(order[cut:])
        for peer, learn in PEERS.items():
            asked = learners.settings(peer, table.task, table.settings | job.asked)
            given = [table, train, test, asked, seed]
            with tempfile.TemporaryDirectory(dir=job.work) as place:
                predicted = [learners.ours(job.binaries, Path(place), *given), learn(*given)]
            for number, prediction in enumerate(predicted):
                for metric, value in metrics(table, table.label[test], prediction).items():
                    found.setdefault(metric, {}).setdefault(peer, ([], []))[number].append(value)
    return found


def metrics(table, label, predicted):
    """How good predictions are, as the task is judged."""
    from sklearn.metrics import log_loss, roc_auc_score, root_mean_squared_error

    if table.task == "regression":
        return {"RMSE": float(root_mean_squared_error(label, predicted))}
    loss = float(log_loss(label, predicted, labels=range(table.classes)))
    if table.task == "multiclass":
        return {"log loss": loss, "error": float(np.mean(np.argmax(predicted, axis=1) != label))}
    return {"AUC": float(roc_auc_score(label, predicted)), "log loss": loss}


def compared(name, metric, peer, ours, theirs):
    """The difference seed by seed, with a verdict."""
    differences = [a - b for a, b in zip(ours, theirs)]
    mean = statistics.mean(differences)
    error = statistics.stdev(differences) / len(differences) ** 0.5 if len(differences) > 1 else None
    loss = statistics.mean(theirs)
    # Such that less is better.
    loss, change = (1 - loss, -mean) if metric == "AUC" else (loss, mean)
    even = abs(change) <= max(chance(error, len(differences)), MARGIN * loss)
    return {
        "name": name,
        "metric": metric,
        "peer": peer,
        "ours": ours,
        "theirs": theirs,
        "difference": mean,
        "error": error,
        "loss_change": change / loss,
        "verdict": "even" if even else "worse" if change > 0 else "better",
    }


def chance(error, seeds):
    """How far from 0 a mean may be by chance."""
    from scipy.stats import t

    return float(t.ppf(0.975, seeds - 1)) * error if error else 0.0


def shown(name, metric, against):
    """A row of the table."""
    words = TABLE.format(name, metric)
    for row in against:
        means = [statistics.mean(row["ours"]), statistics.mean(row["theirs"])]
        # Five figures of whatever size.
        number = lambda value, sign="": f"{value:{sign}.{max(0, 5 - len(str(int(max(means)))))}f}"
        spread = "1 seed" if row["error"] is None else "± " + number(row["error"])
        words += PEER.format(*map(number, means), number(row["difference"], "+"), spread, row["verdict"])
    return words.rstrip()


def summary(peer, rows):
    """All tables in one line."""
    counts = [f"{verdict} in {sum(row['verdict'] == verdict for row in rows)}" for verdict in ["better", "even", "worse"]]
    changes = [row["loss_change"] for row in rows]
    return f"than {peer}: {', '.join(counts)}; in the mean of all rows the loss is {statistics.mean(changes):+.2%} of {peer}'s"


if __name__ == "__main__":
    sys.exit(main())
