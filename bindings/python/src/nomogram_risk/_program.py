"""The program ``nomogram``, which seals models of other libraries."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any


class ImportRefused(ValueError):
    """A model was not imported: the message names the place and the reason."""


def find(program: str | os.PathLike[str] | None) -> str:
    """The path of the program: the given one, ``$NOMOGRAM``, or the one on the search path.

    :raises FileNotFoundError: When there is none.
    """
    chosen = program or os.environ.get("NOMOGRAM") or shutil.which("nomogram")
    if chosen is None:
        raise FileNotFoundError(
            "the program `nomogram` is not on the search path; install it, or give its path as "
            "`program` or in the environment variable NOMOGRAM"
        )
    return os.fspath(chosen)


def run(program: str, *arguments: str) -> Any:
    """Runs the program. Returns what it printed as JSON, or None.

    :raises ImportRefused: With the message of the program.
    """
    command = [program, "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        raise ImportRefused(done.stderr.strip() or done.stdout.strip())
    return json.loads(done.stdout) if done.stdout.strip() else None
