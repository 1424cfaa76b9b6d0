"""What each engine shows when the first refused row ends the job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import nomogram_risk
import polars
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import ray
from conftest import BUNDLE, ROOT
from duckdb.func import FunctionNullHandling, PythonUDFType
from nomogram_risk import Model

from on_duckdb_sql import quoted

REASON = r"feature 4: `area_mean`: missing, and this model does not impute it"
N_ROWS = 5_000
REFUSED = 4_000
"""The index of the refused row."""


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """A table without `id`, with one refused row."""
    patients = pyarrow.csv.read_csv(ROOT / "examples/data/wdbc.csv")
    features = patients.select(patients.column_names[2:])
    table = features.take(pa.array([row % len(features) for row in range(N_ROWS)]))
    area = table["area_mean"].to_pylist()
    area[REFUSED] = None
    table = table.set_column(3, "area_mean", pa.array(area, pa.float64()))
    path = tmp_path / "rows.parquet"
    pq.write_table(table, path)
    return path


@pytest.fixture
def model() -> Model:
    """The reference model."""
    return Model.open(BUNDLE.read_bytes())


def test_polars_raises_the_refusal_itself(model: Model, rows: Path) -> None:
    def predict(frame: polars.DataFrame) -> polars.DataFrame:
        return polars.DataFrame({"risk": model.predict_proba(frame)[:, 1]})

    query = polars.scan_parquet(rows).map_batches(
        predict, schema={"risk": polars.Float64}, streamable=True
    )
    with pytest.raises(nomogram_risk.ValueRefused, match=REASON) as caught:
        query.collect()
    assert caught.value.feature == "area_mean"


def test_a_function_of_duckdb_shows_the_row_within_the_vector(model: Model, rows: Path) -> None:
    connection = duckdb.connect()
    relation = connection.read_parquet(str(rows))

    def risk(features: Any) -> pa.Array:
        return pa.array(model.predict_proba(pa.Table.from_struct_array(features))[:, 1])

    types = dict(zip(relation.columns, relation.types, strict=True))
    connection.create_function(
        "risk",
        risk,
        [duckdb.struct_type(types)],
        "DOUBLE",
        type=PythonUDFType.ARROW,
        null_handling=FunctionNullHandling.SPECIAL,
    )
    call = f"risk(struct_pack({', '.join(map(quoted, types))}))"
    row = REFUSED % 2048 + 1
    with pytest.raises(duckdb.InvalidInputException, match=f"ValueRefused: row {row}: {REASON}"):
        relation.project(call).fetchall()


def test_duckdb_by_arrow_raises_the_refusal_itself(model: Model, rows: Path) -> None:
    relation = duckdb.connect().read_parquet(str(rows))
    with pytest.raises(nomogram_risk.ValueRefused, match=REASON) as caught:
        model.predict_proba(relation)
    # The rows of all batches are counted.
    assert caught.value.row == REFUSED


def test_duckdb_that_writes_shows_the_refusal_of_a_stream(
    model: Model, rows: Path, tmp_path: Path
) -> None:
    relation = duckdb.connect().read_parquet(str(rows))

    def predicted() -> Iterator[pa.RecordBatch]:
        for batch in relation.to_arrow_reader(1_000):
            yield pa.record_batch([model.predict_proba(batch)[:, 1]], ["risk"])

    reader = pa.RecordBatchReader.from_batches(pa.schema([("risk", pa.float64())]), predicted())
    with pytest.raises(duckdb.Error, match=REASON):
        duckdb.connect().from_arrow(reader).write_parquet(str(tmp_path / "out.parquet"))


def test_ray_shows_the_refusal_of_a_worker(model: Model, rows: Path) -> None:
    class Predictor:
        def __init__(self, shipped: ray.ObjectRef) -> None:
            self.model = Model.open(ray.get(shipped))

        def __call__(self, table: pa.Table) -> pa.Table:
            return pa.table({"risk": self.model.predict_proba(table)[:, 1]})

    ray.init(num_cpus=2, log_to_driver=False)
    try:
        bundle = model.__reduce__()[1][0]
        job = ray.data.read_parquet(str(rows)).map_batches(
            Predictor,
            batch_format="pyarrow",
            batch_size=1_000,
            fn_constructor_args=(ray.put(bundle),),
            compute=ray.data.ActorPoolStrategy(size=1),
        )
        with pytest.raises(ray.exceptions.RayError, match=REASON):
            job.materialize()
    finally:
        ray.shutdown()
