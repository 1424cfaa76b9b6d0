"""The shared library: is installed beside this file, loaded once, and built with this package.

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
    "CLASS_NONE",
    "PLACE_NONE",
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

# Macros of the header that cffi cannot parse; a test compares them with the header.
PLACE_NONE = 2**64 - 1
CLASS_NONE = 2**32 - 1

_SUFFIXES = {"darwin": ".dylib", "win32": ".dll"}


def _load() -> tuple[Any, str]:
    # os.path, since importing pathlib takes longer than the rest of this package.
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
    """A struct of the header with its size and these fields set; all others are 0."""
    pointer = ffi.new(_pointer_type(struct))
    pointer.struct_size = ffi.sizeof(pointer[0])
    for name, value in fields.items():
        setattr(pointer, name, value)
    return pointer


@functools.cache
def _pointer_type(struct: str) -> Any:
    return ffi.typeof(f"{struct} *")


def text(pointer: Any) -> str:
    """A text of the library, copied."""
    decoded: str = ffi.string(pointer).decode()
    return decoded


def optional_text(pointer: Any) -> str | None:
    """A text of the library, or None for NULL."""
    return None if pointer == ffi.NULL else text(pointer)


def status_name(status: int) -> str:
    """The name of a status in the C header, for example ``NOMO_EVALUE_MISSING``.

    ``?`` for a number that the library does not know.
    """
    return text(lib.nomo_status_name(status))


def check(status: int, error: Any, features: tuple[str, ...] = (), first_row: int = 0) -> None:
    """Raises the exception of a call that failed.

    ``features`` are the names of the model's features; ``first_row`` is the index, in the caller's
    rows, of the row that the library counted as 0.
    """
    if status:
        raise failure(status, error, features, first_row)


def failure(
    status: int,
    error: Any,
    features: tuple[str, ...] = (),
    first_row: int = 0,
    row: int | None = None,
    found: str | None = None,
) -> Error:
    """The exception of a status, with the details that the library wrote.

    ``row`` is the index of the row if the library predicted a single one. ``found`` names the type
    of a value that was refused for its type.
    """
    if error.status != status:
        # The library could not write the details.
        return refusal(status, text(lib.nomo_status_text(status)))
    message = text(error.message)
    if found is not None and status == lib.NOMO_EVALUE_TYPE:
        message = f"{message}; found {found}"
    if error.row != PLACE_NONE:
        row = int(error.row) + first_row
    index = None if error.feature == PLACE_NONE else int(error.feature)
    byte_offset = None if error.byte_offset == PLACE_NONE else int(error.byte_offset)
    # The index of a column's feature may be out of bounds.
    name = features[index] if index is not None and index < len(features) else None
    return refusal(
        status, message, row=row, feature=name, feature_index=index, byte_offset=byte_offset
    )


def refusal(status: int, message: str, **details: Any) -> Error:
    """The exception of a status."""
    return error_class(status)(message, status=status, status_name=status_name(status), **details)
