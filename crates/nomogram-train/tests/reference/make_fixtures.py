#!/usr/bin/env python3
"""Make reference fixtures with scikit-learn for the tests of a Rust training crate.

Run in an environment with the packages named below:

    python make_fixtures.py DATA_DIR OUT_DIR

DATA_DIR holds wdbc.csv and wdbc_reference_split.csv; OUT_DIR receives
logistic.json, boosting.json, network.json and metrics.json.

Made with Python 3.11.7, NumPy 2.4.6, SciPy 1.17.1, scikit-learn 1.9.1 (other
versions are refused unless --any-version is given). The versions really used
and the SHA-256 of the two inputs are in every output under "made_by".

y = 1 for diagnosis M. The training part is the rows with part == "train" in
the split file (joined by row_id), in the order of wdbc.csv. Floats are written
with repr, so they read back to the same float64; keys are sorted. BLAS is kept
to one thread, so that two runs on one machine write the same bytes.
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import csv
import hashlib
import json
import math
import platform
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.special import expit
from sklearn import metrics
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

EXPECTED = {"python": "3.11.7", "numpy": "2.4.6", "scipy": "1.17.1", "scikit-learn": "1.9.1"}
VERSIONS = {
    "python": platform.python_version(),
    "numpy": np.__version__,
    "scipy": scipy.__version__,
    "scikit-learn": sklearn.__version__,
}
MAX_BYTES = 200_000


# --------------------------------------------------------------------------
# Input and output


def read_data(data_dir):
    """Return (feature names, X, y) of the training part."""
    with open(data_dir / "wdbc_reference_split.csv", newline="") as f:
        part = {int(r["row_id"]): r["part"] for r in csv.DictReader(f)}
    with open(data_dir / "wdbc.csv", newline="") as f:
        header, *rows = csv.reader(f)
    assert header[:2] == ["row_id", "diagnosis"] and len(header) == 32
    rows = [r for r in rows if part[int(r[0])] == "train"]
    x = np.array([[float(v) for v in r[2:]] for r in rows])
    y = np.array([int(r[1] == "M") for r in rows])
    return header[2:], x, y


def plain(value):
    """Turn NumPy values into the JSON kinds; NaN becomes null, infinity is refused."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        assert not math.isinf(value)
        return None if math.isnan(value) else value
    return value


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


def write(path, content, made_by):
    content = plain({**content, "made_by": made_by})
    text = layout(content) + "\n"
    assert json.loads(text) == content
    assert len(text) < MAX_BYTES, f"{path.name}: {len(text)} bytes"
    path.write_text(text)
    print(f"{path.name}: {len(text)} bytes")


# --------------------------------------------------------------------------
# 1. Logistic regression


def logistic_gradient(w, b, x, y, s, c):
    """Gradient (w, b) of sum_i s_i * logloss_i + ||w||^2 / (2 C)."""
    r = s * (expit(x @ w + b) - y)
    return np.append(x.T @ r + w / c, r.sum())


def polish(w, b, x, y, s, c, steps=5):
    """Undamped Newton steps from a point near the optimum."""
    x1 = np.column_stack([x, np.ones(len(x))])
    ridge = np.diag(np.append(np.full(x.shape[1], 1 / c), 0.0))
    theta = np.append(w, b)
    for _ in range(steps):
        p = expit(x1 @ theta)
        hessian = (x1.T * (s * p * (1 - p))) @ x1 + ridge
        theta = theta - np.linalg.solve(hessian, logistic_gradient(theta[:-1], theta[-1], x, y, s, c))
    return theta[:-1], theta[-1]


