"""Exceptions: one for each class of status of the C interface."""

from __future__ import annotations

import errno
import os
from typing import Any


class Error(Exception):
    """A refusal by the library; each class of status has a subclass.

    ``str(error)`` is the place and the message. Neither contains a value of a row, so both may be
    logged.
    """

    status: int
    """The status of the C interface; its low byte is the class."""
    status_name: str
    """The name of the status in the C header, for example ``NOMO_EVALUE_MISSING``."""
    message: str
    """What was found and what was expected, without the place."""
    row: int | None
    """The index of the row, counted from 0, if the error is about one."""
    feature: str | None
    """The name of the feature, if the error is about one."""
    feature_index: int | None
    """The index of that feature, counted from 0."""
    byte_offset: int | None
    """The offset into the bundle in bytes, if the error is about one."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        status_name: str,
        row: int | None = None,
        feature: str | None = None,
        feature_index: int | None = None,
        byte_offset: int | None = None,
    ) -> None:
        """Called by this package only."""
        super().__init__(message)
        self.message = message
        self.status = status
        self.status_name = status_name
        self.row = row
        self.feature = feature
        self.feature_index = feature_index
        self.byte_offset = byte_offset

    def __str__(self) -> str:
        # Rows and features count from 1 in texts.
        places = [("row", self.row, 1), ("feature", self.feature_index, 1)]
        places.append(("byte offset", self.byte_offset, 0))
        known = [f"{name} {index + first}: " for name, index, first in places if index is not None]
        return "".join(known) + self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # Needed to pickle an exception whose arguments are keywords.
        return _restore, (type(self), self.message, dict(vars(self)))


def _restore(error: type[Error], message: str, attributes: dict[str, Any]) -> Error:
    restored = error(message, status=attributes["status"], status_name=attributes["status_name"])
    for name, value in attributes.items():
        setattr(restored, name, value)
    return restored


class ArgumentError(Error, ValueError):
    """The call is wrong: an unknown feature, unit, reason or option, or a wrong shape."""


class FormatError(Error, ValueError):
    """The bytes are not a well-formed bundle."""


class VersionError(Error, ValueError):
    """The bundle needs a newer library."""


class IntegrityError(Error, ValueError):
    """The bundle was changed after it was sealed."""


class LimitError(Error, ValueError):
    """A limit of the caller was exceeded."""


class SchemaError(Error, ValueError):
    """The rows do not have the shape that the model expects."""


class ValueRefused(Error, ValueError):
    """A value of a row cannot be used."""


class BufferSizeError(Error, BufferError):
    """An output does not have the right length: a defect of this package."""


class UnsupportedError(Error, NotImplementedError):
    """This version does not support the request, for example the type of a column."""


class SelfTestError(Error, RuntimeError):
    """The model does not reproduce its golden cases."""


class FileError(Error, OSError):
    """A file could not be read; ``filename`` is its path."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.message, {**vars(self), "filename": self.filename})


class FileMissing(FileError, FileNotFoundError):
    """The file does not exist."""

    def __init__(self, message: str, **details: Any) -> None:
        """Called by this package only."""
        super().__init__(message, **details)
        self.errno = errno.ENOENT
        self.strerror = os.strerror(errno.ENOENT)


class OutOfMemoryError(Error, MemoryError):
    """There was not enough memory."""


class BusyError(Error, RuntimeError):
    """A session is in use by another thread: a defect of this package."""


class DefectError(Error, RuntimeError):
    """The library has a defect; please report it."""


_CLASSES: dict[int, type[Error]] = {
    1: ArgumentError,
    2: FormatError,
    3: VersionError,
    4: IntegrityError,
    5: LimitError,
    6: SchemaError,
    7: ValueRefused,
    8: BufferSizeError,
    9: UnsupportedError,
    10: SelfTestError,
    11: FileError,
    12: OutOfMemoryError,
    13: BusyError,
    14: DefectError,
}
_NOT_FOUND = 0x010B


def error_class(status: int) -> type[Error]:
    """The exception of a status; :class:`Error` itself for a class of a newer library."""
    return FileMissing if status == _NOT_FOUND else _CLASSES.get(status & 0xFF, Error)
