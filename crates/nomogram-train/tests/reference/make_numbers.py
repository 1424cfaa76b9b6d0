"""Writes diabetes.csv and numbers.json: intervals of a number that other libraries fit to the same rows.

    pip install numpy==2.3.5 scikit-learn==1.9.1 crepes==0.9.1 MAPIE==1.6.0
    python make_numbers.py

- diabetes.csv: scikit-learn's diabetes data in their own units (B. Efron, T. Hastie, I. Johnstone and
  R. Tibshirani, Least Angle Regression, 2004): 442 patients, the progression after a year, in the order of
  scikit-learn; `patient` is the number of the row
- two members, each a ridge regression of half of the rows 0, 3, 6, ...
- intervals of the rows 2, 5, 8, ..., fitted to the rows 1, 4, 7, ...: crepes, normalised by half of the range of the
  members plus an offset, and MAPIE without one
- bounds: the half width of MAPIE's intervals where a level times one more than the number of rows is whole. crepes then
  takes the next larger error at 0.8 and 0.9, because it multiplies by 1 - 0.9, which is rounded down
- errors: scikit-learn's metrics; coverage and width: those of MAPIE
"""

import json
from pathlib import Path

import numpy as np
from crepes import ConformalRegressor
from mapie.metrics.regression import regression_coverage_score, regression_mean_width_score
from mapie.regression import SplitConformalRegressor
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

HERE = Path(__file__).parent
LEVELS = [0.5, 0.8, 0.9, 0.95]
OFFSET = 2.0


class Same(RegressorMixin, BaseEstimator):
    """Predicts the only column."""

    def fit(self, x, y):
        self.is_fitted_ = True
        return self

    def predict(self, x):
        return x[:, 0]


def predict(member, rows):
    """As a linear member sums: from the intercept on, one product after the other."""
    sums = np.full(len(rows), member["intercept"])
    for weight, column in zip(member["weights"], rows.T, strict=True):
        sums = sums + weight * column
    return sums


def main():
    data = load_diabetes(scaled=False)
    x, y = data.data, data.target
    header = ",".join(["patient", *data.feature_names, "progression"])
    cell = lambda value: f"{value:.0f}" if value == round(value) else repr(float(value))
    lines = [",".join([str(row), *map(cell, x[row]), cell(y[row])]) for row in range(len(y))]
    (HERE / "diabetes.csv").write_text("\n".join([header, *lines]) + "\n")

    members = []
    for half in range(2):
        model = Ridge(alpha=1.0).fit(x[3 * half :: 6], y[3 * half :: 6])
        members.append({"intercept": float(model.intercept_), "weights": model.coef_.tolist()})
    of_members = np.array([predict(member, x) for member in members])
    predicted = (of_members[0] + of_members[1]) / 2
    difficulty = (of_members.max(axis=0) - of_members.min(axis=0)) / 2 + OFFSET
    known, new = slice(1, None, 3), slice(2, None, 3)

    crepes = ConformalRegressor()
    crepes.fit(y[known] - predicted[known], sigmas=difficulty[known])
    normalised = [
        crepes.predict_int(predicted[new], sigmas=difficulty[new], confidence=level) for level in LEVELS
    ]
    mapie = SplitConformalRegressor(Same().fit(None, None), confidence_level=LEVELS, prefit=True)
    mapie.conformalize(predicted[known, None], y[known])
    _, plain = mapie.predict_interval(predicted[new, None])
    plain = np.moveaxis(plain, 2, 0)

    def evaluated(intervals):
        of_levels = np.moveaxis(np.asarray(intervals), 0, 2)
        coverage = regression_coverage_score(y[new], of_levels)
        return {
            "intervals": [np.asarray(level).tolist() for level in intervals],
            "coverage": coverage.tolist(), "width": regression_mean_width_score(of_levels).tolist(),
        }  # fmt: skip

    def bound(n, level):
        errors = np.random.default_rng(n).integers(0, 4096, n) / 64
        of_errors = SplitConformalRegressor(Same().fit(None, None), confidence_level=level, prefit=True)
        of_errors.conformalize(np.zeros((n, 1)), errors)
        _, interval = of_errors.predict_interval(np.zeros((1, 1)))
        return {"errors": errors.tolist(), "level": level, "bound": float(interval[0, 1, 0])}

    whole = [(9, 0.8), (9, 0.5), (19, 0.9), (29, 0.9), (39, 0.95), (59, 0.95), (199, 0.8), (199, 0.95)]
    reference = {
        "bounds": [bound(n, level) for n, level in whole],
        "members": members, "levels": LEVELS, "offset": OFFSET,
        "normalised": evaluated(normalised), "plain": evaluated(plain),
        "mean_absolute_error": mean_absolute_error(y[new], predicted[new]),
        "root_mean_squared_error": root_mean_squared_error(y[new], predicted[new]),
        "r_squared": r2_score(y[new], predicted[new]),
    }  # fmt: skip
    (HERE / "numbers.json").write_text(json.dumps(reference) + "\n")


if __name__ == "__main__":
    main()
