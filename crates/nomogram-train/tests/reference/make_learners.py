#!/usr/bin/env python3
"""Fit elastic nets and Gaussian naive Bayes with scikit-learn on the training part of WDBC.

    python make_learners.py ../../../../examples/data > learners.json

The training part is the rows with part == "train" of wdbc_reference_split.csv; y = 1 for M.
Made with Python 3.11.7, NumPy 2.4.6, scikit-learn 1.9.1.
"""

import csv
import json
import sys
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import StandardScaler

warnings.simplefilter("error")
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
bayes = GaussianNB().fit(x, y)
weights = 1.0 + np.arange(len(y)) % 3
weighted = GaussianNB().fit(x, y, sample_weight=weights)
json.dump(
    {
        "made_by": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
        "elastic_net": elastic,
        "naive_bayes": [
            {"weights": own, "prior": m.class_prior_.tolist(), "mean": m.theta_.tolist(), "variance": m.var_.tolist()}
            for own, m in ((None, bayes), (weights.tolist(), weighted))
        ],
    },
    sys.stdout,
    indent=1,
)
