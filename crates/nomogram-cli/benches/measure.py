#!/usr/bin/env python3
"""Measures `nomogram predict` on many rows: peak memory, rows per second, seconds per stage.

    python3 -m venv venv && venv/bin/pip install numpy pyarrow
    cargo build --release --package nomogram-cli
    venv/bin/python crates/nomogram-cli/benches/measure.py target/release/nomogram \
        tests/data/bundles/v2/wdbc.nomo FOLDER [N_ROWS] [THREADS ...]

Rows are those of examples/data/wdbc.csv, drawn with a fixed seed, each value scaled by a random
factor near 1 and rounded to 6 digits. They are written once as CSV and as Parquet to FOLDER (about
2.8 and 2.3 GB for the 10 million rows of the default), which is yours to delete. The stages of
--timings are added up over all threads, and measuring them costs some time itself; so each case runs
twice, once for the clock and once for the stages.
"""

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

CHUNK = 200_000


def generate(folder: Path, n_rows: int) -> None:
    data = Path(__file__).parents[3] / "examples/data/wdbc.csv"
    with open(data, newline="") as file:
        header, *rows = csv.reader(file)
    names = header[2:]
    values = np.array([[float(cell) for cell in row[2:]] for row in rows])
    random = np.random.default_rng(1)
    fields = [("id", pa.int64()), *((name, pa.float64()) for name in names)]
    schema = pa.schema(fields)
    with (
        pa.csv.CSVWriter(folder / "rows.csv", schema) as text,
        pa.parquet.ParquetWriter(folder / "rows.parquet", schema) as parquet,
    ):
        for start in range(0, n_rows, CHUNK):
            n = min(CHUNK, n_rows - start)
            drawn = values[random.integers(0, len(values), n)]
            drawn = drawn * random.uniform(0.9, 1.1, drawn.shape)
            digits = 5 - np.floor(np.log10(np.maximum(np.abs(drawn), 1e-6)))
            drawn = np.round(drawn * 10.0**digits) / 10.0**digits
            columns = [pa.array(np.arange(start, start + n)), *map(pa.array, drawn.T)]
            table = pa.table(columns, schema=schema)
            text.write_table(table)
            parquet.write_table(table)


def run(command: list) -> tuple[float, float, str]:
    """Seconds, peak memory in MB, and standard output."""
    # The peak that `wait4` reports starts with that of this program, so it is read from Linux's /proc.
    peak = "0"
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = next((line.split()[1] for line in status.splitlines() if "VmHWM" in line), peak)
        time.sleep(0.02)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} failed")
    return time.monotonic() - begin, int(peak) * 1024 / 1e6, process.stdout.read()


def main() -> None:
    program, bundle, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    n_rows = int(sys.argv[4]) if len(sys.argv) > 4 else 10_000_000
    threads = sys.argv[5:] or ["1", str(os.cpu_count())]
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "rows.parquet").exists():
        generate(folder, n_rows)
    for source, target in [("rows.csv", "out.csv"), ("rows.parquet", "out.parquet")]:
        for n_threads in threads:
            command = [program, "predict", bundle, str(folder / source), "--id", "id"]
            command += ["--output", str(folder / target), "--threads", n_threads, "--json"]
            seconds, megabytes, output = run(command)
            rows = json.loads(output)["rows"]
            print(f"{source}, {n_threads} threads: {rows} rows in {seconds:.1f} s, "
                  f"{rows / seconds:,.0f} rows/s, peak {megabytes:.0f} MB", flush=True)
            _, _, output = run([*command, "--timings"])
            stages = json.loads(output)["stages"]
            total = sum(stages.values())
            shares = ", ".join(f"{name} {s:.1f} s ({s / total:.0%})" for name, s in stages.items())
            print(f"    {shares}", flush=True)


main()
