"""Predicts the rows of a CSV file with pandas, in chunks of constant size.

``python on_pandas.py BUNDLE ROWS PREDICTIONS``
"""

from __future__ import annotations

from typing import Any

import pandas
import pyarrow as pa
from nomogram_risk import Model

from rows_in_arrow import ID, Arguments, check_columns, outputs, read_arguments

ROWS_PER_CHUNK = 50_000


def run(arguments: Arguments) -> None:
    """Predicts the rows and writes the predictions."""
    bundle, path, predictions, units, _ = arguments
    model = Model.open(bundle)
    types = {"number": "float64", "category": "string"}
    options: dict[str, Any] = {
        # The default parser is faster, and often wrong in the last bit.
        "float_precision": "round_trip",
        # The default takes `NA`, `null`, `None` and others for missing, which may be levels.
        "keep_default_na": False,
        "na_values": [""],
        # Else a chunk without any value would have another type than the others.
        "dtype": {f.name: types[f.kind] for f in model.features if f.kind in types},
    }
    header = pandas.read_csv(path, nrows=0, **options)
    check_columns(model, pa.Schema.from_pandas(header), units)
    chunks = pandas.read_csv(path, chunksize=ROWS_PER_CHUNK, **options)
    for number, chunk in enumerate(chunks):
        features = chunk.drop(columns=ID)
        predicted = outputs(
            model, model.predict_rows(features, on_refusal="go_on", units=units)
        ).to_pandas()
        predicted.insert(0, ID, chunk[ID].to_numpy())
        predicted.to_csv(predictions, mode="a" if number else "w", header=number == 0, index=False)


if __name__ == "__main__":
    run(read_arguments(__doc__))
