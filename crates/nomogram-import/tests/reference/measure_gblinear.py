"""How far double precision is from XGBoost's `gblinear`, which adds its products in single precision.

    python measure_gblinear.py        # xgboost 3.2.0, scikit-learn 1.9.1, numpy 2.4.6

Prints the largest differences from XGBoost's margins and probabilities over the rows of the breast cancer data:
of sums in double precision, and of sums in single precision in the order of the features, which XGBoost does not
keep for all rows either.
"""

import json
import tempfile

import numpy as np
import xgboost
from sklearn import datasets

x, y = datasets.load_breast_cancer(return_X_y=True)
matrix = xgboost.DMatrix(x, y)
booster = xgboost.train({"booster": "gblinear", "objective": "binary:logistic", "updater": "coord_descent"}, matrix, 20)
margins, probabilities = booster.predict(matrix, output_margin=True), booster.predict(matrix)
with tempfile.NamedTemporaryFile(suffix=".json") as file:
    booster.save_model(file.name)
    with open(file.name, encoding="utf-8") as stream:
        learner = json.load(stream)["learner"]
*weights, bias = learner["gradient_booster"]["model"]["weights"]
base = float(learner["learner_model_param"]["base_score"].strip("[]"))
start = np.float32(bias) + np.float32(np.log(base / (1 - base)))
single = np.full(len(x), start, np.float32)
for column, weight in zip(x.astype(np.float32).T, weights, strict=True):
    single += column * np.float32(weight)
double = float(start) + x @ np.array(weights)
print(f"single precision, in order: {np.mean(single == margins):.0%} equal, {np.abs(single - margins).max():.1e}")
print(f"double precision: margins {np.abs(double - margins).max():.1e}", end=", ")
print(f"probabilities {np.abs(1 / (1 + np.exp(-double)) - probabilities).max():.1e}")
