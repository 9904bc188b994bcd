"""What is measured: groups of contenders that do the same work, and which of them are set beside each other."""

import json
import os
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import measure
import tasks

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers"
PIPELINE = HERE.parents[1] / "scripts/pipeline.mk"


@dataclass
class Comparison:
    """A row of the table. Without a peer the bound is on our own seconds."""

    name: str
    ours: str
    peer: str | None
    bound: float
    peak: bool = False


@dataclass
class Group:
    """Contenders that take turns. Each takes a fresh directory and gives its cost and what it found."""

    name: str
    contenders: dict[str, Callable]
    comparisons: list[Comparison]
    check: Callable = field(default=lambda found: None)


def groups(options):
    """All groups, made as they are wanted: what they need first is made before, and not measured."""
    options.scratch = options.work / "runs"
    shutil.rmtree(options.scratch, ignore_errors=True)
    bench = Bench(options)
    makers = [bench.whole("numeric"), bench.whole("mixed")]
    for stage in ["validate", "featurize", "split", "train", "evaluate"]:
        makers += [bench.stage(stage, "numeric"), bench.stage(stage, "mixed")]
    makers += [bench.nothing(), bench.changed("numeric"), bench.changed("mixed"), bench.tiny()]
    if not options.quick:
        makers.append(bench.memory())
    for name, make in makers:
        if options.only in name:
            yield make()
    shutil.rmtree(options.scratch, ignore_errors=True)


