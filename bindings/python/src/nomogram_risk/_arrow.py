"""The columns of Arrow tables, polars data frames, and anything with Arrow's interface.

A null is a missing value; NaN is a value that is not a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from . import _columns
from ._columns import Array, Column, NamedColumn
from ._library import lib, refusal


def batches(rows: Any) -> Iterator[tuple[list[NamedColumn], int]]:
    """The record batches of a table, without copying it."""
    try:
        import pyarrow
    except ImportError:
        detail = "reading such a table needs pyarrow: pip install 'nomogram-risk[arrow]'"
        raise ImportError(detail) from None

    if hasattr(rows, "__arrow_c_array__"):
        table = pyarrow.Table.from_batches([pyarrow.record_batch(rows)])
    else:
        table = pyarrow.table(rows)
    parts = [(batch.columns, len(batch)) for batch in table.to_batches()]
    if not parts:
        # Without rows there is no batch, but the library must check the columns.
        parts = [([pyarrow.nulls(0, kind) for kind in table.schema.types], 0)]
    for arrays, n_rows in parts:
        names = zip(table.column_names, arrays, strict=True)
        yield [(name, partial(column, array)) for name, array in names], n_rows


def column(array: Any) -> Column:
    """One column; an array of the right layout is not copied."""
    import pyarrow.types as types

    kind = array.type
    if types.is_dictionary(kind):
        if types.is_integer(kind.value_type) or types.is_floating(kind.value_type):
            return column(array.dictionary_decode())
        return _dictionary(array)
    if types.is_string(kind) or types.is_large_string(kind):
        return _dictionary(array.dictionary_encode())
    if kind == "string_view":
        return _dictionary(array.cast("large_string").dictionary_encode())
    if types.is_null(kind):
        nothing = np.zeros(len(array), np.bool_)
        return _columns.numbers(nothing, nothing)
    if types.is_boolean(kind):
        values = _unpacked(array.buffers()[1], array)
    elif types.is_integer(kind) or types.is_floating(kind):
        values = _elements(array, np.dtype(kind.to_pandas_dtype()))
    else:
        raise refusal(lib.NOMO_EUNSUPPORTED_ARROW, f"a column of type {kind} cannot be read")
    return _columns.numbers(values)._replace(validity=_validity(array), owner=array)


def _dictionary(array: Any) -> Column:
    codes = array.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.intp)
    codes[array.indices.is_null().to_numpy(zero_copy_only=False)] = -1
    return _columns.levels(array.dictionary.to_pylist(), codes)


def _elements(array: Any, element: np.dtype[Any]) -> Array:
    """The elements of an array, in place; its buffer may have any size and alignment."""
    n_elements = array.offset + len(array)
    buffer = array.buffers()[1]
    if (0 if buffer is None else buffer.size) < n_elements * element.itemsize:
        detail = f"a buffer of {n_elements} elements is too small"
        raise refusal(lib.NOMO_EUNSUPPORTED_ARROW, detail)
    if n_elements == 0:
        return np.zeros(0, element)
    return np.frombuffer(buffer, element, n_elements)[array.offset :]


def _validity(array: Any) -> Array | None:
    """The validity bitmap; in place if the first row is the first bit of a byte."""
    buffer = array.buffers()[0]
    if buffer is None or array.null_count == 0:
        return None
    if array.offset % 8 == 0:
        first = array.offset // 8
        return np.frombuffer(buffer, np.uint8)[first : first + (len(array) + 7) // 8]
    return np.packbits(_unpacked(buffer, array), bitorder="little")


def _unpacked(buffer: Any, array: Any) -> Array:
    """The bits of the array's rows in a buffer, as one bool each."""
    if buffer is None:
        return np.zeros(0, np.bool_)
    n_bits = array.offset + len(array)
    unpacked = np.unpackbits(np.frombuffer(buffer, np.uint8), count=n_bits, bitorder="little")
    return unpacked[array.offset :].view(np.bool_)
