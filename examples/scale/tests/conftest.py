"""Tables of 100,000 rows, and what the command line predicts for them.

`cargo xtask engines` sets `NOMOGRAM_PROGRAM`, the program `nomogram`, and `NOMOGRAM_CASES`, the
folder that the example `python_cases` of the test kit has written.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

HERE = Path(__file__).parents[1]
ROOT = HERE.parents[1]
BUNDLE = ROOT / "tests/data/bundles/v1/wdbc.nomo"
N_ROWS = 100_000

sys.path.insert(0, str(HERE))


class Work(NamedTuple):
    """A bundle and a table, in two formats."""

    bundle: Path
    parquet: Path
    csv: Path
    units: tuple[str, ...]
    """The options `--unit` of the programs."""
    expected: dict[str, pa.Table]
    """What the command line predicts, by the extension of the table."""


def program() -> str:
    """The program `nomogram`."""
    return os.environ["NOMOGRAM_PROGRAM"]


def by_the_command_line(bundle: Path, rows: Path, folder: Path) -> pa.Table:
    """The predictions of the program `nomogram`; refused rows have a status."""
    out = folder / f"expected-{rows.name}.parquet"
    command: list[str | Path] = [program(), "predict", bundle, rows, "--id", "id", "--output", out]
    command += ["--bad-rows", folder / f"bad-{rows.name}.csv"]
    ended = subprocess.run(command, capture_output=True, text=True)
    # 3: some rows were refused.
    assert ended.returncode == 3, ended.stderr
    return pq.read_table(out)


def write(table: pa.Table, folder: Path, name: str) -> tuple[Path, Path]:
    """Writes a table as Parquet, in several row groups, and as CSV."""
    parquet, text = folder / f"{name}.parquet", folder / f"{name}.csv"
    pq.write_table(table, parquet, row_group_size=20_000)
    with text.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.column_names)
        writer.writerows(zip(*(cells(column) for column in table.columns), strict=True))
    return parquet, text


def cells(column: Any) -> list[str]:
    """The values as CSV has them; `repr` writes every bit of a double."""
    texts = {True: "true", False: "false"}
    values = column.to_pylist()
    if pa.types.is_boolean(column.type):
        return ["" if value is None else texts[value] for value in values]
    return ["" if v is None else v if isinstance(v, str) else repr(v) for v in values]


@pytest.fixture(scope="session")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Work:
    """The reference model: 30 numbers, one row of 997 with a missing value."""
    folder = tmp_path_factory.mktemp("numbers")
    with (ROOT / "examples/data/wdbc.csv").open() as file:
        names, *lines = csv.reader(file)
    patients = np.array([[float(cell) for cell in line[2:]] for line in lines])
    generator = np.random.default_rng(14)
    rows = patients[generator.integers(len(patients), size=N_ROWS)]
    rows *= generator.uniform(0.99, 1.01, rows.shape)
    columns = {"id": pa.array(np.arange(N_ROWS))}
    for index, name in enumerate(names[2:]):
        is_missing = np.arange(N_ROWS) % 997 == 31 * index
        columns[name] = pa.array(rows[:, index], mask=is_missing)
    parquet, text = write(pa.table(columns), folder, "numbers")
    expected = {path.suffix: by_the_command_line(BUNDLE, path, folder) for path in (parquet, text)}
    return Work(BUNDLE, parquet, text, (), expected)


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Work:
    """A model with every kind of feature and policy; one column is in another unit."""
    folder = tmp_path_factory.mktemp("mixed")
    bundle = Path(os.environ["NOMOGRAM_CASES"]) / "table.nomo"
    generator = np.random.default_rng(15)

    def drawn(choices: list[Any]) -> pa.Array:
        return pa.array(choices).take(pa.array(generator.integers(len(choices), size=N_ROWS)))

    table = pa.table(
        {
            "id": pa.array(np.arange(N_ROWS)),
            "age": drawn([41, 67, 18, 30, 55, 80, 17, None]),
            "grade": drawn(["I", "II", "III", "IV", None]),
            "creatinine": drawn([0.8, 1.2, 0.1, 40.0, 2.5, 1.1, None]),
            "smoker": drawn([True, False, None]),
            "dose": drawn([80.0, 450.5, 600.0, 0.0, None]),
            "systolic": drawn([120.0, 151.5, 135.0]),
            "diastolic": drawn([80.0, 92.5, 79.0, 85.0, 121.0]),
            "site": drawn(["Süd", "日本", "north east", "elsewhere", None]),
        }
    )
    # The command line reads the unit of a column from the metadata, or from its name in CSV.
    unit = pa.field("creatinine", pa.float64(), metadata={"unit": "mg/dL"})
    table = table.set_column(3, unit, table["creatinine"])
    parquet, text = write(table, folder, "mixed")
    named = folder / "mixed-with-unit.csv"
    named.write_text(text.read_text().replace("creatinine", "creatinine [mg/dL]", 1))
    expected = {
        ".parquet": by_the_command_line(bundle, parquet, folder),
        ".csv": by_the_command_line(bundle, named, folder),
    }
    return Work(bundle, parquet, text, ("--unit", "creatinine=mg/dL"), expected)


@pytest.fixture(params=["numbers", "mixed"])
def work(request: pytest.FixtureRequest) -> Work:
    """Each of both."""
    found: Work = request.getfixturevalue(request.param)
    return found


def read(path: Path) -> pa.Table:
    """The predictions that a program wrote: a file, or a folder of files."""
    if path.suffix == ".csv":
        from pyarrow.csv import ConvertOptions, read_csv

        texts = {"class": pa.string(), "status": pa.string()}
        return read_csv(
            path, convert_options=ConvertOptions(strings_can_be_null=True, column_types=texts)
        )
    return pq.read_table(path)


def in_order(predictions: pa.Table) -> pa.Table:
    """Sorted by the id, which the command line copies from CSV as text."""
    ids = predictions["id"].cast(pa.int64())
    return predictions.set_column(0, "id", ids).sort_by("id")


def assert_same_bits(found: pa.Table, expected: pa.Table) -> None:
    """The rows of both tables are the same, in any order; doubles by their bits."""
    found, expected = in_order(found), in_order(expected)
    assert len(found) == N_ROWS
    for name in expected.column_names:
        ours, theirs = found[name].combine_chunks(), expected[name].combine_chunks()
        if pa.types.is_floating(theirs.type):
            assert ours.is_null().equals(theirs.is_null()), name
            ours = pa.array(ours.drop_null().to_numpy().view(np.uint64))
            theirs = pa.array(theirs.drop_null().to_numpy().view(np.uint64))
        else:
            ours, theirs = ours.cast(pa.string()), theirs.cast(pa.string())
        assert ours.equals(theirs), name
