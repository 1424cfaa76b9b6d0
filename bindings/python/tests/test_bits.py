"""The bits are those that Rust predicts, in every form of rows."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import Floats, bits

from nomogram_risk import Error, Missing, Model, Value, _arrow
from nomogram_risk._columns import numbers
from nomogram_risk._rows import Columns, Options


def names(model: Model) -> list[str]:
    return [feature.name for feature in model.features]


def test_the_reference_model_gives_the_bits_of_rust(
    wdbc: Model, wdbc_rows: Floats, wdbc_bits: list[list[str]]
) -> None:
    probabilities = wdbc.predict_proba(wdbc_rows)
    assert probabilities.shape == (569, 2)
    assert probabilities.dtype == np.float64
    assert [bits(row) for row in probabilities] == wdbc_bits


def test_a_row_by_names_gets_the_bits_of_rust(table: Model, cases: list[dict[str, Any]]) -> None:
    for case in cases:
        found: dict[str, Any] = {"row": case["row"]}
        try:
            found["bits"] = bits(table.predict_row(case["row"]).probabilities)
        except Error as error:
            found["refused"] = error.status_name
        assert found == case
    n_refused = sum("refused" in case for case in cases)
    assert 50 < n_refused < len(cases) - 50


def test_a_list_of_rows_gets_the_bits_of_each_row(
    table: Model, cases: list[dict[str, Any]]
) -> None:
    predictions = table.predict_rows([case["row"] for case in cases], on_refusal="go_on")
    for case, prediction in zip(cases, predictions, strict=True):
        if prediction.refused:
            assert prediction.status_name == case["refused"]
            assert prediction.class_name is None
            assert np.isnan(prediction.probabilities).all()
        else:
            assert bits(prediction.probabilities) == case["bits"]
            assert_same(prediction, table.predict_row(case["row"]))


def assert_same(one: Any, other: Any) -> None:
    """Two predictions are the same in all outputs."""
    for name in ("members", "margins"):
        ours, theirs = getattr(one, name), getattr(other, name)
        assert {k: bits(v) for k, v in ours.items()} == {k: bits(v) for k, v in theirs.items()}
    others = ("class_name", "flags", "feature_flags", "rules_broken", "cutoffs_reached", "status")
    for name in others:
        assert getattr(one, name) == getattr(other, name)


def unaligned(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same contiguous array at an odd address."""
    content = np.frombuffer(b"\0" + values.tobytes(), np.uint8)[1:]
    moved = content.view(values.dtype).reshape(values.shape)
    assert moved.flags.c_contiguous
    assert values.itemsize == 1 or not moved.flags.aligned
    return moved


def matrices(rows: Floats) -> dict[str, Any]:
    """The same numbers in every layout."""
    wide = np.full((rows.shape[0] * 2, rows.shape[1] * 3), -1.0)
    wide[::2, ::3] = rows
    packed = np.zeros(rows.shape, np.dtype([("other", np.int8), ("value", np.float64)]))
    packed["value"] = rows
    read_only = rows.copy()
    read_only.flags.writeable = False
    return {
        "row-major": rows,
        "column-major": np.asfortranarray(rows),
        "sliced": wide[::2, ::3],
        "backwards": rows[::-1].copy()[::-1],
        "columns backwards": rows[:, ::-1].copy()[:, ::-1],
        "packed": packed["value"],
        "unaligned": unaligned(rows),
        "unaligned, column-major": unaligned(rows.T.copy()).T,
        "unaligned, sliced": unaligned(wide)[::2, ::3],
        "unaligned, big-endian": unaligned(rows.astype(">f8")),
        "big-endian": rows.astype(">f8"),
        "read-only": read_only,
        "masked": np.ma.MaskedArray(rows),
        "lists": rows.tolist(),
        "tuples": tuple(map(tuple, rows.tolist())),
        "memory view": memoryview(rows),  # type: ignore[arg-type]
    }


def test_a_matrix_gives_the_same_bits_in_every_layout(wdbc: Model, wdbc_rows: Floats) -> None:
    rows = wdbc_rows[:50]
    expected = bits(wdbc.predict_proba(rows))
    for layout, matrix in matrices(rows).items():
        assert bits(wdbc.predict_proba(matrix)) == expected, layout
    broadcast = np.broadcast_to(rows[0], (7, 30))
    assert bits(wdbc.predict_proba(broadcast)) == expected[:2] * 7


