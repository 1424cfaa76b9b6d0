#!/usr/bin/env python3
"""Make explanations.json: Shapley values that LightGBM, XGBoost and shap compute for their forests.

    python3.11 -m venv ../../target/explanations
    ../../target/explanations/bin/pip install -r requirements-explanations.txt
    ../../target/explanations/bin/python make_explanations.py

The unit tests of src/member build the forests, with the shares of the training rows that go to the left
at each split, and compare. LightGBM and shap compute in double precision; XGBoost writes its values in
single precision. Models are small, and many: missing values, categories, several classes, features that
occur several times on a path. The versions used are under "made_by".
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import json
import math
import platform
from pathlib import Path

import lightgbm as lgb
import numpy as np
import shap
import sklearn
import xgboost as xgb
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

from to_forests import data, lightgbm_tree, sklearn_tree, xgboost_tree

HERE = Path(__file__).parent
VERSIONS = {
    "lightgbm": lgb.__version__,
    "numpy": np.__version__,
    "python": platform.python_version(),
    "scikit-learn": sklearn.__version__,
    "shap": shap.__version__,
    "xgboost": xgb.__version__,
}
N_ROWS = 6


def some_rows(x, seed, missing=True):
    """A few rows, each with a value that is missing."""
    rng = np.random.default_rng(seed)
    rows = x[rng.permutation(len(x))[:N_ROWS]].copy()
    if missing:
        for row in range(1, N_ROWS):
            rows[row, rng.integers(0, x.shape[1])] = np.nan
    return rows


def left_shares(trees, covers):
    """One share per split, tree after tree: the cover of the left child over that of both."""
    shares = []
    for tree, cover in zip(trees, covers):
        for node in tree["nodes"]:
            if len(node) > 1:
                left, right = cover[node[2]], cover[node[3]]
                shares.append(left / (left + right))
    return shares


def case(name, link, trees, covers, base_margins, rows, contributions, **kind):
    """`contributions` have the shape (n_rows, n_margins, n_features + 1); the last is the base."""
    defaults = {"comparison": "AtMost", "precision": "Double", "aggregate": "Sum"}
    return {
        "name": name, **defaults, "link": link, **kind, "base_margins": base_margins, "trees": trees,
        "shares": left_shares(trees, covers), "rows": rows,
        "contributions": np.reshape(contributions, (len(rows), -1)),
    }


def lightgbm_covers(structure):
    covers = []

    def add(node):
        covers.append(float(node.get("internal_count", node.get("leaf_count", 0))))
        if "leaf_value" not in node:
            add(node["left_child"])
            add(node["right_child"])

    add(structure)
    return covers


def lightgbm_case(seed, n_classes, share_missing, categories, num_leaves):
    x, y = data(100 + seed, n_classes, share_missing)
    parameters = {
        "objective": "binary" if n_classes == 2 else "multiclass", "num_leaves": num_leaves,
        "seed": 1, "learning_rate": 0.3, "num_threads": 1, "verbose": -1, "deterministic": True,
        "min_data_per_group": 5, "cat_smooth": 1.0, "max_cat_to_onehot": 2, "min_data_in_leaf": 3,
    }
    if n_classes > 2:
        parameters["num_class"] = n_classes
    dataset = lgb.Dataset(x, y, categorical_feature=[3] if categories else [])
    booster = lgb.train(parameters, dataset, 3)
    dump = booster.dump_model()
    per_iteration = dump["num_tree_per_iteration"]
    infos = dump["tree_info"]
    trees = [
        lightgbm_tree(info["tree_structure"], index % per_iteration)
        for index, info in enumerate(infos)
    ]
    rows = some_rows(x, seed)
    return case(
        f"LightGBM {seed}", "Logit" if n_classes == 2 else "Softmax", trees,
        [lightgbm_covers(info["tree_structure"]) for info in infos],
        np.zeros(per_iteration), rows, booster.predict(rows, pred_contrib=True),
    )


def xgboost_case(seed, n_classes, categories, max_depth):
    x, y = data(200 + seed, n_classes, 0.1)
    parameters = {
        "objective": "binary:logistic" if n_classes == 2 else "multi:softprob",
        "max_depth": max_depth, "eta": 0.3, "nthread": 1, "seed": 1, "max_cat_to_onehot": 2,
    }
    if n_classes > 2:
        parameters["num_class"] = n_classes
    types = ["q", "q", "q", "c" if categories else "q"]

    def matrix(rows, label=None):
        return xgb.DMatrix(rows, label, feature_types=types, enable_categorical=True, nthread=1)

    booster = xgb.train(parameters, matrix(x, y), 3)
    stored = json.loads(booster.save_raw("json").decode())["learner"]["gradient_booster"]["model"]
    trees = [xgboost_tree(tree, m) for tree, m in zip(stored["trees"], stored["tree_info"])]
    rows = some_rows(x, seed)
    contributions = booster.predict(matrix(rows), pred_contribs=True)
    margins = booster.predict(matrix(rows), output_margin=True)
    # What margins start from: margins minus leaves, in double precision.
    bases = np.reshape(margins.astype(float), (len(rows), -1))[0] - leaf_sums(trees, rows[0])
    return case(
        f"XGBoost {seed}", "Logit" if n_classes == 2 else "Softmax", trees,
        [tree["sum_hessian"] for tree in stored["trees"]], bases, rows, contributions,
        comparison="Below", precision="Single",
    )


def leaf_sums(trees, row):
    sums = np.zeros(1 + max(tree["margin"] for tree in trees))
    for tree in trees:
        node = tree["nodes"][0]
        while len(node) > 1:
            value = np.float32(row[node[0]])
            if np.isnan(value):
                goes_left = node[4] == "Left"
            elif isinstance(node[1], list):
                goes_left = value in node[1]
            else:
                goes_left = value < node[1]
            node = tree["nodes"][node[2] if goes_left else node[3]]
        sums[tree["margin"]] += tree["leaves"][node[0]]
    return sums


def shap_contributions(model, rows, n_margins):
    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    values = np.asarray(explainer.shap_values(rows, check_additivity=False))
    values = values.reshape(len(rows), rows.shape[1], n_margins)
    base = np.broadcast_to(np.ravel(explainer.expected_value), (len(rows), n_margins))
    return np.concatenate([values, base[:, None, :]], axis=1).transpose(0, 2, 1)


def random_forest_case(seed, n_classes, max_depth):
    x, y = data(300 + seed, n_classes, 0.0)
    model = RandomForestClassifier(4, max_depth=max_depth, random_state=1, n_jobs=1).fit(x, y)
    trees = [sklearn_tree(one.tree_, None, lambda value: value[0]) for one in model.estimators_]
    rows = some_rows(x, seed, missing=False)
    return case(
        f"shap, scikit-learn RandomForestClassifier {seed}", "Probability", trees,
        [one.tree_.weighted_n_node_samples for one in model.estimators_], np.zeros(n_classes), rows,
        shap_contributions(model, rows, n_classes), precision="SingleInputs", aggregate="Mean",
    )


def gradient_boosting_case(seed, max_depth):
    x, y = data(400 + seed, 2, 0.0)
    model = GradientBoostingClassifier(
        n_estimators=4, max_depth=max_depth, random_state=1
    ).fit(x, y)
    rate = model.learning_rate
    stages = [stage[0].tree_ for stage in model.estimators_]
    trees = [sklearn_tree(tree, 0, lambda value: rate * value[0]) for tree in stages]
    rows = some_rows(x, seed, missing=False)
    return case(
        f"shap, scikit-learn GradientBoostingClassifier {seed}", "Logit", trees,
        [tree.weighted_n_node_samples for tree in stages], model._raw_predict_init(x[:1])[0], rows,
        shap_contributions(model, rows, 1), precision="SingleInputs",
    )


def cases():
    made = []
    for seed in range(24):
        n_classes = [2, 2, 3][seed % 3]
        made.append(
            lightgbm_case(seed, n_classes, [0.0, 0.1][seed % 2], seed % 4 > 1, [4, 8, 24][seed % 3])
        )
    for seed in range(14):
        made.append(xgboost_case(seed, [2, 3][seed % 2], seed % 4 > 1, [2, 3, 6][seed % 3]))
    for seed in range(6):
        made.append(random_forest_case(seed, [2, 3][seed % 2], [3, 5, 8][seed % 3]))
    for seed in range(6):
        made.append(gradient_boosting_case(seed, [2, 3, 7][seed % 3]))
    return made


def plain(value):
    """NumPy values as the kinds of JSON; NaN becomes null, infinity is refused."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if math.isnan(value):
            return None
        assert math.isfinite(value)
    return value


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(plain(case), separators=(",", ":")) for case in cases())
    versions = json.dumps(VERSIONS)
    text = f'{{\n"made_by":{versions},\n"forests":[\n{lines}\n]\n}}\n'
    (HERE / "explanations.json").write_text(text)
