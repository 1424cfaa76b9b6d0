"""Typed columns, as the library reads them: values of one type, and a validity bitmap.

An array of the right layout is read in place. Any other is copied once, exactly, or refused if that
is impossible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ._library import ffi, lib
from ._values import Missing, encoded, in_64_bits, level_name, plain, whole_number

Array = npt.NDArray[Any]

_ELEMENT_TYPES = {
    np.dtype(np.float64): lib.NOMO_TYPE_DOUBLE,
    np.dtype(np.float32): lib.NOMO_TYPE_FLOAT,
    np.dtype(np.int64): lib.NOMO_TYPE_INT64,
    np.dtype(np.int32): lib.NOMO_TYPE_INT32,
    np.dtype(np.bool_): lib.NOMO_TYPE_BOOLEAN,
}


class Column(NamedTuple):
    """The values of one feature."""

    element_type: int
    values: Array
    """One element per row, contiguous and aligned; texts as addresses, 0 for missing."""
    validity: Array | None
    """One bit per row, the lowest first; 1 if there is a value."""
    owner: object = None
    """Keeps the memory that the addresses point to alive."""

    def type_of(self, row: int) -> str:
        """The type of a value, for messages; never the value itself."""
        if self.element_type == lib.NOMO_TYPE_TEXT:
            return "a text"
        if self.element_type == lib.NOMO_TYPE_BOOLEAN:
            return "a boolean"
        value = self.values[row]
        return "a number" if self.values.dtype.kind == "f" else whole_number(int(value))


NamedColumn = tuple[Any, Callable[[], Column]]
"""The name of a column, and a function that reads it."""


def numbers(values: Array, is_there: Array | None = None) -> Column:
    """A column of numbers or booleans; ``is_there`` has one bool per row, False if missing."""
    values = exact(values)
    element_type = _ELEMENT_TYPES.get(values.dtype)
    if element_type is None:
        raise TypeError(f"values of type {values.dtype}, expected numbers, booleans or texts")
    return Column(element_type, in_place_or_copied(values), bits(is_there))


def in_place_or_copied(values: Array) -> Array:
    """The same elements, contiguous and aligned; copied only if they are not."""
    # np.ascontiguousarray does not copy an array that is contiguous and unaligned.
    is_readable = values.flags.c_contiguous and values.flags.aligned
    return values if is_readable else values.copy(order="C")


def exact(values: Array) -> Array:
    """The same numbers in a type that the library reads; not copied if they have one."""
    dtype = values.dtype
    if dtype.byteorder not in "=|" and not dtype.isnative:
        values = values.astype(dtype.newbyteorder("="))
        dtype = values.dtype
    if dtype.kind == "f" and dtype.itemsize == 2:
        return values.astype(np.float32)
    if dtype.kind in "iu" and dtype.itemsize < 4:
        return values.astype(np.int32)
    if dtype == np.uint32:
        return values.astype(np.int64)
    if dtype == np.uint64:
        # Numbers that do not fit stay beyond 2**53, and so of the wrong type.
        return np.minimum(values, np.uint64(np.iinfo(np.int64).max)).astype(np.int64)
    return values


def bits(is_there: Array | None) -> Array | None:
    """One bit per row; None if no value is missing."""
    if is_there is None or is_there.all():
        return None
    return np.packbits(is_there, bitorder="little")


def levels(names: Sequence[object], codes: Array) -> Column:
    """A column of texts, given by their index among ``names``; -1 and a None there are missing."""
    if not all(name is None or isinstance(name, str) for name in names):
        raise TypeError("a category with levels that are not all texts")
    texts = [b"\0" if name is None else encoded(str(name)) + b"\0" for name in names]
    pool = ffi.from_buffer("char[]", b"".join(texts))
    starts = np.cumsum([0, *map(len, texts)])[:-1]
    addresses = starts.astype(np.uintp) + np.uintp(int(ffi.cast("uintptr_t", pool)))
    addresses[[name is None for name in names]] = 0
    # The last one has the index -1.
    addresses = np.append(addresses, np.uintp(0))
    return Column(lib.NOMO_TYPE_TEXT, addresses[codes], None, pool)


def with_levels(column: Column) -> Column:
    """The column of a feature with levels, as in typed columns of tables: a whole number or a
    boolean is the level of that name; any other floating-point number is none."""
    if column.element_type == lib.NOMO_TYPE_TEXT:
        return column
    n_rows = len(column.values)
    is_there = np.ones(n_rows, np.bool_)
    if column.validity is not None:
        is_there = np.unpackbits(column.validity, count=n_rows, bitorder="little").astype(np.bool_)
    known, codes = np.unique(column.values[is_there], return_inverse=True)
    indices = np.full(n_rows, -1)
    indices[is_there] = codes
    return levels([level_name(value) for value in known.tolist()], indices)


def texts(values: Iterable[object], n_rows: int) -> Column:
    """A column of texts; any other value is missing."""
    known: dict[str, int] = {}
    found = (known.setdefault(v, len(known)) if isinstance(v, str) else -1 for v in values)
    codes = np.fromiter(found, np.intp, n_rows)
    return levels(list(known), codes)


def objects(values: Array, is_there: Array) -> Column:
    """A column of Python objects: all texts, all booleans or all numbers."""
    known: list[Any] = [plain(value) for value in values[is_there]]
    if any(isinstance(value, Missing) for value in known):
        is_there = np.array([not isinstance(plain(value), Missing) for value in values])
        known = [value for value in known if not isinstance(value, Missing)]
    kinds = set(map(type, known))
    if kinds == {str}:
        return texts(values, len(values))
    if kinds <= {bool}:
        return spread(known, np.bool_, is_there)
    if kinds == {int}:
        return spread([in_64_bits(number) for number in known], np.int64, is_there)
    if kinds <= {int, float} and all(abs(n) <= 2**53 for n in known if isinstance(n, int)):
        return spread(known, np.float64, is_there)
    raise TypeError("values of several types, expected all numbers, all booleans or all texts")


def spread(known: Sequence[Any], element: type[np.generic], is_there: Array) -> Column:
    """A column of the values that are not missing."""
    values = np.zeros(len(is_there), element)
    values[is_there] = known
    return numbers(values, is_there)
