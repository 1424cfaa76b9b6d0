"""Every program but that of Spark predicts the bits of the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from conftest import HERE, Work, assert_same_bits, read

PROGRAMS = [
    "on_pandas.py",
    "on_polars.py",
    "on_duckdb.py --form reader",
    "on_duckdb.py --form relation",
    "on_duckdb.py --form table",
    "on_duckdb_sql.py",
    "on_ray.py",
]


def run(command: str, work: Work, rows: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Runs a program."""
    script, *options = command.split()
    arguments: list[str | Path] = [HERE / script, work.bundle, rows, out, *work.units, *options]
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True)


@pytest.mark.parametrize("command", PROGRAMS)
def test_a_program_predicts_the_bits_of_the_command_line(
    command: str, work: Work, tmp_path: Path
) -> None:
    rows = work.csv if command == "on_pandas.py" else work.parquet
    out = tmp_path / f"out{rows.suffix}"
    ended = run(command, work, rows, out)
    assert ended.returncode == 0, ended.stderr
    expected = work.expected[rows.suffix]
    assert_same_bits(read(out), expected)
    n_refused = pc.sum(pc.not_equal(expected["status"], "ok")).as_py()
    assert 100 < n_refused < len(expected) - 100


@pytest.mark.parametrize("command", PROGRAMS)
def test_a_program_refuses_a_column_before_it_writes(
    command: str, numbers: Work, tmp_path: Path
) -> None:
    names = [name.replace("area_mean", "area") for name in pq.read_schema(numbers.parquet).names]
    table = pq.read_table(numbers.parquet).slice(0, 10).rename_columns(names)
    rows = tmp_path / ("rows.csv" if command == "on_pandas.py" else "rows.parquet")
    if rows.suffix == ".csv":
        pyarrow.csv.write_csv(table, rows)
    else:
        pq.write_table(table, rows)
    out = tmp_path / "out"
    ended = run(command, numbers, rows, out)
    assert ended.returncode != 0
    assert "column 'area': the model has no such feature" in ended.stderr
    assert not out.exists()
