#!/usr/bin/env python3
"""Make reference fixtures for the statistics of predictions of a Rust training crate.

Run in an environment with the packages named in EXPECTED:

    python make_statistics.py DATA_DIR OUT_DIR

DATA_DIR holds wdbc.csv; OUT_DIR receives statistics.json. Versions, command and the SHA-256 of the
input are in the output under "made_by"; other versions are refused unless --any-version is given.

The reference of each statistic:

    scikit-learn   ROC and precision-recall curves, AUC, average precision, one-vs-rest AUC, Brier
                   score, calibration bins, confusion matrix and its ratios, MCC, likelihood ratios
    MLstatkit      DeLong: interval of one AUC, z and p of two
    statsmodels    calibration slope and intercept (Logit), calibration in the large (GLM with
                   offset), lowess, McNemar, Clopper-Pearson and Wilson intervals
    dcurves        net benefit and interventions avoided
    SciPy          percentile and BCa intervals; quantiles of distributions
    NumPy          formulas of papers, written independently of the Rust code, where no package has
                   them: DeLong's variance by its definition over all pairs (1988), the logit interval
                   of an AUC, O/E, Murphy's decomposition with Stephenson's terms, ECE, ICI,
                   Spiegelhalter's z, standardized net benefit, cutoffs by exhaustive search,
                   Harrell's optimism, collinear points of a curve
    plain Python   the rows of bootstrap replicates: PCG64, SplitMix64 and Lemire's method

Probabilities are rounded to three or two decimals, so that there are ties and reading is exact.
"""

import argparse
import csv
import hashlib
import json
import math
import os
import platform
import warnings
from importlib.metadata import version
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np
import pandas as pd
import statsmodels.api as sm
from dcurves import dca
from MLstatkit import Delong_test
from scipy import stats
from scipy.special import expit, logit
from sklearn import metrics
from sklearn.calibration import calibration_curve
from statsmodels.nonparametric.smoothers_lowess import lowess
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

EXPECTED = {
    "python": "3.11.7",
    "numpy": "2.4.6",
    "scipy": "1.17.1",
    "scikit-learn": "1.9.1",
    "statsmodels": "0.15.0",
    "MLstatkit": "0.1.91",
    "dcurves": "1.1.7",
}
VERSIONS = {
    name: platform.python_version() if name == "python" else version(name) for name in EXPECTED
}
MAX_BYTES = 400_000
Z = stats.norm.ppf(0.975)


# --------------------------------------------------------------------------
# Input and output


def read_data(data_dir):
    with open(data_dir / "wdbc.csv", newline="") as f:
        header, *rows = csv.reader(f)
    x = {name: np.array([float(r[i]) for r in rows]) for i, name in enumerate(header) if i > 1}
    return np.array([int(r[1] == "M") for r in rows]), x


def plain(value):
    """Turn NumPy values into the JSON kinds; NaN and infinity become null."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def layout(value, indent=""):
    """JSON text with sorted keys; a list of scalars stays on one line."""
    deeper = indent + " "
    if isinstance(value, dict):
        items = [f"{json.dumps(k)}: {layout(value[k], deeper)}" for k in sorted(value)]
        brackets = "{}"
    elif isinstance(value, list) and any(isinstance(v, (dict, list)) for v in value):
        items = [layout(v, deeper) for v in value]
        brackets = "[]"
    else:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    if not items:
        return brackets
    return f"{brackets[0]}\n{deeper}" + f",\n{deeper}".join(items) + f"\n{indent}{brackets[1]}"


def wald(centre, error, back=lambda end: end):
    return [back(centre - Z * error), back(centre + Z * error)]


# --------------------------------------------------------------------------
# Discrimination and comparison


def delong_variance(y, *models):
    """Variance of the AUC, or of the difference of two, by the definition over all pairs."""
    kernels = []
    for p in models:
        difference = p[y == 1][:, None] - p[y == 0][None, :]
        kernels.append((difference > 0) + 0.5 * (difference == 0))
    kernel = kernels[0] if len(kernels) == 1 else kernels[0] - kernels[1]
    positive, negative = kernel.mean(axis=1), kernel.mean(axis=0)
    return positive.var(ddof=1) / len(positive) + negative.var(ddof=1) / len(negative)


def bending(fp, tp):
    """Indices of a curve's points without those on a straight line."""
    kept = []
    for i in range(len(fp)):
        if kept and i + 1 < len(fp):
            a, b = (fp[i] - fp[kept[-1]], tp[i] - tp[kept[-1]]), (fp[i + 1] - fp[i], tp[i + 1] - tp[i])
            if int(a[0]) * int(b[1]) == int(a[1]) * int(b[0]):
                continue
        kept.append(i)
    return kept


