"""Refusals and their exceptions."""

from __future__ import annotations

import decimal
import pickle
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import ROOT, Floats

import nomogram_risk
from nomogram_risk import Model

ROW: dict[str, nomogram_risk.Value] = {
    "age": 41,
    "grade": "I",
    "creatinine": 71.25,
    "smoker": True,
    "dose": 80.0,
    "systolic": 120.0,
    "diastolic": 80.0,
    "site": "Süd",
}


def refused(model: Model, rows: Any, **options: Any) -> nomogram_risk.Error:
    with pytest.raises(nomogram_risk.Error) as caught:
        model.predict_rows(rows, **options)
    return caught.value


def test_a_wrong_number_of_columns_is_refused(wdbc: Model) -> None:
    for n_columns in (0, 29, 31):
        error = refused(wdbc, np.zeros((5, n_columns)))
        assert isinstance(error, nomogram_risk.SchemaError)
        assert error.status_name == "NOMO_ESCHEMA_FEATURES"
        assert str(error) == f"{n_columns} values, expected 30"


def test_a_wrong_shape_or_type_of_matrix_is_refused(wdbc: Model) -> None:
    for rows in (np.zeros(30), np.zeros((1, 1, 30)), 3.0):
        error = refused(wdbc, rows)
        assert error.status_name == "NOMO_EARGUMENT_SHAPE"
        assert isinstance(error, nomogram_risk.ArgumentError)
    texts = [["1.5"] * 30]
    whole: Any
    for whole in (texts, np.zeros((1, 30), "c16"), np.zeros((1, 30), "M8[s]"), [[None] * 30]):
        with pytest.raises(TypeError, match="a matrix of"):
            wdbc.predict_rows(whole)
    with pytest.raises(TypeError, match="a matrix of"):
        wdbc.predict_rows(np.zeros((1, 30), np.longdouble))
    with pytest.raises(TypeError, match="predict_row"):
        wdbc.predict_rows({"radius_mean": 1.0})  # type: ignore[arg-type]


@pytest.mark.parametrize("element", [np.int64, np.uint64])
def test_a_whole_number_that_a_double_cannot_hold_is_refused(
    wdbc: Model, element: type[np.int64] | type[np.uint64]
) -> None:
    rows = np.ones((1, 30), element)
    rows[0, 3] = 2**53
    wdbc.predict_rows(rows)
    rows[0, 3] = 2**53 + 1
    assert refused(wdbc, rows).status_name == "NOMO_EVALUE_TYPE"
    names = [feature.name for feature in wdbc.features]
    table = pd.DataFrame(rows, columns=names)
    for kind in (table, pl.DataFrame(table), table.to_dict("records")):
        error = refused(wdbc, kind)
        assert (error.status_name, error.feature, error.row) == ("NOMO_EVALUE_TYPE", names[3], 0)
    rows[0, 3] = np.iinfo(element).max
    error = refused(wdbc, pd.DataFrame(rows, columns=names))
    assert (error.status_name, error.feature) == ("NOMO_EVALUE_TYPE", names[3])


def test_an_integer_of_any_size_reaches_the_library(table: Model) -> None:
    for age in (2**70, -(2**70)):
        error = refused(table, [{**ROW, "age": age}])
        assert (error.status_name, error.feature) == ("NOMO_EVALUE_TYPE", "age")
        error = refused(table, pd.DataFrame([{**ROW, "age": age}] * 2))
        assert (error.status_name, error.feature) == ("NOMO_EVALUE_TYPE", "age")
    huge: dict[str, nomogram_risk.Value] = {**ROW, "creatinine": (10**400, "mg/dL")}
    assert table.predict_row(huge).feature_flags["creatinine"] & nomogram_risk.Flag.CLAMPED


def tables(rows: list[dict[str, Any]]) -> dict[str, Any]:
    frame = pd.DataFrame(rows)
    arrow = pa.Table.from_pylist(rows)
    return {
        "mappings": rows,
        "pandas": frame,
        "polars": pl.DataFrame(rows),
        "Arrow": arrow,
        "Arrow, in batches": pa.Table.from_batches(arrow.to_batches(max_chunksize=2)),
    }


def test_a_value_is_refused_with_its_row_and_feature(table: Model) -> None:
    rows = [dict(ROW) for _ in range(2000)]
    rows[1900]["systolic"] = 1.0
    rows[1234]["diastolic"] = None
    rows[1333]["age"] = 17
    for kind, rows_of_kind in tables(rows).items():
        for threads in (1, 4):
            error = refused(table, rows_of_kind, threads=threads)
            assert isinstance(error, nomogram_risk.ValueRefused), kind
            assert error.status_name == "NOMO_EVALUE_MISSING", kind
            assert (error.row, error.feature, error.feature_index) == (1234, "diastolic", 6), kind
            assert error.byte_offset is None
            message = "`diastolic`: missing, and this model does not impute it"
            assert error.message == message, kind
            assert str(error) == f"row 1235: feature 7: {message}", kind
        found = table.predict_rows(rows_of_kind, on_refusal="go_on", threads=3)
        assert np.flatnonzero(found.refused).tolist() == [1234, 1333, 1900]
        assert found[1900].status_name == "NOMO_EVALUE_RULE"


