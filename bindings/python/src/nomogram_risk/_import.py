"""Importing models of XGBoost, LightGBM and CatBoost."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ._seal import Answers, Imported, ImportRefused, Options, Rows, columns_of, outputs_of, seal
from ._sklearn.walk import level_text


def from_xgboost(
    model: Any,
    *,
    rows: Any = None,
    schema: dict[str, Any] | None = None,
    name: str | None = None,
    max_probes: int = 20_000,
    program: str | os.PathLike[str] | None = None,
    golden_rows: bool = False,
    tree_shares: bool = False,
) -> Imported:
    """Seals an XGBoost ``Booster``, or a fitted estimator of ``xgboost.sklearn``.

    ``rows`` are compared beside the probes; a data frame also names the levels of its categories.
    They may be patients, so the bundle keeps them only with ``golden_rows``. With ``tree_shares``,
    the bundle can be explained by path. Raises ``ImportRefused``.
    """
    import xgboost

    booster = model.get_booster() if hasattr(model, "get_booster") else model
    learner = json.loads(booster.save_config())["learner"]
    is_linear = learner["gradient_booster"]["name"] == "gblinear"
    # A linear booster has one set of weights, of all rounds.
    n_rounds = 0 if is_linear else booster.num_boosted_rounds()
    if booster is not model and not is_linear:
        # Estimators predict with the best round, boosters with all.
        best = booster.attr("best_iteration")
        n_rounds = n_rounds if best is None else int(best) + 1
    types = booster.feature_types

    def predict(given: Rows, classes: Sequence[str]) -> Answers:
        matrix = xgboost.DMatrix(
            given.codes(),
            feature_names=booster.feature_names,
            feature_types=types,
            enable_categorical=True,
        )
        taken = {"iteration_range": (0, n_rounds)}
        margins = booster.predict(matrix, output_margin=True, **taken)
        columns = columns_of("margin", margins)
        outputs = booster.predict(matrix, **taken)
        if len(classes) <= 2 or outputs.ndim == 2:
            columns |= outputs_of(outputs, classes)
        if not is_linear:
            # Numbers of leaves are floats in some versions.
            leaves = np.asarray(booster.predict(matrix, pred_leaf=True, **taken)).astype(np.int64)
            columns |= columns_of("leaf", leaves)
        return Answers(columns)

    def save(folder: Path) -> Path:
        path = folder / "model.json"
        booster.save_model(path)
        return path

    options = Options(
        rows, _with_levels(rows, schema), name, max_probes, program, golden_rows, tree_shares
    )
    return seal(save, predict, options, *(["--rounds", str(n_rounds)] if n_rounds else []))


def from_lightgbm(
    model: Any,
    *,
    rows: Any = None,
    schema: dict[str, Any] | None = None,
    name: str | None = None,
    max_probes: int = 20_000,
    program: str | os.PathLike[str] | None = None,
    golden_rows: bool = False,
    tree_shares: bool = False,
    of_class: Any = None,
) -> Imported:
    """Seals a LightGBM ``Booster``, or a fitted estimator of ``lightgbm.sklearn``.

    ``rows`` are compared beside the probes; they may be patients, so the bundle keeps them only
    with ``golden_rows``. Levels of categories have the names that pandas gave them in training,
    and the classes of an estimator the labels that it was fitted with. With ``tree_shares``, the
    bundle can be explained by path. ``of_class`` is the label of one class of the objective
    ``multiclassova`` (of a booster, its number from 0 on), whose bundle predicts the classes
    ``not LABEL`` and ``LABEL``. Raises ``ImportRefused``.
    """
    booster = getattr(model, "booster_", model)
    text = booster.model_to_string()
    is_mean = "\naverage_output\n" in text.split("\nTree=")[0]
    labels = [str(label) for label in getattr(model, "classes_", ())]
    one, n_classes = None, 1
    if of_class is not None:
        n_classes = booster.num_model_per_iteration()
        labels = labels or [str(label) for label in range(n_classes)]
        one = _index(labels, of_class)

    def predict(given: Rows, classes: Sequence[str]) -> Answers:
        codes = given.codes()
        outputs, margins = booster.predict(codes), booster.predict(codes, raw_score=True)
        leaves = booster.predict(codes, pred_leaf=True)
        if one is not None:
            outputs, margins, leaves = outputs[:, one], margins[:, one], leaves[:, one::n_classes]
        columns = outputs_of(outputs, classes)
        if not is_mean:
            # The raw scores of a random forest are sums, but its margins are means.
            columns |= columns_of("margin", margins)
        columns |= columns_of("leaf", leaves)
        return Answers(columns)

    def save(folder: Path) -> Path:
        path = folder / "model.txt"
        path.write_text(text, encoding="utf-8")
        return path

    classes = labels if one is None else [f"not {labels[one]}", labels[one]]
    merged = _with_levels(rows, schema)
    if hasattr(model, "classes_"):
        merged = _with_classes(classes, merged)
    options = Options(rows, merged, name, max_probes, program, golden_rows, tree_shares)
    return seal(save, predict, options, *([] if one is None else ["--class", str(one)]))


def from_catboost(
    model: Any,
    *,
    pool: Any = None,
    rows: Any = None,
    schema: dict[str, Any] | None = None,
    name: str | None = None,
    max_probes: int = 20_000,
    program: str | os.PathLike[str] | None = None,
    golden_rows: bool = False,
    tree_shares: bool = False,
    of_class: Any = None,
) -> Imported:
    """Seals a fitted CatBoost model.

    ``pool`` is the training data, which names the levels of categories; it is needed when there are
    some. ``rows`` are compared beside the probes; the bundle keeps them only with ``golden_rows``.
    With ``tree_shares``, the bundle can be explained by path. ``of_class`` is the label of one
    class of the loss function ``MultiClassOneVsAll``, whose bundle predicts the classes
    ``not LABEL`` and ``LABEL``. Raises ``ImportRefused``.
    """
    import catboost
    import pandas

    loss = str(model.get_all_params()["loss_function"]).split(":")[0]
    labels = [level_text(label) for label in model.classes_]
    one = None if of_class is None else _index(labels, level_text(of_class))
    categories = set(model.get_cat_feature_indices())

    def predict(given: Rows, classes: Sequence[str]) -> Answers:
        codes = given.codes()
        frame = pandas.DataFrame(
            {
                name: [row[i] for row in given.cells] if i in categories else codes[:, i]
                for i, name in enumerate(given.names)
            }
        )
        raw = model.predict(frame, prediction_type="RawFormulaVal")
        kind = "Probability" if classes else "RawFormulaVal"
        kind = "Exponent" if loss in ("Poisson", "Tweedie") else kind
        outputs = model.predict(frame, prediction_type=kind)
        if one is not None:
            outputs, raw = outputs[:, one], raw[:, one]
        elif len(classes) == 2:
            outputs = outputs[:, 1]
        rows = catboost.Pool(frame, cat_features=sorted(categories))
        leaves = columns_of("leaf", model.calc_leaf_indexes(rows))
        return Answers(columns_of("margin", raw) | outputs_of(outputs, classes) | leaves)

    def save(folder: Path) -> Path:
        path = folder / "model.json"
        model.save_model(str(path), format="json", pool=pool)
        return path

    options = Options(
        rows, _with_levels(rows, schema), name, max_probes, program, golden_rows, tree_shares
    )
    return seal(save, predict, options, *([] if one is None else ["--class", labels[one]]))


def _index(labels: list[str], label: Any) -> int:
    if str(label) not in labels:
        raise ImportRefused(f"of_class: `{label}`, expected one of {', '.join(labels)}")
    return labels.index(str(label))


def _with_classes(labels: list[str], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, with the labels of an estimator as its classes: a booster has their numbers."""
    target = schema.get("target", {})
    if "classes" not in target:
        return {**schema, "target": {**target, "classes": labels}}
    return schema


def _with_levels(rows: Any, schema: dict[str, Any] | None) -> dict[str, Any]:
    """The given schema, with the levels that a data frame's categories have."""
    merged = dict(schema or {})
    features = {feature["name"]: dict(feature) for feature in merged.get("features", [])}
    for name, dtype in getattr(rows, "dtypes", {}).items():
        categories = getattr(dtype, "categories", None)
        if categories is not None:
            entry = features.setdefault(str(name), {"name": str(name)})
            entry.setdefault("levels", [str(level) for level in categories])
    if features:
        merged["features"] = list(features.values())
    return merged
