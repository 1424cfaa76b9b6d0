"""Forests of scikit-learn, LightGBM and XGBoost as forests of ours.

A node is [leaf], or [input, threshold or [level, ...], left, right, "Left" or "Right"]; the last is
where a missing value goes. Children come after their parents.
"""

import json

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)

N_LEVELS = 9


def finite(threshold):
    """scikit-learn parts missing from present at +∞; the largest number sends all present left too."""
    return min(threshold, np.finfo(float).max)


def data(seed, n_classes, share_missing, n_rows=500):
    """Three numbers and a category; the classes depend on all but the third."""
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=(n_rows, 4)) * [1.0, 10.0, 1e-3, 1.0], 6)
    x[:, 3] = rng.integers(0, N_LEVELS, n_rows)
    signal = x[:, 0] + 0.1 * x[:, 1] + 1.5 * (x[:, 3] % 3 == 1) + rng.normal(size=n_rows) * 0.3
    y = np.digitize(signal, np.quantile(signal, np.arange(1, n_classes) / n_classes))
    x[rng.random(x.shape) < share_missing] = np.nan
    return x, y


def visits(nodes, row):
    """The nodes that a row visits, if a value equal to a threshold goes left."""
    index = 0
    while len(nodes[index]) > 1:
        yield index
        at, condition, left, right, side = nodes[index]
        if np.isnan(row[at]):
            goes_left = side == "Left"
        else:
            goes_left = row[at] in condition if isinstance(condition, list) else row[at] <= condition
        index = left if goes_left else right


def rows_for(x, trees, missing=True, single=False):
    """Some rows, thresholds and their neighbours where they are compared, and what is missing."""
    rng = np.random.default_rng(7)
    rows = [row.copy() for row in x[:10]]
    thresholds = [
        (tree["nodes"], index) for tree in trees for index, node in enumerate(tree["nodes"])
        if len(node) > 1 and not isinstance(node[1], list) and node[1] < 1e30
    ]
    for nth in rng.permutation(len(thresholds))[:8]:
        nodes, index = thresholds[nth]
        at, threshold = nodes[index][:2]
        near = [threshold, np.nextafter(threshold, np.inf), np.nextafter(threshold, -np.inf)]
        if single:
            rounded = np.float32(threshold)
            near = [rounded, np.nextafter(rounded, np.float32(np.inf))]
            near += [np.nextafter(rounded, np.float32(-np.inf)), threshold + abs(threshold) * 1e-9]
        at_threshold = [np.where(np.arange(x.shape[1]) == at, threshold, row) for row in x]
        row = next(row for row in at_threshold if index in visits(nodes, row))
        for value in near:
            rows.append(np.where(np.arange(x.shape[1]) == at, value, row))
    if missing:
        for at in range(x.shape[1]):
            row = x[20 + at].copy()
            row[at] = np.nan
            rows.append(row)
        rows.append(np.full(x.shape[1], np.nan))
    return np.array(rows)


def case(name, made, trees, base_margins, rows, margins, probabilities, **kind):
    defaults = {"comparison": "AtMost", "precision": "Double", "aggregate": "Sum"}
    return {
        "name": name, **defaults, **made, **kind, "base_margins": base_margins, "trees": trees,
        "rows": rows, "margins": np.reshape(margins, (len(rows), -1)),
        "probabilities": np.reshape(probabilities, (len(rows), -1)),
    }


def both(positive):
    """Probabilities of two classes from that of class 1."""
    return np.column_stack([1.0 - positive, positive])


# scikit-learn: `float32(value) <= threshold`, depth first, so children come after their parents.


def sklearn_tree(tree, margin, leaf_values):
    nodes, leaves = [], []
    state = tree.__getstate__()["nodes"]
    for index in range(tree.node_count):
        if tree.children_left[index] < 0:
            nodes.append([len(leaves)])
            leaves.append(leaf_values(tree.value[index]))
        else:
            side = "Left" if state["missing_go_to_left"][index] else "Right"
            children = [int(tree.children_left[index]), int(tree.children_right[index])]
            threshold = finite(tree.threshold[index])
            nodes.append([int(tree.feature[index]), threshold, *children, side])
    return {"margin": margin, "nodes": nodes, "leaves": np.concatenate(leaves)}


def sklearn_random_forest(n_classes):
    x, y = data(n_classes, n_classes, 0.1)
    model = RandomForestClassifier(8, max_depth=4, random_state=1, n_jobs=1).fit(x, y)
    trees = [
        sklearn_tree(estimator.tree_, None, lambda value: value[0])
        for estimator in model.estimators_
    ]
    rows = rows_for(x, trees, single=True)
    probabilities = model.predict_proba(rows)
    return case(
        f"scikit-learn RandomForestClassifier, {n_classes} classes", {"link": "Probability"}, trees,
        np.zeros(n_classes), rows, probabilities, probabilities,
        precision="SingleInputs", aggregate="Mean",
    )


