"""Trees and forests: node lists to a model of the description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .walk import Column, Place, Step, Walk, class_name, floats

Values = Callable[[Any], Any]


def tree(fitted: Any, margin: int | None, values: Values, features: Any = None) -> Step:
    """A tree of scikit-learn; ``values`` maps those of all nodes, of shape ``(n_nodes, k)``."""
    import numpy as np

    state = fitted.__getstate__()["nodes"]
    is_leaf = fitted.children_left < 0
    of_nodes = np.asarray(values(fitted.value[:, 0, :]), np.float64)
    # Only leaves count.
    of_nodes = np.where(is_leaf[:, None], of_nodes, 0.0)
    inputs = fitted.feature if features is None else np.where(is_leaf, -1, _remap(fitted, features))
    return {
        "margin": margin,
        "left": fitted.children_left.tolist(),
        "right": fitted.children_right.tolist(),
        "input": np.where(is_leaf, -1, inputs).tolist(),
        "threshold": _finite(np.where(is_leaf, 0.0, fitted.threshold)),
        "missing_left": (state["missing_go_to_left"] != 0).tolist(),
        "weight": floats(fitted.weighted_n_node_samples),
        "value": floats(of_nodes.ravel()),
    }


def _finite(thresholds: Any) -> list[float]:
    """Thresholds; at an infinite one missing values go another way than all numbers."""
    import numpy as np

    largest = np.finfo(np.float64).max
    return floats(np.clip(thresholds, -largest, largest))


def _remap(fitted: Any, features: Any) -> Any:
    import numpy as np

    return np.asarray(features)[np.maximum(fitted.feature, 0)]


def forest(link: str, aggregate: str, base: list[float], trees: list[Step], single: bool) -> Step:
    """A forest of the description."""
    return {
        "kind": "forest",
        "link": link,
        "aggregate": aggregate,
        "single_inputs": single,
        "base_margins": base,
        "trees": trees,
    }


def averaged(
    estimators: list[Any],
    n_classes: int,
    place: Place,
    features: list[Any] | None = None,
    classes: list[Any] | None = None,
) -> Step:
    """The mean of decision trees: their distributions over the classes, or their values."""
    import numpy as np

    width = max(n_classes, 1)
    trees = []
    for index, estimator in enumerate(estimators):
        fitted = estimator.tree_
        if fitted.n_outputs != 1:
            place.refuse("several targets")

        def spread(values: Any, nth: int = index) -> Any:
            if classes is None or values.shape[1] == width:
                return values
            # A tree of a bootstrap sample without some of the classes.
            spread = np.zeros((len(values), width))
            spread[:, np.asarray(classes[nth], int)] = values
            return spread

        chosen = None if features is None else features[index]
        trees.append(tree(fitted, None if n_classes else 0, spread, chosen))
    link = "probability" if n_classes else "identity"
    return forest(link, "mean", [0.0] * width, trees, single=True)


def decision_tree(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """One tree."""
    return averaged([estimator], _n_classes(estimator, place), place)


def random_forest(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """The mean of trees."""
    if estimator.n_jobs not in (None, 1):
        walk.adds_in_order = False
    return averaged(estimator.estimators_, _n_classes(estimator, place), place)


def _n_classes(estimator: Any, place: Place) -> int:
    n_classes = getattr(estimator, "n_classes_", 0)
    if estimator.n_outputs_ != 1:
        place.refuse("several targets")
    return int(n_classes) if hasattr(estimator, "classes_") else 0


def gradient_boosting(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """The sum of regression trees, from the prediction of a constant model on."""
    import numpy as np

    initial = estimator.init_
    if not isinstance(initial, str) and class_name(initial) not in (
        "DummyClassifier",
        "DummyRegressor",
    ):
        place.refuse(f"init={class_name(initial)}")
    rate = estimator.learning_rate
    base = floats(estimator._raw_predict_init(np.zeros((1, len(columns)), np.float32))[0])
    is_exponential = estimator.loss == "exponential"
    # The probability of exponential loss is the logistic of twice the margin.
    factor = 2.0 if is_exponential else 1.0
    trees = [
        tree(one.tree_, margin, lambda values: factor * (rate * values))
        for stage in estimator.estimators_
        for margin, one in enumerate(stage)
    ]
    if is_exponential:
        walk.adds_in_order = False
    link = _link_of_boosting(estimator, len(base))
    return forest(link, "sum", [factor * one for one in base], trees, single=True)


def _link_of_boosting(estimator: Any, n_margins: int) -> str:
    if not hasattr(estimator, "classes_"):
        return "identity"
    return "logit" if n_margins == 1 else "softmax"


def hist_gradient_boosting(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """The sum of histogram-based regression trees, after the encoding of its own categories."""
    from . import transformers

    steps: list[Step] = []
    encoder = getattr(estimator, "_preprocessor", None)
    if encoder is not None:
        steps, columns = transformers.describe(encoder, columns, walk, place / "preprocessor")
    elif getattr(estimator, "is_categorical_", None) is not None:
        place.refuse("categorical features of a scikit-learn before 1.4")
    walk.read_numbers(columns)
    link = _link_of_boosting(estimator, estimator.n_trees_per_iteration_)
    if link == "identity" and estimator.loss in ("poisson", "gamma"):
        link = "log"
    trees = [
        histogram_tree(predictor, margin)
        for stage in estimator._predictors
        for margin, predictor in enumerate(stage)
    ]
    base = floats(estimator._baseline_prediction.ravel())
    model = forest(link, "sum", base, trees, single=False)
    return {"kind": "pipeline", "steps": steps, "model": model} if steps else model


def histogram_tree(predictor: Any, margin: int) -> Step:
    """A tree of histogram-based boosting."""
    import numpy as np

    nodes = predictor.nodes
    is_leaf = nodes["is_leaf"] != 0
    left, right = (np.where(is_leaf, -1, nodes[key].astype(int)) for key in ("left", "right"))
    found: Step = {
        "margin": margin,
        "left": left.tolist(),
        "right": right.tolist(),
        "input": np.where(is_leaf, -1, nodes["feature_idx"].astype(int)).tolist(),
        "threshold": _finite(np.where(is_leaf, 0.0, nodes["num_threshold"])),
        "missing_left": (nodes["missing_go_to_left"] != 0).tolist(),
        "weight": floats(nodes["count"]),
        "value": floats(np.where(is_leaf, nodes["value"], 0.0)),
    }
    is_of_levels = (nodes["is_categorical"] != 0) & ~is_leaf
    if is_of_levels.any():
        sets = predictor.raw_left_cat_bitsets
        found["levels"] = [
            _levels(sets[node["bitset_idx"]]) if of_levels else None
            for node, of_levels in zip(nodes, is_of_levels, strict=True)
        ]
        # The thresholds of such splits mean nothing.
        found["threshold"] = floats(np.where(is_of_levels, 0.0, found["threshold"]))
    return found


def _levels(bits: Any) -> list[int]:
    """The levels of a set of bits, 32 in each word."""
    return [
        32 * word + bit
        for word, of_word in enumerate(bits.tolist())
        for bit in range(32)
        if of_word >> bit & 1
    ]


def ada_boost(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """Weighted votes of trees, whose sum is a margin."""
    import numpy as np

    if getattr(estimator, "algorithm", None) == "SAMME.R":
        place.refuse("algorithm SAMME.R")
    n_classes = len(estimator.classes_)
    weights = estimator.estimator_weights_
    total = weights.sum()
    walk.adds_in_order = False
    trees = []
    for one, weight in zip(estimator.estimators_, weights, strict=False):
        if class_name(one) != "DecisionTreeClassifier":
            place.refuse(f"boosting of {class_name(one)}")

        def votes(values: Any, one: Any = one, weight: float = weight) -> Any:
            chosen = one.classes_[np.argmax(values, axis=1)]
            is_chosen = chosen[:, None] == estimator.classes_[None, :]
            if n_classes == 2:
                return np.where(is_chosen[:, 1:], 2.0 * weight, -2.0 * weight) / total
            others = -weight / (n_classes - 1)
            return np.where(is_chosen, weight, others) / total / (n_classes - 1)

        trees.append(tree(one.tree_, 0 if n_classes == 2 else None, votes))
    if n_classes == 2:
        return forest("logit", "sum", [0.0], trees, single=True)
    return forest("softmax", "sum", [0.0] * n_classes, trees, single=True)
