#!/usr/bin/env python3
"""Make tests/reference/trees.json: small tables and the trees that other libraries grow on them.

    python make_trees.py OUT_DIR

Made with Python 3.11.7, NumPy 2.4.6, scikit-learn 1.9.1, LightGBM 4.7.0; the output has the versions
that made it. Numbers have so few distinct values that each has its own bin in every library.
scikit-learn's boosting with exact splits refuses missing values, its regression trees take them: those
cases are boosting written out with these trees. Each tree is given as the leaf of every row and the
value of every leaf, so that trees are compared by how they split the rows. Decision trees, and those of
exact boosting, are kept only if every random order of the inputs gives the same leaves: then every best
split is unique.
"""

import argparse
import json
import platform
from pathlib import Path

import lightgbm
import numpy as np
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor


def table(seed, n_rows, levels=0, missing=0.0, n_classes=2):
    """Whole numbers 1 to 20 in three columns, perhaps missing, perhaps levels in a fourth."""
    random = np.random.default_rng(seed)
    x = random.integers(1, 21, size=(n_rows, 4)).astype(float)
    score = (x[:, 0] - 10) * 0.2 + (x[:, 1] - 10) * (x[:, 2] - 10) * 0.02
    if levels:
        x[:, 3] = random.integers(0, levels, size=n_rows)
        score += random.normal(size=levels)[x[:, 3].astype(int)] * 1.5
    if missing:
        x[random.uniform(size=n_rows) < missing, 1] = np.nan
        score[np.isnan(x[:, 1])] = 1.0
    score += random.logistic(size=n_rows)
    edges = np.quantile(score, np.arange(1, n_classes) / n_classes + 0.1 / n_classes)
    return x, np.searchsorted(edges, score), random.integers(1, 5, size=n_rows).astype(float)


def continuous(seed, missing):
    """Three classes, and numbers that are exact in single precision, which trees compare in."""
    random = np.random.default_rng(seed)
    x = np.round(random.uniform(size=(150, 4)) * 4096) / 4096
    score = x[:, 0] * 2 + x[:, 1] - x[:, 2] + random.normal(size=150) * 0.3
    y = np.searchsorted(np.quantile(score, [0.3, 0.7]), score)
    x[random.uniform(size=150) < missing, 0] = np.nan
    return x, y, random.integers(1, 4, size=150).astype(float)


def of_lightgbm(x, y, weights, settings, categorical):
    parameters = {
        "objective": "binary", "verbose": -1, "num_threads": 1, "deterministic": True,
        "min_data_in_bin": 1, "min_data_in_leaf": 1, "min_gain_to_split": 1e-6,
        "learning_rate": settings["learning_rate"], "num_leaves": settings["max_leaves"],
        "min_sum_hessian_in_leaf": settings["min_child_weight"],
        "lambda_l2": settings["l2"], "min_data_per_group": settings["min_rows_per_group"],
        "cat_smooth": settings["cat_smooth"], "cat_l2": settings["cat_l2"],
        "max_depth": settings["max_depth"] or -1,
    }
    if settings["monotone"]:
        parameters["monotone_constraints"] = settings["monotone"]
    data = lightgbm.Dataset(
        x, y, weight=weights, categorical_feature=categorical, params=parameters,
        free_raw_data=False,
    )
    model = lightgbm.train(parameters, data, num_boost_round=settings["n_trees"])
    leaves = model.predict(x, pred_leaf=True).reshape(len(y), -1)
    share = np.average(y, weights=weights)
    base = float(np.log(share / (1 - share)))
    trees = []
    for number, tree in enumerate(model.dump_model()["tree_info"]):
        values = {}

        def walk(node):
            if "leaf_value" in node:
                values[node.get("leaf_index", 0)] = node["leaf_value"]
            else:
                walk(node["left_child"])
                walk(node["right_child"])

        walk(tree["tree_structure"])
        # The base margin is in the leaves of the first tree.
        offset = base if number == 0 else 0.0
        trees.append({
            "leaf": leaves[:, number].astype(int).tolist(),
            "value": [values[i] - offset for i in range(len(values))],
        })
    return trees


def of_scikit_learn(x, y, weights, settings):
    model = HistGradientBoostingClassifier(
        learning_rate=settings["learning_rate"], max_iter=settings["n_trees"],
        max_leaf_nodes=settings["max_leaves"], max_depth=settings["max_depth"],
        min_samples_leaf=settings["min_rows_per_leaf"],
        l2_regularization=settings["l2"], early_stopping=False,
    ).fit(x, y, sample_weight=weights)
    trees = []
    for predictors in model._predictors:
        for predictor in predictors:
            nodes = predictor.nodes
            leaf = []
            for row in x:
                at = 0
                while not nodes[at]["is_leaf"]:
                    value = row[nodes[at]["feature_idx"]]
                    left = nodes[at]["missing_go_to_left"] if np.isnan(value) \
                        else value <= nodes[at]["num_threshold"]
                    at = nodes[at]["left"] if left else nodes[at]["right"]
                leaf.append(int(at))
            numbers = sorted(set(leaf))
            trees.append({
                "leaf": [numbers.index(i) for i in leaf],
                "value": [float(nodes[i]["value"]) for i in numbers],
            })
    return trees


def canonical(leaf):
    first = {}
    return [first.setdefault(i, len(first)) for i in leaf]


