#!/usr/bin/env python3
"""Compare cross-validated log loss with LightGBM, XGBoost and scikit-learn.

    cargo build --release -p nomogram-train --example boosting_tables
    python boosting_tables.py TARGET_DIR/release/examples/boosting_tables WDBC_CSV

Needs lightgbm, xgboost, scikit-learn, and the data files of scikit-survival (`pip
install --no-deps scikit-survival`). Tables: WDBC; the digits of scikit-learn (10
classes); flchain of scikit-survival (death within the follow-up; creatinine is
missing for 1350 of 7874; the groups of free light chains, sex and the year of the
sample are levels). All have 100 rounds, a learning rate of 0.1, 15 leaves, 20 rows and
a curvature of 0.001 in a leaf, no penalty, 255 bins, and the same folds: 5, stratified,
in 4 repeats. XGBoost knows no smallest number of rows, without which those settings
overfit, so its curvature in a leaf and its penalty are its own defaults, 1 and 1.
"""

import argparse
import csv
import importlib.util
import subprocess
import tempfile
from pathlib import Path

import lightgbm
import numpy as np
import sklearn
import xgboost
from scipy.io import arff
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold

N_REPEATS = 4


def wdbc(path):
    with open(path, newline="") as f:
        _, *rows = csv.reader(f)
    y = np.array([row[1] == "M" for row in rows], dtype=int)
    return np.array([row[2:] for row in rows], dtype=float), y, []


def flchain():
    folder = Path(importlib.util.find_spec("sksurv").origin).parent
    data, meta = arff.loadarff(folder / "datasets/data/flchain.arff")
    names = ["age", "sex", "sample.yr", "kappa", "lambda", "flc.grp", "creatinine", "mgus"]
    columns = []
    for name in names:
        if meta[name][0] == "nominal":
            levels = [level.encode() for level in meta[name][1]]
            columns.append([levels.index(v) if v in levels else np.nan for v in data[name]])
        else:
            columns.append(data[name])
    y = np.array([v == b"dead" for v in data["death"]], dtype=int)
    categorical = [i for i, name in enumerate(names) if meta[name][0] == "nominal"]
    return np.column_stack(columns).astype(float), y, categorical


def of_lightgbm(x, y, categorical, n_classes):
    return lightgbm.LGBMClassifier(
        n_estimators=100, learning_rate=0.1, num_leaves=15, min_child_samples=20,
        min_child_weight=1e-3, verbose=-1, n_jobs=1,
    ).fit(x, y, categorical_feature=categorical)


def of_xgboost(x, y, categorical, n_classes):
    kinds = ["c" if i in categorical else "q" for i in range(x.shape[1])]
    return xgboost.XGBClassifier(
        n_estimators=100, learning_rate=0.1, max_leaves=15, max_depth=0,
        grow_policy="lossguide", min_child_weight=1.0, reg_lambda=1.0, max_bin=255,
        tree_method="hist", enable_categorical=True, feature_types=kinds, n_jobs=1,
    ).fit(x, y)


def of_scikit_learn(x, y, categorical, n_classes):
    return HistGradientBoostingClassifier(
        max_iter=100, learning_rate=0.1, max_leaf_nodes=15, min_samples_leaf=20,
        early_stopping=False, categorical_features=categorical or None,
    ).fit(x, y)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("example", type=Path)
    parser.add_argument("wdbc", type=Path)
    arguments = parser.parse_args()
    print(
        f"LightGBM {lightgbm.__version__}, XGBoost {xgboost.__version__}, "
        f"scikit-learn {sklearn.__version__}"
    )
    digits = load_digits()
    tables = {
        "wdbc": wdbc(arguments.wdbc),
        "digits": (digits.data, digits.target, []),
        "flchain": flchain(),
    }
    others = {"LightGBM": of_lightgbm, "XGBoost": of_xgboost, "scikit-learn": of_scikit_learn}
    print("table    rows x inputs  " + "".join(f"{n:>14}" for n in ["nomogram", *others, "to best"]))
    for name, (x, y, categorical) in tables.items():
        n_classes = int(y.max()) + 1
        folds = np.zeros((len(y), N_REPEATS))
        found = {other: [] for other in others}
        for repeat in range(N_REPEATS):
            split = StratifiedKFold(5, shuffle=True, random_state=repeat)
            for fold, (train, test) in enumerate(split.split(x, y)):
                folds[test, repeat] = fold
                for other, fit in others.items():
                    p = fit(x[train], y[train], categorical, n_classes).predict_proba(x[test])
                    loss = log_loss(y[test], p, labels=range(n_classes))
                    found[other].append((loss, len(test)))
        means = {
            other: np.average([loss for loss, _ in losses], weights=[n for _, n in losses])
            for other, losses in found.items()
        }
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.npy"
            np.save(path, np.ascontiguousarray(np.column_stack([x, y, folds])))
            out = subprocess.run(
                [arguments.example, path, str(n_classes), str(N_REPEATS), *map(str, categorical)],
                check=True, capture_output=True, text=True,
            ).stdout
        ours = float(out)
        cells = [ours, *means.values()]
        shape = f"{len(y)} x {x.shape[1]}"
        print(
            f"{name:9}{shape:15}" + "".join(f"{c:14.5f}" for c in cells)
            + f"{100 * (ours / min(means.values()) - 1):+13.2f}%", flush=True,
        )


if __name__ == "__main__":
    main()