def make_logistic(names, x, y):
    scaler = StandardScaler().fit(x)
    z = scaler.transform(x)
    cases = []
    for c in (1.0, 0.1, 10.0):
        for class_weight in (None, "balanced"):
            model = LogisticRegression(
                solver="newton-cholesky", C=c, class_weight=class_weight, tol=1e-12, max_iter=1000
            ).fit(z, y)
            s = np.ones(len(y)) if class_weight is None else compute_sample_weight("balanced", y)
            w, b = model.coef_[0], model.intercept_[0]
            before = np.abs(logistic_gradient(w, b, z, y, s, c)).max()
            note = "as scikit-learn returned it"
            if before >= 1e-6:
                w, b = polish(w, b, z, y, s, c)
                note = f"polished with Newton steps; scikit-learn stopped at gradient {before!r}"
            after = np.abs(logistic_gradient(w, b, z, y, s, c)).max()
            assert after < 1e-6, (c, class_weight, before, after)
            w_best, b_best = polish(w, b, z, y, s, c)
            distance = max(np.abs(w_best - w).max(), abs(b_best - b))
            margin = z @ w + b
            cases.append({
                "C": c,
                "class_weight": class_weight,
                "class_weights_0_1": [s[y == 0][0], s[y == 1][0]],
                "coef": w,
                "intercept": b,
                "n_iter": int(model.n_iter_[0]),
                "note": note,
                "gradient_max_abs": after,
                "distance_to_polished_optimum_max_abs": distance,
                "objective": float(s @ np.logaddexp(0, np.where(y == 1, -margin, margin)) + w @ w / (2 * c)),
            })
            print(f"logistic C={c} {class_weight}: gradient {after:.1e}, to optimum {distance:.1e}, {note}")
    return {
        "objective_definition": "sum_i s_i * logloss_i + ||w||^2 / (2 C); the intercept is not penalised; "
                                "s_i = 1, or n / (2 * n_class) for class_weight balanced",
        "feature_names": names,
        "n_rows": len(y),
        "scaler": {"mean": scaler.mean_, "scale": scaler.scale_,
                   "definition": "z = (x - mean) / scale, scale = sqrt(mean((x - mean)^2)) (ddof 0)"},
        "cases": cases,
    }


# --------------------------------------------------------------------------
# 2. Gradient boosting

BOOSTING_CASES = (
    {"n_estimators": 100, "learning_rate": 0.1, "max_depth": 3, "min_samples_leaf": 1},
    {"n_estimators": 60, "learning_rate": 0.2, "max_depth": 2, "min_samples_leaf": 5},
)
CRITERION_NOTE = (
    "scikit-learn 1.9.1 deprecates the parameter `criterion` of gradient boosting: it has no effect and is "
    "left at its default here. Every tree is a DecisionTreeRegressor with criterion='squared_error' fitted "
    "to the residuals y - p with unit weights (_gb.py, _fit_stage): the split maximises "
    "S_L^2/n_L + S_R^2/n_R. Leaf values are then replaced by one Newton step, "
    "sum(y - p) / sum(p (1 - p)) over the leaf's rows, not yet multiplied by the learning rate."
)
FEATURE_THRESHOLD = np.float32(1e-7)  # sklearn/tree/_partitioner.pxd
TIE = 1e-12  # relative to the best improvement


def splittable(lower, upper):
    """scikit-learn's rule, in float32: may a cut be made between these neighbours?"""
    return ~(upper <= lower + FEATURE_THRESHOLD)


