"""What the peers share: the task's columns, LightGBM's settings, metrics."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tasks import BINS, LEAVES, RATE, ROUNDS, features  # noqa: E402, F401

THREADS = 2

LIGHTGBM = {
    "objective": "binary",
    "num_leaves": LEAVES,
    "learning_rate": RATE,
    "max_bin": BINS,
    "num_threads": THREADS,
    "verbose": -1,
}


def lightgbm_settings(name):
    """Its fastest settings for the task: histograms by row for many numbers, by column with categories."""
    return LIGHTGBM | ({"force_row_wise": True} if name == "numeric" else {"force_col_wise": True})


def judge(label, probability):
    """The metrics that every peer prints."""
    from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

    return {
        "rows": len(label),
        "auc": float(roc_auc_score(label, probability)),
        "log_loss": float(log_loss(label, probability)),
        "accuracy": float(accuracy_score(label, probability > 0.5)),
    }


def tell(metrics):
    """Prints the metrics for the bench to read."""
    print(json.dumps(metrics))
