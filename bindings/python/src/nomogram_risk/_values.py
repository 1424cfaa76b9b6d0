"""One row, set value by value."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ._errors import Error
from ._library import check, failure, ffi, lib, refusal
from ._session import Session

_I64 = np.iinfo(np.int64)


class Missing(NamedTuple):
    """A missing value, with an optional reason: a code of FHIR's ``data-absent-reason``."""

    reason: str | None = None
    """For example ``not-performed``."""


Value = float | int | bool | str | tuple[float, str] | Missing | None | np.generic
"""A value of a row: a number, a bool, the name of a level, a number with its unit, or None or
:class:`Missing` for a missing value."""


class Statements:
    """Sets the values of a row in a session, by the names of the features."""

    def __init__(
        self,
        indices: dict[str, int],
        categories: frozenset[int],
        units: Mapping[str, str],
        ignore_other_columns: bool,
    ) -> None:
        """``categories`` are the features with levels, ``units`` those of numbers without a unit of
        their own."""
        self._indices = indices
        self._categories = categories
        self._units = {indices[name]: unit for name, unit in units.items()}
        self._ignore = ignore_other_columns

    def state(self, session: Session, row: Mapping[str, Value], number: int | None = None) -> None:
        """Sets a row; all other features are unset. ``number`` is the index of the row, if any."""
        pointer, error = session.pointer, session.error
        indices, set_number = self._indices, lib.nomo_session_set_number
        is_plain = not self._units and not self._categories
        check(lib.nomo_session_clear(pointer, error), error)
        for name, value in row.items():
            index = indices.get(name)
            if index is None:
                if self._ignore:
                    continue
                raise unknown_feature(name, number)
            if type(value) is float and is_plain:
                # The common case, so it skips the conversions below.
                status = set_number(pointer, index, value, error)
            else:
                try:
                    status = self._set(session, index, value)
                except TypeError as wrong:
                    raise TypeError(f"{in_row(number)}{name!r}: {wrong}") from None
            if status:
                raise failure(status, error, tuple(indices), row=number)

    def _set(self, session: Session, index: int, value: Any) -> int:
        kind = type(value)
        if self._units and index in self._units and is_number(value):
            value, kind = (value, self._units[index]), tuple
        if kind is not float and kind is not str and kind is not int:
            value = plain(value)
            kind = type(value)
        is_level = kind is int or kind is bool or (kind is float and not math.isnan(value))
        if is_level and index in self._categories:
            value, kind = level_name(value), str
        pointer, error = session.pointer, session.error
        status: int
        if kind is float:
            status = lib.nomo_session_set_number(pointer, index, value, error)
        elif kind is str:
            status = lib.nomo_session_set_text(pointer, index, encoded(value), error)
        elif kind is int:
            status = lib.nomo_session_set_integer(pointer, index, in_64_bits(value), error)
        elif kind is bool:
            status = lib.nomo_session_set_boolean(pointer, index, value, error)
        elif kind is tuple:
            number, unit = as_float(value[0]), value[1].encode()
            status = lib.nomo_session_set_number_in(pointer, index, number, unit, error)
        else:
            reason = ffi.NULL if value.reason is None else value.reason.encode()
            status = lib.nomo_session_set_missing(pointer, index, reason, error)
        return status


def level_name(value: int | bool | float) -> str:
    """The name of the level that a whole number or a boolean is.

    Raises ``TypeError`` for a fraction and for an infinite value.
    """
    if isinstance(value, float):
        if not value.is_integer():
            raise TypeError("a floating-point number, expected a level: a text or a whole number")
        value = int(value)
    return str(value).lower()


def refused(
    status: int,
    error: Any,
    names: tuple[str, ...],
    row: Mapping[str, Value],
    number: int | None = None,
) -> Error:
    """The refusal of a row when it is predicted, with the type of a value of the wrong type."""
    name = names[error.feature] if error.feature < len(names) else None
    found = None if name is None or name not in row else type_of(row[name])
    return failure(status, error, names, row=number, found=found)


def unknown_feature(name: object, row: int | None = None) -> Error:
    """The refusal of a name that matches no feature."""
    return refusal(lib.NOMO_EARGUMENT_FEATURE, f"no feature is called {name!r}", row=row)


def in_row(row: int | None) -> str:
    """The beginning of a message about a row."""
    return "" if row is None else f"row {row + 1}: "


def plain(value: Any) -> float | int | bool | str | tuple[Any, str] | Missing:
    """A value as one of the types that the library has a function for."""
    if value is None or value is _pandas_na():
        return Missing()
    if isinstance(value, (Missing, bool)):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    # numpy's floating types that a double holds exactly.
    if isinstance(value, float) or (isinstance(value, np.floating) and value.itemsize <= 8):
        return float(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], str):
        return value
    raise TypeError(
        f"a value of type {type(value).__name__}, expected a number, bool, str, "
        "(number, unit), None or nomogram_risk.Missing"
    )


def type_of(value: Any) -> str:
    """The type of a value, for messages; never the value itself."""
    kinds: dict[type, str] = {str: "a text", bool: "a boolean", float: "a number"}
    value = plain(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return whole_number(value)
    return kinds.get(
        type(value), "a number with a unit" if isinstance(value, tuple) else "no value"
    )


def whole_number(value: int) -> str:
    """The type of a whole number, for messages."""
    return "a whole number beyond 2^53" if abs(value) > 2**53 else "a whole number"


def is_number(value: object) -> bool:
    """Whether a value is a number; a bool is not."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _pandas_na() -> object:
    # Another thread may be importing pandas: the module then has no NA yet.
    return getattr(sys.modules.get("pandas"), "NA", None)


def as_float(number: Any) -> float:
    """A number as a double; a whole number above the largest double becomes infinite."""
    value = plain(number) if is_number(number) else None
    if not isinstance(value, (int, float)):
        raise TypeError(f"a value of type {type(number).__name__} with a unit, expected a number")
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def in_64_bits(number: int) -> int:
    """The number, or the nearest of 64 bits: both are beyond 2**53, and so of the wrong type."""
    return min(max(number, int(_I64.min)), int(_I64.max))


def encoded(text: str) -> bytes:
    """A text for C, which would end at a NUL; no level contains a control character."""
    return text.replace("\0", "\1").encode("utf-8", "surrogatepass")
