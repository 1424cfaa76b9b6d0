"""What is learned of the input features while an estimator is read: uses, categories, names."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, NoReturn

Step = dict[str, Any]
"""A step, or a model, as the description has it."""


class NotSupported(ValueError):
    """Names an estimator, or a setting of one, that has no exact counterpart in a bundle."""


class Column(NamedTuple):
    """A value that an estimator reads."""

    feature: int | None
    """The index of the feature that it is, perhaps imputed; None after any other transformation."""


MADE = Column(None)
"""A value that a transformer made."""


class Fill(NamedTuple):
    """A value for missing ones: a number or a level, which is known once all uses are."""

    feature: int | None
    value: Any


class Feature:
    """A feature, and how the estimators use it."""

    def __init__(self, name: str) -> None:
        """A feature without uses."""
        self.name = name
        self.levels: dict[str, Any] = {}
        """The values of categories by their texts, in the order of the levels."""
        self.is_category = False
        self.is_number = False
        self.unseen: set[str] = set()
        """What encoders do with levels that they do not know: refuse, take or missing."""
        self.low: float | None = None
        """The smallest number for which every function of it has a result."""
        self.missing: Any = math.nan
        """The missing value of a category: NaN or None."""


class Walk:
    """The features of an estimator, and what its parts add for the description."""

    def __init__(self, names: Sequence[str]) -> None:
        """Features with these names, not read yet."""
        self.features = [Feature(name) for name in names]
        self.cutoffs: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.adds_in_order = True
        self.n_stored_rows = 0
        """How many rows of the training data the description has."""

    def columns(self) -> list[Column]:
        """The columns that the estimator reads."""
        return [Column(index) for index in range(len(self.features))]

    def read_numbers(self, columns: Iterable[Column]) -> None:
        """Notes that the values of these columns are computed with."""
        for column in columns:
            if column.feature is not None:
                self.features[column.feature].is_number = True

    def read_from(self, low: float, columns: Iterable[Column], place: Place, what: str) -> None:
        """Notes that a function of these columns has no result for values below ``low``."""
        for column in columns:
            if column.feature is None:
                made = "values that earlier steps made"
                place.refuse(f"{what} of {made}, which may be below {low:g}")
            feature = self.features[column.feature]
            feature.low = low if feature.low is None else max(low, feature.low)

    def read_levels(
        self, column: Column, categories: Iterable[Any], unseen: str, place: Place
    ) -> None:
        """Notes that an encoder reads a column, and knows these categories."""
        if column.feature is None:
            place.refuse("an encoder of values that earlier steps made")
        feature = self.features[column.feature]
        feature.is_category = True
        feature.unseen.add(unseen)
        for value in categories:
            if is_missing(value):
                feature.missing = value
            else:
                feature.levels.setdefault(level_text(value), value)

    def check(self) -> None:
        """Refuses features that are used in two ways.

        :raises NotSupported: With the feature.
        """
        for feature in self.features:
            if feature.is_category and feature.is_number:
                raise NotSupported(f"feature `{feature.name}`: read as a category and as a number")
            if len(feature.unseen - {"refuse"}) > 1:
                raise NotSupported(
                    f"feature `{feature.name}`: encoders that treat unseen levels differently"
                )


class Place(NamedTuple):
    """Where in the estimator something is: names from the outside in."""

    path: tuple[str, ...] = ()

    def __truediv__(self, name: str) -> Place:
        """A place inside of this one."""
        return Place((*self.path, name))

    def refuse(self, what: str) -> NoReturn:
        """Refuses something here.

        :raises NotSupported: Always.
        """
        raise NotSupported(": ".join((*self.path, f"not supported: {what}")))


def is_missing(value: Any) -> bool:
    """Whether a category is the missing value."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or value != value


def level_text(value: Any) -> str:
    """The name of a category: whole numbers are written without a fraction."""
    if isinstance(value, str):
        return str(value)
    if type(value).__name__ in {"bool", "bool_"}:
        return str(bool(value))
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def floats(values: Any) -> list[Any]:
    """Numbers of any shape as nested lists of doubles; single precision is converted exactly."""
    import numpy as np

    numbers: list[Any] = np.asarray(values, np.float64).tolist()
    return numbers


def class_name(estimator: Any) -> str:
    """The name of a class of scikit-learn; the full name of any other."""
    kind = type(estimator)
    if kind.__module__.split(".")[0] == "sklearn":
        return kind.__name__
    return f"{kind.__module__}.{kind.__qualname__}"