@pytest.mark.parametrize("element", ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2"])
@pytest.mark.parametrize("order", "<>")
def test_columns_of_any_alignment_and_byte_order_give_the_same_bits(
    wdbc: Model, element: str, order: str
) -> None:
    rows = np.arange(120).reshape(4, 30) % 100
    expected = bits(wdbc.predict_proba(rows.astype(np.float64)))
    columns = {
        name: unaligned(np.repeat(rows[:, index], 2).astype(order + element))[::2]
        for index, name in enumerate(names(wdbc))
    }
    assert bits(wdbc.predict_proba(pd.DataFrame(columns, copy=False))) == expected
    whole = {name: unaligned(column.copy()) for name, column in columns.items()}
    options = Options(wdbc._description, None, False)
    read = Columns(((n, partial(numbers, values)) for n, values in whole.items()), 4, options)
    assert all(c.values.flags.aligned and c.values.flags.c_contiguous for _, c in read._columns)


def arrow_array(kind: pa.DataType, values: npt.NDArray[Any], shift: int) -> pa.Array:
    """An array of these values, ``shift`` bytes after an aligned address."""
    buffer = pa.py_buffer(b"\0" * shift + values.tobytes() + b"\0")
    return pa.Array.from_buffers(kind, len(values), [None, buffer.slice(shift)])


@pytest.mark.parametrize("element", ["f8", "f4", "i8", "i4", "i2", "u8", "u4", "u2", "i1", "u1"])
@pytest.mark.parametrize("shift", [0, 1, 3, 4, 7])
def test_arrow_buffers_of_any_alignment_and_size_give_the_same_bits(
    wdbc: Model, element: str, shift: int
) -> None:
    rows = np.arange(390).reshape(13, 30) % 100
    expected = bits(wdbc.predict_proba(rows.astype(np.float64)))
    values = rows.astype(element)
    kind = pa.from_numpy_dtype(values.dtype)
    table = pa.table(
        {name: arrow_array(kind, values[:, at], shift) for at, name in enumerate(names(wdbc))}
    )
    for first in (0, 5, 8, 13):
        assert bits(wdbc.predict_proba(table.slice(first))) == expected[2 * first :]
    with_empty = pa.concat_tables([table.slice(0, 0), table.slice(0, 5), table.slice(5)])
    batches = [batch for part in with_empty.to_batches() for batch in (part, part.slice(0, 0))]
    assert bits(wdbc.predict_proba(pa.Table.from_batches(batches))) == expected


def test_a_buffer_that_is_too_small_is_refused() -> None:
    class Short:
        """Stands in for an array that pyarrow would not build itself."""

        offset = 1

        def __init__(self, *buffers: pa.Buffer | None) -> None:
            self.buffers = lambda: buffers

        def __len__(self) -> int:
            return 2

    for content in (None, pa.py_buffer(b"\0" * 23)):
        with pytest.raises(Error, match="3 elements is too small"):
            _arrow._elements(Short(None, content), np.dtype(np.float64))
    assert _arrow._elements(Short(None, pa.py_buffer(b"\0" * 24)), np.dtype(np.float64)).size == 2


def test_dictionaries_have_nulls_and_numbers_too(table: Model) -> None:
    row: dict[str, Value] = {name: values[0] for name, values in COLUMNS.items()}
    rows = [row, {**row, "grade": None, "dose": 12.5}, {**row, "grade": "III", "dose": None}]
    expected = bits(table.predict_proba(rows))
    plain = pa.Table.from_pylist(rows)
    grades = pa.DictionaryArray.from_arrays(
        pa.array([9, 0, 2, 1], pa.int8()).slice(1), pa.array(["I", "III", None])
    )
    grades = grades.take(pa.array([0, 1, 2]))
    doses = pa.DictionaryArray.from_arrays(pa.array([1, 0, 2]), pa.array([12.5, 80.0, None]))
    encoded = plain.set_column(1, "grade", grades).set_column(4, "dose", doses)
    assert bits(table.predict_proba(encoded)) == expected


def test_whole_numbers_that_a_double_cannot_hold_are_for_the_policy(table: Model) -> None:
    rows = np.array([[41, 0, 71, 1, 10, 120, 80, 0], [2**53 + 1, 0, 71, 1, 10, 120, 80, 0]])
    for matrix in (rows, rows.astype(np.uint64), rows.astype(">i8"), unaligned(rows)):
        found = table.predict_rows(matrix, on_refusal="go_on")
        assert found.refused.tolist() == [False, True]
        assert found[1].status_name == "NOMO_EVALUE_TYPE"
        assert bits(found[0].probabilities) == bits(table.predict_proba(rows[:1]))
    masked = np.ma.MaskedArray(rows, np.zeros(rows.shape, bool))
    masked[0, 4] = np.ma.masked
    found = table.predict_rows(masked, on_refusal="go_on")
    assert found[0].feature_flags.keys() == {"dose"}


def test_single_precision_gives_the_bits_of_its_double(wdbc: Model, wdbc_rows: Floats) -> None:
    single = wdbc_rows[:50].astype(np.float32)
    expected = bits(wdbc.predict_proba(single.astype(np.float64)))
    assert bits(wdbc.predict_proba(single)) == expected
    assert bits(wdbc.predict_proba(np.asfortranarray(single)[:, :])) == expected
    assert bits(wdbc.predict_proba(pd.DataFrame(single, columns=names(wdbc)))) == expected
    assert bits(wdbc.predict_proba(pl.DataFrame(single, schema=names(wdbc)))) == expected


@pytest.mark.parametrize("element", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "?"])
def test_whole_numbers_give_the_bits_of_their_doubles(wdbc: Model, element: str) -> None:
    rows = np.arange(300).reshape(10, 30) % (2 if element == "?" else 100)
    expected = bits(wdbc.predict_proba(rows.astype(np.float64)))
    assert bits(wdbc.predict_proba(rows.astype(element))) == expected
    if element != "?":
        frame = pd.DataFrame(rows.astype(element), columns=names(wdbc))
        assert bits(wdbc.predict_proba(frame)) == expected
        if element != "f2":
            assert bits(wdbc.predict_proba(pa.Table.from_pandas(frame))) == expected


