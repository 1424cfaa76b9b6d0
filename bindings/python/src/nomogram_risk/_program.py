"""The program ``nomogram``, for what the C library does not do: it is found and started here.

The wheel holds the C library alone, so the program must be on the path, or named by
``NOMOGRAM_PROGRAM``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Container
from typing import Any


def find_program(program: str | os.PathLike[str] | None) -> str:
    """The program ``nomogram``."""
    found = program or os.environ.get("NOMOGRAM_PROGRAM") or shutil.which("nomogram")
    if not found:
        raise FileNotFoundError(
            "the program `nomogram` is not on the path; install it or set NOMOGRAM_PROGRAM"
        )
    return os.fspath(found)


def run(
    command: list[str], refused: type[Exception], expected: Container[int] = (0,)
) -> dict[str, Any]:
    """The result that the program prints; ``refused`` with its message for any other exit code."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in expected:
        raise refused(done.stderr.strip())
    result: dict[str, Any] = json.loads(done.stdout)
    return result
