"""Rows for the estimator itself: what it predicts for them, and which it refuses."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from .walk import Feature, Step, Walk, class_name, is_missing, level_text

Cells = Sequence[float]
"""A number for each feature: of a category the number of the level; NaN is missing."""


class Rows:
    """Turns rows of numbers into those that an estimator reads, and lets it predict them."""

    def __init__(self, estimator: Any, walk: Walk, model: Step) -> None:
        """Tries for each feature whether it may be missing."""
        self._estimator = estimator
        self._features = walk.features
        self._is_frame = hasattr(estimator, "feature_names_in_")
        self._model = _innermost(model)
        self._adds_in_order = walk.adds_in_order
        self.takes_missing = self._try_missing()

    def _try_missing(self) -> list[bool]:
        usual = [0.0] * len(self._features)
        tries = []
        for index in range(len(usual)):
            tries.append([*usual[:index], math.nan, *usual[index + 1 :]])
        if any(found is not None for found in self.predict([usual])):
            return [found is not None for found in self.predict(tries)]
        return [False] * len(usual)

    def names(self) -> list[str]:
        """The names of the features."""
        return [feature.name for feature in self._features]

    def levels(self) -> list[list[str]]:
        """The levels of each feature; none for a number."""
        return [list(feature.levels) if feature.is_category else [] for feature in self._features]

    def table(self, rows: Sequence[Cells]) -> Any:
        """The rows as the estimator reads them: a data frame, or an array."""
        import numpy as np

        columns = [
            _values(feature, [row[index] for row in rows])
            for index, feature in enumerate(self._features)
        ]
        if self._is_frame:
            import pandas as pd

            return pd.DataFrame(dict(zip(self.names(), columns, strict=True)))
        is_numeric = all(column.dtype != object for column in columns)
        table = np.empty((len(rows), len(columns)), np.float64 if is_numeric else object)
        for index, column in enumerate(columns):
            table[:, index] = column
        return table

    def numbers(self, table: Any) -> list[list[float]]:
        """Rows of a caller's table as numbers.

        :raises ValueError: For another form than the estimator reads.
        """
        if self._is_frame and not hasattr(table, "columns"):
            raise ValueError("rows: no data frame, expected one, as the estimator was fitted on")
        if not self._is_frame and hasattr(table, "columns"):
            table = table.to_numpy()
        if hasattr(table, "toarray"):
            table = table.toarray()
        if not self._is_frame:
            widths = {len(row) if hasattr(row, "__len__") else 1 for row in table}
            wrong = sorted(widths - {len(self._features)})
            if wrong:
                expected = len(self._features)
                raise ValueError(f"rows: {wrong[0]} columns, expected {expected}")
        if self._is_frame:
            columns = [table[feature.name].tolist() for feature in self._features]
        else:
            columns = [[row[index] for row in table] for index in range(len(self._features))]
        numbers = [
            [_number(feature, value) for value in column]
            for feature, column in zip(self._features, columns, strict=True)
        ]
        return [list(row) for row in zip(*numbers, strict=True)]

    def predict(self, rows: Sequence[Cells]) -> list[dict[str, Any] | None]:
        """What the estimator predicts for each row; None for one that it refuses."""
        if not rows:
            return []
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return self._predictions(self.table(rows), len(rows))
        except (ValueError, TypeError, KeyError, IndexError, OverflowError):
            if len(rows) == 1:
                return [None]
            middle = len(rows) // 2
            return self.predict(rows[:middle]) + self.predict(rows[middle:])

    def _predictions(self, table: Any, n_rows: int) -> list[dict[str, Any] | None]:
        import numpy as np

        found: dict[str, Any] = {}
        if not hasattr(self._estimator, "classes_"):
            found["outputs"] = np.reshape(self._estimator.predict(table), (n_rows, 1))
        elif self._model["kind"] == "hard_vote":
            found["outputs"] = self._shares(table)
        else:
            found["outputs"] = self._estimator.predict_proba(table)
        margins = self._margins(table, found["outputs"])
        if margins is not None:
            found["margins"] = np.reshape(margins, (n_rows, -1))
        leaves = self._leaves(table)
        if leaves is not None:
            found["leaves"] = np.reshape(leaves, (n_rows, -1)).astype(int)
        if not np.isfinite(found["outputs"]).all():
            raise ValueError("an output that is not a number")
        keys = found.keys()
        return [
            dict(zip(keys, row, strict=True))
            for row in zip(*(values.tolist() for values in found.values()), strict=True)
        ]

    def _shares(self, table: Any) -> Any:
        """The shares of the votes for each class."""
        import numpy as np

        voting, table = _final(self._estimator, table)
        weights = voting._weights_not_none
        weights = np.ones(len(voting.estimators_)) if weights is None else np.asarray(weights)
        shares = np.zeros((len(table), len(voting.classes_)))
        for one, weight in zip(voting.estimators_, weights, strict=True):
            shares[np.arange(len(table)), np.asarray(one.predict(table), int)] += weight
        return shares / weights.sum()

    def _margins(self, table: Any, outputs: Any) -> Any:
        """The margins of a model of one member, where the estimator gives them."""
        kind, link = self._model["kind"], self._model.get("link")
        if kind not in ("forest", "linear") or not self._adds_in_order:
            return None
        if link in ("identity", "probability"):
            return outputs
        decide = getattr(self._estimator, "decision_function", None)
        return None if link == "log" or decide is None else decide(table)

    def _leaves(self, table: Any) -> Any:
        """The number of the leaf that each tree reaches, by the estimator's own walk."""
        if self._model["kind"] != "forest" or not self._adds_in_order:
            return None
        final, table = _final(self._estimator, table)
        if hasattr(final, "_predictors"):
            return _leaves_of_histograms(final, table)
        return final.apply(table) if hasattr(final, "apply") else None


