#!/usr/bin/env python3
"""Fit preprocessing with scikit-learn and SciPy on the training part of WDBC.

    python make_steps.py ../../../../examples/data > steps.json

The training part is the rows with part == "train" of wdbc_reference_split.csv. Of each case there
are the outputs of rows 0, 100, 200 and 300 of the training part.
Made with Python 3.11.7, NumPy 2.4.6, SciPy 1.17.1, scikit-learn 1.9.1.
"""

import csv
import json
import sys

import numpy as np
import scipy
import sklearn
from sklearn.decomposition import PCA
from sklearn.preprocessing import MinMaxScaler, PowerTransformer, RobustScaler, StandardScaler

with open(f"{sys.argv[1]}/wdbc.csv", newline="") as file:
    rows = {row["row_id"]: row for row in csv.DictReader(file)}
with open(f"{sys.argv[1]}/wdbc_reference_split.csv", newline="") as file:
    parts = {row["row_id"]: row["part"] for row in csv.DictReader(file)}
train = [row for row_id, row in rows.items() if parts[row_id] == "train"]
names = [name for name in train[0] if name not in ("row_id", "diagnosis")]
x = np.array([[float(row[name]) for name in names] for row in train])
scaled = StandardScaler().fit_transform(x)


def spline(x, shares):
    """Hmisc::rcspline.eval(x, knots, inclx = TRUE, norm = 2) with knots at these quantiles."""
    columns = []
    for column in x.T:
        t = np.quantile(column, shares)
        cube = lambda u: np.maximum(u, 0.0) ** 3
        columns.append(column)
        for j in range(len(t) - 2):
            term = cube(column - t[j]) - cube(column - t[-2]) * (t[-1] - t[j]) / (t[-1] - t[-2])
            term += cube(column - t[-1]) * (t[-2] - t[j]) / (t[-1] - t[-2])
            columns.append(term / (t[-1] - t[0]) ** 2)
    return np.array(columns).T


def bins(x, n):
    inner = [np.quantile(column, np.arange(1, n) / n) for column in x.T]
    return np.array([np.searchsorted(e, column, side="right") for e, column in zip(inner, x.T)]).T


low, high = np.quantile(x, [0.05, 0.9], axis=0)
cases = [
    ("[{ clip: { quantiles: [0.05, 0.9] } }]", np.clip(x, low, high), 1e-12),
    ("[{ log1p: {} }]", np.log1p(x), 1e-12),
    ("[{ yeo_johnson: {} }]", PowerTransformer(standardize=False).fit_transform(x), 1e-6),
    ("[{ yeo_johnson: { keep: true } }, { standard_scale: {} }]",
     np.hstack([scaled, PowerTransformer().fit_transform(x)]), 1e-6),
    ("[{ min_max_scale: {} }]", MinMaxScaler().fit_transform(x), 1e-12),
    ("[{ robust_scale: {} }]", RobustScaler().fit_transform(x), 1e-12),
    ("[{ spline: { knots: 4 } }]", spline(x, [0.05, 0.35, 0.65, 0.95]), 1e-9),
    ("[{ bins: { n: 6 } }]", bins(x, 6), 0.0),
    ("[{ standard_scale: {} }, { pca: { n_components: 6 } }]", PCA(6).fit_transform(scaled), 1e-9),
    ("[{ standard_scale: {} }, { pca: { n_components: 6, whiten: true } }]",
     PCA(6, whiten=True).fit_transform(scaled), 1e-9),
]
made_by = {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__}
cases = [
    {"steps": steps, "tolerance": tolerance, "outputs": outputs[:301:100].tolist()}
    for steps, outputs, tolerance in cases
]
json.dump({"made_by": made_by, "cases": cases}, sys.stdout, indent=1)