def tables(wdbc: Model, rows: Floats) -> dict[str, Any]:
    """The same numbers as every kind of table, the columns in another order."""
    order = names(wdbc)[::-1]
    frame = pd.DataFrame(rows, columns=names(wdbc))[order]
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    chunked = pa.concat_tables([arrow.slice(0, 3), arrow.slice(3, 10), arrow.slice(13)])
    return {
        "pandas": frame,
        "pandas, in order": frame[names(wdbc)],
        "pandas, nullable": frame.convert_dtypes(),
        "pandas, of Arrow": frame.astype("float64[pyarrow]"),
        "polars": pl.DataFrame(arrow),
        "polars, sliced": pl.concat([pl.DataFrame(arrow)] * 2)[len(rows) :],
        "Arrow table": arrow,
        "Arrow table, chunked": chunked,
        "Arrow table, sliced": pa.concat_tables([arrow] * 2).combine_chunks().slice(len(rows)),
        "record batch": arrow.combine_chunks().to_batches()[0],
        "mappings": frame.to_dict("records"),
    }


def test_a_table_gives_the_same_bits_in_every_kind(wdbc: Model, wdbc_rows: Floats) -> None:
    rows = wdbc_rows[:53]
    expected = bits(wdbc.predict_proba(rows))
    for kind, rows_of_kind in tables(wdbc, rows).items():
        assert bits(wdbc.predict_proba(rows_of_kind)) == expected, kind
        assert bits(wdbc.predict_proba(rows_of_kind, threads=2)) == expected, kind


COLUMNS: dict[str, list[Value]] = {
    "age": [41, 67, 18, 33, 52, 77, 29, 90, 61, 44],
    "grade": ["I", "II", None, "III", "IV", "I", None, "II", "I", "III"],
    "creatinine": [71.25, None, 3000.0, 110.5, 95.25, 60.0, None, 88.0, 10.0, 120.0],
    "smoker": [True, None, False, True, None, False, True, True, None, False],
    "dose": [80.0, 450.5, None, 600.0, 0.0, 12.5, None, 99.0, 100.0, 101.0],
    "systolic": [120.0, 151.5, 135.0, 140.0, 141.0, 118.0, 122.0, 160.0, 99.5, 130.0],
    "diastolic": [80.0, 92.5, 79.0, 85.0, 86.0, 70.0, 71.0, 91.0, 60.0, 90.0],
    "site": ["Süd", "日本", "north east", None, "", "Süd\0", "nowhere", "日本", "Süd", None],
}


