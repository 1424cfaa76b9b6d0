"""Which rows are copied, and that all memory is freed."""

from __future__ import annotations

import gc
import os
import tracemalloc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import REFERENCE, Floats

from nomogram_risk import Error, Model
from nomogram_risk._pandas import columns as pandas_columns
from nomogram_risk._rows import Options, rows_of
from nomogram_risk._session import Pool

# 4.8 MB as numbers; predictions take 0.3 MB.
N_ROWS = 20_000


@pytest.fixture(scope="module")
def many(wdbc_rows: Floats) -> Floats:
    repeats = -(-N_ROWS // len(wdbc_rows))
    return np.ascontiguousarray(np.concatenate([wdbc_rows] * repeats)[:N_ROWS])


def allocated(call: Callable[[], object]) -> int:
    """The peak memory that a call allocates, in bytes."""
    call()
    gc.collect()
    tracemalloc.start()
    call()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_a_copy_is_measured() -> None:
    """The counter-test of those below."""
    rows = np.zeros((N_ROWS, 30))
    assert allocated(lambda: rows.copy()) >= rows.nbytes


def test_matrices_are_read_in_place(wdbc: Model, many: Floats) -> None:
    outputs = N_ROWS * 2 * 8
    wide = np.zeros((N_ROWS, 60))
    wide[:, ::2] = many
    frame = pd.DataFrame(many, columns=[feature.name for feature in wdbc.features])
    layouts: dict[str, Any] = {
        "row-major": many,
        "column-major": np.asfortranarray(many),
        "sliced": wide[:, ::2],
        "single": many.astype(np.float32),
        "broadcast": np.broadcast_to(many[0], many.shape),
        "pandas": frame,
    }
    for name, rows in layouts.items():
        for threads in (1, 2):
            most = allocated(lambda rows=rows, n=threads: wdbc.predict_proba(rows, threads=n))  # type: ignore[misc]
            assert most < outputs + 300_000, (name, most)


def test_whole_numbers_are_copied_once(wdbc: Model, many: Floats) -> None:
    rows = many.astype(np.int32)
    most = allocated(lambda: wdbc.predict_proba(rows))
    assert many.nbytes < most < many.nbytes + N_ROWS * 16 + 300_000


def addresses(rows: Any, model: Model) -> list[int]:
    """The address of the values of each column."""
    (part,) = rows_of(rows, Options(model._description, {"age": "a"}, True))
    columns: Any = part
    return [column.values.__array_interface__["data"][0] for _, column in columns._columns]


def test_columns_are_read_in_place(table: Model) -> None:
    numbers = np.linspace(60.0, 200.0, 1000)
    ages = np.arange(1000) % 60 + 20
    frame = pd.DataFrame({"creatinine": numbers, "age": ages}, copy=False)
    expected = [frame[name].to_numpy().__array_interface__["data"][0] for name in frame]
    assert addresses(frame, table) == expected
    truths = np.arange(1000) % 3 == 0
    frame = pd.DataFrame({"smoker": truths}, copy=False)
    assert addresses(frame, table) == [frame["smoker"].to_numpy().__array_interface__["data"][0]]

    arrow = pa.table({"creatinine": numbers, "age": ages})
    expected = [column.chunk(0).buffers()[1].address for column in arrow.columns]
    assert addresses(arrow, table) == expected
    assert addresses(arrow.slice(13), table) == [address + 13 * 8 for address in expected]
    polars = pl.DataFrame(arrow)
    # Polars shares the table's buffers, and so does this package.
    assert addresses(polars, table) == expected


def test_validity_bitmaps_are_read_in_place(table: Model) -> None:
    numbers = pa.array([None if nth % 5 == 0 else 80.0 for nth in range(800)])
    rows = pa.table({"creatinine": numbers})
    for first, is_shared in ((0, True), (8, True), (13, False)):
        options = Options(table._description, None, False)
        (part,) = rows_of(rows.slice(first), options)
        columns: Any = part
        validity = columns._columns[0][1].validity
        at = validity.__array_interface__["data"][0]
        assert (at == numbers.buffers()[0].address + first // 8) == is_shared


def test_the_names_of_a_category_are_stored_once(table: Model) -> None:
    grades = pd.Series(np.tile(["I", "II", "III", "IV"], 5000), dtype="category")
    frame = pd.DataFrame({"grade": grades})
    ((_, read),) = pandas_columns(frame)
    # One address per row, pandas' codes, and little else.
    assert allocated(read) < N_ROWS * (8 + 8) + 20_000
    assert len(np.unique(read().values)) == 4


def resident() -> int:
    """Memory of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_nothing_leaks(wdbc: Model, wdbc_rows: Floats, table: Model) -> None:
    bundle = REFERENCE.read_bytes()
    broken = bundle[:-1] + b"\0"
    frame = pd.DataFrame(wdbc_rows, columns=[feature.name for feature in wdbc.features])
    rows = pl.DataFrame({"site": ["Süd"] * 1000, "age": [40] * 1000})

    def everything() -> None:
        # A model needs more than 100 kB, and so does a call with these rows.
        with Model.open(bundle) as model:
            model.predict_rows(wdbc_rows)
        with pytest.raises(Error):
            Model.open(broken)
        wdbc.predict_rows(frame)
        wdbc.predict_row(frame.iloc[0].to_dict())
        table.predict_rows(rows, on_refusal="go_on", threads=2)

    for _ in range(20):
        everything()
    gc.collect()
    before = resident()
    for _ in range(150):
        everything()
    gc.collect()
    assert resident() - before < 150 * 50_000


def test_a_model_is_freed_with_its_last_reference(wdbc_rows: Floats) -> None:
    for end in (Model.close, lambda _: None):
        model = Model.open(REFERENCE)
        model.predict_proba(wdbc_rows)
        pool = model._pool
        assert isinstance(pool, Pool)
        freed = [weakref.ref(pool._model), weakref.ref(pool._idle[0].pointer)]
        del pool
        end(model)
        if end is not Model.close:
            del model
        gc.collect()
        assert [reference() for reference in freed] == [None, None]
