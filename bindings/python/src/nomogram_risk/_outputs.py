"""The memory that the library writes predictions to: one block for all outputs of the header."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ._library import ffi, lib, new

_VOID = ffi.typeof("void *")


class Output(NamedTuple):
    """One output of the header."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    """The shape of one row."""
    per_row: int
    """The number of elements of one row."""
    length: str
    """The name of the field of its length."""


def outputs_of(info: Any, uncertainty: Any) -> dict[str, Output]:
    """The outputs of a model, by their fields; those with the largest elements first.

    A model without uncertainty has no elements in its outputs.
    """
    n_levels, n_p_values = uncertainty.n_levels, uncertainty.n_p_values
    shapes: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
        "probabilities": (np.float64, (info.n_outputs,)),
        "members": (np.float64, (info.n_members, info.n_outputs)),
        "margins": (np.float64, (info.n_margins,)),
        "p_values": (np.float64, (n_p_values,)),
        "intervals": (np.float64, (uncertainty.n_intervals, 2)),
        "distance_p_values": (np.float64, (uncertainty.n_distances,)),
        "furthest_times": (np.float64, (uncertainty.n_furthest,)),
        "class_indices": (np.uint32, ()),
        "row_status": (np.int32, ()),
        "row_flags": (np.uint32, ()),
        "flag_counts": (np.uint32, (lib.NOMO_N_FLAGS,)),
        "verdicts": (np.uint32, (uncertainty.n_verdicts,)),
        "furthest_features": (np.uint32, (uncertainty.n_furthest,)),
        "cutoffs_reached": (np.uint8, (info.n_cutoffs,)),
        "feature_flags": (np.uint8, (info.n_features,)),
        "rules_broken": (np.uint8, (info.n_rules,)),
        "sets": (np.uint8, (n_levels, n_p_values)),
    }
    return {
        field: Output(np.dtype(element), shape, math.prod(shape), f"{field}_len")
        for field, (element, shape) in shapes.items()
    }


class Layout:
    """The position of each wanted output in the block."""

    def __init__(self, outputs: dict[str, Output], n_rows: int, wanted: Iterable[str]) -> None:
        """The largest elements come first, so each output is aligned."""
        wanted = set(wanted)
        self.n_rows = n_rows
        self.n_bytes = 0
        self.places: dict[str, tuple[int, Output]] = {}
        for field, output in outputs.items():
            if field in wanted:
                self.places[field] = (self.n_bytes, output)
                self.n_bytes += n_rows * output.per_row * output.dtype.itemsize

    def read(self, block: npt.NDArray[np.uint8], field: str) -> npt.NDArray[Any]:
        """An output, as an array that shares the memory of the block."""
        start, output = self.places[field]
        return np.ndarray((self.n_rows, *output.shape), output.dtype, block.data, start)


class Room:
    """The block of a layout, and the structs that point into it."""

    def __init__(self, layout: Layout, on_refusal: int) -> None:
        """Nothing is written yet."""
        self.layout = layout
        self.block = np.empty(layout.n_bytes, np.uint8)
        self._address = ffi.from_buffer("char[]", self.block, require_writable=True)
        self._on_refusal = on_refusal

    def struct(self, start: int, stop: int) -> Any:
        """The struct for the rows ``start`` to ``stop - 1``; valid as long as the room."""
        struct = new("nomo_outputs", on_refusal=self._on_refusal)
        for field, (first, output) in self.layout.places.items():
            at = first + start * output.per_row * output.dtype.itemsize
            setattr(struct, field, ffi.cast(_VOID, self._address + at))
            setattr(struct, output.length, (stop - start) * output.per_row)
        return struct

    def advance(self, struct: Any) -> None:
        """Moves the struct of one row to the next row."""
        for field, (_, output) in self.layout.places.items():
            setattr(struct, field, getattr(struct, field) + output.per_row)