def of_regression_trees(x, y, weights, settings):
    weights = np.ones(len(y)) if weights is None else weights
    share = np.average(y, weights=weights)
    margin = np.full(len(y), np.log(share / (1 - share)))
    trees = []
    for _ in range(settings["n_trees"]):
        p = 1 / (1 + np.exp(-margin))
        ways = [
            DecisionTreeRegressor(
                max_depth=settings["max_depth"], random_state=state,
                min_samples_leaf=settings["min_rows_per_leaf"],
            ).fit(x, y - p, sample_weight=weights).apply(x)
            for state in range(20)
        ]
        assert len({tuple(canonical(way)) for way in ways}) == 1, "equally good splits"
        leaf = np.unique(ways[0], return_inverse=True)[1]
        sums = np.bincount(leaf, weights * (y - p))
        value = settings["learning_rate"] * sums / np.bincount(leaf, weights * p * (1 - p))
        margin += value[leaf]
        trees.append({"leaf": leaf.tolist(), "value": value.tolist()})
    return trees


def decision_tree(x, y, weights, criterion, min_rows, depth):
    fits = [
        DecisionTreeClassifier(
            criterion=criterion, min_samples_leaf=min_rows, max_depth=depth, random_state=state
        ).fit(x, y, sample_weight=weights)
        for state in range(20)
    ]

    def part(fit):
        return np.unique(fit.apply(x), return_inverse=True)[1]

    ways = {tuple(canonical(part(fit))) for fit in fits}
    if len(ways) > 1:
        return None
    leaf = part(fits[0])
    shares = [fits[0].predict_proba(x[leaf == i][:1])[0].tolist() for i in range(leaf.max() + 1)]
    return {"leaf": leaf.tolist(), "shares": shares}


def plain(array):
    return [[None if np.isnan(v) else float(v) for v in row] for row in array]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out_dir", type=Path)
    out_dir = parser.parse_args().out_dir
    settings = {
        "learning_rate": 0.3, "n_trees": 8, "max_leaves": 8, "max_depth": None,
        "min_rows_per_leaf": 1, "min_child_weight": 1.0, "l2": 0.5, "monotone": [],
        "min_rows_per_group": 5, "cat_smooth": 5.0, "cat_l2": 3.0, "splits": "histogram",
    }
    boosting = []

    def add(name, of, data, weighted=False, categorical=(), n_classes=2, **changed):
        x, y, weights = data
        own = {**settings, **changed}
        weights = weights if weighted else None
        if of == "LightGBM":
            trees = of_lightgbm(x, y, weights, own, list(categorical))
        elif own["splits"] == "exact":
            trees = of_regression_trees(x, y, weights, own)
        else:
            trees = of_scikit_learn(x, y, weights, own)
        boosting.append({
            "name": name, "of": of, "settings": own, "categorical": list(categorical),
            "n_classes": n_classes, "x": plain(x), "y": y.tolist(),
            "weights": None if weights is None else weights.tolist(), "trees": trees,
        })

    add("numbers", "LightGBM", table(1, 200))
    add("missing", "LightGBM", table(2, 200, missing=0.2), weighted=True)
    add("monotone", "LightGBM", table(3, 200), monotone=[1, -1, 0, 1])
    add("depth", "LightGBM", table(4, 200), max_depth=3, max_leaves=31)
    # LightGBM counts a bin for unknown levels as one more.
    add("few levels", "LightGBM", table(5, 200, levels=3), categorical=[3])
    # With a penalty, LightGBM gives up on an input for good where none of its splits gains.
    add("sets of levels", "LightGBM", table(6, 250, levels=12), categorical=[3], l2=0.0)
    # scikit-learn's own bound on curvature, 0.001, stays out of the way.
    histogram = {"min_child_weight": 1e-3, "min_rows_per_leaf": 8}
    add("numbers", "scikit-learn", table(7, 200), **histogram)
    add("missing", "scikit-learn", table(8, 200, missing=0.2), weighted=True, **histogram)
    add("three classes", "scikit-learn", table(9, 200, missing=0.1, n_classes=3),
        n_classes=3, n_trees=4, **histogram)

    exact = {"splits": "exact", "max_depth": 3, "min_rows_per_leaf": 4, "n_trees": 5}
    for name, seed, missing in (("exact", 100, 0.0), ("exact, missing", 101, 0.2)):
        x, y, weights = continuous(seed, missing)
        y = (y == 2).astype(int)
        y[np.isnan(x[:, 0])] = np.random.default_rng(seed).integers(0, 4, np.isnan(x[:, 0]).sum()) > 0
        add(name, "scikit-learn", (x, y, weights), weighted=True, **exact)

    decision = []
    for first, criterion, missing in ((10, "gini", 0.0), (40, "entropy", 0.0), (70, "gini", 0.2)):
        for seed in range(first, first + 30):
            x, y, weights = continuous(seed, missing)
            tree = decision_tree(x, y, weights, criterion, 5, 4)
            if tree:
                break
        decision.append({
            "criterion": criterion, "min_rows_per_leaf": 5, "max_depth": 4, "x": plain(x),
            "y": y.tolist(), "weights": weights.tolist(), "tree": tree, "seed": seed,
        })

    made_by = {
        "python": platform.python_version(), "numpy": np.__version__,
        "scikit-learn": sklearn.__version__, "lightgbm": lightgbm.__version__,
    }
    out = {"made_by": made_by, "boosting": boosting, "decision_trees": decision}
    text = json.dumps(out, sort_keys=True, separators=(",", ":"))
    (out_dir / "trees.json").write_text(text + "\n")
    print(len(text), "bytes")


if __name__ == "__main__":
    main()