def sklearn_gradient_boosting(n_classes):
    x, y = data(10 + n_classes, n_classes, 0.0)
    model = GradientBoostingClassifier(n_estimators=7, max_depth=3, random_state=1).fit(x, y)
    rate = model.learning_rate
    trees = [
        sklearn_tree(tree.tree_, margin, lambda value: rate * value[0])
        for stage in model.estimators_ for margin, tree in enumerate(stage)
    ]
    rows = rows_for(x, trees, missing=False, single=True)
    return case(
        f"scikit-learn GradientBoostingClassifier, {n_classes} classes",
        {"link": "Logit" if n_classes == 2 else "Softmax"}, trees,
        model._raw_predict_init(x[:1])[0], rows, model.decision_function(rows),
        model.predict_proba(rows), precision="SingleInputs",
    )


def sklearn_hist_gradient_boosting():
    x, y = data(20, 3, 0.1)
    model = HistGradientBoostingRegressor(max_iter=6, max_leaf_nodes=6, random_state=1).fit(x, y)
    trees = []
    for (predictor,) in model._predictors:
        nodes, leaves = [], []
        for node in predictor.nodes:
            if node["is_leaf"]:
                nodes.append([len(leaves)])
                leaves.append(node["value"])
            else:
                side = "Left" if node["missing_go_to_left"] else "Right"
                children = [int(node["left"]), int(node["right"])]
                threshold = finite(node["num_threshold"])
                nodes.append([int(node["feature_idx"]), threshold, *children, side])
        trees.append({"margin": 0, "nodes": nodes, "leaves": leaves})
    rows = rows_for(x, trees)
    values = model.predict(rows)
    return case(
        "scikit-learn HistGradientBoostingRegressor", {"link": "Identity"}, trees,
        model._baseline_prediction[0], rows, values, values,
    )


# LightGBM: `value <= threshold`; the decision follows Tree::NumericalDecision and
# Tree::CategoricalDecision.


def lightgbm_tree(structure, margin):
    nodes, leaves = [], []

    def add(node):
        index = len(nodes)
        nodes.append(None)
        if "leaf_value" in node:
            nodes[index] = [len(leaves)]
            leaves.append(node["leaf_value"])
            return index
        if node["decision_type"] == "==":
            # A missing category goes to the right, whatever the default is.
            condition, side = sorted(int(level) for level in node["threshold"].split("||")), "Right"
        elif node["missing_type"] == "None":
            # Trained without missing values: a missing one counts as 0.
            condition, side = node["threshold"], "Left" if 0.0 <= node["threshold"] else "Right"
        else:
            # "NaN", or "Zero": with zero_as_missing, map 0 to missing before the forest.
            condition, side = node["threshold"], "Left" if node["default_left"] else "Right"
        left = add(node["left_child"])
        right = add(node["right_child"])
        nodes[index] = [node["split_feature"], condition, left, right, side]
        return index

    add(structure)
    return {"margin": margin, "nodes": nodes, "leaves": leaves}


def lightgbm_case(name, n_classes, share_missing, categories, zero_as_missing=False, **options):
    x, y = data(30 + n_classes + len(name), n_classes, share_missing)
    if zero_as_missing:
        x[::3, 0] = 0.0
        x[1::3, 1] = 0.0
    parameters = {
        "objective": "binary" if n_classes == 2 else "multiclass", "num_leaves": 7, "seed": 1,
        "learning_rate": 0.3, "num_threads": 1, "verbose": -1, "deterministic": True,
        "min_data_per_group": 5, "cat_smooth": 1.0, "max_cat_to_onehot": 2,
        "zero_as_missing": zero_as_missing, **options,
    }
    if n_classes > 2:
        parameters["num_class"] = n_classes
    dataset = lgb.Dataset(x, y, categorical_feature=[3] if categories else [])
    booster = lgb.train(parameters, dataset, 5)
    dump = booster.dump_model()
    trees = [
        lightgbm_tree(info["tree_structure"], index % dump["num_tree_per_iteration"])
        for index, info in enumerate(dump["tree_info"])
    ]
    rows = rows_for(x, trees)
    if categories:
        unseen = x[:3].copy()
        unseen[:, 3] = [N_LEVELS, N_LEVELS + 40, 4_000_000_000]
        rows = np.vstack([rows, unseen])
    if zero_as_missing:
        rows = np.vstack([rows, x[:9]])
    probabilities = booster.predict(rows)
    margins = booster.predict(rows, raw_score=True)
    is_mean = parameters.get("boosting") == "rf"
    if is_mean:
        # LightGBM's raw scores are the sum here, but its probabilities are those of the mean.
        margins = margins / len(trees)
    if zero_as_missing:
        rows = np.where(np.abs(rows) <= 1e-35, np.nan, rows)
    return case(
        f"LightGBM {name}, {n_classes} classes",
        {"link": "Logit" if n_classes == 2 else "Softmax"}, trees,
        np.zeros(dump["num_tree_per_iteration"]), rows, margins,
        both(probabilities) if n_classes == 2 else probabilities,
        aggregate="Mean" if is_mean else "Sum",
    )


