"""Predictions."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ._describe import Description
from ._library import lib, status_name
from ._outputs import Layout


class Flag(enum.IntFlag):
    """Flags of a value or of a row: what a policy did to it."""

    IMPUTED = lib.NOMO_FLAG_IMPUTED
    """The value was imputed."""
    CLAMPED = lib.NOMO_FLAG_CLAMPED
    """The value was moved to the nearest end of its plausible range."""
    UNSEEN_LEVEL = lib.NOMO_FLAG_UNSEEN_LEVEL
    """The value is not a level of its category."""
    OUT_OF_RANGE = lib.NOMO_FLAG_OUT_OF_RANGE
    """The value was outside its plausible range."""
    RULE_BROKEN = lib.NOMO_FLAG_RULE_BROKEN
    """The row breaks a rule; never a flag of a value."""


class Verdict(enum.IntEnum):
    """Whether to use a prediction or to refer the row, by the rules of the bundle."""

    PREDICTED = lib.NOMO_VERDICT_PREDICTED
    """The predicted class or number can be used."""
    AMBIGUOUS = lib.NOMO_VERDICT_AMBIGUOUS
    """Refer: the model cannot decide."""
    UNLIKE = lib.NOMO_VERDICT_UNLIKE
    """Refer: the row is unlike the training rows, whatever is predicted."""
    REFUSED = lib.NOMO_VERDICT_REFUSED
    """The input was refused; ``status`` has the reason."""


class Predictions:
    """The predictions of all rows of a call; ``predictions[i]`` is that of row i.

    The arrays are views of one block of memory; row i of each belongs to row i of the call. A
    refused row has NaN, no class, and 0 in all other arrays except ``status``.
    """

    def __init__(
        self, description: Description, layout: Layout, block: npt.NDArray[np.uint8]
    ) -> None:
        """Called by :class:`Model` only."""
        self._description = description
        self._layout = layout
        self._block = block

    def _read(self, field: str) -> npt.NDArray[Any]:
        return self._layout.read(self._block, field)

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """One calibrated probability per class, shape ``(n_rows, n_classes)``.

        A model that predicts a number has none: ``TypeError``.
        """
        if self._description.task != "classes":
            raise TypeError("the model predicts a number: see `values`")
        return self._read("probabilities")

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """The predicted numbers, shape ``(n_rows,)``.

        A model of classes has none: ``TypeError``.
        """
        if self._description.task != "number":
            raise TypeError("the model predicts classes: see `probabilities` and `classes`")
        return self._read("probabilities")[:, 0]

    @property
    def class_indices(self) -> npt.NDArray[np.int32]:
        """Index of the most probable class, ``(n_rows,)``; the lowest of equal ones; -1 is none."""
        return self._read("class_indices").view(np.int32)

    @property
    def classes(self) -> npt.NDArray[np.object_]:
        """The name of the most probable class, shape ``(n_rows,)``, or None."""
        # The last one has the index -1.
        names = np.array([*self._description.schema.target.classes, None], dtype=object)
        return names[self.class_indices]

    @property
    def status(self) -> npt.NDArray[np.int32]:
        """0, or the status of a refused row, shape ``(n_rows,)``."""
        return self._read("row_status")

    @property
    def refused(self) -> npt.NDArray[np.bool_]:
        """Whether the row was refused, shape ``(n_rows,)``."""
        return np.not_equal(self.status, 0)

    @property
    def flags(self) -> npt.NDArray[np.uint32]:
        """The flags of the row and of all its values, as :class:`Flag` bits, ``(n_rows,)``."""
        return self._read("row_flags")

    @property
    def flag_counts(self) -> npt.NDArray[np.uint32]:
        """Number of values (or broken rules) with each flag, ``(n_rows, len(Flag))``."""
        return self._read("flag_counts")

    @property
    def feature_flags(self) -> npt.NDArray[np.uint8]:
        """The flags of each value, as :class:`Flag` bits, shape ``(n_rows, n_features)``."""
        return self._read("feature_flags")

    @property
    def rules_broken(self) -> npt.NDArray[np.bool_]:
        """Whether the row breaks each rule, shape ``(n_rows, n_rules)``."""
        return self._read("rules_broken").view(np.bool_)

    @property
    def cutoffs_reached(self) -> npt.NDArray[np.bool_]:
        """Whether the row reaches each cutoff, shape ``(n_rows, n_cutoffs)``."""
        return self._read("cutoffs_reached").view(np.bool_)

    @property
    def members(self) -> npt.NDArray[np.float64]:
        """Each member's probabilities (or number), shape ``(n_rows, n_members, n_classes or 1)``.

        Before combining and calibration.
        """
        return self._read("members")

    @property
    def margins(self) -> npt.NDArray[np.float64]:
        """The members' margins: raw sums on the scale of their links, ``(n_rows, n_margins)``."""
        return self._read("margins")

    def _uncertain(self, field: str) -> npt.NDArray[Any]:
        if self._description.uncertainty is None:
            raise TypeError("the bundle has no uncertainty")
        return self._read(field)

    @property
    def verdicts(self) -> npt.NDArray[np.uint32]:
        """Whether to use or to refer each row, as :class:`Verdict`, ``(n_rows,)``.

        This property and those below need a bundle with uncertainty, else: ``TypeError``.
        """
        return self._uncertain("verdicts")[:, 0]

    @property
    def p_values(self) -> npt.NDArray[np.float64]:
        """The conformal p-value of each class, ``(n_rows, n_classes)``; none of a number."""
        return self._uncertain("p_values")

    @property
    def sets(self) -> npt.NDArray[np.bool_]:
        """Whether each class is in the prediction set, ``(n_rows, n_levels, n_classes)``."""
        return self._uncertain("sets").view(np.bool_)

    @property
    def intervals(self) -> npt.NDArray[np.float64]:
        """Lower and upper ends, shape ``(n_rows, n_intervals, 2)``.

        Of two classes, one interval of the probability of class 1; of a number, one per level.
        """
        return self._uncertain("intervals")

    @property
    def distance_p_values(self) -> npt.NDArray[np.float64]:
        """The p-value of the distance from the training rows, ``(n_rows, 1)``, or no column."""
        return self._uncertain("distance_p_values")

    @property
    def furthest_features(self) -> npt.NDArray[np.int32]:
        """The feature that is furthest from what was seen, ``(n_rows, 1)``; -1 is none."""
        return self._uncertain("furthest_features").view(np.int32)

    @property
    def furthest_times(self) -> npt.NDArray[np.float64]:
        """How many times as far from the middle as usual that feature is, ``(n_rows, 1)``."""
        return self._uncertain("furthest_times")

    def __len__(self) -> int:
        return self._layout.n_rows

    def __getitem__(self, row: int) -> Prediction:
        n_rows = len(self)
        if not -n_rows <= row < n_rows:
            raise IndexError(f"row {row} of {n_rows}")
        return Prediction(self, row % n_rows)

    def __iter__(self) -> Iterator[Prediction]:
        return (Prediction(self, row) for row in range(len(self)))

    def __repr__(self) -> str:
        n_refused = int(self.refused.sum())
        return f"<nomogram_risk.Predictions of {len(self)} rows, {n_refused} refused>"