def check_float32(names, x):
    """Print and return what the cast to float32 and FEATURE_THRESHOLD do to the candidate cuts."""
    x32 = x.astype(np.float32)
    equal, reordered, excluded = [], [], []
    for j, name in enumerate(names):
        values = np.unique(x[:, j])
        v32 = values.astype(np.float32)
        equal += [[name, a, b] for a, b, d in zip(values, values[1:], np.diff(v32)) if d == 0]
        reordered += [[name, a, b] for a, b, d in zip(values, values[1:], np.diff(v32)) if d < 0]
        v32 = np.unique(v32)
        ok = splittable(v32[:-1], v32[1:])
        for a, b in zip(v32[:-1][~ok], v32[1:][~ok]):
            # the shortest decimals of the float32 values are the numbers of the file
            excluded.append({"feature": j, "name": name, "lower": float(str(a)), "upper": float(str(b)),
                             "rows_lower": int((x32[:, j] == a).sum()),
                             "rows_upper": int((x32[:, j] == b).sum()),
                             "float32_difference": float(b) - float(a)})
    gaps = [(float(np.diff(v).min()), name) for name, v in zip(names, map(np.unique, x32.T))]
    n_cut = sum(len(np.unique(x32[:, j])) - 1 for j in range(x.shape[1]))
    print(f"float32: {int((x32.astype(float) != x).sum())} of {x.size} values change by the cast; neighbouring "
          f"distinct values that become equal: {len(equal)}; that change order: {len(reordered)}")
    print(f"FEATURE_THRESHOLD: {len(excluded)} of {n_cut} neighbouring pairs give no candidate cut")
    print(f"  smallest float32 distances of neighbours: {sorted(gaps)[:3]}")
    for e in excluded:
        print(f"  {e['name']} [{e['feature']}]: {e['lower']!r} ({e['rows_lower']} rows) | "
              f"{e['upper']!r} ({e['rows_upper']} rows), difference {e['float32_difference']:.4e}")
    return {"became_equal": equal, "changed_order": reordered, "feature_threshold_excludes": excluded,
            "neighbouring_pairs": n_cut, "smallest_distance_of_neighbours": min(gaps)}


def improvement(r, left):
    """Squared-error improvement n_L n_R / n (mean_L - mean_R)^2, sums correctly rounded."""
    n_left = int(left.sum())
    n_right = len(r) - n_left
    gap = math.fsum(r[left]) / n_left - math.fsum(r[~left]) / n_right
    return n_left * n_right / len(r) * gap * gap


def candidates(x32, r, min_leaf):
    """All cuts of one node: (screened improvement, feature, lower, upper, allowed by sklearn)."""
    n = len(r)
    centred = r - r.mean()
    n_left = np.arange(1, n)
    for j in range(x32.shape[1]):
        order = np.argsort(x32[:, j], kind="stable")
        v = x32[order, j]
        s = np.cumsum(centred[order])[:-1]
        gain = s * s * n / (n_left * (n - n_left))
        cut = (v[1:] > v[:-1]) & (n_left >= min_leaf) & (n - n_left >= min_leaf)
        allowed = splittable(v[:-1], v[1:])
        for k in np.nonzero(cut)[0]:
            yield gain[k], j, v[k], v[k + 1], bool(allowed[k])


def study_node(x32, r, feature, threshold, min_leaf):
    """How unique is the split of one node? Returns a dict; see `study_ties`."""
    found = list(candidates(x32, r, min_leaf))
    best = max(c[0] for c in found)
    # Screen in plain float64, then decide on correctly rounded sums.
    exact = []
    for gain, j, lower, upper, allowed in found:
        if gain >= best * (1 - 1e-3):
            left = x32[:, j] <= lower
            exact.append((improvement(r, left), j, lower, upper, allowed, left))
    top = max(c[0] for c in exact if c[4])
    tied = [c for c in exact if c[4] and c[0] >= top * (1 - TIE)]

    def sides(left):  # partition without regard to which part is the left one
        return (left if left[0] else ~left).tobytes()

    chosen = x32[:, feature].astype(float) <= threshold
    parts = {sides(c[5]) for c in tied}
    others = [1 - c[0] / top for c in exact if c[4] and sides(c[5]) not in parts]
    return {
        "kind": "a" if len(tied) == 1 else "b" if len(parts) == 1 else "c",
        "n_splits": len(tied),
        "n_partitions": len(parts),
        "mirrored": len({c[5].tobytes() for c in tied}) > len(parts),
        "chosen_among_best": sides(chosen) in parts,
        "chosen_shortfall": 1 - improvement(r, chosen) / top,
        "gap": min(others, default=1e-3),
        "splits": [{"feature": j, "threshold": float(lo) / 2 + float(up) / 2, "n_left": int(left.sum()),
                    "improvement": gain, "chosen": j == feature and float(lo) / 2 + float(up) / 2 == threshold}
                   for gain, j, lo, up, _, left in tied],
        "excluded_would_win": any(not c[4] and c[0] > top * (1 + TIE) for c in exact),
        "excluded_would_tie": any(not c[4] and abs(c[0] - top) <= top * TIE for c in exact),
        "midpoint": any(j == feature and float(lo) / 2 + float(up) / 2 == threshold
                        for _, j, lo, up, _, _ in tied),
    }


