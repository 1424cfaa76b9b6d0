"""Whole estimators: pipelines, votes, stacks, bags and calibrated classifiers."""

from __future__ import annotations

from typing import Any

from . import models, transformers, trees
from .walk import MADE, Column, Place, Step, Walk, class_name, floats


def describe(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """A model of the description, of one member or of several.

    :raises NotSupported: With the place, for anything that has no exact counterpart.
    """
    name = class_name(estimator)
    function = _ENSEMBLES.get(name)
    if function is None:
        return models.describe(estimator, columns, walk, place)
    return function(estimator, columns, walk, place)


def pipeline(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """Transformers, then a model."""
    return _steps_and(describe, estimator, columns, walk, place)


def _steps_and(
    describe_final: models.Function,
    estimator: Any,
    columns: list[Column],
    walk: Walk,
    place: Place,
) -> Step:
    """Transformers, then the last estimator as ``describe_final`` describes it."""
    *before, (name, final) = estimator.steps
    steps: list[Step] = []
    for step_name, step in before:
        inside = place / f"step `{step_name}`"
        found, columns = transformers.describe(step, columns, walk, inside)
        steps += found
    model = describe_final(final, columns, walk, place / f"step `{name}`")
    return {"kind": "pipeline", "steps": steps, "model": model}


def search(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """The best estimator of a search."""
    return describe(estimator.best_estimator_, columns, walk, place / "best_estimator_")


def frozen(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """An estimator that is not fitted again."""
    return describe(estimator.estimator, columns, walk, place)


def voting(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """The mean of members, or the share of their votes."""
    names = [name for name, one in estimator.estimators if not _is_dropped(one)]
    weights = estimator._weights_not_none
    is_hard = getattr(estimator, "voting", "soft") == "hard"
    return {
        "kind": "hard_vote" if is_hard else "soft_vote",
        "members": _members(names, estimator.estimators_, columns, walk, place),
        "weights": [1.0] * len(names) if weights is None else floats(weights),
    }


def _is_dropped(estimator: Any) -> bool:
    return isinstance(estimator, str) and estimator == "drop"


def _members(
    names: list[str],
    estimators: list[Any],
    columns: list[Column],
    walk: Walk,
    place: Place,
    describe_one: models.Function = describe,
) -> list[Step]:
    walk.adds_in_order = False
    return [
        {"name": name, "model": describe_one(one, columns, walk, place / f"estimator `{name}`")}
        for name, one in zip(names, estimators, strict=True)
    ]


def stacking(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """A model that reads other models."""
    if estimator.passthrough:
        place.refuse("passthrough=True")
    methods = set(estimator.stack_method_)
    inputs = {"predict_proba": "outputs", "decision_function": "margins", "predict": "outputs"}
    if len(methods) != 1:
        place.refuse(f"several stack methods: {', '.join(sorted(methods))}")
    (method,) = methods
    is_classifier = hasattr(estimator, "classes_")
    if is_classifier and method == "predict":
        place.refuse("stack method predict, of classes")
    names = [name for name, one in estimator.estimators if not _is_dropped(one)]
    reads_margins = method == "decision_function"
    for name, one in zip(names, estimator.estimators_, strict=True):
        if reads_margins:
            _check_margin(one, place / f"estimator `{name}`")
    describe_one = _with_margin if reads_margins else describe
    members = _members(names, estimator.estimators_, columns, walk, place, describe_one)
    n_each = len(estimator.classes_) if is_classifier and len(estimator.classes_) > 2 else 1
    inside = [MADE] * (len(members) * n_each)
    final = place / "final_estimator_"
    return {
        "kind": "stack",
        "input": inputs[method],
        "members": members,
        "final": models.describe(estimator.final_estimator_, inside, walk, final),
    }


def bagging(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """The mean of models of one kind, each of some columns."""
    if estimator.n_jobs not in (None, 1):
        walk.adds_in_order = False
    estimators = list(estimator.estimators_)
    features = [[int(index) for index in chosen] for chosen in estimator.estimators_features_]
    n_classes = len(estimator.classes_) if hasattr(estimator, "classes_") else 0
    kinds = {class_name(one) for one in estimators}
    if kinds <= {"DecisionTreeClassifier", "DecisionTreeRegressor"}:
        walk.read_numbers(columns)
        classes = [one.classes_ for one in estimators] if n_classes else None
        return trees.averaged(estimators, n_classes, place, features, classes)
    walk.adds_in_order = False
    members = []
    for index, (one, chosen) in enumerate(zip(estimators, features, strict=True)):
        inside = place / f"estimators_[{index}]"
        if n_classes and len(one.classes_) != n_classes:
            inside.refuse("a bootstrap sample without some of the classes")
        if n_classes and not hasattr(one, "predict_proba"):
            inside.refuse(f"`{class_name(one)}` without probabilities")
        model = describe(one, [columns[at] for at in chosen], walk, inside)
        steps = [{"kind": "select", "columns": chosen}]
        model = {"kind": "pipeline", "steps": steps, "model": model}
        members.append({"name": f"bag {index + 1}", "model": model})
    return {"kind": "soft_vote", "members": members, "weights": [1.0] * len(members)}


def calibrated(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """Fitted maps of margins or probabilities; of several folds, their mean."""
    walk.adds_in_order = False
    folds = []
    for index, fold in enumerate(estimator.calibrated_classifiers_):
        inside = place / f"calibrated_classifiers_[{index}]"
        folds.append(_fold(fold, columns, walk, inside))
    if len(folds) == 1:
        return folds[0]
    members = [{"name": f"fold {nth + 1}", "model": fold} for nth, fold in enumerate(folds)]
    return {"kind": "soft_vote", "members": members, "weights": [1.0] * len(folds)}


def _fold(fold: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    base = fold.estimator
    if len(base.classes_) != len(fold.classes):
        place.refuse("a fold without some of the classes")
    has_margin = hasattr(base, "decision_function")
    if has_margin:
        _check_margin(base, place)
    maps = [
        _map(calibrator, has_margin, len(fold.classes), place) for calibrator in fold.calibrators
    ]
    return {
        "kind": "calibrated",
        "model": _with_margin(base, columns, walk, place),
        "of": "margin" if has_margin else "probability",
        "maps": maps,
    }


def _check_margin(estimator: Any, place: Place) -> None:
    """Refuses a model whose decision function is a multiple of the margin of its description."""
    name = class_name(estimator)
    if name == "FrozenEstimator":
        return _check_margin(estimator.estimator, place)
    if name == "Pipeline":
        return _check_margin(estimator.steps[-1][1], place)
    if name == "OneVsRestClassifier":
        return _check_margin(estimator.estimators_[0], place)
    if hasattr(estimator, "best_estimator_"):
        return _check_margin(estimator.best_estimator_, place)
    if name == "GradientBoostingClassifier" and estimator.loss == "exponential":
        place.refuse(
            "boosting of loss='exponential' by its decision function, which is half the margin"
        )
    if name == "AdaBoostClassifier" and len(estimator.classes_) > 2:
        place.refuse("AdaBoost of more than 2 classes by its decision function, which is no margin")
    return None


def _with_margin(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """A model of which the margin is enough."""
    if class_name(estimator) == "FrozenEstimator":
        return _with_margin(estimator.estimator, columns, walk, place)
    if class_name(estimator) == "Pipeline":
        return _steps_and(_with_margin, estimator, columns, walk, place)
    if hasattr(estimator, "best_estimator_"):
        inside = place / "best_estimator_"
        return _with_margin(estimator.best_estimator_, columns, walk, inside)
    if class_name(estimator) in _ENSEMBLES:
        return describe(estimator, columns, walk, place)
    return models.describe_margin(estimator, columns, walk, place)


def _map(calibrator: Any, has_margin: bool, n_classes: int, place: Place) -> Step:
    name = class_name(calibrator)
    if name == "_SigmoidCalibration":
        return {
            "kind": "sigmoid",
            "slope": -float(calibrator.a_),
            "intercept": -float(calibrator.b_),
        }
    if name == "IsotonicRegression":
        if calibrator.out_of_bounds != "clip":
            place.refuse(f"out_of_bounds={calibrator.out_of_bounds!r}")
        return {
            "kind": "isotonic",
            "from": floats(calibrator.X_thresholds_),
            "to": floats(calibrator.y_thresholds_),
        }
    if name == "_TemperatureScaling" and has_margin and n_classes == 2:
        # The logits of the two classes are -x and x.
        return {"kind": "sigmoid", "slope": 2.0 * float(calibrator.beta_), "intercept": 0.0}
    if name == "_TemperatureScaling":
        place.refuse("a temperature, except of the margin of two classes")
    place.refuse(f"calibrator `{name}`")


def one_vs_rest(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """A model of two classes for each class; their probabilities are divided by their sum."""
    if getattr(estimator, "multilabel_", False):
        place.refuse("one-vs-rest of several labels")
    if len(estimator.classes_) < 3:
        place.refuse(f"one-vs-rest of {len(estimator.classes_)} classes, expected at least 3")
    parts = []
    for index, one in enumerate(estimator.estimators_):
        inside = place / f"estimators_[{index}]"
        if class_name(one) not in models.MODELS:
            inside.refuse(f"one-vs-rest of `{class_name(one)}`, expected linear models or boosting")
        parts.append(models.describe(one, columns, walk, inside))
    if any(part["kind"] != parts[0]["kind"] or part.get("link") != "logit" for part in parts):
        place.refuse("one-vs-rest of such models, expected linear models or boosting")
    if parts[0]["kind"] == "linear":
        walk.adds_in_order = False
        return {
            "kind": "linear",
            "link": "one_vs_rest",
            "weights": [part["weights"][0] for part in parts],
            "intercepts": [part["intercepts"][0] for part in parts],
        }
    if parts[0]["kind"] != "forest":
        place.refuse(f"one-vs-rest of a {parts[0]['kind']}, expected linear models or boosting")
    return {
        **parts[0],
        "link": "one_vs_rest",
        "base_margins": [part["base_margins"][0] for part in parts],
        "trees": [
            {**tree, "margin": margin}
            for margin, part in enumerate(parts)
            for tree in part["trees"]
        ],
    }


def threshold(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """A classifier with a cutoff."""
    inner = estimator.estimator_
    if estimator.response_method not in ("auto", "predict_proba") or not hasattr(
        inner, "predict_proba"
    ):
        place.refuse("a threshold of a decision function")
    at = getattr(estimator, "best_threshold_", None)
    at = estimator.threshold if at is None else at
    at = 0.5 if at == "auto" else float(at)
    classes = list(estimator.classes_)
    label = getattr(estimator, "pos_label", None)
    positive = 1 if label is None else classes.index(label)
    walk.cutoffs.append({"name": "threshold", "class": positive, "probability": at})
    return describe(inner, columns, walk, place / "estimator_")


_ENSEMBLES = {
    "BaggingClassifier": bagging,
    "BaggingRegressor": bagging,
    "CalibratedClassifierCV": calibrated,
    "FixedThresholdClassifier": threshold,
    "FrozenEstimator": frozen,
    "GridSearchCV": search,
    "HalvingGridSearchCV": search,
    "HalvingRandomSearchCV": search,
    "OneVsRestClassifier": one_vs_rest,
    "Pipeline": pipeline,
    "RandomizedSearchCV": search,
    "StackingClassifier": stacking,
    "StackingRegressor": stacking,
    "TunedThresholdClassifierCV": threshold,
    "VotingClassifier": voting,
    "VotingRegressor": voting,
}
