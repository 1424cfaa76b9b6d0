"""What a call costs in Python, beside the Rust bench of the same rows (`cargo bench`).

`python benches/predict.py`, from the folder of the package, with the package installed. The model
and the rows are those of `benches/predict.rs`. Of each figure the best of several runs is printed.
"""

from __future__ import annotations

import subprocess
import sys
import timeit
from collections.abc import Callable
from pathlib import Path

import numpy as np

import nomogram_risk

BUNDLE = Path(__file__).parents[3] / "tests/data/bundles/v1/wdbc.nomo"
N_ROWS = 10_000


def main() -> None:
    """Prints one figure a line."""
    model = nomogram_risk.Model.open(BUNDLE)
    numbers = np.arange(N_ROWS)[:, None] * 31 + np.arange(30) * 17
    rows = numbers % 101 / 10
    row = dict(zip((feature.name for feature in model.features), rows[0].tolist(), strict=True))
    print(f"import, beyond numpy     {import_time():8.2f} ms")
    opening = best(lambda: nomogram_risk.Model.open(BUNDLE), 20)
    print(f"open                     {opening * 1e3:8.3f} ms")
    print(f"predict_row, 30 values   {best(lambda: model.predict_row(row), 1000) * 1e6:8.2f} us")
    one = rows[:1]
    print(f"predict_proba, 1 row     {best(lambda: model.predict_proba(one), 1000) * 1e6:8.2f} us")
    print(f"predict_rows, 1 row      {best(lambda: model.predict_rows(one), 1000) * 1e6:8.2f} us")
    for name, call in batches(model, rows).items():
        print(f"{name:24} {N_ROWS / best(call, 1) / 1e3:8.1f} thousand rows per second")


def batches(model: nomogram_risk.Model, rows: np.ndarray) -> dict[str, Callable[[], object]]:
    """The calls on all rows."""
    import pandas
    import pyarrow

    names = [feature.name for feature in model.features]
    frame = pandas.DataFrame(rows, columns=names)
    table = pyarrow.Table.from_pandas(frame)
    mappings = frame.to_dict("records")
    return {
        "matrix": lambda: model.predict_proba(rows),
        "matrix, all outputs": lambda: model.predict_rows(rows),
        "matrix, 2 threads": lambda: model.predict_proba(rows, threads=2),
        "pandas": lambda: model.predict_proba(frame),
        "Arrow": lambda: model.predict_proba(table),
        "list of mappings": lambda: model.predict_proba(mappings),
    }


def best(call: Callable[[], object], number: int) -> float:
    """Seconds per call, in the best of several runs."""
    return min(timeit.repeat(call, number=number, repeat=7)) / number


def import_time() -> float:
    """Milliseconds that importing the package takes once numpy is there, in the best of 5."""
    program = (
        "import numpy, time; start = time.perf_counter(); import nomogram_risk;"
        " print(time.perf_counter() - start)"
    )
    runs = [subprocess.check_output([sys.executable, "-c", program]) for _ in range(5)]
    return min(map(float, runs)) * 1e3


if __name__ == "__main__":
    main()
