"""Spark predicts the bits of the command line, on two executors with a Python worker each."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import nomogram_risk
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import N_ROWS, Work, assert_same_bits, read

if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("no Java: apt-get install openjdk-17-jre-headless", allow_module_level=True)

from pyspark.sql import SparkSession
from pyspark.sql.utils import PythonException

import on_spark
from rows_in_arrow import Arguments

MASTER = os.environ.get("NOMOGRAM_SPARK_MASTER", "local-cluster[2,1,1024]")


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    """A session with a partition for each row group of 20,000 rows of 30 numbers."""
    # Workers would run the `python3` of the path.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master(MASTER)
    builder = builder.config("spark.ui.enabled", "false").config("spark.driver.host", "127.0.0.1")
    session = builder.config("spark.sql.files.maxPartitionBytes", "1m").getOrCreate()
    yield session
    session.stop()


def units_of(work: Work) -> dict[str, str]:
    """The units as the programs read them."""
    return dict(option.split("=", 1) for option in work.units if option != "--unit")


def test_spark_predicts_the_bits_of_the_command_line(
    spark: SparkSession, work: Work, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    on_spark.run(spark, Arguments(work.bundle, work.parquet, out, units_of(work), ""))
    expected = work.expected[".parquet"]
    predictions = read(out)
    assert_same_bits(predictions, expected)
    # Each row has its place.
    places = predictions.select(["partition", "offset"]).to_pylist()
    assert len({(place["partition"], place["offset"]) for place in places}) == N_ROWS
    # The accumulators count what the column `status` has.
    printed = capsys.readouterr().out.splitlines()
    counts = Counter(expected["status"].to_pylist())
    n_statuses = len(counts)
    assert printed[:n_statuses] == [f"{counts[name]} rows: {name}" for name in sorted(counts)]
    # The first refused rows are named.
    refused = [
        (place["partition"], place["offset"])
        for place, status in zip(places, predictions["status"].to_pylist(), strict=True)
        if status != "ok"
    ]
    shown = [line.split(":")[0] for line in printed[n_statuses:]]
    first = sorted(refused)[: on_spark.N_SHOWN]
    assert shown == [f"partition {partition}, offset {offset}" for partition, offset in first]
    assert "missing, and this model does not impute it" in " ".join(printed[n_statuses:])


def test_each_python_worker_opens_the_bundle_once(spark: SparkSession, numbers: Work) -> None:
    model = nomogram_risk.Model.open(numbers.bundle.read_bytes())
    shipped = spark.sparkContext.broadcast(model)

    def mark(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        n_rows = sum(len(batch) for batch in batches)
        opened = shipped.value
        is_new = not hasattr(opened, "mark")
        opened.mark = True
        yield pa.record_batch([[os.getpid()], [is_new], [n_rows]], ["worker", "is_new", "n_rows"])

    rows = spark.read.parquet(str(numbers.parquet)).repartition(12)
    tasks = rows.mapInArrow(mark, "worker long, is_new boolean, n_rows long").toArrow().to_pylist()
    workers = Counter(task["worker"] for task in tasks)
    assert len(tasks) == 12
    assert sum(task["n_rows"] for task in tasks) == N_ROWS
    assert sum(task["is_new"] for task in tasks) == len(workers) < 12


def test_columns_are_refused_on_the_driver(spark: SparkSession, mixed: Work) -> None:
    model = nomogram_risk.Model.open(mixed.bundle.read_bytes())
    rows = spark.read.parquet(str(mixed.parquet))
    with pytest.raises(nomogram_risk.SchemaError, match="column 'year': the model has no such"):
        on_spark.Scored(rows.withColumnRenamed("age", "year"), model, {})
    with pytest.raises(ValueError, match="no column for age"):
        on_spark.Scored(rows.drop("age"), model, {})
    with pytest.raises(nomogram_risk.ArgumentError, match="the feature has no such unit"):
        on_spark.Scored(rows, model, {"creatinine": "g"})
    dated = rows.withColumn("age", rows["age"].cast("string").cast("date"))
    with pytest.raises(nomogram_risk.UnsupportedError, match="a column of type date32"):
        on_spark.Scored(dated, model, {})


def test_a_job_that_stops_at_a_refused_row_shows_its_reason(
    spark: SparkSession, numbers: Work
) -> None:
    shipped = spark.sparkContext.broadcast(nomogram_risk.Model.open(numbers.bundle.read_bytes()))

    def predict(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            risks = shipped.value.predict_proba(batch.drop_columns(["id"]))[:, 1]
            yield pa.record_batch([risks], ["risk"])

    rows = spark.read.parquet(str(numbers.parquet))
    # Which task fails first is not determined.
    with pytest.raises(PythonException, match=r"row \d+: feature \d+: `[^`]+`: missing, and this"):
        rows.mapInArrow(predict, "risk double").collect()


def test_the_rows_of_the_test_have_several_partitions(numbers: Work) -> None:
    assert pq.ParquetFile(numbers.parquet).num_row_groups == 5