def discrimination(y, p):
    fpr, tpr, thresholds = metrics.roc_curve(y, p, drop_intermediate=False)
    precision, recall, cutoffs = metrics.precision_recall_curve(y, p)
    auc = metrics.roc_auc_score(y, p)
    error = math.sqrt(delong_variance(y, p))
    _, _, interval, _ = Delong_test(y, p, 1 - p, return_auc=False)
    counts = (np.round(fpr * (y == 0).sum()).astype(int), np.round(tpr * (y == 1).sum()).astype(int))
    return {
        "roc": {"fpr": fpr, "tpr": tpr, "cutoffs": thresholds, "bending": bending(*counts)},
        "precision_recall": {"precision": precision, "recall": recall, "cutoffs": cutoffs},
        "average_precision": metrics.average_precision_score(y, p),
        "auc": auc,
        "auc_standard_error": error,
        "auc_plain": interval,
        "auc_logit": wald(logit(auc), error / (auc * (1 - auc)), expit),
    }


def comparison(y, first, second):
    z, p_value = Delong_test(y, second, first, return_ci=False, return_auc=False)
    difference = metrics.roc_auc_score(y, first) - metrics.roc_auc_score(y, second)
    error = math.sqrt(delong_variance(y, first, second))
    right = [(first >= 0.5) == (y == 1), (second >= 0.35) == (y == 1)]
    tables = [(int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum()))]
    tables += [(0, 5), (7, 7), (3, 20), (1, 0), (400, 480), (30, 2)]
    tests = []
    for n_first, n_second in tables:
        table = [[10, n_first], [n_second, 10]]
        corrected = mcnemar(table, exact=False, correction=True)
        tests.append(
            {
                "n_only_first": n_first,
                "n_only_second": n_second,
                "exact_p_value": mcnemar(table, exact=True).pvalue,
                "chi_square": corrected.statistic,
                "chi_square_p_value": corrected.pvalue,
            }
        )
    return {
        "z": z,
        "p_value": p_value,
        "difference": difference,
        "standard_error": error,
        "interval": wald(difference, error),
        "cutoffs": [0.5, 0.35],
        "mcnemar": tests,
    }