def test_a_matrix_value_is_refused_with_its_row_and_feature(wdbc: Model, wdbc_rows: Floats) -> None:
    rows = wdbc_rows.copy()
    rows[301, 4] = np.nan
    rows[400, 0] = np.inf
    for threads in (1, 2):
        error = refused(wdbc, rows, threads=threads)
        assert (error.row, error.feature, error.feature_index) == (301, "smoothness_mean", 4)
        assert str(error).startswith("row 302: feature 5: `smoothness_mean`: missing")
    rows[301, 4] = 0.1
    error = refused(wdbc, rows, threads=2)
    assert (error.row, error.feature, error.status_name) == (
        400,
        "radius_mean",
        "NOMO_EVALUE_INFINITE",
    )


def test_a_message_never_contains_a_value(table: Model) -> None:
    secret = "Ms Secret"
    for row in (
        {**ROW, "age": 12345.5},
        {**ROW, "systolic": secret},
        {**ROW, "age": secret},
        {**ROW, "dose": decimal.Decimal("12345.5")},
        {**ROW, "dose": [12345.5]},
        {**ROW, "dose": (secret, "mg")},
    ):
        both: list[Any] = [[row], pd.DataFrame([row])]
        for rows in both:
            with pytest.raises((nomogram_risk.Error, TypeError)) as caught:
                table.predict_rows(rows)
            assert secret not in str(caught.value)
            assert "12345" not in str(caught.value)


def test_a_message_names_the_type_of_a_value_of_the_wrong_type(table: Model) -> None:
    cases: list[tuple[str, Any, str]] = [
        ("age", "41", "a text"),
        ("age", True, "a boolean"),
        ("age", 41.5, "a number"),
        ("age", 2**53 + 1, "a whole number beyond 2^53"),
        ("smoker", 7, "a whole number"),
        ("smoker", "yes", "a text"),
        ("age", (41.5, "a"), "a number with a unit"),
    ]
    for name, value, kind in cases:
        wrong = {**ROW, name: value}
        rows: list[Any] = [[ROW, wrong]]
        if not isinstance(value, tuple):
            columns = {key: [ROW[key], wrong[key]] for key in ROW if key != name}
            arrays = {**columns, name: pa.array([None, value])}
            rows += [
                pa.table(arrays),
                pl.DataFrame(arrays),
                pd.DataFrame({**columns, name: [value, value]}),
            ]
        for rows_of_kind in rows:
            found = table.predict_rows(rows_of_kind, on_refusal="go_on")
            assert found[1].status_name == "NOMO_EVALUE_TYPE", (name, value)
            one = rows_of_kind if isinstance(rows_of_kind, list) else rows_of_kind[1:]
            error = refused(table, one)
            assert error.feature == name
            assert error.message.endswith(f"; found {kind}"), error.message
        with pytest.raises(nomogram_risk.ValueRefused, match=f"found {kind.replace('^', '.')}$"):
            table.predict_row(wrong)


def test_unknown_columns_are_refused(table: Model) -> None:
    rows = [{**ROW, "patient": "Ms Secret", "seen": None}] * 3
    for kind, rows_of_kind in tables(rows).items():
        error = refused(table, rows_of_kind)
        assert "'patient'" in str(error), kind
        if kind == "mappings":
            assert error.status_name == "NOMO_EARGUMENT_FEATURE"
            assert str(error) == "row 1: no feature is called 'patient'"
        else:
            assert error.status_name == "NOMO_ESCHEMA_COLUMNS"
        found = table.predict_proba(rows_of_kind, ignore_other_columns=True)
        assert found.shape == (3, 3)
    # An ignored column may have any type.
    frame = pd.DataFrame([ROW]).assign(when=pd.Timestamp("2026-01-01"))
    table.predict_proba(frame, ignore_other_columns=True)
    table.predict_proba(pl.DataFrame(frame), ignore_other_columns=True)


def test_a_table_without_an_interface_is_not_read_as_a_matrix(wdbc: Model) -> None:
    class Table:
        columns = tuple(feature.name for feature in wdbc.features)[::-1]

        def __array__(self, *_: object, **__: object) -> Floats:
            return np.ones((1, 30))

    with pytest.raises(TypeError, match="Table without Arrow's interface"):
        wdbc.predict_proba(Table())


def test_a_duplicate_column_is_refused(table: Model) -> None:
    frame = pd.DataFrame([ROW])
    twice = pd.concat([frame, frame[["dose"]]], axis="columns")
    arrow = pa.Table.from_pandas(frame)
    for rows in (twice, arrow.append_column("dose", arrow["dose"])):
        error = refused(table, rows)
        assert (error.status_name, error.feature) == ("NOMO_ESCHEMA_COLUMNS", "dose")