# XGBoost: `float32(value) < threshold`; leaves are added in single precision.


def xgboost_tree(tree, margin):
    categories = {}
    for node, start, size in zip(
        tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"]
    ):
        categories[node] = sorted(tree["categories"][start : start + size])
    nodes, leaves = [], []
    for index, (left, right) in enumerate(zip(tree["left_children"], tree["right_children"])):
        if left < 0:
            nodes.append([len(leaves)])
            leaves.append(float(np.float32(tree["split_conditions"][index])))
            continue
        default_left = bool(tree["default_left"][index])
        if tree["split_type"][index] == 1:
            # Its set goes to the right, and all other levels to the left: we turn the node round.
            condition, left, right, default_left = (
                categories[index], right, left, not default_left,
            )
        else:
            condition = float(np.float32(tree["split_conditions"][index]))
        side = "Left" if default_left else "Right"
        nodes.append([tree["split_indices"][index], condition, left, right, side])
    return {"margin": margin, "nodes": nodes, "leaves": leaves}


def xgboost_case(name, objective, n_classes, categories, **options):
    x, y = data(50 + n_classes + len(name), max(n_classes, 2), 0.1)
    parameters = {
        "objective": objective, "max_depth": 3, "eta": 0.3, "nthread": 1, "seed": 1,
        "max_cat_to_onehot": 2, **options,
    }
    if n_classes > 2:
        parameters["num_class"] = n_classes
    types = ["q", "q", "q", "c" if categories else "q"]
    def matrix(rows, label=None):
        return xgb.DMatrix(rows, label, feature_types=types, enable_categorical=True, nthread=1)

    booster = xgb.train(parameters, matrix(x, y), 6)
    stored = json.loads(booster.save_raw("json").decode())["learner"]["gradient_booster"]
    model = stored["gbtree"]["model"] if stored["name"] == "dart" else stored["model"]
    trees = [xgboost_tree(tree, m) for tree, m in zip(model["trees"], model["tree_info"])]
    for tree, weight in zip(trees, stored.get("weight_drop", [])):
        tree["leaves"] = np.float32(tree["leaves"]) * np.float32(weight)
    rows = rows_for(x, trees, single=True)
    if categories:
        unseen = x[:2].copy()
        unseen[:, 3] = [N_LEVELS, N_LEVELS + 40]
        rows = np.vstack([rows, unseen])
    margins = booster.predict(matrix(rows), output_margin=True)
    probabilities = booster.predict(matrix(rows))
    # What margins start from: those of the same booster without trees.
    base = xgb.train(
        {**parameters, "base_score": base_scores(booster)}, matrix(x, y), 0
    ).predict(matrix(rows[:1]), output_margin=True)
    link = {"binary:logistic": "Logit", "multi:softprob": "Softmax"}.get(objective, "Identity")
    return case(
        f"XGBoost {name}", {"link": link}, trees, np.ravel(base), rows, margins,
        both(probabilities.astype(float)) if link == "Logit" else probabilities,
        comparison="Below", precision="Single",
    )


def base_scores(booster):
    scores = json.loads(json.loads(booster.save_config())["learner"]["learner_model_param"]["base_score"])
    return scores[0] if isinstance(scores, list) and len(scores) == 1 else scores


def cases():
    return [
        sklearn_random_forest(2),
        sklearn_random_forest(3),
        sklearn_gradient_boosting(2),
        sklearn_gradient_boosting(3),
        sklearn_hist_gradient_boosting(),
        lightgbm_case("with missing values and categories", 2, 0.1, True),
        lightgbm_case("with missing values and categories", 3, 0.1, True),
        lightgbm_case("trained without missing values", 2, 0.0, True),
        lightgbm_case("zero_as_missing", 2, 0.1, False, zero_as_missing=True),
        lightgbm_case(
            "rf", 2, 0.1, True, boosting="rf", bagging_fraction=0.6, bagging_freq=1,
        ),
        xgboost_case("binary:logistic", "binary:logistic", 2, False),
        xgboost_case("binary:logistic with categories", "binary:logistic", 2, True, base_score=0.3),
        xgboost_case("multi:softprob", "multi:softprob", 3, True),
        xgboost_case("dart", "binary:logistic", 2, False, booster="dart", rate_drop=0.4),
        xgboost_case("reg:squarederror", "reg:squarederror", 0, False),
    ]