class Bench:
    """Makes groups."""

    def __init__(self, options):
        self.options = options
        self.share = 5 if options.quick else 1
        self.rows = {"numeric": 1_000_000 // self.share, "mixed": 300_000 // self.share}

    def data(self, name, rows=None):
        """The project that holds a task's raw files and settings."""
        rows = rows or self.rows[name]
        return tasks.write(name, rows, self.options.work / f"{name}-{rows}")

    def make(self, data, project, goal="reports", measured=True):
        """Our line, by Make, in a project of its own."""
        if not (project / "config").exists():
            shutil.copytree(data / "config", project / "config")
        words = ["make", "-s", "-f", PIPELINE, f"PROJECT={project}", f"RAW={data / 'raw'}", f"BIN={self.options.bin}", goal]
        cost, _ = measure.run(words)
        if goal != "reports":
            return cost, None
        found = json.loads((project / "reports/metrics.json").read_text())["partitions"]
        return cost, {part: {"rows": found[part]["rows"], "auc": found[part]["metrics"]["auc"]} for part in ["validation", "test"]}

    def finished(self, name):
        """A project of ours whose line has run, for what begins in the middle."""
        data = self.data(name)
        project = self.options.work / f"{data.name}-finished"
        self.make(data, project)
        return data, project

    def python(self, script, *words, directory=None):
        cost, told = measure.run([sys.executable, PEERS / script, *words], directory, {"PYTHONDONTWRITEBYTECODE": "1"})
        last = told.strip().splitlines()[-1:]
        return cost, json.loads(last[0]) if last and last[0].startswith("{") else None

    def staged(self, wiring, name, raw, directory):
        """Six scripts under Make, Snakemake or DVC."""
        scripts, beside = PEERS / "staged", Path(sys.executable).parent
        environment = {"DVC_NO_ANALYTICS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        if wiring == "make":
            words = ["make", "-s", "-f", scripts / "Makefile", f"RAW={raw}", f"NAME={name}", f"PYTHON={sys.executable}", f"SCRIPTS={scripts}"]
        elif wiring == "snakemake":
            given = [f"raw={raw}", f"name={name}", f"scripts={scripts}", f"python={sys.executable}"]
            words = [beside / "snakemake", "-s", scripts / "Snakefile", "-c", "2", "-q", "all", "--config", *given]
        else:
            words = [beside / "dvc", "repro", "-q"]
            if not (directory / "dvc.yaml").exists():
                measure.run([beside / "dvc", "init", "-q", "--no-scm"], directory, environment)
                measure.run([sys.executable, scripts / "dvc.py", raw, name, scripts, sys.executable], directory)
        cost, _ = measure.run(words, directory, environment)
        return cost, json.loads((directory / "evaluate/metrics.json").read_text())

    def whole(self, name):
        """Raw files to metrics."""

        def group():
            data = self.data(name)
            raw = data / "raw"
            contenders = {"ours": lambda at: self.make(data, at)}
            one = ["polars", "duckdb", "pandas"][: 1 if self.options.quick else 3]
            for peer in one:
                contenders[peer] = lambda at, peer=peer: self.python(f"one_{peer}.py", raw, name)
            staged = ["make"] if self.options.quick else ["make", "snakemake", "dvc"]
            for peer in staged:
                contenders[f"staged {peer}"] = lambda at, peer=peer: self.staged(peer, name, raw, at)
            bounds = {"polars": {"numeric": 0.5, "mixed": 0.4}[name], "duckdb": {"numeric": 0.5, "mixed": 0.4}[name], "pandas": 0.3}
            comparisons = [
                Comparison(f"raw → metrics, {name}: {peer}", "ours", peer, bounds.get(peer, 0.35)) for peer in contenders if peer != "ours"
            ]
            return Group(f"whole-{name}", contenders, comparisons, alike)

        return f"raw → metrics, {name}", group

    def stage(self, stage, name):
        """One stage on its own queue."""

        def group():
            data, project = self.finished(name)
            config = project / "config"
            option = lambda file: ["--config", config / f"{file}.json"]
            command, peer, label, bound = {
                "validate": (option("validate") + [data / "raw"], ["validate_polars.py", data / "raw"], "polars streaming", 1.0),
                "featurize": (
                    option("featurize-all") + ["--split", config / "split.json", project / "cleaned"],
                    ["featurize_sklearn.py", project / "cleaned"],
                    "scikit-learn",
                    0.3,
                ),
                "split": (option("split") + [project / "features"], ["staged/split.py", project / "features"], "polars", 0.8),
                "train": (option("train") + [project / "splits"], ["staged/train.py", project / "splits"], "LightGBM", 0.5),
                "evaluate": ([project / "models"], ["evaluate_sklearn.py", project / "models"], "scikit-learn", 0.2),
            }[stage]

            def ours(at):
                cost, _ = measure.run([self.options.bin / stage, "--quiet", *command, at / "out"])
                return cost, self.judged(at / "out") if stage == "train" else None

            def theirs(at):
                words = [*peer, at / "out"] + ([] if stage == "evaluate" else [name])
                cost, _ = self.python(*words)
                return cost, self.judged(at / "out") if stage == "train" else None

            comparison = Comparison(f"{stage}, {name}: {label}", "ours", "peer", bound)
            return Group(f"{stage}-{name}", {"ours": ours, "peer": theirs}, [comparison], alike)

        return f"{stage}, {name}", group

    def judged(self, queue):
        """The AUC of test predictions, wherever they lie."""
        import polars
        from sklearn.metrics import roc_auc_score

        file = next(path for path in [queue / "predictions/test.parquet", queue / "test.parquet"] if path.exists())
        table = polars.read_parquet(file)
        return {"test": {"rows": len(table), "auc": roc_auc_score(table["label"].to_numpy(), table["prediction"].to_numpy())}}

    def nothing(self):
        """A second run with nothing to do."""

        def group():
            data, project = self.finished("mixed")
            raw = data / "raw"
            peers = ["make"] if self.options.quick else ["make", "snakemake", "dvc"]
            contenders = {"ours": lambda at: self.make(data, project)}
            for peer in peers:
                place = self.options.work / f"{data.name}-{peer}"
                place.mkdir(exist_ok=True)
                self.staged(peer, "mixed", raw, place)
                contenders[peer] = lambda at, peer=peer, place=place: self.staged(peer, "mixed", raw, place)
            comparisons = [Comparison("nothing to do (seconds)", "ours", None, 0.05)]
            bounds = {"make": 10, "snakemake": 0.1, "dvc": 0.1}
            comparisons += [Comparison(f"nothing to do: {peer}", "ours", peer, bounds[peer]) for peer in peers]
            return Group("nothing", contenders, comparisons)

        return "nothing to do", group

    def changed(self, name):
        """One shard of 20 changed, beside a full run of the same."""

        def group():
            data = self.data(name)

            def full(goal):
                return lambda at: self.make(data, at, goal)

            def again(goal):
                def run(at):
                    # A copy of the raw files, so that one of them can be changed.
                    copy = at / "given"
                    shutil.copytree(data / "raw", copy / "raw")
                    shutil.copytree(data / "config", copy / "config")
                    # What was written in the very tick in which a run begins is read again by the next; raw files are older.
                    time.sleep(0.05)
                    self.make(copy, at / "project", goal)
                    shard = copy / "raw/part-07.csv"
                    lines = shard.read_text().splitlines(keepends=True)
                    # Every tenth row of the shard is gone, train rows too, so that what is fitted could move; with what trees get
                    # by default, categories by name, it stays as long as each is left in some train row.
                    shard.write_text("".join(line for number, line in enumerate(lines) if number % 10 != 5))
                    # The copy is not the cost of the run.
                    os.sync()
                    return self.make(copy, at / "project", goal)

                return run

            contenders, comparisons = {}, []
            for goal, what, bound in [("cleaned", "to cleaned", 0.1), ("splits", "to splits", 0.2)]:
                contenders |= {f"{goal} full": full(goal), f"{goal} again": again(goal)}
                row = f"1 of 20 shards changed, {name}, {what}"
                comparisons.append(Comparison(f"{row}: full", f"{goal} again", f"{goal} full", bound))
            return Group(f"changed-{name}", contenders, comparisons)

        return f"1 of 20 shards changed, {name}", group

    def tiny(self):
        """10,000 items of one small JSON object each."""

        def group():
            place = self.options.work / "tiny"
            raw = place / "raw"
            if not raw.exists():
                raw.mkdir(parents=True)
                for number in range(10_000):
                    row = {"id": number, "name": f"item {number}", "value": number / 7}
                    (raw / f"{number:05}.json").write_text(json.dumps(row))
            fields = [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}, {"name": "value", "type": "number"}]
            schema = place / "validate.json"
            schema.write_text(json.dumps({"fields": fields}))

            def ours(at):
                return measure.run([self.options.bin / "validate", "--quiet", "--config", schema, raw, at / "out"])

            contenders = {"ours": ours, "loop": lambda at: self.python("loop.py", raw, at / "out")}
            return Group("tiny", contenders, [Comparison("10,000 tiny items: durable Python loop", "ours", "loop", 0.3)])

        return "10,000 tiny items", group

    def memory(self):
        """The peak of the whole line on four times the rows."""

        def group():
            data = self.data("numeric", 4_000_000)
            contenders = {"ours": lambda at: self.make(data, at), "polars": lambda at: self.python("one_polars.py", data / "raw", "numeric")}
            comparison = Comparison("peak memory, numeric × 4: polars", "ours", "polars", 0.25, peak=True)
            return Group("memory", contenders, [comparison], alike)

        return "peak memory", group


def alike(found):
    """All contenders must have solved the same task: as many rows, and as well, within the noise of their splits."""
    found = {name: metrics["test"] for name, metrics in found.items() if metrics}
    if not found:
        return
    rows = [metrics["rows"] for metrics in found.values()]
    scores = [metrics["auc"] for metrics in found.values()]
    if max(rows) > 1.05 * min(rows) or max(scores) - min(scores) > 0.01:
        sys.exit(f"bench: contenders did not do the same: {found}")
