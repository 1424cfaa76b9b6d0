"""The shared library: lies beside this file, is loaded once, and is the one that was built with it.

Every module calls C through :data:`lib` and turns a status into an exception with :func:`check`.
cffi releases the interpreter's lock for the length of a call.
"""

from __future__ import annotations

import functools
import os
import sys
from typing import Any

from ._errors import Error, error_class
from ._ffi import ffi

__all__ = [
    "NONE",
    "NO_CLASS",
    "check",
    "failure",
    "ffi",
    "lib",
    "new",
    "optional_text",
    "refusal",
    "status_name",
    "text",
    "version",
]

# The macros of the header that are no plain numbers; a test compares them with it.
NONE = 2**64 - 1
NO_CLASS = 2**32 - 1

_SUFFIXES = {"darwin": ".dylib", "win32": ".dll"}


def _load() -> tuple[Any, str]:
    # os.path and not pathlib, which takes longer to import than all the rest.
    name = "libnomogram-py" + _SUFFIXES.get(sys.platform, ".so")
    path = os.path.join(os.path.dirname(__file__), name)
    library = ffi.dlopen(path)
    of_package = (
        library.NOMO_VERSION_MAJOR,
        library.NOMO_VERSION_MINOR,
        library.NOMO_VERSION_PATCH,
    )
    packed = library.nomo_version()
    of_library = (packed >> 16, packed >> 8 & 0xFF, packed & 0xFF)
    if of_package != of_library:
        expected, found = (".".join(map(str, parts)) for parts in (of_package, of_library))
        raise ImportError(f"{path} is version {found}, but this package was built for {expected}")
    return library, ".".join(map(str, of_package))


lib, version = _load()


def new(struct: str, **fields: Any) -> Any:
    """A struct of the header with its size set, and these fields; all else is 0."""
    pointer = ffi.new(_pointer_type(struct))
    pointer.struct_size = ffi.sizeof(pointer[0])
    for name, value in fields.items():
        setattr(pointer, name, value)
    return pointer


@functools.cache
def _pointer_type(struct: str) -> Any:
    return ffi.typeof(f"{struct} *")


def text(pointer: Any) -> str:
    """A text of the library; it is copied."""
    decoded: str = ffi.string(pointer).decode()
    return decoded


def optional_text(pointer: Any) -> str | None:
    """A text of the library, where there is one."""
    return None if pointer == ffi.NULL else text(pointer)


def status_name(status: int) -> str:
    """The name of a status in the C header, for example ``NOMO_EVALUE_MISSING``.

    ``?`` for a number that the library does not know.
    """
    return text(lib.nomo_status_name(status))


def check(status: int, error: Any, features: tuple[str, ...] = (), first_row: int = 0) -> None:
    """Raises what a call of the library has refused.

    ``features`` are the names of the model's features; ``first_row`` is the number of the row that
    the library counted as 0.
    """
    if status:
        raise failure(status, error, features, first_row)


def failure(
    status: int,
    error: Any,
    features: tuple[str, ...] = (),
    first_row: int = 0,
    row: int | None = None,
) -> Error:
    """The exception for a status and what the library wrote about it.

    ``row`` is the number of the row, where the library was given one alone and cannot know it.
    """
    if error.status != status:
        # The library could not write it.
        return refusal(status, text(lib.nomo_status_text(status)))
    message = text(error.message)
    if error.row != NONE:
        row = int(error.row) + first_row
        message = message.replace(f"row {error.row + 1}: ", f"row {row + 1}: ", 1)
    elif row is not None:
        message = f"row {row + 1}: {message}"
    index = None if error.feature == NONE else int(error.feature)
    byte_offset = None if error.byte_offset == NONE else int(error.byte_offset)
    # A column may name a feature that the model does not have.
    name = features[index] if index is not None and index < len(features) else None
    return refusal(
        status, message, row=row, feature=name, feature_index=index, byte_offset=byte_offset
    )


def refusal(status: int, message: str, **details: Any) -> Error:
    """The exception for a status."""
    return error_class(status)(message, status=status, status_name=status_name(status), **details)