def test_a_table_of_every_kind_gives_the_bits_of_each_row(table: Model) -> None:
    n_rows = len(COLUMNS["age"])
    rows = [{name: values[nth] for name, values in COLUMNS.items()} for nth in range(n_rows)]
    expected = [bits(table.predict_row(row).probabilities) for row in rows]
    flags = [table.predict_row(row).flags for row in rows]
    assert len({tuple(row) for row in expected}) > 7
    for kind, rows_of_kind in rich_tables().items():
        for threads in (1, 2):
            found = table.predict_rows(rows_of_kind, threads=threads)
            assert [bits(row.probabilities) for row in found] == expected, kind
            assert [row.flags for row in found] == flags, kind


def rich_tables() -> dict[str, Any]:
    frame = pd.DataFrame(COLUMNS)
    arrow = pa.table(COLUMNS)
    categories = frame.astype({"grade": "category", "site": "category", "age": "int8"})
    encoded = pa.table(
        {
            name: column.dictionary_encode() if pa.types.is_string(column.type) else column
            for name, column in zip(arrow.column_names, arrow.columns, strict=True)
        }
    )
    twice = pa.concat_tables([arrow.slice(7), arrow]).combine_chunks()
    view = pa.types.is_string
    return {
        "pandas": frame,
        "pandas, objects": frame.astype(object),
        "pandas, nullable": frame.convert_dtypes(),
        "pandas, categories": categories,
        "pandas, ordered": categories.assign(grade=frame["grade"].astype(ordered())),
        "pandas, of Arrow": arrow.to_pandas(types_mapper=pd.ArrowDtype),
        "polars": pl.DataFrame(COLUMNS),
        "polars, categories": pl.DataFrame(COLUMNS).with_columns(
            pl.col("grade").cast(pl.Categorical), pl.col("site").cast(pl.Categorical)
        ),
        "polars, enums": pl.DataFrame(COLUMNS).with_columns(
            pl.col("grade").cast(pl.Enum(["IV", "III", "II", "I", "unused"]))
        ),
        "Arrow": arrow,
        "Arrow, encoded": encoded,
        "Arrow, from within bytes": twice.slice(3),
        "Arrow, in batches": pa.Table.from_batches(
            arrow.to_batches(max_chunksize=3), schema=arrow.schema
        ),
        "Arrow, large texts": arrow.cast(
            pa.schema(
                [(f.name, pa.large_string() if view(f.type) else f.type) for f in arrow.schema]
            )
        ),
    }


def ordered() -> pd.CategoricalDtype:
    return pd.CategoricalDtype(["III", "II", "I", "IV"], ordered=True)


def test_missing_is_not_nan_and_not_unset(table: Model) -> None:
    row: dict[str, Value] = {"age": 41, "grade": "I", "systolic": 120.0, "diastolic": 80.0}
    row |= {"site": "Süd", "dose": 10.0, "smoker": True}
    missing = table.predict_row({**row, "creatinine": None})
    assert missing.feature_flags["creatinine"].name == "IMPUTED"
    reasoned = table.predict_row({**row, "creatinine": Missing("not-performed")})
    assert bits(reasoned.probabilities) == bits(missing.probabilities)
    # The model imputes missing doses but refuses NaN among them; of creatinine it imputes both.
    nan = float("nan")
    assert table.predict_row({**row, "creatinine": nan}).flags == missing.flags
    with pytest.raises(Error, match="not a number"):
        table.predict_row({**row, "creatinine": 71.0, "dose": nan})
    with pytest.raises(Error, match="not set"):
        table.predict_row(row)