def _leaves_of_histograms(estimator: Any, table: Any) -> Any:
    """The leaves of histogram-based boosting, whose trees give values only.

    Copies of the trees, whose leaves have their numbers as values, predict them.
    """
    import numpy as np

    if not hasattr(estimator, "_preprocess_X"):
        return None
    table = estimator._preprocess_X(table, reset=False)
    known = estimator._bin_mapper.make_known_categories_bitsets()
    leaves = []
    for tree in (tree for stage in estimator._predictors for tree in stage):
        nodes = tree.nodes.copy()
        nodes["value"] = np.arange(len(nodes))
        numbered = type(tree)(nodes, tree.binned_left_cat_bitsets, tree.raw_left_cat_bitsets)
        leaves.append(numbered.predict(table, *known, n_threads=1))
    return np.column_stack(leaves)


def _innermost(model: Step) -> Step:
    while model["kind"] == "pipeline":
        model = model["model"]
    return model


def _final(estimator: Any, table: Any) -> tuple[Any, Any]:
    """The last estimator of a pipeline, and the table that it reads."""
    while class_name(estimator) in ("Pipeline", "GridSearchCV", "RandomizedSearchCV"):
        if class_name(estimator) != "Pipeline":
            estimator = estimator.best_estimator_
            continue
        if len(estimator.steps) > 1:
            table = estimator[:-1].transform(table)
        estimator = estimator.steps[-1][1]
    return estimator, table


def _values(feature: Feature, numbers: list[float]) -> Any:
    """A column of values, as the estimator reads it."""
    import numpy as np

    if not feature.is_category:
        return np.asarray(numbers, np.float64)
    levels = list(feature.levels.values())
    is_numeric = all(not isinstance(level, str) for level in levels)
    unseen: Any = max(map(float, levels), default=0.0) + 1.0 if is_numeric else "\x7funseen"
    values = [
        feature.missing
        if math.isnan(number)
        else (levels[int(number)] if number < len(levels) else unseen)
        for number in numbers
    ]
    if is_numeric and feature.missing is not None:
        return np.asarray(values, np.float64)
    column = np.empty(len(values), object)
    column[:] = values
    return column


def _number(feature: Feature, value: Any) -> float:
    """A value of a caller's table as the number of a feature."""
    if is_missing(value) or type(value).__name__ == "NAType":
        return math.nan
    if not feature.is_category:
        try:
            return float(value)
        except (TypeError, ValueError):
            # The text itself may be a patient's value.
            what = "a text, expected a number: no encoder reads this column; train without it"
            raise ValueError(f"feature `{feature.name}`: {what}") from None
    names = list(feature.levels)
    try:
        text = level_text(value)
    except (TypeError, ValueError):
        raise ValueError(
            f"feature `{feature.name}`: not the name of a level, expected one"
        ) from None
    return float(names.index(text) if text in feature.levels else len(names))
