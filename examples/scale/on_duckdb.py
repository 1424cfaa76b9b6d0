"""Predicts the rows of a DuckDB query through Arrow, and writes them with DuckDB.

``python on_duckdb.py BUNDLE ROWS PREDICTIONS [--form reader|relation|table]``
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
from nomogram_risk import Model

from rows_in_arrow import ID, Arguments, check_columns, output_schema, predict, read_arguments

ROWS_PER_BATCH = 100_000


def batches_of(rows: duckdb.DuckDBPyRelation, form: str) -> Iterator[pa.RecordBatch]:
    """The rows of a query, in memory at once as a table, else batch by batch."""
    if form == "table":
        yield from rows.to_arrow_table().to_batches()
    elif form == "relation":
        # Arrow's PyCapsule interface, with the size of batches that DuckDB chooses.
        yield from pa.RecordBatchReader.from_stream(rows)
    else:
        yield from rows.to_arrow_reader(ROWS_PER_BATCH)


def run(arguments: Arguments) -> None:
    """Predicts the rows and writes the predictions."""
    bundle, path, predictions, units, form = arguments
    model = Model.open(bundle)
    connection = duckdb.connect()
    rows = connection.read_parquet(str(path))
    schema = rows.limit(0).to_arrow_table().schema
    check_columns(model, schema, units)

    def predicted() -> Iterator[pa.RecordBatch]:
        for batch in batches_of(rows, form):
            yield from predict(model, batch, units).to_batches()

    # Two connections: one query reads while the other one writes.
    out_schema = output_schema(model, schema.field(ID).type)
    reader = pa.RecordBatchReader.from_batches(out_schema, predicted())
    duckdb.connect().from_arrow(reader).write_parquet(str(predictions))


if __name__ == "__main__":
    run(read_arguments(__doc__, "reader", "relation", "table"))
