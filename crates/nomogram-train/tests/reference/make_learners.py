#!/usr/bin/env python3
"""Fit logistic regression, networks and Gaussian naive Bayes with scikit-learn.

    python make_learners.py ../../../../examples/data > learners.json

Two classes: the training part of WDBC, the rows with part == "train" of wdbc_reference_split.csv;
y = 1 for M. Three classes: all rows of wine.csv, which `--wine` writes: the table of scikit-learn's
load_wine (Aeberhard and Forina, Wine, UCI Machine Learning Repository, 1992, CC BY 4.0).
Made with Python 3.11.7, NumPy 2.4.6, scikit-learn 1.9.1.
"""

import csv
import json
import sys
import warnings

import numpy as np
import sklearn
from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

warnings.simplefilter("error")
wine = load_wine()
if sys.argv[1] == "--wine":
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["cultivar", *wine.feature_names])
    for target, values in zip(wine.target, wine.data.tolist()):
        writer.writerow([wine.target_names[target], *values])
    sys.exit()
with open(f"{sys.argv[1]}/wdbc.csv", newline="") as file:
    rows = {row["row_id"]: row for row in csv.DictReader(file)}
with open(f"{sys.argv[1]}/wdbc_reference_split.csv", newline="") as file:
    parts = {row["row_id"]: row["part"] for row in csv.DictReader(file)}
train = [row for row_id, row in rows.items() if parts[row_id] == "train"]
names = [name for name in train[0] if name not in ("row_id", "diagnosis")]
x = np.array([[float(row[name]) for name in names] for row in train])
y = np.array([row["diagnosis"] == "M" for row in train], dtype=int)
scaled = StandardScaler().fit_transform(x)

elastic = []
for c, ratio in [(0.1, 0.5), (0.3, 0.9), (0.05, 1.0), (1.0, 0.2)]:
    model = LogisticRegression(C=c, l1_ratio=ratio, solver="saga", tol=1e-13, max_iter=2_000_000)
    model.fit(scaled, y)
    elastic.append(
        {"C": c, "l1_ratio": ratio, "coef": model.coef_[0].tolist(), "intercept": model.intercept_[0]}
    )
wine_scaled = StandardScaler().fit_transform(wine.data)
wine_weights = 1.0 + np.arange(len(wine.target)) % 4
multinomial = []
for c, ratio, balanced, weights in [
    (1.0, 0.0, False, None),
    (0.1, 0.0, True, None),
    (0.5, 0.0, True, wine_weights),
    (0.3, 0.7, False, None),
]:
    model = LogisticRegression(
        C=c,
        l1_ratio=ratio,
        solver="saga" if ratio > 0 else "newton-cg",
        tol=1e-13 if ratio > 0 else 1e-12,
        max_iter=2_000_000,
        class_weight="balanced" if balanced else None,
    )
    model.fit(wine_scaled, wine.target, sample_weight=weights)
    multinomial.append(
        {
            "C": c,
            "l1_ratio": ratio,
            "balanced": balanced,
            "weights": None if weights is None else weights.tolist(),
            "coef": model.coef_.tolist(),
            "intercept": (model.intercept_ - model.intercept_.mean()).tolist(),
        }
    )


class StartingFrom(MLPClassifier):
    """MLPClassifier with given initial weights (attribute `start`, a list of (coef, intercept))."""

    def _init_coef(self, fan_in, fan_out, dtype):
        coef, intercept = next(c for c in self.start if c[0].shape == (fan_in, fan_out))
        return coef.copy(), intercept.copy()


rng = np.random.default_rng(21)
start = [(rng.uniform(-0.5, 0.5, shape), rng.uniform(-0.5, 0.5, shape[1])) for shape in [(13, 5), (5, 3)]]
networks = []
for activation, epochs, weights in [("relu", 1, None), ("tanh", 25, None), ("relu", 25, wine_weights)]:
    model = StartingFrom(
        hidden_layer_sizes=(5,), activation=activation, alpha=0.01, learning_rate_init=0.01,
        batch_size=len(wine.target), shuffle=False, max_iter=epochs, tol=0.0, n_iter_no_change=10**6,
    )
    model.start = start
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(wine_scaled, wine.target, sample_weight=weights)
    networks.append(
        {
            "activation": activation,
            "epochs": epochs,
            "weights": None if weights is None else weights.tolist(),
            "coefs": [coef.tolist() for coef in model.coefs_],
            "intercepts": [intercept.tolist() for intercept in model.intercepts_],
        }
    )
bayes = GaussianNB().fit(x, y)
weights = 1.0 + np.arange(len(y)) % 3
weighted = GaussianNB().fit(x, y, sample_weight=weights)
json.dump(
    {
        "made_by": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
        "elastic_net": elastic,
        "multinomial": multinomial,
        "network": {
            "coefs": [coef.tolist() for coef, _ in start],
            "intercepts": [intercept.tolist() for _, intercept in start],
            "cases": networks,
        },
        "naive_bayes": [
            {"weights": own, "prior": m.class_prior_.tolist(), "mean": m.theta_.tolist(), "variance": m.var_.tolist()}
            for own, m in ((None, bayes), (weights.tolist(), weighted))
        ],
    },
    sys.stdout,
    indent=1,
)
