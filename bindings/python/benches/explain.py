"""What explaining forests costs, beside LightGBM, XGBoost and shap, in times of a prediction.

    nomogram train bindings/python/benches/explain.yaml examples/data/wdbc.csv -o forest.nomo
    pip install -r tests/reference/requirements-explanations.txt bindings/python
    export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
    python bindings/python/benches/explain.py forest.nomo examples/data/wdbc.csv

Every library explains margins of 200 trees of depth 3, fitted to the same rows, with one thread.
The forests differ, their sizes do not. One round runs every call once, so that another load of the
machine slows all of them; of each call the fastest round counts.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable

import lightgbm
import numpy as np
import shap
import xgboost

import nomogram_risk

N_ROUNDS = 30
N_TREES, DEPTH, RATE = 200, 3, 0.1

Calls = dict[str, tuple[Callable[[], object], Callable[[], object]]]


def main(bundle: str, table: str) -> None:
    """Prints one line per library."""
    model = nomogram_risk.Model.open(bundle)
    with open(table, newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    names = [feature.name for feature in model.features]
    rows = np.array([[float(line[name]) for name in names] for line in lines])
    outcomes = np.array([line["diagnosis"] == "M" for line in lines], dtype=float)
    libraries = (nomogram_risk, lightgbm, xgboost, shap)
    print(*(f"{library.__name__} {library.__version__}" for library in libraries))
    for n_rows in (1, len(rows)):
        calls = calls_of(model, rows, outcomes, rows[:n_rows])
        best = {name: [float("inf")] * 2 for name in calls}
        for _ in range(N_ROUNDS):
            for name, pair in calls.items():
                for which, call in enumerate(pair):
                    best[name][which] = min(
                        best[name][which], seconds(call, 1 if n_rows > 1 else 20)
                    )
        print(f"{n_rows} rows")
        for name, (predict, explain) in best.items():
            per_row = [1e6 * each / n_rows for each in (predict, explain)]
            times = f"{per_row[0]:9.2f} us {per_row[1]:9.2f} us"
            print(f"  {name:24} {times}  {explain / predict:7.1f} times")


def calls_of(
    model: nomogram_risk.Model, fitted: np.ndarray, outcomes: np.ndarray, rows: np.ndarray
) -> Calls:
    """The prediction and the explanation of each library."""
    parameters = {
        "objective": "binary",
        "num_leaves": 2**DEPTH,
        "max_depth": DEPTH,
        "num_threads": 1,
    }
    parameters |= {"learning_rate": RATE, "min_data_in_leaf": 1, "verbose": -1, "seed": 1}
    light = lightgbm.train(parameters, lightgbm.Dataset(fitted, outcomes), N_TREES)
    parameters = {
        "objective": "binary:logistic",
        "max_depth": DEPTH,
        "eta": RATE,
        "nthread": 1,
        "seed": 1,
    }
    boosted = xgboost.train(parameters, xgboost.DMatrix(fitted, outcomes, nthread=1), N_TREES)
    matrix = xgboost.DMatrix(rows, nthread=1)
    explainer = shap.TreeExplainer(light, feature_perturbation="tree_path_dependent")

    def ours() -> object:
        return model.explain(rows, method="path_dependent", member="boosted_trees")

    return {
        "Nomogram": (lambda: model.predict_proba(rows), ours),
        "LightGBM pred_contrib": (
            lambda: light.predict(rows, raw_score=True),
            lambda: light.predict(rows, pred_contrib=True),
        ),
        "XGBoost pred_contribs": (
            lambda: boosted.predict(matrix, output_margin=True),
            lambda: boosted.predict(matrix, pred_contribs=True),
        ),
        "shap, of LightGBM": (
            lambda: light.predict(rows, raw_score=True),
            lambda: explainer.shap_values(rows, check_additivity=False),
        ),
    }


def seconds(call: Callable[[], object], number: int) -> float:
    """Seconds per call."""
    begun = time.perf_counter()
    for _ in range(number):
        call()
    return (time.perf_counter() - begun) / number


if __name__ == "__main__":
    main(*sys.argv[1:])