def study_ties(model, x32, y, initial):
    """Study every split node of the model; the raw prediction is carried along as scikit-learn does."""
    raw = np.full(len(y), initial)
    nodes, early = [], {"too_few_rows": 0, "impurity_at_most_float64_epsilon": 0, "no_candidate": 0}
    for t, (estimator,) in enumerate(model.estimators_):
        tree = estimator.tree_
        r = y - expit(raw)
        reached = np.asarray(tree.decision_path(x32).todense()).astype(bool)
        depth = {0: 0}
        for node in range(tree.node_count):
            rows = reached[:, node]
            assert rows.sum() == tree.n_node_samples[node]
            if tree.children_left[node] >= 0:
                depth[tree.children_left[node]] = depth[tree.children_right[node]] = depth[node] + 1
                study = study_node(x32[rows], r[rows], tree.feature[node], tree.threshold[node],
                                   model.min_samples_leaf)
                nodes.append({"tree": t, "node": node, **study})
            elif depth[node] < model.max_depth:
                if tree.n_node_samples[node] < max(2, 2 * model.min_samples_leaf):
                    early["too_few_rows"] += 1
                elif tree.impurity[node] <= np.finfo(float).eps:
                    early["impurity_at_most_float64_epsilon"] += 1
                else:
                    early["no_candidate"] += 1
        raw += model.learning_rate * tree.value[:, 0, 0].take(tree.apply(x32))
    return nodes, early, raw