def macro_auc():
    n = 60
    classes = np.array([(i * i + i // 7) % 3 for i in range(n)])
    raw = np.array(
        [[1 + (i * 7 + 3 * k) % 5 + 3 * (classes[i] == k) * (i % 2) for k in range(3)] for i in range(n)]
    )
    p = raw / raw.sum(axis=1, keepdims=True)
    per_class = [metrics.roc_auc_score(classes == k, p[:, k]) for k in range(3)]
    mean = metrics.roc_auc_score(classes, p, multi_class="ovr", average="macro")
    return {"classes": classes, "p": p, "per_class": per_class, "mean": mean}


# --------------------------------------------------------------------------
# Classification


def proportion(part, whole):
    if whole == 0:
        return None
    return {
        "value": part / whole,
        "clopper_pearson": proportion_confint(part, whole, method="beta"),
        "wilson": proportion_confint(part, whole, method="wilson"),
    }


def classification(y, p, cutoff):
    predicted = (p >= cutoff).astype(int)
    tn, fp, fn, tp = metrics.confusion_matrix(y, predicted, labels=[0, 1]).ravel()
    both = metrics.class_likelihood_ratios(y, predicted, labels=[0, 1], replace_undefined_by=np.nan)
    margins = [tp + fp, tp + fn, tn + fp, tn + fn]
    f1 = metrics.f1_score(y, predicted, zero_division=np.nan)
    mcc = metrics.matthews_corrcoef(y, predicted)
    return {
        "cutoff": cutoff,
        "confusion": {"tp": tp, "fp": fp, "tn": tn, "fn": fn},
        "sensitivity": proportion(tp, tp + fn),
        "specificity": proportion(tn, tn + fp),
        "ppv": proportion(tp, tp + fp),
        "npv": proportion(tn, tn + fn),
        "accuracy": proportion(tp + tn, len(y)),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, predicted),
        "f1": f1,
        "mcc": mcc if min(margins) > 0 else None,
        "positive_likelihood_ratio": both[0],
        "negative_likelihood_ratio": both[1],
    }


# --------------------------------------------------------------------------
# Calibration


def bins(y, p, strategy, n_bins=10):
    observed, mean_p = calibration_curve(y, p, n_bins=n_bins, strategy=strategy)
    if strategy == "uniform":
        edges = np.linspace(0, 1, n_bins + 1)
    else:
        edges = np.percentile(p, np.linspace(0, 1, n_bins + 1) * 100)
    ids = np.searchsorted(edges[1:-1], p)
    sizes = np.bincount(ids, minlength=n_bins)
    n_rows = sizes[sizes > 0]
    share = n_rows / len(y)
    within = [(p[ids == b], y[ids == b]) for b in range(n_bins) if sizes[b]]
    return {
        "n_rows": n_rows,
        "observed": observed,
        "mean_probability": mean_p,
        "ece": (share * np.abs(observed - mean_p)).sum(),
        "reliability": (share * (mean_p - observed) ** 2).sum(),
        "resolution": (share * (observed - y.mean()) ** 2).sum(),
        "uncertainty": y.mean() * (1 - y.mean()),
        "within_bin_variance": sum(len(a) * a.var() for a, _ in within) / len(y),
        "within_bin_covariance": 2
        * sum(len(a) * (np.mean(a * b) - a.mean() * b.mean()) for a, b in within)
        / len(y),
    }


def estimate(fit, index):
    interval = fit.conf_int(0.05)[index]
    return {"value": fit.params[index], "standard_error": fit.bse[index], "interval": interval}


def total_calibration(y, p):
    ratio, error = y.sum() / p.sum(), math.sqrt((1 - y.mean()) / y.sum())
    slope = 1 - 2 * p
    z = ((y - p) * slope).sum() / math.sqrt((slope**2 * p * (1 - p)).sum())
    order = np.lexsort((y, p))
    x, sorted_y = p[order], y[order].astype(float)
    smooth = lowess(sorted_y, x, frac=2 / 3, it=0, delta=0.0, is_sorted=True)[:, 1]
    distance = np.abs(smooth - x)
    brier = metrics.brier_score_loss(y, p)
    reference = metrics.brier_score_loss(y, np.full(len(y), y.mean()))
    return {
        "oe": {"ratio": ratio, "expected": p.sum(), "interval": wald(math.log(ratio), error, math.exp)},
        "spiegelhalter": {"z": z, "p_value": 2 * stats.norm.sf(abs(z))},
        "brier": {"score": brier, "of_prevalence": reference, "skill": 1 - brier / reference},
        "uniform": bins(y, p, "uniform"),
        "quantile": bins(y, p, "quantile"),
        "smooth": {
            "observed": smooth,
            "ici": distance.mean(),
            "e50": np.median(distance),
            "e90": np.percentile(distance, 90),
            "e_max": distance.max(),
        },
    }


def calibration_line(y, p):
    margin = logit(p)
    line = sm.Logit(y, sm.add_constant(margin)).fit(disp=0, tol=1e-14, maxiter=100)
    large = sm.GLM(y, np.ones(len(y)), family=sm.families.Binomial(), offset=margin).fit(tol=1e-14)
    return {"intercept": estimate(line, 0), "slope": estimate(line, 1), "large": estimate(large, 0)}


# --------------------------------------------------------------------------
# Decision curve and cutoffs


def decision_curve(y, p):
    cutoffs = [i / 100 for i in range(100)]
    table = dca(pd.DataFrame({"y": y, "p": p}), "y", ["p"], thresholds=cutoffs)
    of = lambda model, name: table.loc[table["model"] == model, name].to_numpy()
    return {
        "cutoffs": cutoffs,
        "model": of("p", "net_benefit"),
        "treat_all": of("all", "net_benefit"),
        "treat_none": of("none", "net_benefit"),
        "standardized": of("p", "net_benefit") / y.mean(),
        "interventions_avoided": of("p", "net_intervention_avoided"),
    }


RULES = [
    ("youden", {}),
    ("sensitivity", {"least": 0.9}),
    ("sensitivity", {"least": 1.0}),
    ("specificity", {"least": 0.95}),
    ("specificity", {"least": 0.5}),
    ("cost", {"false_negative": 5.0, "false_positive": 1.0, "prevalence": None}),
    ("cost", {"false_negative": 1.0, "false_positive": 1.0, "prevalence": 0.1}),
]


def choose(y, p, rule, least=None, false_negative=None, false_positive=None, prevalence=None):
    """Exhaustive search from the highest cutoff down; the first of the best wins."""
    cutoffs = np.unique(p)[::-1]
    positive, negative = p[y == 1], p[y == 0]
    sensitivity = np.array([(positive >= c).mean() for c in cutoffs])
    specificity = np.array([(negative < c).mean() for c in cutoffs])
    if rule == "youden":
        # In whole numbers, because equally good cutoffs must tie.
        n1, n0 = len(positive), len(negative)
        keys = [int((positive >= c).sum()) * n0 + int((negative < c).sum()) * n1 for c in cutoffs]
    elif rule == "sensitivity":
        keys = [(b, a) if a >= least else (-1, -1) for a, b in zip(sensitivity, specificity)]
    elif rule == "specificity":
        keys = [(a, b) if b >= least else (-1, -1) for a, b in zip(sensitivity, specificity)]
    else:
        share = y.mean() if prevalence is None else prevalence
        keys = -(false_negative * (1 - sensitivity) * share + false_positive * (1 - specificity) * (1 - share))
        keys = list(np.round(keys, 13))
    best = max(range(len(cutoffs)), key=lambda i: keys[i])
    return cutoffs[best], sensitivity[best], specificity[best]


# --------------------------------------------------------------------------
# Bootstrap

M64, M128 = (1 << 64) - 1, (1 << 128) - 1
PCG_MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
RESAMPLES = 0xB007


class Pcg64:
    """PCG XSL RR 128/64 (O'Neill 2014)."""

    def __init__(self, state, stream):
        self.increment = ((stream << 1) | 1) & M128
        self.state = (state + self.increment) & M128
        self.step()

    def step(self):
        self.state = (self.state * PCG_MULTIPLIER + self.increment) & M128

    def next(self):
        self.step()
        rotation = self.state >> 122
        value = ((self.state >> 64) ^ self.state) & M64
        return ((value >> rotation) | (value << (64 - rotation))) & M64 if rotation else value

    def below(self, n):
        """Lemire 2019."""
        rejected = ((1 << 64) - n) % n
        while True:
            product = self.next() * n
            if product & M64 >= rejected:
                return product >> 64


def stream_seed(seed, replicate):
    z = (seed + (replicate + 1) * 0x9E3779B97F4A7C15) & M64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M64
    return z ^ (z >> 31)


def replicate_rows(y, seed, replicate, stratified):
    random = Pcg64(stream_seed(seed, replicate), RESAMPLES)
    draw = lambda rows: [int(rows[random.below(len(rows))]) for _ in rows]
    if stratified:
        return draw(np.flatnonzero(y == 1)) + draw(np.flatnonzero(y == 0))
    return draw(np.arange(len(y)))


def bca_by_formula(estimate, replicates, jackknife):
    """Efron and Tibshirani 1993, formulas 14.10, 14.14 and 14.15; ties count one half."""
    replicates, jackknife = np.array(replicates), np.array(jackknife)
    bias = stats.norm.ppf(((replicates < estimate).mean() + (replicates <= estimate).mean()) / 2)
    d = jackknife.mean() - jackknife
    a = (d**3).sum() / (6 * (d**2).sum() ** 1.5)
    ends = [bias + (bias + z) / (1 - a * (bias + z)) for z in (-Z, Z)]
    return np.percentile(replicates, 100 * stats.norm.cdf(ends))


def scipy_intervals():
    """SciPy's own replicates of the skewness-prone ratio std / mean, and its intervals of them."""
    sample = np.array([1.0, 1.5, 2.0, 2.0, 3.5, 4.0, 7.5, 9.0, 12.0, 30.0])
    statistic = lambda x, axis=-1: np.std(x, axis=axis) / np.mean(x, axis=axis)
    out = {}
    for method in ("percentile", "BCa"):
        result = stats.bootstrap(
            (sample,), statistic, n_resamples=400, method=method, rng=np.random.default_rng(5)
        )
        out[method] = result.confidence_interval
        out["standard_error"] = result.standard_error
        out["replicates"] = result.bootstrap_distribution
    out["estimate"] = statistic(sample)
    out["jackknife"] = [statistic(np.delete(sample, i)) for i in range(len(sample))]
    return out


def mean_difference_model(y, x, rows):
    """A model in closed form: standardized differences of class means, summed."""
    y, x_fit = y[rows], x[rows]
    m1, m0 = x_fit[y == 1].mean(axis=0), x_fit[y == 0].mean(axis=0)
    weights = (m1 - m0) / x_fit.var(axis=0)
    return lambda at: expit((x[at] - (m1 + m0) / 2) @ weights)


def bootstrap(y, first, second, x):
    seed, n = 20240607, 60
    rows = [replicate_rows(y, seed, i, True) for i in range(n)]
    difference = lambda at: metrics.roc_auc_score(y[at], first[at]) - metrics.roc_auc_score(y[at], second[at])
    replicates = [difference(at) for at in rows]
    everyone = np.arange(len(y))
    jackknife = [difference(np.delete(everyone, i)) for i in range(len(y))]
    chosen = []
    for name, arguments in RULES:
        choices = np.array([choose(y[at], first[at], name, **arguments) for at in rows])
        intervals = np.percentile(choices, [2.5, 97.5], axis=0).T
        values = choose(y, first, name, **arguments)
        chosen.append({"rule": name, **arguments, "chosen": values, "intervals": intervals})
    optimism = {}
    for name, metric in (("auc", metrics.roc_auc_score), ("brier", metrics.brier_score_loss)):
        apparent = metric(y, mean_difference_model(y, x, everyone)(everyone))
        parts = []
        for at in rows:
            model = mean_difference_model(y, x, np.array(at))
            parts.append(metric(y[at], model(at)) - metric(y, model(everyone)))
        optimism[name] = {"apparent": apparent, "optimism": np.mean(parts)}
    return {
        "seed": seed,
        "n_replicates": n,
        "rows_stratified": [rows[0][:12], rows[n - 1][-12:]],
        "rows_plain": [replicate_rows(y, seed, 0, False)[:12], replicate_rows(y, seed, 1, False)[-12:]],
        "auc_difference": {
            "estimate": difference(everyone),
            "standard_error": np.std(replicates, ddof=1),
            "percentile": np.percentile(replicates, [2.5, 97.5]),
            "bca": bca_by_formula(difference(everyone), replicates, jackknife),
        },
        "scipy": scipy_intervals(),
        "cutoffs": chosen,
        "x": x,
        "optimism": optimism,
    }


def subgroups(y, p, x):
    size = np.digitize(x["area_mean"], [450.0, 900.0, 2300.0])
    names = ["small", "medium", "large", "giant"]
    groups = []
    for level in sorted(names):
        at = size == names.index(level)
        n_events = int(y[at].sum())
        group = {"level": level, "n_rows": int(at.sum()), "n_events": n_events}
        if min(n_events, at.sum() - n_events) >= 5:
            group["auc"] = metrics.roc_auc_score(y[at], p[at])
            group["brier"] = metrics.brier_score_loss(y[at], p[at])
            group["sensitivity"] = metrics.recall_score(y[at], p[at] >= 0.4)
            group["oe"] = y[at].sum() / p[at].sum()
            group["line"] = calibration_line(y[at], p[at])
        groups.append(group)
    return {"cutoff": 0.4, "levels": [names[s] for s in size], "groups": groups}


# --------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--any-version", action="store_true")
    arguments = parser.parse_args()
    if VERSIONS != EXPECTED and not arguments.any_version:
        raise SystemExit(f"versions {VERSIONS}, expected {EXPECTED}")
    warnings.simplefilter("ignore")

    y, x = read_data(arguments.data_dir)
    texture, smoothness, radius = x["texture_mean"], x["smoothness_mean"], x["radius_mean"]
    first = np.round(expit(0.28 * (texture - 20) + 28 * (smoothness - 0.1) - 0.3), 3)
    second = np.round(expit(0.5 * (radius - 14.2) * 0.45 + 0.2 * np.sin(texture)), 2)
    assert 0 < min(first.min(), second.min()) and max(first.max(), second.max()) < 1
    small_y = np.array([1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 0])
    small_p = np.array([1.0, 0.0, 0.75, 0.75, 0.75, 0.25, 0.25, 0.25, 0.5, 0.5, 0.0, 1.0])

    cases = {}
    for name, outcomes, p in (("first", y, first), ("second", y, second), ("small", small_y, small_p)):
        cutoffs = [0.0, 0.25, 0.5, 0.75, 1.0, 1.5] if name == "small" else [0.1, 0.3, 0.5, 0.8]
        cases[name] = {
            "y": outcomes,
            "p": p,
            "discrimination": discrimination(outcomes, p),
            "classification": [classification(outcomes, p, cutoff) for cutoff in cutoffs],
            "calibration": total_calibration(outcomes, p),
            "line": None if name == "small" else calibration_line(outcomes, p),
            "decision_curve": decision_curve(outcomes, p),
        }
    columns = np.column_stack([texture, smoothness])
    data = (arguments.data_dir / "wdbc.csv").read_bytes()
    content = plain(
        {
            "cases": cases,
            "comparison": comparison(y, first, second),
            "macro_auc": macro_auc(),
            "bootstrap": bootstrap(y, first, second, columns),
            "subgroups": subgroups(y, first, x),
            "made_by": {
                "command": "python make_statistics.py ../../../../examples/data .",
                "versions": VERSIONS,
                "sha256": {"wdbc.csv": hashlib.sha256(data).hexdigest()},
            },
        }
    )
    text = layout(content) + "\n"
    assert json.loads(text) == content and len(text) < MAX_BYTES, len(text)
    (arguments.out_dir / "statistics.json").write_text(text)
    print(f"statistics.json: {len(text)} bytes")


if __name__ == "__main__":
    main()
