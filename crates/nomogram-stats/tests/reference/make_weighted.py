#!/usr/bin/env python3
"""Make reference fixtures for statistics of weighted rows.

    python make_weighted.py > weighted.json

The reference of each statistic:

    scikit-learn   with sample_weight: curves, areas, average precision, confusion matrix and its
                   ratios, Brier score, log loss
    statsmodels    calibration slope and intercept, and calibration in the large: GLM with freq_weights
                   for the estimates, with var_weights and HC0 for the linearised standard errors;
                   Wilson and Clopper-Pearson intervals of the effective number of rows
    NumPy          formulas written independently of the Rust code: DeLong's linearised variance over
                   all pairs, the linearised variance of a share, O/E, Spiegelhalter's z, bins, lowess by
                   least squares at each point, net benefit, cutoffs by exhaustive search
"""

import json
import math
import os
import platform
from importlib.metadata import version

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np
import statsmodels.api as sm
from scipy import stats
from scipy.special import expit, logit
from sklearn import metrics
from statsmodels.stats.proportion import proportion_confint

EXPECTED = {
    "python": "3.11.7",
    "numpy": "2.4.6",
    "scipy": "1.17.1",
    "scikit-learn": "1.9.1",
    "statsmodels": "0.15.0",
}
Z = stats.norm.ppf(0.975)


def wald(centre, error, back=lambda end: end):
    return [back(centre - Z * error), back(centre + Z * error)]


def delong_variance(y, w, *models):
    """The linearised variance of the weighted AUC, or of the difference of two, over all pairs."""
    kernels = []
    for p in models:
        difference = p[y == 1][:, None] - p[y == 0][None, :]
        kernels.append((difference > 0) + 0.5 * (difference == 0))
    kernel = kernels[0] if len(kernels) == 1 else kernels[0] - kernels[1]
    variance = 0.0
    for of_class, of_others, rows in ((y == 1, y == 0, kernel), (y == 0, y == 1, kernel.T)):
        component = rows @ w[of_others] / w[of_others].sum()
        share = w[of_class] / w[of_class].sum()
        centre = share @ component
        n = of_class.sum()
        variance += n / (n - 1) * (share**2 * (component - centre) ** 2).sum()
    return variance


def effective(has_it, w):
    p, n = np.average(has_it, weights=w), len(w)
    if p in (0, 1):
        return min(w.sum() ** 2 / (w**2).sum(), n)
    variance = (w**2 * (has_it - p) ** 2).sum() / w.sum() ** 2
    return min(p * (1 - p) / variance, n)


def proportion(has_it, w):
    if len(w) == 0:
        return None
    p, n = np.average(has_it, weights=w), effective(has_it, w)
    return {
        "value": p,
        "n_effective": n,
        "clopper_pearson": proportion_confint(p * n, n, method="beta"),
        "wilson": proportion_confint(p * n, n, method="wilson"),
    }


def classification(y, p, w, cutoff):
    predicted = (p >= cutoff).astype(int)
    tn, fp, fn, tp = metrics.confusion_matrix(y, predicted, labels=[0, 1], sample_weight=w).ravel()
    right = (predicted == y).astype(float)
    of = lambda rows, has_it: proportion(has_it[rows].astype(float), w[rows])
    return {
        "cutoff": cutoff,
        "confusion": [tp, fp, tn, fn],
        "sensitivity": of(y == 1, predicted == 1),
        "specificity": of(y == 0, predicted == 0),
        "ppv": of(predicted == 1, y == 1),
        "npv": of(predicted == 0, y == 0),
        "accuracy": proportion(right, w),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, predicted, sample_weight=w),
        "f1": metrics.f1_score(y, predicted, sample_weight=w),
        "mcc": metrics.matthews_corrcoef(y, predicted, sample_weight=w),
    }


def lowess(y, p, w, fraction=2 / 3):
    """Weighted least squares at each distinct place, of the nearest rows."""
    order = np.lexsort((w, y, p))
    x, y, w = p[order], y[order].astype(float), w[order]
    n_near, left, fitted = int(fraction * len(x) + 1e-10), 0, {}
    for at in x:
        if at in fitted:
            continue
        while left + n_near < len(x) and at > (x[left] + x[left + n_near]) / 2:
            left += 1
        near = slice(left, left + n_near)
        radius = max(at - x[near][0], x[near][-1] - at)
        tricube = (1 - (np.abs(x[near] - at) / radius) ** 3) ** 3
        root = np.sqrt(tricube.clip(0) * w[near])
        columns = np.column_stack([np.ones(n_near), x[near] - at])
        fitted[at] = np.linalg.lstsq(columns * root[:, None], y[near] * root, rcond=None)[0][0]
    smooth = np.array([fitted[at] for at in x])
    distance = np.abs(smooth - x)
    order = np.lexsort((w, distance))
    places = (np.cumsum(w[order]) - w[order]) / (w.sum() - w[order])
    e50, e90 = np.interp([0.5, 0.9], places, distance[order])
    ici = np.average(distance, weights=w)
    return {"observed": smooth, "ici": ici, "e50": e50, "e90": e90, "e_max": distance.max()}


