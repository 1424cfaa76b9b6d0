"""Predicts the rows of Parquet files with Spark, by ``mapInArrow``.

``spark-submit on_spark.py BUNDLE ROWS PREDICTIONS``, or with ``python`` on one machine. The Python
of the workers, which ``PYSPARK_PYTHON`` names, needs ``nomogram_risk`` and pyarrow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from nomogram_risk import Model
from pyspark import Accumulator, AccumulatorParam, Broadcast, SparkContext, TaskContext
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import (
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
)

import rows_in_arrow
from rows_in_arrow import (
    ID,
    Arguments,
    Units,
    check_columns,
    output_names,
    predict,
    read_arguments,
    reason,
)

N_SHOWN = 20
"""The number of refused rows that the driver shows."""


class Counts(AccumulatorParam["Counter[str]"]):
    """Adds the counts of all tasks."""

    def zero(self, value: Counter[str]) -> Counter[str]:
        """No rows."""
        return Counter()

    def addInPlace(self, value1: Counter[str], value2: Counter[str]) -> Counter[str]:
        """The sums."""
        value1.update(value2)
        return value1


Refusals = list[tuple[int, int, str]]
"""Partition, offset and reason."""


class FirstRefusals(AccumulatorParam[Refusals]):
    """Keeps the first refused rows, by partition and offset."""

    def zero(self, value: Refusals) -> Refusals:
        """No rows."""
        return []

    def addInPlace(self, value1: Refusals, value2: Refusals) -> Refusals:
        """The first ones of both."""
        return sorted({*value1, *value2})[:N_SHOWN]


class Scored:
    """Predictions that Spark has yet to make, and what it will have counted then."""

    def __init__(self, rows: DataFrame, model: Model, units: Units) -> None:
        """Refuses columns here, on the driver."""
        check_columns(model, rows.limit(0).toArrow().schema, units)
        context: SparkContext = rows.sparkSession.sparkContext
        context.addPyFile(rows_in_arrow.__file__)
        context.addPyFile(__file__)
        self.counts: Accumulator[Counter[str]] = context.accumulator(Counter(), Counts())
        self.refusals: Accumulator[Refusals] = context.accumulator([], FirstRefusals())
        # A pickled model is its bundle: shipped once per executor, and opened and verified once
        # per Python worker, when a task first reads `value`.
        task = task_of(context.broadcast(model), units, self.counts, self.refusals)
        self.frame = rows.mapInArrow(task, spark_schema(rows, model))


def task_of(
    shipped: Broadcast[Model],
    units: Units,
    counts: Accumulator[Counter[str]],
    refusals: Accumulator[Refusals],
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """The function that predicts a partition on a worker."""

    def predict_partition(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        context = TaskContext.get()
        partition = context.partitionId() if context else 0
        model = shipped.value
        offset = 0
        for batch in batches:
            predictions = predict(model, batch, units)
            statuses = predictions["status"]
            pairs = statuses.value_counts().to_pylist()
            counts.add(Counter({pair["values"]: pair["counts"] for pair in pairs}))
            refused = np.flatnonzero(pc.not_equal(statuses, "ok"))
            for index in refused[:N_SHOWN].tolist():
                why = reason(model, batch.slice(index, 1), units)
                refusals.add([(partition, offset + index, why)])
            offsets = np.arange(offset, offset + len(batch))
            partitions = np.full(len(batch), partition, np.int32)
            predictions = predictions.append_column("partition", pa.array(partitions))
            yield from predictions.append_column("offset", pa.array(offsets)).to_batches()
            offset += len(batch)

    return predict_partition


def spark_schema(rows: DataFrame, model: Model) -> StructType:
    """The columns of the output, and the place of each row."""
    names = output_names(model)
    types: list[Any] = [DoubleType() for _ in model.classes] + [StringType(), StringType()]
    fields = [StructField(name, kind) for name, kind in zip(names, types, strict=True)]
    place = [StructField("partition", IntegerType()), StructField("offset", LongType())]
    return StructType([rows.schema[ID], *fields, *place])


def run(spark: SparkSession, arguments: Arguments) -> None:
    """Predicts, writes Parquet files, and prints the counts and the first refused rows."""
    model = Model.open(arguments.bundle.read_bytes())
    scored = Scored(spark.read.parquet(str(arguments.rows)), model, arguments.units)
    scored.frame.write.parquet(str(arguments.predictions))
    for name, count in sorted(scored.counts.value.items()):
        print(f"{count} rows: {name}")
    for partition, offset, why in scored.refusals.value:
        print(f"partition {partition}, offset {offset}: {why}")


def main() -> None:
    """Reads the command line."""
    arguments = read_arguments(__doc__)
    spark = SparkSession.builder.appName("nomogram").getOrCreate()
    run(spark, arguments)
    spark.stop()


if __name__ == "__main__":
    main()
