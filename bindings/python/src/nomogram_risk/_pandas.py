"""The columns of a pandas data frame.

As in pandas, NaN in a column of numbers is a missing value.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas

from . import _columns
from ._arrow import column as arrow_column
from ._columns import Array, Column, NamedColumn


def matrix(frame: pandas.DataFrame, names: tuple[str, ...]) -> Array | None:
    """The values of a frame whose columns are the features in their order, all float.

    Most such frames are one block of memory, which is read in place.
    """
    is_float = (frame.dtypes == np.float64).all() or (frame.dtypes == np.float32).all()
    if is_float and tuple(frame.columns) == names:
        values: Array = frame.to_numpy()
        return values
    return None


def columns(frame: pandas.DataFrame) -> Iterator[NamedColumn]:
    """The columns in their order, by position, since names may be duplicate."""
    for position, label in enumerate(frame.columns):
        yield label, partial(_column, frame.iloc[:, position])


def _column(series: Any) -> Column:
    dtype = series.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        return _category(series)
    if isinstance(dtype, pandas.ArrowDtype):
        return arrow_column(series.array.__arrow_array__().combine_chunks())
    if isinstance(dtype, np.dtype) and dtype.kind in "iub":
        return _columns.numbers(series.to_numpy())
    is_there = series.notna().to_numpy()
    if isinstance(dtype, np.dtype) and dtype.kind == "f":
        return _columns.numbers(series.to_numpy(), is_there)
    if isinstance(dtype, pandas.StringDtype):
        return _columns.texts(series.to_numpy(dtype=object, na_value=None), len(series))
    if isinstance(dtype, np.dtype) and dtype.kind == "O":
        return _columns.objects(series.to_numpy(), is_there)
    element = getattr(dtype, "numpy_dtype", None)
    if isinstance(element, np.dtype) and element.kind in "iubf":
        filled = series.to_numpy(dtype=element, na_value=element.type(0))
        return _columns.numbers(filled, is_there)
    raise TypeError(f"values of type {dtype}, expected numbers, booleans, texts or a category")


def _category(series: Any) -> Column:
    codes = series.cat.codes.to_numpy()
    names = series.cat.categories
    if names.dtype.kind in "iufb" and len(names):
        return _columns.numbers(names.to_numpy()[codes], codes >= 0)
    return _columns.levels(names.tolist(), codes)
