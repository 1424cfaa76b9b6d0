"""Bundles, and what Rust predicts with them, written by an example of the test kit."""

from __future__ import annotations

import json
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from nomogram_risk import Missing, Model

ROOT = Path(__file__).parents[3]
REFERENCE = ROOT / "tests/data/bundles/v1/wdbc.nomo"

Floats = npt.NDArray[np.float64]


def bits(values: Any) -> list[str]:
    """The bits of doubles, as Rust writes them."""
    flat = np.asarray(values, np.float64).ravel().tolist()
    return [f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016x}" for value in flat]


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with test bundles."""
    folder = tmp_path_factory.mktemp("bundles")
    command = ["cargo", "run", "--quiet", "--package", "nomogram-testkit"]
    command += ["--example", "python_cases", "--", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder


@pytest.fixture
def wdbc() -> Iterator[Model]:
    """The reference model: 30 numbers, two classes."""
    with Model.open(REFERENCE) as model:
        yield model


@pytest.fixture
def table(bundles: Path) -> Iterator[Model]:
    """A model that reads every kind of feature; three classes."""
    with Model.open(bundles / "table.nomo") as model:
        yield model


@pytest.fixture
def number(bundles: Path) -> Iterator[Model]:
    """A model that predicts a number."""
    with Model.open(bundles / "number.nomo") as model:
        yield model


@pytest.fixture(scope="session")
def wdbc_rows() -> Floats:
    """The rows of the reference data, shape (569, 30)."""
    lines = (ROOT / "examples/data/wdbc.csv").read_text().splitlines()[1:]
    # The columns are: row id, diagnosis, features in the order of the model.
    return np.array([[float(cell) for cell in line.split(",")[2:]] for line in lines])


@pytest.fixture(scope="session")
def wdbc_bits(bundles: Path) -> list[list[str]]:
    """The bits that Rust predicts for them."""
    expected: list[list[str]] = json.loads((bundles / "wdbc.json").read_text())
    return expected


@pytest.fixture(scope="session")
def cases(bundles: Path) -> list[dict[str, Any]]:
    """Rows of the table as a caller states them, with the bits or the refusal that Rust gives."""
    found: list[dict[str, Any]] = json.loads((bundles / "table.json").read_text())
    for case in found:
        case["row"] = {name: stated(value) for name, value in case["row"].items()}
    return found


def stated(value: Any) -> Any:
    """A value of a case as it is stated in Python."""
    if isinstance(value, list):
        return tuple(value)
    return Missing(value["missing"]) if isinstance(value, dict) else value
