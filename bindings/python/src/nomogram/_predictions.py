"""What rows get back."""

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
    """What was done to a value, or to a row, so that it could be predicted."""

    IMPUTED = lib.NOMO_FLAG_IMPUTED
    """It counts as missing, and the model filled it in."""
    CLAMPED = lib.NOMO_FLAG_CLAMPED
    """It was moved to the nearest end of its plausible range."""
    UNSEEN_LEVEL = lib.NOMO_FLAG_UNSEEN_LEVEL
    """It is no level of its category."""
    OUT_OF_RANGE = lib.NOMO_FLAG_OUT_OF_RANGE
    """It lay outside of its plausible range."""
    RULE_BROKEN = lib.NOMO_FLAG_RULE_BROKEN
    """The row breaks a rule; never of a single value."""


class Predictions:
    """All that the rows of a call get back; ``predictions[i]`` is what row i gets.

    The arrays are views of one block of memory that the library has written; row i of each belongs
    to row i of the call. A refused row has NaN, no class, and 0 in all else but ``status``.
    """

    def __init__(
        self, description: Description, layout: Layout, block: npt.NDArray[np.uint8]
    ) -> None:
        """Made by :class:`Model` alone."""
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
        """The most probable class, shape ``(n_rows,)``; of equal ones, the lowest; -1 is none."""
        return self._read("class_indices").view(np.int32)

    @property
    def classes(self) -> npt.NDArray[np.object_]:
        """The name of the most probable class, shape ``(n_rows,)``, or None."""
        # The last one is at -1.
        names = np.array([*self._description.schema.target.classes, None], dtype=object)
        return names[self.class_indices]

    @property
    def status(self) -> npt.NDArray[np.int32]:
        """0, or the status with which the row was refused, shape ``(n_rows,)``."""
        return self._read("row_status")

    @property
    def refused(self) -> npt.NDArray[np.bool_]:
        """Whether the row was refused, shape ``(n_rows,)``."""
        return np.not_equal(self.status, 0)

    @property
    def flags(self) -> npt.NDArray[np.uint32]:
        """What happened in the row at all, as :class:`Flag` added up, shape ``(n_rows,)``."""
        return self._read("row_flags")

    @property
    def flag_counts(self) -> npt.NDArray[np.uint32]:
        """How many values (or rules) have each flag, shape ``(n_rows, len(Flag))``."""
        return self._read("flag_counts")

    @property
    def feature_flags(self) -> npt.NDArray[np.uint8]:
        """What happened to each value, as :class:`Flag` added up, ``(n_rows, n_features)``."""
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

        They stand before combination and calibration.
        """
        return self._read("members")

    @property
    def margins(self) -> npt.NDArray[np.float64]:
        """The members' margins: raw sums on the scale of each link, ``(n_rows, n_margins)``."""
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
        return f"<nomogram.Predictions of {len(self)} rows, {n_refused} refused>"


class Prediction:
    """All that one row gets back."""

    __slots__ = ("_all", "_row")

    def __init__(self, predictions: Predictions, row: int) -> None:
        """Made by :class:`Predictions` and :class:`Model` alone."""
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
        """The position of the most probable class, or None."""
        index = int(self._all.class_indices[self._row])
        return None if index < 0 else index

    @property
    def class_name(self) -> str | None:
        """The name of the most probable class, or None."""
        index = self.class_index
        return None if index is None else self._all._description.schema.target.classes[index]

    @property
    def status(self) -> int:
        """0, or the status with which the row was refused."""
        return int(self._all.status[self._row])

    @property
    def status_name(self) -> str:
        """``NOMO_OK``, or the name of the status with which the row was refused."""
        return status_name(self.status)

    @property
    def refused(self) -> bool:
        """Whether the row was refused."""
        return self.status != 0

    @property
    def flags(self) -> Flag:
        """What happened in the row at all."""
        return Flag(int(self._all.flags[self._row]))

    @property
    def feature_flags(self) -> dict[str, Flag]:
        """What happened to values, by the names of the features to which something did."""
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
        own = self._all.margins[self._row]
        spans = pairwise(ends)
        return {m.name: own[start:stop] for m, (start, stop) in zip(members, spans, strict=True)}

    def __repr__(self) -> str:
        if self.refused:
            return f"<nomogram.Prediction refused: {self.status_name}>"
        if self._all._description.task == "number":
            return f"<nomogram.Prediction {self.value!r}>"
        classes = self._all._description.schema.target.classes
        pairs = zip(classes, self.probabilities.tolist(), strict=True)
        return f"<nomogram.Prediction {', '.join(f'{name} {p:.6g}' for name, p in pairs)}>"