def test_nan_is_missing_in_a_matrix_and_in_pandas_but_not_in_arrow(table: Model) -> None:
    nan = float("nan")
    row = [41.0, 0.0, 71.0, 1.0, nan, 120.0, 80.0, 0.0]
    assert table.predict_rows([row])[0].feature_flags.keys() == {"dose"}
    masked = np.ma.MaskedArray(
        [[41, 0, 71, 1, 7, 120, 80, 0]], [[False] * 4 + [True] + [False] * 3]
    )
    assert table.predict_rows(masked)[0].feature_flags.keys() == {"dose"}
    frame = pd.DataFrame([row], columns=names(table)).astype({"age": int})
    with pytest.raises(TypeError, match="'grade': a floating-point number, expected a level"):
        table.predict_rows(frame.assign(grade=0.5))
    frame = frame.assign(grade="I", site="Süd")
    assert table.predict_rows(frame)[0].feature_flags.keys() == {"dose"}
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    assert table.predict_rows(arrow)[0].feature_flags.keys() == {"dose"}
    arrow = pa.Table.from_pandas(frame.drop(columns="dose")).append_column("dose", pa.array([nan]))
    with pytest.raises(Error, match="not a number"):
        table.predict_rows(arrow)


def test_a_unit_of_a_column_equals_a_unit_of_each_value(table: Model) -> None:
    rows = [{name: values[nth] for name, values in COLUMNS.items()} for nth in range(10)]
    rows = [{**row, "creatinine": 1.2 + nth} for nth, row in enumerate(rows)]
    stated: list[dict[str, Value]] = [
        {**row, "creatinine": (1.2 + nth, "mg/dL")} for nth, row in enumerate(rows)
    ]
    expected = bits(table.predict_proba(stated))
    units = {"creatinine": "mg/dL"}
    frame = pd.DataFrame(rows)
    for kind in (rows, frame, pl.DataFrame(frame), pa.Table.from_pandas(frame)):
        assert bits(table.predict_proba(kind, units=units)) == expected
    assert bits(table.predict_proba(rows)) != expected


def test_numpy_scalars_mean_the_same_as_python_values(table: Model) -> None:
    row: dict[str, Value] = {name: values[0] for name, values in COLUMNS.items()}
    scalars: dict[str, Value] = {
        "age": np.int16(41),
        "grade": np.str_("I"),
        "creatinine": np.float32(71.25),
        "smoker": np.bool_(True),
        "dose": np.float64(80.0),
        "systolic": np.uint8(120),
        "diastolic": (np.float64(80.0), "mm[Hg]"),
        "site": "Süd",
    }
    expected = bits(table.predict_row(row).probabilities)
    assert bits(table.predict_row(scalars).probabilities) == expected
    assert table.predict_row({**row, "dose": pd.NA}).flags


def test_a_number_is_predicted(number: Model) -> None:
    rows = np.array([[60.0, 170.0], [70.0, 180.0]])
    found = number.predict(rows)
    assert found.dtype == np.float64
    assert bits(found) == bits([4.2 + 0.25 - 0.1, 4.2 + 3.5 + 0.3])
    one = number.predict_row({"weight": 60.0, "height": 170.0})
    assert bits(one.value) == bits(found[0])
    assert one.class_name is None
    assert repr(one) == f"<nomogram_risk.Prediction {found[0].item()!r}>"
    with pytest.raises(TypeError, match="predicts a number"):
        number.predict_proba(rows)
    with pytest.raises(TypeError, match="predicts a number"):
        _ = one.probabilities


def test_classes_have_their_names(wdbc: Model, wdbc_rows: Floats) -> None:
    classes = wdbc.predict(wdbc_rows)
    probabilities = wdbc.predict_proba(wdbc_rows)
    assert set(classes.tolist()) == {"B", "M"}
    assert (classes == np.where(probabilities[:, 1] > 0.5, "M", "B")).all()
    predictions = wdbc.predict_rows(wdbc_rows)
    assert (predictions.classes == classes).all()
    with pytest.raises(TypeError, match="predicts classes"):
        _ = predictions.values


def test_no_rows_give_no_predictions(wdbc: Model) -> None:
    frame = pd.DataFrame(np.zeros((0, 30)), columns=names(wdbc))
    empty: Any
    for empty in (np.zeros((0, 30)), frame, pl.DataFrame(frame), pa.Table.from_pandas(frame), []):
        for threads in (1, 2):
            assert wdbc.predict_proba(empty, threads=threads).shape == (0, 2)
            predictions = wdbc.predict_rows(empty, threads=threads)
            assert len(predictions) == 0
            assert predictions.members.shape == (0, 3, 2)
    with pytest.raises(Error, match="29 values, expected 30"):
        wdbc.predict_proba(np.zeros((0, 29)))
    with pytest.raises(Error, match="column 'else'"):
        wdbc.predict_proba(pl.DataFrame({"else": []}))