def make_boosting(names, x, y):
    x32 = x.astype(np.float32)
    cast = check_float32(names, x)
    cases = []
    for parameters in BOOSTING_CASES:
        model = GradientBoostingClassifier(**parameters, subsample=1.0, random_state=1).fit(x, y)
        initial = float(model._raw_predict_init(x[:1])[0, 0])
        assert abs(initial - math.log(y.mean() / (1 - y.mean()))) < 1e-14
        nodes, early, raw = study_ties(model, x32, y, initial)
        decision = model.decision_function(x)
        assert np.abs(raw - decision).max() < 1e-12

        trees = []
        for (estimator,) in model.estimators_:
            t = estimator.tree_
            leaf = t.children_left < 0
            trees.append({
                "feature": t.feature, "threshold": t.threshold,
                "left": t.children_left, "right": t.children_right,
                "n": t.n_node_samples, "impurity": t.impurity,
                "value": [v if is_leaf else None for v, is_leaf in zip(t.value[:, 0, 0], leaf)],
            })
        losses = [float(np.logaddexp(0, np.where(y == 1, -s, s)).mean())
                  for s in (d.ravel() for d in model.staged_decision_function(x))]

        def count(test):
            return sum(1 for n in nodes if test(n))

        ties = {
            "split_nodes": len(nodes),
            "a_unique_best_split": count(lambda n: n["kind"] == "a"),
            "b_same_partition": count(lambda n: n["kind"] == "b"),
            "c_different_partitions": count(lambda n: n["kind"] == "c"),
            "c_nodes": [{k: n[k] for k in ("tree", "node", "n_splits", "n_partitions", "splits")}
                        for n in nodes if n["kind"] == "c"],
            "b_or_c_with_a_mirrored_split": count(lambda n: n["mirrored"]),
            "chosen_not_among_best": [{"tree": n["tree"], "node": n["node"],
                                       "relative_shortfall": n["chosen_shortfall"]}
                                      for n in nodes if not n["chosen_among_best"]],
            "chosen_threshold_not_a_midpoint_of_a_best_split": count(lambda n: not n["midpoint"]),
            "smallest_relative_gap_to_a_worse_partition": min(n["gap"] for n in nodes),
            "feature_threshold_excluded_split_would_win": [
                {"tree": n["tree"], "node": n["node"]} for n in nodes if n["excluded_would_win"]],
            "feature_threshold_excluded_split_would_tie": [
                {"tree": n["tree"], "node": n["node"]} for n in nodes if n["excluded_would_tie"]],
            "definition": f"ties are within {TIE} relative to the best improvement; a partition is counted "
                          "without regard to which part goes left (a mirrored split has the parts swapped)",
        }
        print("boosting", parameters)
        for key, value in ties.items():
            print(f"  {key}: {value}")
        print(f"  leaves above max_depth: {early}")
        print(f"  train_score_[-1] / log loss: {float(model.train_score_[-1] / losses[-1])!r}")
        cases.append({
            "parameters": {**parameters, "subsample": 1.0, "random_state": 1, "loss": "log_loss",
                           "min_samples_split": 2, "criterion": "squared_error (not a parameter, see note)"},
            "initial_raw_prediction": initial,
            "trees": trees,
            "train_log_loss_per_stage": losses,
            "train_decision_function": decision,
            "ties": ties,
            "leaves_above_max_depth": early,
        })
    return {
        "note": CRITERION_NOTE,
        "tree_definition": "parallel lists in scikit-learn's node order; leaf: left = right = -1, feature = -2, "
                           "threshold = -2.0; a row goes left if float32(x) <= threshold (compared in float64), "
                           "threshold = lower/2 + upper/2 in float64 of the two neighbouring float32 values; "
                           "value (leaves only) is before the learning rate; a node is not split if its "
                           "impurity (variance of the residuals) is <= 2.220446049250313e-16",
        "tie_rule": "scikit-learn visits the features in an order drawn from random_state and keeps the first "
                    "strictly best candidate, so which of several equal splits it takes is not meaningful",
        "feature_names": names,
        "n_rows": len(y),
        "float32": cast,
        "cases": cases,
    }


# --------------------------------------------------------------------------
# 3. Neural network

LAYERS = (6, 4, 3, 1)
NETWORK = {"alpha": 0.01, "learning_rate_init": 0.01, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}


class StartingFrom(MLPClassifier):
    """MLPClassifier with given initial weights (attribute `start`, a list of (coef, intercept))."""

    def _init_coef(self, fan_in, fan_out, dtype):
        coef, intercept = next(c for c in self.start if c[0].shape == (fan_in, fan_out))
        return coef.copy(), intercept.copy()


def network_loss(coefs, intercepts, x, y, activation):
    """The loss written out by hand, to check the definition given in the fixture."""
    act = {"relu": lambda a: np.maximum(a, 0), "tanh": np.tanh, "logistic": expit}[activation]
    h = x
    for w, b in zip(coefs[:-1], intercepts[:-1]):
        h = act(h @ w + b)
    m = (h @ coefs[-1] + intercepts[-1])[:, 0]
    log_loss = np.logaddexp(0, np.where(y == 1, -m, m)).mean()
    return log_loss + NETWORK["alpha"] / (2 * len(y)) * sum((w * w).sum() for w in coefs)


