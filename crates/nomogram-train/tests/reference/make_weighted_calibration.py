#!/usr/bin/env python3
"""Fit calibrators to weighted rows with scikit-learn's sample_weight, statsmodels' freq_weights and SciPy.

    python make_weighted_calibration.py > weighted_calibration.json

Made with Python 3.11.7, NumPy 2.4.6, SciPy 1.17.1, scikit-learn 1.9.1, statsmodels 0.15.0.
"""

import json

import numpy as np
import scipy
import sklearn
import statsmodels
import statsmodels.api as sm
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression


def case(name, p, y, w):
    logit = np.log(p) - np.log1p(-p)
    platt = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10000, solver="newton-cholesky")
    platt.fit(logit[:, None], y, sample_weight=w)
    glm = sm.GLM(y, sm.add_constant(logit), family=sm.families.Binomial(), freq_weights=w).fit(tol=1e-14)
    assert np.allclose(glm.params, [platt.intercept_[0], platt.coef_[0, 0]], rtol=1e-7)
    columns = np.stack([np.log(p), -np.log1p(-p)], axis=1)
    beta = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10000, solver="newton-cholesky")
    beta.fit(columns, y, sample_weight=w)
    assert (beta.coef_ > 0).all(), beta.coef_
    isotonic = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(p, y, sample_weight=w)
    both = np.stack([np.log1p(-p), np.log(p)], axis=1)
    loss = lambda t: -np.average(log_softmax(both / t, axis=1)[np.arange(len(y)), y], weights=w)
    scaled = minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-12})
    return {
        "name": name,
        "probabilities": p.tolist(),
        "classes": y.tolist(),
        "weights": w.tolist(),
        "platt": [platt.coef_[0, 0], platt.intercept_[0]],
        "beta": [*beta.coef_[0], beta.intercept_[0]],
        "isotonic": [isotonic.X_thresholds_.tolist(), isotonic.y_thresholds_.tolist()],
        "temperature": scaled.x,
    }


random = np.random.Generator(np.random.PCG64(4))
p = np.round(1 / (1 + np.exp(-random.normal(0, 2, 120))), 2).clip(0.01, 0.99)
truth = 1 / (1 + np.exp(-(0.8 * np.log(p / (1 - p)) + 0.3)))
y = (random.uniform(size=120) < truth).astype(int)
fractional = np.round(np.exp(random.normal(0, 0.8, 120)), 2).clip(0.05)
versions = {"numpy": np, "scipy": scipy, "scikit-learn": sklearn, "statsmodels": statsmodels}
print(
    json.dumps(
        {
            "made_by": {name: package.__version__ for name, package in versions.items()},
            "cases": [
                case("events count 5", p, y, np.where(y == 1, 5.0, 1.0)),
                case("fractional", p, y, fractional),
            ],
        },
        indent=1,
    )
)
