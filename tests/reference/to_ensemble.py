"""Calibrators of scikit-learn and betacal, and scikit-learn's stacking, as parts of ours."""

import numpy as np
from betacal import BetaCalibration
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from to_forests import data

N_FIT, N_CALIBRATE, N_ROWS = 200, 460, 20


def split(n_classes):
    x, y = data(110 + n_classes, n_classes, 0.0)
    x = x * [1.0, 0.1, 1e3, 0.2]
    return (x[:N_FIT], y[:N_FIT]), (x[N_FIT:N_CALIBRATE], y[N_FIT:N_CALIBRATE]), x[-N_ROWS:]


def forest():
    return RandomForestClassifier(15, max_depth=3, random_state=1, n_jobs=1)


def both(positive):
    return np.column_stack([1.0 - positive, positive])


def case(name, calibrator, before, after):
    return {"name": name, "calibrator": calibrator, "before": before, "after": after}


def platt(calibrator, kind):
    return {kind: {"slope": -calibrator.a_, "intercept": -calibrator.b_}}


def isotonic(calibrator):
    return {
        "Isotonic": {
            "probabilities": calibrator.X_thresholds_, "calibrated": calibrator.y_thresholds_,
        }
    }


def calibrated(base, method, n_classes, to_maps):
    """CalibratedClassifierCV over a fitted classifier: one map, or one per class."""
    fit, calibrate, rows = split(n_classes)
    base.fit(*fit)
    model = CalibratedClassifierCV(FrozenEstimator(base), method=method, cv=2, ensemble=False)
    model.fit(*calibrate)
    maps = [to_maps(calibrator) for calibrator in model.calibrated_classifiers_[0].calibrators]
    calibrator = {"Binary": maps[0]} if n_classes == 2 else {"PerClass": maps}
    return case(
        f"scikit-learn {method} over {type(base).__name__}, {n_classes} classes", calibrator,
        base.predict_proba(rows), model.predict_proba(rows),
    )


def temperature(base, n_classes):
    """scikit-learn scales (−margin, margin) of two classes: twice the logit."""
    fit, calibrate, rows = split(n_classes)
    base.fit(*fit)
    model = CalibratedClassifierCV(FrozenEstimator(base), method="temperature", cv=2, ensemble=False)
    model.fit(*calibrate)
    beta = model.calibrated_classifiers_[0].calibrators[0].beta_
    is_doubled = n_classes == 2 and hasattr(base, "decision_function")
    return case(
        f"scikit-learn temperature over {type(base).__name__}, {n_classes} classes",
        {"Temperature": {"temperature": 1.0 / (2.0 * beta if is_doubled else beta)}},
        base.predict_proba(rows), model.predict_proba(rows),
    )


def beta(parameters):
    fit, (x, y), rows = split(2)
    base = LogisticRegression().fit(*fit)
    model = BetaCalibration(parameters=parameters).fit(base.predict_proba(x)[:, 1], y)
    a, b, _ = model.calibrator_.map_
    before = base.predict_proba(rows)
    # Without a midpoint of its own, the map fixes 0.5: a · ln 2p − b · ln 2q.
    has_midpoint = "m" in parameters
    c = model.calibrator_.lr_.intercept_[0] if has_midpoint else (a - b) * np.log(2.0)
    return case(
        f"betacal {parameters}", {"Binary": {"Beta": {"a": a, "b": b, "c": c}}},
        before, both(model.predict(before[:, 1])),
    )


def isotonic_case():
    """At its points, between and beside them."""
    rng = np.random.default_rng(120)
    p = rng.uniform(0.1, 0.9, 200)
    model = IsotonicRegression(out_of_bounds="clip", y_min=0.0, y_max=1.0)
    model.fit(p, (rng.random(200) < p).astype(float))
    points = model.X_thresholds_
    rows = np.concatenate([points, np.nextafter(points, 1.0), rng.random(40), [0.0, 1.0]])
    return case(
        "scikit-learn IsotonicRegression", {"Binary": isotonic(model)}, both(rows),
        both(model.predict(rows)),
    )


def calibrator_cases():
    on_logit = lambda calibrator: platt(calibrator, "Platt")
    on_probability = lambda calibrator: platt(calibrator, "Sigmoid")
    return [
        calibrated(LogisticRegression(), "sigmoid", 2, on_logit),
        calibrated(forest(), "sigmoid", 2, on_probability),
        calibrated(forest(), "sigmoid", 3, on_probability),
        calibrated(forest(), "isotonic", 2, isotonic),
        calibrated(forest(), "isotonic", 3, isotonic),
        isotonic_case(),
        beta("abm"),
        beta("am"),
        beta("ab"),
        temperature(LogisticRegression(), 2),
        temperature(LogisticRegression(), 3),
        temperature(GaussianNB(), 3),
    ]


def stack_case(n_classes):
    (x, y), _, rows = split(n_classes)
    members = [("linear", LogisticRegression()), ("forest", forest()), ("bayes", GaussianNB())]
    model = StackingClassifier(members, LogisticRegression(), cv=3).fit(x, y)
    return {
        "name": f"scikit-learn StackingClassifier, {n_classes} classes",
        "link": "Logit" if n_classes == 2 else "Softmax",
        "intercepts": model.final_estimator_.intercept_,
        "weights": np.ravel(model.final_estimator_.coef_),
        "members": np.hstack([member.predict_proba(rows) for member in model.estimators_]),
        "after": model.predict_proba(rows),
    }


def stack_cases():
    return [stack_case(2), stack_case(3)]
