"""Rows in any form of a caller; each form has one function of the library.

:func:`rows_of` chooses the form without importing any table library.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeGuard

import numpy as np
import numpy.typing as npt

from ._columns import Array, Column, NamedColumn, numbers, with_levels
from ._describe import Description
from ._library import check, failure, ffi, lib, new, refusal
from ._outputs import Room
from ._session import Session
from ._values import Statements, Value, refused, unknown_feature


class ArrowStream(Protocol):
    """A table with Arrow's PyCapsule interface: of pyarrow, polars, DuckDB and others."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The table as a stream of record batches."""
        ...


class ArrowArray(Protocol):
    """A record batch with Arrow's PyCapsule interface."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """The record batch."""
        ...


RowsLike = npt.ArrayLike | ArrowStream | ArrowArray | Sequence[Mapping[str, Value]]
"""A matrix of numbers, a table with one column per feature, or a list of mappings."""


class Rows(Protocol):
    """Rows in a form that the library can read."""

    n_rows: int

    def predict(self, session: Session, start: int, stop: int, room: Room, at: int) -> None:
        """Predicts the rows from ``start`` (a multiple of 8) to before ``stop``.

        ``at`` is the index of row ``start`` in the call, and so in the room.
        """
        ...


class Options:
    """The options of a call."""

    def __init__(
        self, description: Description, units: Mapping[str, str] | None, ignore_other_columns: bool
    ) -> None:
        """Refuses units of features that the model does not have."""
        self.names = description.feature_names
        self.indices = description.feature_indices
        self.categories = description.categories
        self.units = units or {}
        self.ignore_other_columns = ignore_other_columns
        for name in self.units:
            if name not in self.indices:
                raise unknown_feature(name)


_DOUBLE = np.dtype(np.float64)


def is_plain(rows: Any) -> TypeGuard[npt.NDArray[np.float64]]:
    """Whether rows are a matrix that the library reads as it is, one row after the other."""
    if type(rows) is not np.ndarray or rows.dtype is not _DOUBLE or rows.ndim != 2:
        return False
    flags = rows.flags
    return bool(flags.c_contiguous and flags.aligned)


def rows_of(rows: Any, options: Options) -> list[Rows]:
    """The rows of a call, in one or more parts."""
    # Another thread may be importing pandas: the module then has no DataFrame yet.
    frame = getattr(sys.modules.get("pandas"), "DataFrame", None)
    if frame is not None and isinstance(rows, frame):
        from ._pandas import columns, matrix

        # In a matrix, a number would be the index of a level.
        is_matrix = not options.units and not options.categories
        values = matrix(rows, options.names) if is_matrix else None
        if values is not None:
            return [Matrix(values, options)]
        return [Columns(columns(rows), len(rows), options)]
    if hasattr(rows, "__arrow_c_stream__") or hasattr(rows, "__arrow_c_array__"):
        from ._arrow import batches

        return [Columns(columns, n_rows, options) for columns, n_rows in batches(rows)]
    if hasattr(rows, "columns") or hasattr(rows, "column_names"):
        # As a matrix, its columns would be read in their order, whatever their names.
        kind = f"{type(rows).__module__}.{type(rows).__name__}"
        raise TypeError(f"a table of type {kind} without Arrow's interface, expected one with it")
    if isinstance(rows, Mapping):
        raise TypeError("a mapping is a single row: use predict_row")
    if isinstance(rows, (list, tuple)) and all(isinstance(row, Mapping) for row in rows):
        return [Mappings(rows, options)]
    if options.units:
        raise TypeError("a matrix has no names, so it cannot have units: pass a table")
    values = _two_dimensional(rows)
    if values.shape[1] == len(options.names) and not _is_exact(values):
        # A double cannot hold every number, so the columns keep their type.
        columns_of = _columns_of(values, options.names)
        return [Columns(columns_of, len(values), options, is_table=False)]
    return [Matrix(values, options)]


def _two_dimensional(rows: npt.ArrayLike) -> Array:
    values: Array = np.asanyarray(rows)
    if values.ndim != 2:
        shape = "(n_rows, n_features)"
        detail = f"rows of {values.ndim} dimensions, expected 2: {shape}"
        raise refusal(lib.NOMO_EARGUMENT_SHAPE, detail)
    return values


def _is_exact(values: Array) -> bool:
    """Whether a double holds every whole number of an array; masked ones do not count."""
    kind, size = values.dtype.kind, values.dtype.itemsize
    if kind not in "iu" or size < 8:
        return True
    # In their own type: numpy 1 would compare unsigned ones as doubles.
    largest = values.dtype.type(2**53)
    is_exact = values <= largest if kind == "u" else (values >= -largest) & (values <= largest)
    return bool(is_exact.all())


def _columns_of(values: Array, names: tuple[str, ...]) -> Iterable[NamedColumn]:
    """The columns of a matrix of whole numbers."""
    mask = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    for index, name in enumerate(names):
        is_there = None if mask is None else ~mask[:, index]
        yield name, partial(numbers, np.asarray(values[:, index]), is_there)


class Matrix:
    """Numbers, shape ``(n_rows, n_features)``, in any layout; NaN is missing."""

    def __init__(self, rows: Array, options: Options) -> None:
        """Copies an array that the library cannot read in place."""
        values = _as_matrix(rows)
        self.n_rows, self._n_columns = values.shape
        self._values = values
        self._names = options.names
        self._address = values.__array_interface__["data"][0]

    def struct(self, start: int, stop: int) -> Any:
        """The struct for the rows from ``start`` to before ``stop``."""
        values = self._values
        n_rows, n_columns = stop - start, self._n_columns
        of_row, of_column = (stride // values.itemsize for stride in values.strides)
        is_empty = n_rows == 0 or n_columns == 0
        last = 0 if is_empty else (n_rows - 1) * of_row + (n_columns - 1) * of_column + 1
        return new(
            "nomo_matrix",
            element_type=lib.NOMO_TYPE_DOUBLE if values.itemsize == 8 else lib.NOMO_TYPE_FLOAT,
            values=ffi.cast("void *", self._address + start * values.strides[0]),
            values_len=last,
            n_rows=n_rows,
            n_columns=n_columns,
            row_stride=of_row,
            column_stride=of_column,
        )

    def predict(self, session: Session, start: int, stop: int, room: Room, at: int) -> None:
        """As in :class:`Rows`."""
        n_rows = stop - start
        matrix = self.struct(start, stop)
        outputs = room.struct(at, at + n_rows)
        status = lib.nomo_session_predict_matrix(session.pointer, matrix, outputs, session.error)
        check(status, session.error, self._names, at)


def _as_matrix(values: Array) -> Array:
    """The same numbers in single or double precision, with strides that the library can use."""
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(_as_floats(values), np.nan)
    values = np.asarray(_as_floats(values))
    is_readable = values.flags.aligned and all(
        stride >= 0 and stride % values.itemsize == 0 for stride in values.strides
    )
    # np.ascontiguousarray would not copy an array that is contiguous and unaligned.
    return values if is_readable else values.copy(order="C")


def _as_floats(values: Array) -> Array:
    kind, size = values.dtype.kind, values.dtype.itemsize
    if kind == "f" and size in (4, 8):
        return values if values.dtype.isnative else values.astype(values.dtype.newbyteorder("="))
    if kind in "biu" or (kind == "f" and size == 2):
        return values.astype(np.float64)
    raise TypeError(f"a matrix of {values.dtype}, expected numbers that a double can hold")


class Columns:
    """A table, column by column."""

    def __init__(
        self,
        columns: Iterable[NamedColumn],
        n_rows: int,
        options: Options,
        *,
        is_table: bool = True,
    ) -> None:
        """``columns`` are in the order of the table.

        In a matrix, a number is the index of a level.
        """
        self.n_rows = n_rows
        self._names = options.names
        self._columns: list[tuple[int, Column]] = []
        self._units: list[Any] = []
        for name, read in columns:
            index = options.indices.get(name)
            if index is None:
                if options.ignore_other_columns:
                    continue
                status = lib.NOMO_ESCHEMA_COLUMNS
                raise refusal(status, f"column {name!r}: the model has no such feature")
            unit = options.units.get(name)
            try:
                column = read()
                if is_table and index in options.categories:
                    column = with_levels(column)
                self._columns.append((index, column))
            except TypeError as wrong:
                raise TypeError(f"column {name!r}: {wrong}") from None
            self._units.append(ffi.NULL if unit is None else ffi.new("char[]", unit.encode()))

    def predict(self, session: Session, start: int, stop: int, room: Room, at: int) -> None:
        """As in :class:`Rows`."""
        n_columns, n_rows = len(self._columns), stop - start
        columns = ffi.new("nomo_column[]", n_columns)
        for struct, (feature, column), unit in zip(
            columns, self._columns, self._units, strict=True
        ):
            struct.struct_size = ffi.sizeof("nomo_column")
            struct.element_type = column.element_type
            struct.feature = feature
            address = column.values.__array_interface__["data"][0]
            struct.values = ffi.cast("void *", address + start * column.values.itemsize)
            struct.values_len = n_rows
            if column.validity is not None:
                address = column.validity.__array_interface__["data"][0]
                struct.validity = ffi.cast("uint8_t *", address + start // 8)
                struct.validity_len = (n_rows + 7) // 8
            struct.unit = unit
        outputs = room.struct(at, at + n_rows)
        error = session.error
        status = lib.nomo_session_predict_columns(
            session.pointer, columns, n_columns, n_rows, outputs, error
        )
        if status:
            raise failure(status, error, self._names, at, found=self._type_of(error, start))

    def _type_of(self, error: Any, start: int) -> str | None:
        """The type of the value that an error is about."""
        for feature, column in self._columns:
            if feature == error.feature and error.row < self.n_rows:
                return column.type_of(start + int(error.row))
        return None


class Mappings:
    """Rows that are mappings from names to values."""

    def __init__(self, rows: Sequence[Mapping[str, Value]], options: Options) -> None:
        """Rows are read when they are predicted."""
        self.n_rows = len(rows)
        self._rows = rows
        self._names = options.names
        self._statements = Statements(
            options.indices, options.categories, options.units, options.ignore_other_columns
        )

    def predict(self, session: Session, start: int, stop: int, room: Room, at: int) -> None:
        """As in :class:`Rows`."""
        outputs = room.struct(at, at + 1) if start < stop else None
        for number, row in enumerate(self._rows[start:stop], at):
            self._statements.state(session, row, number)
            status = lib.nomo_session_predict(session.pointer, outputs, session.error)
            if status:
                raise refused(status, session.error, self._names, row, number)
            room.advance(outputs)
