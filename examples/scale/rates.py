"""Rows per second of each engine, beside the Python package alone and the command line.

``python rates.py PROGRAM C_PROGRAM BUNDLE [--rows N] [--rounds N] [--spark MASTER]``, where PROGRAM
is the program ``nomogram`` of a release build, and C_PROGRAM ``benches/peers/c/threads.c``, built
as its first comment says. All engines predict the same Parquet file of 30 columns, one after the
other, in several rounds; of each the best round counts. Engines are started before: what is
measured is reading, predicting and writing, as a job on a running cluster does it. The C library
predicts batches of 10,000 of the rows, which are in memory, on two threads.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import ray
from nomogram_risk import Model
from pyspark.sql import SparkSession

import on_duckdb
import on_duckdb_sql
import on_pandas
import on_polars
import on_ray
import on_spark
from rows_in_arrow import Arguments, output_schema, predict

ROWS_PER_BATCH = 100_000
MARK = "NOMOGRAM_RATES"
"""A variable of the environment that all processes inherit which this one starts."""


def write_rows(model: Model, n_rows: int, folder: Path) -> Path:
    """Writes plausible rows, as Parquet and as CSV; returns the path of the former."""
    lines = (Path(__file__).parents[1] / "data/wdbc.csv").read_text().splitlines()[1:]
    patients = np.array([[float(cell) for cell in line.split(",")[2:]] for line in lines])
    generator = np.random.default_rng(14)
    rows = patients[generator.integers(len(patients), size=n_rows)]
    rows *= generator.uniform(0.99, 1.01, rows.shape)
    columns = {"id": pa.array(np.arange(n_rows))}
    columns |= {f.name: pa.array(rows[:, f.position]) for f in model.features}
    path = folder / "rows.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=ROWS_PER_BATCH, compression="none")
    np.save(folder / "rows.npy", rows)
    pa.csv.write_csv(pa.table(columns), folder / "rows.csv")
    return path


def engines(
    program: Path, bundle: Path, rows: Path, spark: SparkSession
) -> dict[str, Callable[[Path], object]]:
    """What is measured: functions that write predictions to a path."""
    model = Model.open(bundle)
    matrix = np.load(rows.with_suffix(".npy"))
    text = rows.with_suffix(".csv")

    def arguments(out: Path, form: str = "", source: Path = rows) -> Arguments:
        return Arguments(bundle, source, out, {}, form)

    def command_line(out: Path, source: Path, *options: str) -> None:
        command: list[str | Path] = [
            program,
            "predict",
            bundle,
            source,
            "--id",
            "id",
            "--output",
            out,
            *options,
        ]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)

    def one_process(out: Path) -> None:
        file = pq.ParquetFile(rows)
        with pq.ParquetWriter(out, output_schema(model, pa.int64())) as writer:
            for batch in file.iter_batches(ROWS_PER_BATCH):
                writer.write_table(predict(model, batch, {}))

    return {
        "package, matrix in memory, `predict_proba`": lambda out: model.predict_proba(matrix),
        "package, matrix in memory, all outputs": lambda out: model.predict_rows(matrix),
        "package, pyarrow, Parquet to Parquet": one_process,
        "command line, 1 thread": lambda out: command_line(out, rows, "--threads", "1"),
        "command line, all threads": lambda out: command_line(out, rows),
        "command line, CSV, all threads": lambda out: command_line(out.with_suffix(".csv"), text),
        "polars": lambda out: on_polars.run(arguments(out)),
        "DuckDB, reader": lambda out: on_duckdb.run(arguments(out, "reader")),
        "DuckDB, relation": lambda out: on_duckdb.run(arguments(out, "relation")),
        "DuckDB, table": lambda out: on_duckdb.run(arguments(out, "table")),
        "DuckDB, function of SQL": lambda out: on_duckdb_sql.run(arguments(out)),
        "pandas, CSV to CSV": lambda out: on_pandas.run(arguments(out, source=text)),
        "Ray Data": lambda out: on_ray.run(arguments(out)),
        "Spark": lambda out: on_spark.run(spark, arguments(out)),
    }


def rate_of_c(program: Path, bundle: Path, rows: Path) -> float:
    """Rows per second of two threads of the C library."""
    matrix = np.load(rows.with_suffix(".npy"), mmap_mode="r")
    first = rows.with_suffix(".f64")
    matrix[:10_000].tofile(first)
    command: list[str | Path] = [program, bundle, first, str(matrix.shape[1])]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (rate,) = re.findall(r"two ([0-9]+)", printed)
    return float(rate)


def processor_ticks() -> dict[tuple[str, str], int]:
    """What this process and each that it has started have used of the processors until now."""
    ticks = {}
    mark = f"{MARK}={os.getpid()}\0".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = folder.name == str(os.getpid()) or mark in (folder / "environ").read_bytes()
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            # It has ended since.
            continue
        if is_ours:
            # User and system, of the process and of its children that have ended. A number of a
            # process may be used again, but not with the same start.
            ticks[folder.name, fields[19]] = sum(map(int, fields[11:15]))
    return ticks


def seconds_since(before: dict[tuple[str, str], int]) -> float:
    """The processor time since then, without what processes used that have ended unnoticed."""
    now = processor_ticks().items()
    return sum(ticks - before.get(key, 0) for key, ticks in now) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Prints one engine a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path)
    parser.add_argument("c_program", type=Path)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--spark", default="local[*]")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="nomogram-rates-"))
    os.environ |= {"PYSPARK_PYTHON": sys.executable, MARK: str(os.getpid())}
    builder = SparkSession.builder.master(options.spark).config("spark.ui.enabled", "false")
    spark = builder.config("spark.driver.host", "127.0.0.1").getOrCreate()
    ray.init(log_to_driver=False)
    rows = write_rows(Model.open(options.bundle), options.rows, folder)
    measured = engines(options.program, options.bundle, rows, spark)
    best = dict.fromkeys(measured, (math.inf, math.inf))
    of_c = 0.0
    for _ in range(options.rounds):
        of_c = max(of_c, rate_of_c(options.c_program, options.bundle, rows))
        for number, (name, predict_all) in enumerate(measured.items()):
            out = folder / f"out-{number}.parquet"
            shutil.rmtree(out) if out.is_dir() else out.unlink(missing_ok=True)
            before, start = processor_ticks(), time.perf_counter()
            predict_all(out)
            seconds = time.perf_counter() - start, seconds_since(before)
            best[name] = min(best[name][0], seconds[0]), min(best[name][1], seconds[1])
    print(f"{options.rows} rows of 30 values, best of {options.rounds}, {os.cpu_count()} cores")
    print(f"duckdb {duckdb.__version__}, ray {ray.__version__}, spark {spark.version}")
    print(f"{'':44} {'rows/s':>10} {'of C':>6} {'processor seconds per million rows':>36}")
    # Both of its threads compute all of the time.
    of_both = options.rows / of_c
    best = {"C library, matrix in memory, 2 threads": (of_both, 2 * of_both)} | best
    for name, (elapsed, used) in best.items():
        rate = options.rows / elapsed
        per_million = used / options.rows * 1e6
        print(f"{name:44} {rate:10,.0f} {rate / of_c:6.1%} {per_million:36.2f}")
    spark.stop()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