def make_network(names, x, y):
    n_features = LAYERS[0]
    z = StandardScaler().fit_transform(x)[:, :n_features]
    rng = np.random.default_rng(20)
    start = []
    for fan_in, fan_out in zip(LAYERS, LAYERS[1:]):
        bound = math.sqrt(6 / (fan_in + fan_out))
        start.append((rng.uniform(-bound, bound, (fan_in, fan_out)), rng.uniform(-bound, bound, fan_out)))
    cases = []
    for activation in ("relu", "tanh", "logistic"):
        for epochs in (1, 2, 25):
            model = StartingFrom(
                hidden_layer_sizes=LAYERS[1:-1], activation=activation, solver="adam", batch_size=len(y),
                shuffle=False, max_iter=epochs, tol=0.0, n_iter_no_change=10**6, random_state=0, **NETWORK,
            )
            model.start = start
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(z, y)
            assert model.n_iter_ == epochs == len(model.loss_curve_) and model.t_ == epochs * len(y)
            by_hand = network_loss([s[0] for s in start], [s[1] for s in start], z, y, activation)
            assert abs(model.loss_curve_[0] - by_hand) < 1e-14
            cases.append({
                "activation": activation,
                "epochs": epochs,
                "coefs": model.coefs_,
                "intercepts": model.intercepts_,
                "loss_curve": model.loss_curve_,
                "loss_after_last_step": network_loss(model.coefs_, model.intercepts_, z, y, activation),
                "predict_proba_first_5": model.predict_proba(z[:5]),
            })
            print(f"network {activation} {epochs}: loss {model.loss_curve_[0]:.6f} -> {model.loss_curve_[-1]:.6f}")
    return {
        "feature_names": names[:n_features],
        "layers": LAYERS,
        "n_rows": len(y),
        "input": "the first 6 features, standardised with the scaler of logistic.json, training part, file order",
        "first_5_scaled_rows": z[:5],
        "initial_coefs": [s[0] for s in start],
        "initial_intercepts": [s[1] for s in start],
        "initial_note": "numpy default_rng(20).uniform(-bound, bound), bound = sqrt(6 / (fan_in + fan_out)); "
                        "coefs[k] has shape (fan_in, fan_out): h_next = act(h @ coefs[k] + intercepts[k])",
        "loss_definition": "mean_i logloss_i + alpha / (2 n) * sum of squares of all coefs (intercepts are not "
                           "penalised), n = rows in the batch (here all rows). So the gradient is "
                           "(sum_i dlogloss_i/dw + alpha w) / n. loss_curve[t] is the loss BEFORE the step of "
                           "epoch t+1. Output: one logistic unit, probability of y = 1. "
                           "ReLU derivative at exactly 0 is 0. Probabilities are clipped to "
                           "[2.220446049250313e-16, 1 - 2.220446049250313e-16] in the loss value only.",
        "alpha": NETWORK["alpha"],
        "adam": {**{k: v for k, v in NETWORK.items() if k != "alpha"},
                 "definition": "t = 1, 2, ...: m = beta_1 m + (1 - beta_1) g; "
                               "v = beta_2 v + (1 - beta_2) g^2; "
                               "rate = learning_rate_init sqrt(1 - beta_2^t) / (1 - beta_1^t); "
                               "w -= rate m / (sqrt(v) + epsilon). Epsilon is added to sqrt(v) without "
                               "bias correction (unlike Algorithm 1 of the paper, whose epsilon "
                               "stands beside sqrt(v / (1 - beta_2^t)))"},
        "cases": cases,
    }


# --------------------------------------------------------------------------
# 4. Metrics


