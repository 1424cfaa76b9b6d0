"""The Arrow functions of the C ABI, called with what pyarrow and polars export.

Run: cargo build && pytest tests/python/test_arrow_abi.py
"""

import ctypes
import os
import pathlib
import subprocess

import polars
import pyarrow as pa
import pytest
from pyarrow.cffi import ffi

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
GO_ON, IGNORE = 1, 1
COLUMNS, UNIT, ARROW, OPTION, MISSING = 0x0206, 0x0901, 0x0109, 0x0B01, 0x0207
OTHER = {"dose": [20.0, 20.0, 20.0]}


@pytest.fixture(scope="session")
def library():
    path = os.environ.get("NOMOGRAM_LIBRARY", TARGET / "debug" / "libnomogram.so")
    return ctypes.CDLL(str(path))


@pytest.fixture(scope="session")
def session(library, tmp_path_factory):
    bundle = os.environ.get("NOMOGRAM_EVERY_KIND")
    if bundle is None:
        bundle = tmp_path_factory.mktemp("bundle") / "every_kind.nomo"
        cargo = "cargo run -q -p nomogram-testkit --features nomogram/default --example every_kind --"
        subprocess.run([*cargo.split(), str(bundle)], cwd=ROOT, check=True)
    model, session = ctypes.c_void_p(), ctypes.c_void_p()
    path = str(bundle).encode()
    assert library.nomo_model_open_file(path, None, ctypes.byref(model), None) == 0
    assert library.nomo_session_create(model, ctypes.byref(session), None) == 0
    library.nomo_model_release(model)
    yield session
    library.nomo_session_destroy(session)


class Refused(Exception):
    pass


@pytest.fixture
def predict(library, session):
    def predict(batch, flags=0, on_refusal=GO_ON):
        made = [ffi.new(f"struct {name}*") for name in ["ArrowSchema", "ArrowArray"] * 2]
        addresses = [int(ffi.cast("uintptr_t", struct)) for struct in made]
        batch._export_to_c(addresses[1], addresses[0])
        pointers = [ctypes.c_void_p(address) for address in addresses]
        allocated = pa.total_allocated_bytes()
        status = library.nomo_session_predict_to_arrow(
            session, pointers[0], pointers[1], ctypes.c_uint32(flags),
            ctypes.c_uint32(on_refusal), pointers[2], pointers[3], None,
        )
        assert pa.total_allocated_bytes() == allocated
        # Neither consumed nor released.
        assert made[0].release != ffi.NULL and made[1].release != ffi.NULL
        made[1].release(made[1])
        made[0].release(made[0])
        if status != 0:
            assert made[2].release == ffi.NULL and made[3].release == ffi.NULL
            raise Refused(status)
        result = pa.RecordBatch._import_from_c(addresses[3], addresses[2])
        result.validate(full=True)
        return result

    return predict


def refused(predict, *args):
    with pytest.raises(Refused) as caught:
        predict(*args)
    return caught.value.args[0]


def batch(**columns):
    return pa.RecordBatch.from_pydict(columns)


REFERENCE = batch(
    age=pa.array([50.0, None, 3.0]),
    visits=pa.array([3, 12, None], pa.int64()),
    smoker=pa.array([True, None, False]),
    stage=pa.array(["II", None, "IV"]),
    dose=pa.array([20.0, 1.0, 3000.0]),
)


def with_column(name, array):
    index = REFERENCE.schema.get_field_index(name)
    return REFERENCE.set_column(index, name, array)


def test_columns_of_the_result(predict):
    result = predict(REFERENCE)
    assert result.schema.names == [
        "probability_low", "probability_high", "class", "status", "flags", "cutoff_refer",
    ]
    assert [str(t) for t in result.schema.types] == [
        "double", "double", "string", "int32", "uint32", "bool",
    ]
    rows = result.to_pylist()
    for row in rows:
        assert abs(row["probability_low"] + row["probability_high"] - 1) < 1e-15
        assert row["class"] == ("high" if row["cutoff_refer"] else "low")
        assert row["status"] == 0
    assert rows[0]["flags"] == 0 and rows[1]["flags"] == 1 and rows[2]["flags"] == 1 | 4


@pytest.mark.parametrize(
    "kind", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32",
             "float64"],
)
def test_numbers(predict, kind):
    expected = predict(REFERENCE)
    assert predict(with_column("visits", REFERENCE["visits"].cast(kind))).equals(expected)
    assert predict(with_column("age", REFERENCE["age"].cast(kind))).equals(expected)
    smoker = REFERENCE["smoker"].cast("int8").cast(kind)
    assert predict(with_column("smoker", smoker)).equals(expected)
    levels = pa.array([1, None, 3]).cast(kind)
    assert predict(with_column("stage", levels)).equals(expected)


@pytest.mark.parametrize("index", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64",
                                   "uint64"])
