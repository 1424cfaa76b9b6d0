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

    def __repr__(self) -> str:
        if self.refused:
            return f"<nomogram_risk.Prediction refused: {self.status_name}>"
        if self._all._description.task == "number":
            return f"<nomogram_risk.Prediction {self.value!r}>"
        classes = self._all._description.schema.target.classes
        pairs = zip(classes, self.probabilities.tolist(), strict=True)
        return f"<nomogram_risk.Prediction {', '.join(f'{name} {p:.6g}' for name, p in pairs)}>"