def measure(y, p):
    predicted = (p > 0.5).astype(int)
    tn, fp, fn, tp = metrics.confusion_matrix(y, predicted, labels=[0, 1]).ravel()

    def undefined_as(z):
        return {
            "ppv": metrics.precision_score(y, predicted, zero_division=z),
            "npv": metrics.precision_score(y, predicted, pos_label=0, zero_division=z),
            "sensitivity": metrics.recall_score(y, predicted, zero_division=z),
            "specificity": metrics.recall_score(y, predicted, pos_label=0, zero_division=z),
            "f1": metrics.f1_score(y, predicted, zero_division=z),
        }

    eps = np.finfo(np.float64).eps
    clipped = np.clip(np.column_stack([1 - p, p]), eps, 1 - eps)
    log_loss = metrics.log_loss(y, p)
    assert abs(log_loss + np.log(clipped[np.arange(len(y)), y]).mean()) < 1e-14
    return {
        "y": y, "p": p,
        "confusion": {"tn": tn, "fp": fp, "fn": fn, "tp": tp},
        "accuracy": metrics.accuracy_score(y, predicted),
        **undefined_as(np.nan),
        "with_zero_division_0": undefined_as(0),
        "with_zero_division_1": undefined_as(1),
        "roc_auc": metrics.roc_auc_score(y, p),
        "brier": metrics.brier_score_loss(y, p),
        "log_loss": log_loss,
        "log_loss_without_rows_at_0_or_1": metrics.log_loss(y[(p > 0) & (p < 1)], p[(p > 0) & (p < 1)]),
    }


def make_metrics():
    rng = np.random.default_rng(7)
    n = 60
    y = (rng.random(n) < 0.4).astype(int)
    p = np.round(expit(1.6 * (2 * y - 1) + 1.6 * rng.standard_normal(n)), 2)
    # Put the edges in by hand: certain and right, certain and wrong, exactly on the cutoff.
    ones, zeros = np.nonzero(y == 1)[0], np.nonzero(y == 0)[0]
    p[ones[0]], p[zeros[0]] = 1.0, 0.0
    p[ones[1]], p[zeros[1]] = 0.0, 1.0
    p[p == 0.5] = 0.51
    p[ones[2]] = 0.5
    assert (p == 0.5).sum() == 1 and len(np.unique(p)) < n
    assert len(set(p[y == 1]) & set(p[y == 0])) > 2  # ties between the classes, for the AUC
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return {
            "cutoff": "class 1 if p > 0.5, so p = 0.5 is class 0",
            "log_loss_note": "scikit-learn clips both columns (1 - p, p) to [eps, 1 - eps], "
                             "eps = 2.220446049250313e-16 (float64 machine epsilon): a certain and wrong "
                             "prediction costs -ln(eps) = 36.04365338911715",
            "zero_division_note": "null = undefined (zero_division=nan). scikit-learn's default "
                                  "(zero_division='warn') gives 0.0 and an UndefinedMetricWarning. f1 is "
                                  "2 tp / (2 tp + fp + fn), so with nobody predicted positive but positives "
                                  "present it is 0.0 for every zero_division; only ppv is undefined",
            "ordinary": measure(y, p),
            "nobody_positive": measure(y, np.round(p / 2, 3)),
        }


# --------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--any-version", action="store_true")
    args = parser.parse_args()
    if VERSIONS != EXPECTED and not args.any_version:
        raise SystemExit(f"expected {EXPECTED}, found {VERSIONS}")
    made_by = {
        "script": "make_fixtures.py",
        "command": "python make_fixtures.py DATA_DIR OUT_DIR",
        "versions": VERSIONS,
        "inputs_sha256": {name: hashlib.sha256((args.data_dir / name).read_bytes()).hexdigest()
                          for name in ("wdbc.csv", "wdbc_reference_split.csv")},
    }
    names, x, y = read_data(args.data_dir)
    print(f"training part: {len(y)} rows, {int(y.sum())} of class 1")
    args.out_dir.mkdir(parents=True, exist_ok=True)
    write(args.out_dir / "logistic.json", make_logistic(names, x, y), made_by)
    write(args.out_dir / "boosting.json", make_boosting(names, x, y), made_by)
    write(args.out_dir / "network.json", make_network(names, x, y), made_by)
    write(args.out_dir / "metrics.json", make_metrics(), made_by)


if __name__ == "__main__":
    main()
