"""Logistic regressions with many rows, columns or classes, by scikit-learn's newton-cholesky.

    python make_regressions.py > regressions.json

Made with Python 3.11.7, NumPy 2.4.6, scikit-learn 1.9.1. The rows are made by whole
numbers alone, so that `regressions_reference.rs` makes the same ones.
"""

import json

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression


def mixed(numbers):
    """Well mixed whole numbers below 2^32 (Prospecting for Hash Functions, lowbias32)."""
    x = np.asarray(numbers, dtype=np.uint64) & np.uint64(0xFFFFFFFF)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x ^= x >> np.uint64(shift)
        x = (x * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    return x ^ (x >> np.uint64(16))


def balanced(n_rows):
    """Three inputs that are 0 or 1, each combination equally often."""
    row = np.arange(n_rows)
    x = np.stack([row & 1, (row >> 1) & 1, (row >> 2) & 1], axis=1)
    percent = 30 + 25 * x[:, 0] - 15 * x[:, 1] + 5 * x[:, 2]
    return x.astype(float), (mixed(row) % 100 < percent).astype(int)


def wide(n_rows, n_inputs, n_classes, shared):
    """Inputs between -1 and 1; with `shared`, each is nearly the same."""
    row, column = np.meshgrid(np.arange(n_rows), np.arange(n_inputs), indexing="ij")
    x = mixed(row * n_inputs + column) % 2001 / 1000.0 - 1.0
    if shared:
        x = x / 1000.0 + (mixed(np.arange(n_rows) + 77_000_000) % 2001 / 1000.0 - 1.0)[:, None]
    noise = mixed(np.arange(n_rows) + 99_000_000) % 1000
    first = mixed(np.arange(n_rows) * n_inputs) % 2001
    return x, ((first + noise) * n_classes // 3001).astype(int)


def fit(name, x, y, c):
    model = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-12, max_iter=100).fit(x, y)
    return {
        "name": name,
        "c": c,
        "coef": model.coef_.ravel().tolist(),
        "intercept": model.intercept_.tolist(),
    }


cases = [fit(f"balanced {n}", *balanced(n), 1.0) for n in (5_000, 20_000, 200_000)]
cases.append(fit("wide 600 300 2", *wide(600, 300, 2, False), 1.0))
cases.append(fit("shared 600 300 2", *wide(600, 300, 2, True), 1000.0))
cases.append(fit("wide 3000 8 40", *wide(3000, 8, 40, False), 1.0))
print(json.dumps({"scikit-learn": sklearn.__version__, "cases": cases}, indent=1))
