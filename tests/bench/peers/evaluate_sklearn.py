"""scikit-learn: all metrics that `evaluate` gives of two classes, on validation and test, and of the constant."""

import json
import sys
from pathlib import Path

import pandas as pd
from sklearn import metrics

source, target = sys.argv[1:]
found = {}
for part in ["validation", "test"]:
    table = pd.read_parquet(Path(source) / "predictions" / f"{part}.parquet")
    label = table["label"].to_numpy()
    for name, score in {part: table["prediction"], f"{part} constant": table["baseline"]}.items():
        score = score.to_numpy()
        positive = score >= 0.5
        metrics.roc_curve(label, score)
        metrics.precision_recall_curve(label, score)
        found[name] = {
            "auc": metrics.roc_auc_score(label, score),
            "average_precision": metrics.average_precision_score(label, score),
            "log_loss": metrics.log_loss(label, score),
            "brier": metrics.brier_score_loss(label, score),
            "accuracy": metrics.accuracy_score(label, positive),
            "f1": metrics.f1_score(label, positive, zero_division=0),
            "confusion": metrics.confusion_matrix(label, positive).tolist(),
        }
Path(target).mkdir(parents=True, exist_ok=True)
(Path(target) / "metrics.json").write_text(json.dumps(found))