def calibration_line(y, p, w):
    margin, binomial = logit(p), sm.families.Binomial()
    fits = {}
    for name, x, offset in (("line", sm.add_constant(margin), None), ("large", np.ones(len(y)), margin)):
        estimate = sm.GLM(y, x, family=binomial, offset=offset, freq_weights=w).fit(tol=1e-14)
        robust = sm.GLM(y, x, family=binomial, offset=offset, var_weights=w).fit(tol=1e-14, cov_type="HC0")
        assert np.allclose(estimate.params, robust.params, rtol=1e-9)
        fits[name] = list(zip(estimate.params, robust.bse))
    of = lambda pair: {"value": pair[0], "standard_error": pair[1], "interval": wald(*pair)}
    return {"intercept": of(fits["line"][0]), "slope": of(fits["line"][1]), "large": of(fits["large"][0])}


def bins(y, p, w, n_bins=10):
    edges = np.percentile(p, np.linspace(0, 1, n_bins + 1) * 100)
    ids = np.searchsorted(edges[1:-1], p)
    within = [ids == b for b in range(n_bins) if (ids == b).any()]
    weight = np.array([w[rows].sum() for rows in within])
    observed = np.array([np.average(y[rows], weights=w[rows]) for rows in within])
    mean_p = np.array([np.average(p[rows], weights=w[rows]) for rows in within])
    share, prevalence = weight / w.sum(), np.average(y, weights=w)
    return {
        "weight": weight,
        "observed": observed,
        "mean_probability": mean_p,
        "ece": (share * np.abs(observed - mean_p)).sum(),
        "reliability": (share * (mean_p - observed) ** 2).sum(),
        "resolution": (share * (observed - prevalence) ** 2).sum(),
    }


def net_benefit(y, p, w, cutoffs):
    share = w / w.sum()
    acted = [p >= c for c in cutoffs]
    return [share[a & (y == 1)].sum() - share[a & (y == 0)].sum() * c / (1 - c) for a, c in zip(acted, cutoffs)]


def youden(y, p, w):
    cutoffs = np.unique(p)[::-1]
    sensitivity = np.array([np.average(p[y == 1] >= c, weights=w[y == 1]) for c in cutoffs])
    specificity = np.array([np.average(p[y == 0] < c, weights=w[y == 0]) for c in cutoffs])
    best = np.argmax(np.round(sensitivity + specificity, 12))
    return [cutoffs[best], sensitivity[best], specificity[best]]


def case(name, y, p, second, w):
    fpr, tpr, _ = metrics.roc_curve(y, p, drop_intermediate=False, sample_weight=w)
    precision, recall, _ = metrics.precision_recall_curve(y, p, sample_weight=w)
    auc, error = metrics.roc_auc_score(y, p, sample_weight=w), math.sqrt(delong_variance(y, w, p))
    share = np.average(y, weights=w)
    observed, expected = w @ y, w @ p
    log_error = math.sqrt((1 - share) / share / effective(y.astype(float), w))
    slope = 1 - 2 * p
    z = (w * (y - p) * slope).sum() / math.sqrt((w**2 * slope**2 * p * (1 - p)).sum())
    cutoffs = [0.05, 0.2, 0.5, 0.8]
    difference = auc - metrics.roc_auc_score(y, second, sample_weight=w)
    return {
        "name": name,
        "y": y,
        "p": p,
        "second": second,
        "w": w,
        "roc": {"fpr": fpr, "tpr": tpr},
        "precision_recall": {"precision": precision, "recall": recall},
        "average_precision": metrics.average_precision_score(y, p, sample_weight=w),
        "auc": auc,
        "auc_standard_error": error,
        "auc_logit": wald(logit(auc), error / (auc * (1 - auc)), expit),
        "difference": difference,
        "difference_standard_error": math.sqrt(delong_variance(y, w, p, second)),
        "classification": [classification(y, p, w, cutoff) for cutoff in (0.3, 0.5, 0.7)],
        "brier": metrics.brier_score_loss(y, p, sample_weight=w),
        "brier_of_prevalence": metrics.brier_score_loss(y, np.full(len(y), share), sample_weight=w),
        "log_loss": metrics.log_loss(y, p, sample_weight=w),
        "line": calibration_line(y, p, w),
        "oe": {"observed": observed, "expected": expected, "ratio": observed / expected,
               "interval": wald(math.log(observed / expected), log_error, math.exp)},
        "spiegelhalter": {"z": z, "p_value": 2 * stats.norm.sf(abs(z))},
        "bins": bins(y, p, w),
        "smooth": lowess(y, p, w),
        "net_benefit": {"cutoffs": cutoffs, "model": net_benefit(y, p, w, cutoffs)},
        "youden": youden(y, p, w),
    }


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    return value.item() if isinstance(value, np.generic) else value


def main():
    versions = {n: platform.python_version() if n == "python" else version(n) for n in EXPECTED}
    if versions != EXPECTED:
        raise SystemExit(f"versions {versions}, expected {EXPECTED}")
    random = np.random.Generator(np.random.PCG64(12))
    n = 90
    p = np.round(expit(random.normal(-0.3, 1.6, n)), 2).clip(0.01, 0.99)
    y = (random.uniform(size=n) < expit(0.7 * logit(p) + 0.4)).astype(int)
    second = np.round(expit(0.6 * logit(p) + random.normal(0, 0.8, n)), 2).clip(0.01, 0.99)
    fractional = np.round(np.exp(random.normal(0, 0.9, n)), 2).clip(0.05)
    cases = [
        case("events count 5", y, p, second, np.where(y == 1, 5.0, 1.0)),
        case("fractional", y, p, second, fractional),
    ]
    print(json.dumps(plain({"made_by": {"command": "python make_weighted.py", "versions": versions}, "cases": cases}), separators=(",", ":")))


if __name__ == "__main__":
    main()
