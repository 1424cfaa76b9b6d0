#!/usr/bin/env python3
"""Compare cross-validated log loss with LightGBM, XGBoost and scikit-learn.

    cargo build --release -p nomogram-train --example tree_tables
    python tree_tables.py TARGET_DIR/release/examples/tree_tables WDBC_CSV

Needs lightgbm, xgboost, scikit-learn, and the data files of scikit-survival (`pip
install --no-deps scikit-survival`). Tables: WDBC; the digits of scikit-learn (10
classes); flchain of scikit-survival (death within the follow-up; creatinine is
missing for 1350 of 7874; the groups of free light chains, sex and the year of the
sample are levels). The folds are the same for all: 5, stratified, in 4 repeats.

Boosting: 100 rounds, a learning rate of 0.1, 15 leaves, 255 bins. Bound by `rows`: 20
rows and a curvature of 0.001 in a leaf, no penalty; XGBoost knows no smallest number of
rows. Bound by `curvature`: 1 row and a curvature of 1 in a leaf, a penalty of 1;
scikit-learn knows no smallest curvature.

Forests: 500 trees, the square root of the inputs tried for a split, 5 rows in a leaf.
scikit-learn takes levels as numbers, as we do. LightGBM and XGBoost have no forest of
averaged shares: theirs are one Newton step on 63.2 % of the rows each, without a penalty.
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
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
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


def rows_lightgbm(x, y, categorical, seed):
    return lightgbm.LGBMClassifier(
        n_estimators=100, learning_rate=0.1, num_leaves=15, min_child_samples=20,
        min_child_weight=1e-3, verbose=-1, n_jobs=1,
    ).fit(x, y, categorical_feature=categorical)


def curvature_lightgbm(x, y, categorical, seed):
    return lightgbm.LGBMClassifier(
        n_estimators=100, learning_rate=0.1, num_leaves=15, min_child_samples=1,
        min_child_weight=1.0, reg_lambda=1.0, verbose=-1, n_jobs=1,
    ).fit(x, y, categorical_feature=categorical)


def kinds(x, categorical):
    return ["c" if i in categorical else "q" for i in range(x.shape[1])]


def curvature_xgboost(x, y, categorical, seed):
    return xgboost.XGBClassifier(
        n_estimators=100, learning_rate=0.1, max_leaves=15, max_depth=0,
        grow_policy="lossguide", min_child_weight=1.0, reg_lambda=1.0, max_bin=255,
        tree_method="hist", enable_categorical=True, feature_types=kinds(x, categorical),
        n_jobs=1,
    ).fit(x, y)


def rows_scikit_learn(x, y, categorical, seed):
    return HistGradientBoostingClassifier(
        max_iter=100, learning_rate=0.1, max_leaf_nodes=15, min_samples_leaf=20,
        early_stopping=False, categorical_features=categorical or None,
    ).fit(x, y)


def forest_lightgbm(x, y, categorical, seed):
    return lightgbm.LGBMClassifier(
        boosting_type="rf", n_estimators=500, num_leaves=4096, min_child_samples=5,
        min_child_weight=0.0, subsample=0.632, subsample_freq=1,
        feature_fraction_bynode=int(x.shape[1] ** 0.5) / x.shape[1], random_state=seed,
        verbose=-1, n_jobs=1,
    ).fit(x, y, categorical_feature=categorical)


def forest_xgboost(x, y, categorical, seed):
    return xgboost.XGBRFClassifier(
        n_estimators=500, max_depth=0, max_leaves=4096, grow_policy="lossguide",
        min_child_weight=1.0, reg_lambda=1e-6, subsample=0.632,
        colsample_bynode=int(x.shape[1] ** 0.5) / x.shape[1], tree_method="hist",
        enable_categorical=True, feature_types=kinds(x, categorical), random_state=seed,
        n_jobs=1,
    ).fit(x, y)


def forest_scikit_learn(x, y, categorical, seed):
    return RandomForestClassifier(
        n_estimators=500, min_samples_leaf=5, random_state=seed, n_jobs=1
    ).fit(x, y)


NAMES = ["LightGBM", "XGBoost", "scikit-learn"]
OTHERS = {
    "rows": {"LightGBM": rows_lightgbm, "scikit-learn": rows_scikit_learn},
    "curvature": {"LightGBM": curvature_lightgbm, "XGBoost": curvature_xgboost},
    "forest": {
        "LightGBM": forest_lightgbm,
        "XGBoost": forest_xgboost,
        "scikit-learn": forest_scikit_learn,
    },
}


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
    names = ["nomogram", *NAMES, "to best"]
    print(f"{'learner':10}{'table':9}{'rows x inputs':15}" + "".join(f"{n:>14}" for n in names))
    for learner, others in OTHERS.items():
        for name, table in tables.items():
            compare(arguments.example, learner, others, name, *table)


def compare(example, learner, others, name, x, y, categorical):
    n_classes = int(y.max()) + 1
    folds = np.zeros((len(y), N_REPEATS))
    found = {other: [] for other in others}
    for repeat in range(N_REPEATS):
        split = StratifiedKFold(5, shuffle=True, random_state=repeat)
        for fold, (train, test) in enumerate(split.split(x, y)):
            folds[test, repeat] = fold
            for other, fit in others.items():
                p = fit(x[train], y[train], categorical, repeat).predict_proba(x[test])
                loss = log_loss(y[test], p, labels=range(n_classes))
                found[other].append((loss, len(test)))
    means = {
        other: np.average([loss for loss, _ in losses], weights=[n for _, n in losses])
        for other, losses in found.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.npy"
        np.save(path, np.ascontiguousarray(np.column_stack([x, y, folds])))
        command = [example, learner, path, n_classes, N_REPEATS, *categorical]
        out = subprocess.run(map(str, command), check=True, capture_output=True, text=True)
    ours = float(out.stdout)
    shape = f"{len(y)} x {x.shape[1]}"
    losses = [ours, *(means.get(other) for other in NAMES)]
    cells = ["" if loss is None else f"{loss:.5f}" for loss in losses]
    cells.append(f"{100 * (ours / min(means.values()) - 1):+.2f}%")
    line = f"{learner:10}{name:9}{shape:15}" + "".join(f"{cell:>14}" for cell in cells)
    print(line, flush=True)


if __name__ == "__main__":
    main()
