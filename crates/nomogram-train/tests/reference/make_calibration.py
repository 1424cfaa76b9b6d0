#!/usr/bin/env python3
"""Fit calibrators with scikit-learn, betacal and SciPy to made-up probabilities.

    python make_calibration.py > calibration.json

Made with Python 3.11.7, NumPy 2.4.6, SciPy 1.17.1, scikit-learn 1.9.1, betacal 1.1.0.
"""

import json

import numpy as np
import scipy
import sklearn
from betacal import BetaCalibration
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression


def case(name, p, y):
    logit = np.log(p) - np.log1p(-p)
    platt = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10000, solver="newton-cholesky")
    platt.fit(logit[:, None], y)
    # betacal keeps a penalty of 1e-11 and scikit-learn's tolerance: the same likelihood to the end.
    package = BetaCalibration(parameters="abm").fit(p[:, None], y)
    a, b, _ = package.calibrator_.map_
    columns = [c for c, own in ((np.log(p), a), (-np.log1p(-p), b)) if own != 0]
    beta = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10000, solver="newton-cholesky")
    beta.fit(np.stack(columns, axis=1), y)
    slopes = iter(beta.coef_[0])
    isotonic = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(p, y)
    both = np.stack([np.log1p(-p), np.log(p)], axis=1)
    loss = lambda t: -log_softmax(both / t, axis=1)[np.arange(len(y)), y].mean()
    scaled = minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-12})
    return {
        "name": name,
        "probabilities": p.tolist(),
        "classes": y.tolist(),
        "platt": [platt.coef_[0, 0], platt.intercept_[0]],
        "beta_of_betacal": [float(a), float(b)],
        "beta": [next(slopes) if own != 0 else 0.0 for own in (a, b)] + [beta.intercept_[0]],
        "isotonic": [isotonic.X_thresholds_.tolist(), isotonic.y_thresholds_.tolist()],
        "temperature": scaled.x,
    }


def draw(seed, n, slope, intercept, digits):
    random = np.random.Generator(np.random.PCG64(seed))
    p = np.round(1 / (1 + np.exp(-random.normal(0, 2, n))), digits).clip(10.0**-digits, 1 - 10.0**-digits)
    truth = 1 / (1 + np.exp(-(slope * np.log(p / (1 - p)) + intercept)))
    return p, (random.uniform(size=n) < truth).astype(int)


print(
    json.dumps(
        {
            "made_by": {
                "numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__,
            },
            "cases": [
                case("too sure", *draw(1, 300, 0.5, 0.3, 6)),
                case("too timid, with ties", *draw(2, 200, 1.8, -0.4, 1)),
                case("one slope of beta would be negative", *draw(2, 60, 0.6, 0.8, 2)),
            ],
        },
        indent=1,
    )
)