class Prediction:
    """The prediction of one row."""

    __slots__ = ("_all", "_row")

    def __init__(self, predictions: Predictions, row: int) -> None:
        """Called by :class:`Predictions` and :class:`Model` only."""
        self._all = predictions
        self._row = row

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """One calibrated probability per class, shape ``(n_classes,)``."""
        probabilities: npt.NDArray[np.float64] = self._all.probabilities[self._row]
        return probabilities

    @property
    def value(self) -> float:
        """The predicted number."""
        return float(self._all.values[self._row])

    @property
    def class_index(self) -> int | None:
        """The index of the most probable class, or None."""
        index = int(self._all.class_indices[self._row])
        return None if index < 0 else index

    @property
    def class_name(self) -> str | None:
        """The name of the most probable class, or None."""
        index = self.class_index
        return None if index is None else self._all._description.schema.target.classes[index]

    @property
    def status(self) -> int:
        """0, or the status of a refused row."""
        return int(self._all.status[self._row])

    @property
    def status_name(self) -> str:
        """``NOMO_OK``, or the name of the status of a refused row."""
        return status_name(self.status)

    @property
    def refused(self) -> bool:
        """Whether the row was refused."""
        return self.status != 0

    @property
    def flags(self) -> Flag:
        """The flags of the row and of all its values."""
        return Flag(int(self._all.flags[self._row]))

    @property
    def feature_flags(self) -> dict[str, Flag]:
        """The flags of the values that have any, by the names of their features."""
        flags = self._all.feature_flags[self._row].tolist()
        names = self._all._description.feature_names
        return {name: Flag(flag) for name, flag in zip(names, flags, strict=True) if flag}

    @property
    def rules_broken(self) -> tuple[str, ...]:
        """The names of the rules that the row breaks."""
        rules = self._all._description.schema.rules
        broken = self._all.rules_broken[self._row].tolist()
        return tuple(rule.name for rule, is_broken in zip(rules, broken, strict=True) if is_broken)

    @property
    def cutoffs_reached(self) -> dict[str, bool]:
        """Whether the row reaches each cutoff, by their names."""
        names = [cutoff.name for cutoff in self._all._description.cutoffs]
        return dict(zip(names, self._all.cutoffs_reached[self._row].tolist(), strict=True))

    @property
    def members(self) -> dict[str, npt.NDArray[np.float64]]:
        """Each member's probabilities (or number) before combination, by their names."""
        names = [member.name for member in self._all._description.members]
        return dict(zip(names, self._all.members[self._row], strict=True))

    @property
    def margins(self) -> dict[str, npt.NDArray[np.float64]]:
        """Each member's margins, by their names."""
        members = self._all._description.members
        ends = np.cumsum([0, *(member.n_margins for member in members)])
        margins = self._all.margins[self._row]
        spans = pairwise(ends)
        return {
            m.name: margins[start:stop] for m, (start, stop) in zip(members, spans, strict=True)
        }

    @property
    def verdict(self) -> Verdict:
        """Whether to use the prediction or to refer the row; ``TypeError`` without uncertainty."""
        return Verdict(int(self._all.verdicts[self._row]))

    @property
    def p_values(self) -> dict[str, float]:
        """The conformal p-value of each class, by their names."""
        classes = self._all._description.schema.target.classes
        return dict(zip(classes, self._all.p_values[self._row].tolist(), strict=False))

    @property
    def sets(self) -> dict[float, tuple[str, ...]]:
        """The classes in the prediction set of each level."""
        classes = self._all._description.schema.target.classes
        levels = self._all._description.uncertainty
        sets = self._all.sets[self._row].tolist()
        return {
            level: tuple(name for name, is_in in zip(classes, own, strict=False) if is_in)
            for level, own in zip(levels.levels if levels else (), sets, strict=True)
        }

    @property
    def intervals(self) -> list[tuple[float, float]]:
        """Lower and upper end of each interval."""
        return [(low, high) for low, high in self._all.intervals[self._row].tolist()]

    @property
    def distance_p_value(self) -> float | None:
        """The p-value of the distance from the training rows, if the distance is known."""
        found = self._all.distance_p_values[self._row].tolist()
        return found[0] if found else None

    @property
    def furthest(self) -> tuple[str, float] | None:
        """The feature furthest from what was seen, and how many times as far as usual."""
        found = self._all.furthest_features[self._row].tolist()
        if not found or found[0] < 0:
            return None
        times = float(self._all.furthest_times[self._row][0])
        return self._all._description.feature_names[found[0]], times

    def __repr__(self) -> str:
        if self.refused:
            return f"<nomogram_risk.Prediction refused: {self.status_name}>"
        if self._all._description.task == "number":
            return f"<nomogram_risk.Prediction {self.value!r}>"
        classes = self._all._description.schema.target.classes
        pairs = zip(classes, self.probabilities.tolist(), strict=True)
        return f"<nomogram_risk.Prediction {', '.join(f'{name} {p:.6g}' for name, p in pairs)}>"