@pytest.mark.parametrize("text", ["string", "large_string"])
def test_texts(predict, index, text):
    expected = predict(REFERENCE)
    stage = REFERENCE["stage"].cast(text)
    assert predict(with_column("stage", stage)).equals(expected)
    indices = stage.dictionary_encode().indices.cast(index)
    dictionary = stage.dictionary_encode().dictionary
    encoded = pa.DictionaryArray.from_arrays(indices, dictionary)
    assert predict(with_column("stage", encoded)).equals(expected)
    null_in_dictionary = pa.DictionaryArray.from_arrays(
        pa.array([1, 2, 0], index), pa.array(["IV", "II", None], text)
    )
    assert predict(with_column("stage", null_in_dictionary)).equals(expected)


def test_nulls_are_missing_and_nan_is_a_number(predict):
    nothing = with_column("age", pa.nulls(3))
    assert predict(nothing).equals(predict(with_column("age", pa.array([None] * 3, "float64"))))
    dose = pa.array([float("nan"), None, 1.0], from_pandas=False)
    assert predict(with_column("dose", dose))["status"].to_pylist() == [0x0507, MISSING, 0]
    assert refused(predict, with_column("dose", dose), 0, 0) == 0x0507


def test_refused_rows_are_null(predict):
    rows = predict(with_column("dose", pa.array([20.0, None, 1.0]))).to_pylist()
    assert rows[1] == {
        "probability_low": None, "probability_high": None, "class": None, "status": MISSING,
        "flags": 0, "cutoff_refer": None,
    }
    assert None not in rows[0].values()


@pytest.mark.parametrize("offset", range(0, 20))
def test_slices(predict, offset):
    many = pa.Table.from_batches([REFERENCE] * 20).combine_chunks().to_batches()[0]
    expected = predict(many)
    assert predict(many.slice(offset, 23)).equals(expected.slice(offset, 23))
    encoded = many.set_column(3, "stage", many["stage"].dictionary_encode())
    assert predict(encoded.slice(offset, 23)).equals(expected.slice(offset, 23))
    struct = pa.StructArray.from_arrays(many.columns, names=many.schema.names)
    assert predict(struct.slice(offset, 23)).equals(expected.slice(offset, 23))


def test_null_rows_of_a_struct(predict):
    struct = pa.StructArray.from_arrays(
        REFERENCE.columns, names=REFERENCE.schema.names, mask=pa.array([False, True, False])
    )
    assert predict(struct)["status"].to_pylist() == [0, MISSING, 0]
    assert predict(struct.slice(1))["status"].to_pylist() == [MISSING, 0]


def test_order_other_columns_and_absent_columns(predict):
    names = REFERENCE.schema.names[::-1]
    assert predict(REFERENCE.select(names)).equals(predict(REFERENCE))
    more = REFERENCE.append_column("when", pa.array([0, 1, 2], pa.timestamp("s")))
    assert refused(predict, more) == COLUMNS
    assert predict(more, IGNORE).equals(predict(REFERENCE))
    duplicate = REFERENCE.append_column("age", REFERENCE["age"])
    assert refused(predict, duplicate) == COLUMNS
    assert refused(predict, duplicate, IGNORE) == COLUMNS
    alone = REFERENCE.select(["dose"])
    assert predict(alone)["flags"].to_pylist() == [1, 1, 1]
    assert set(predict(REFERENCE.select(["age"]))["status"].to_pylist()) == {0x0407}


@pytest.mark.parametrize("kind", [pa.timestamp("s"), pa.date32(), pa.binary(), pa.float16(),
                                  pa.decimal128(5), pa.string_view(), pa.list_(pa.float64())])
def test_other_types(predict, kind):
    assert refused(predict, with_column("age", pa.nulls(3, kind))) == ARROW
    assert refused(predict, with_column("stage", pa.nulls(3, kind))) == ARROW


def test_units(predict):
    def in_unit(array, unit, feature="age"):
        field = pa.field(feature, array.type, metadata={"a": "b", "unit": unit, "z": ""})
        index = REFERENCE.schema.get_field_index(feature)
        return REFERENCE.set_column(index, field, array)

    expected = predict(REFERENCE)
    for kind in ["int16", "float64"]:
        assert predict(in_unit(pa.array([600, None, 36], kind), "mo")).equals(expected)
        assert predict(in_unit(pa.array([50, None, 3], kind), "a")).equals(expected)
    assert refused(predict, in_unit(REFERENCE["age"], "kg")) == UNIT
    assert refused(predict, in_unit(REFERENCE["visits"], "a", "visits")) == UNIT
    assert refused(predict, in_unit(REFERENCE["stage"], "a", "stage")) == UNIT


def test_no_rows(predict):
    assert predict(REFERENCE.slice(0, 0)).num_rows == 0
    assert predict(REFERENCE.slice(3)).num_rows == 0


def test_polars(predict):
    frame = polars.from_arrow(REFERENCE)
    expected = predict(REFERENCE)
    assert predict(frame.to_arrow().to_batches()[0]).equals(expected)
    categories = frame.with_columns(polars.col("stage").cast(polars.Categorical))
    assert predict(categories.to_arrow().to_batches()[0]).equals(expected)


def test_results_outlive_the_call_and_go_column_by_column(predict):
    before = [predict(REFERENCE) for _ in range(50)]
    columns = [result.column(index % 6) for index, result in enumerate(before)]
    expected = predict(REFERENCE)
    del before
    for index, column in enumerate(columns):
        assert column.equals(expected.column(index % 6))