def test_a_feature_without_a_column_is_unset(table: Model) -> None:
    # The model imputes an unset dose, but not an unset age.
    for missing, is_refused in (("dose", False), ("age", True)):
        row = {name: value for name, value in ROW.items() if name != missing}
        for kind, rows in tables([row] * 3).items():
            if is_refused:
                error = refused(table, rows)
                assert (error.status_name, error.feature) == ("NOMO_EVALUE_UNSET", missing), kind
            else:
                found = table.predict_rows(rows)
                assert found[0].feature_flags == {missing: nomogram_risk.Flag.IMPUTED}, kind


def test_unsupported_types_are_refused_with_their_column(table: Model) -> None:
    frame = pd.DataFrame([ROW])
    dates = pd.Series([pd.Timestamp("2026-01-01")])
    cases: list[pd.DataFrame] = [
        frame.assign(dose=dates),
        frame.assign(dose=[decimal.Decimal(1)]),
        frame.assign(dose=[(1.0, "mg")]),
        frame.assign(dose=[1 + 2j]),
        pd.concat([frame, frame.assign(dose=["much"])]),
        frame.assign(dose=dates.astype("category")),
    ]
    for case in cases:
        with pytest.raises(TypeError, match="column 'dose'"):
            table.predict_rows(case)
    for column in (pa.array([decimal.Decimal(1)]), pa.array([[1.0]]), pa.array([b"bytes"])):
        arrow = pa.Table.from_pandas(frame.drop(columns="dose")).append_column("dose", column)
        error = refused(table, arrow)
        assert isinstance(error, nomogram_risk.UnsupportedError)
        assert error.status_name == "NOMO_EUNSUPPORTED_ARROW"
    rows: Any = [ROW, {**ROW, "dose": decimal.Decimal(1)}]
    with pytest.raises(TypeError, match="row 2: 'dose': a value of type Decimal"):
        table.predict_rows(rows)


def test_unknown_names_units_and_reasons_are_refused(table: Model) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"weight": 3.0}, "NOMO_EARGUMENT_FEATURE"),
        ({"dose": (3.0, "kg")}, "NOMO_EARGUMENT_UNIT"),
        ({"dose": nomogram_risk.Missing("forgotten")}, "NOMO_EARGUMENT_REASON"),
        ({"site": "\ud800"}, "NOMO_EARGUMENT_TEXT"),
    ]
    for statement, status_name in cases:
        with pytest.raises(nomogram_risk.ArgumentError) as caught:
            table.predict_row({**ROW, **statement})
        assert caught.value.status_name == status_name
        assert caught.value.row is None
        error = refused(table, [ROW, {**ROW, **statement}])
        assert (error.status_name, error.row) == (status_name, 1)
        assert str(error).startswith("row 2: ")
    # A row that failed leaves no values behind.
    assert table.predict_row(ROW).flags == nomogram_risk.Flag(0)


def test_unknown_units_of_columns_are_refused(table: Model, wdbc: Model) -> None:
    frame = pd.DataFrame([ROW])
    for rows in (frame, pl.DataFrame(frame), [ROW]):
        error = refused(table, rows, units={"dose": "kg"})
        assert (error.status_name, error.feature) == ("NOMO_EARGUMENT_UNIT", "dose")
        error = refused(table, rows, units={"weight": "kg"})
        assert error.status_name == "NOMO_EARGUMENT_FEATURE"
    with pytest.raises(TypeError, match="units"):
        wdbc.predict_proba(np.zeros((1, 30)), units={"radius_mean": "um"})


def test_unknown_options_are_refused(wdbc: Model, wdbc_rows: Floats) -> None:
    with pytest.raises(ValueError, match="threads"):
        wdbc.predict_proba(wdbc_rows, threads=0)
    with pytest.raises(ValueError, match="on_refusal"):
        wdbc.predict_rows(wdbc_rows, on_refusal="ignore")  # type: ignore[arg-type]


def test_every_class_of_the_header_has_an_exception() -> None:
    from nomogram_risk import _errors
    from nomogram_risk._library import lib

    header = (ROOT / "include/nomogram.h").read_text()
    lines = [line for line in header.splitlines() if line.startswith("#define NOMO_E")]
    others = ("#define NOMO_ERROR_", "#define NOMO_EXPLAIN")
    names = [line.split()[1] for line in lines if not line.startswith(others)]
    statuses = {name: getattr(lib, name) for name in names}
    classes = {status for status in statuses.values() if status <= 0xFF}
    assert classes == set(_errors._CLASSES)
    for name, status in statuses.items():
        kind = _errors.error_class(status)
        assert issubclass(kind, nomogram_risk.Error), name
        assert kind is not nomogram_risk.Error, name
        assert getattr(nomogram_risk, kind.__name__) is kind
    assert statuses["NOMO_EIO_NOT_FOUND"] == _errors._NOT_FOUND
    assert _errors.error_class(0x0163) is nomogram_risk.Error


def test_an_exception_survives_pickling(wdbc: Model) -> None:
    error = refused(wdbc, np.full((1, 30), np.nan))
    restored = pickle.loads(pickle.dumps(error))
    assert type(restored) is type(error)
    assert vars(restored) == vars(error)
    assert str(restored) == str(error)
    with pytest.raises(FileNotFoundError) as caught:
        Model.open("missing")
    restored = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(restored, nomogram_risk.FileMissing)
    assert restored.filename == caught.value.filename
