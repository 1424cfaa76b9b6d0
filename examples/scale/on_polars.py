"""Predicts the rows of a polars query, by ``LazyFrame.map_batches`` in its streaming engine.

``python on_polars.py BUNDLE ROWS PREDICTIONS``
"""

from __future__ import annotations

import polars
from nomogram_risk import Model

from rows_in_arrow import ID, Arguments, check_columns, output_schema, predict, read_arguments


def run(arguments: Arguments) -> None:
    """Predicts the rows and writes the predictions."""
    bundle, path, predictions, units, _ = arguments
    model = Model.open(bundle)
    rows = polars.scan_parquet(path)
    schema = rows.head(0).collect().to_arrow().schema
    check_columns(model, schema, units)
    empty = polars.from_arrow(output_schema(model, schema.field(ID).type).empty_table())
    assert isinstance(empty, polars.DataFrame)

    def predict_frame(frame: polars.DataFrame) -> polars.DataFrame:
        predicted = polars.from_arrow(predict(model, frame.to_arrow(), units))
        assert isinstance(predicted, polars.DataFrame)
        return predicted

    # `streamable`: the result does not depend on how the rows are split into batches.
    rows.map_batches(predict_frame, schema=empty.schema, streamable=True).sink_parquet(predictions)


if __name__ == "__main__":
    run(read_arguments(__doc__))
