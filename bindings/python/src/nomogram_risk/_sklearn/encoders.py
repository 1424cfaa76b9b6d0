"""Encoders of categories."""

from __future__ import annotations

import math
from typing import Any

from .walk import MADE, Column, Place, Step, Walk, floats, is_missing, level_text

Result = tuple[list[Step], list[Column]]


def one_hot_encoder(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """One value for each category, or for each group of categories."""
    unseen = "refuse" if estimator.handle_unknown == "error" else "take"
    to_infrequent = estimator.handle_unknown in ("infrequent_if_exist", "warn")
    groups = getattr(estimator, "_default_to_infrequent_mappings", None)
    dropped = estimator._drop_idx_after_grouping
    entries, n_made = [], 0
    for index, (column, categories) in enumerate(zip(columns, estimator.categories_, strict=True)):
        walk.read_levels(column, categories, unseen, place)
        group = None if groups is None else groups[index]
        outputs = [code if group is None else int(group[code]) for code in range(len(categories))]
        n_outputs = max(outputs) + 1
        # The infrequent categories share the last value.
        infrequent = None if group is None or not to_infrequent else n_outputs - 1
        entry: dict[str, Any] = {**_levels(categories, outputs, "outputs"), "n_outputs": n_outputs}
        drop = None if dropped is None else dropped[index]
        if drop is not None:
            entry["drop"] = int(drop)
        if infrequent is not None:
            entry["unseen"] = infrequent
            entry.setdefault("missing", infrequent)
        entries.append(entry)
        n_made += n_outputs - (drop is not None)
    return [{"kind": "one_hot", "columns": entries}], [MADE] * n_made


def ordinal_encoder(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """The position of a category."""
    if getattr(estimator, "_infrequent_enabled", False):
        place.refuse("infrequent categories of an OrdinalEncoder")
    number = estimator.unknown_value
    is_error = estimator.handle_unknown == "error"
    if is_error:
        unseen, number = "refuse", None
    elif is_missing(number):
        unseen, number = "missing", None
    else:
        unseen = "take"
    entries = []
    for column, categories in zip(columns, estimator.categories_, strict=True):
        walk.read_levels(column, categories, unseen, place)
        entry = _levels(categories, list(range(len(categories))), "numbers")
        if "missing" in entry:
            encoded = float(estimator.encoded_missing_value)
            entry["missing"] = None if math.isnan(encoded) else encoded
        elif number is not None:
            # A missing value that training never saw is unknown.
            entry["missing"] = float(number)
        if number is not None:
            entry["unseen"] = float(number)
        entries.append(entry)
    return [{"kind": "encode_levels", "columns": entries}], [MADE] * len(columns)


def target_encoder(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """The mean of the target for a category."""
    is_multi = estimator.target_type_ == "multiclass"
    n_each = len(estimator.classes_) if is_multi else 1
    means = floats(estimator.target_mean_) if is_multi else [float(estimator.target_mean_)]
    entries = []
    for index, encodings in enumerate(estimator.encodings_):
        categories = estimator.categories_[index // n_each]
        walk.read_levels(columns[index // n_each], categories, "take", place)
        mean = means[index % n_each]
        entry = _levels(categories, floats(encodings), "numbers")
        entries.append({"missing": mean, **entry, "unseen": mean})
    steps: list[Step] = [{"kind": "encode_levels", "columns": entries}]
    if is_multi:
        repeated = [index // n_each for index in range(len(entries))]
        steps.insert(0, {"kind": "select", "columns": repeated})
    return steps, [MADE] * len(entries)


def _levels(categories: Any, numbers: list[Any], key: str) -> dict[str, Any]:
    """The texts of categories with their numbers; that of the missing value by itself."""
    names, of_names = [], []
    entry: dict[str, Any] = {}
    for category, number in zip(categories, numbers, strict=True):
        if is_missing(category):
            entry["missing"] = number
        else:
            names.append(level_text(category))
            of_names.append(number)
    return {"levels": names, key: of_names, **entry}
