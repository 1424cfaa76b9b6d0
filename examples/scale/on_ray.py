"""Predicts the rows of Parquet files with Ray Data, by ``map_batches``.

``python on_ray.py BUNDLE ROWS PREDICTIONS``. The package ``nomogram_risk`` must be installed where
the workers run.
"""

from __future__ import annotations

import os

import pyarrow as pa
import ray
from nomogram_risk import Model

from rows_in_arrow import Arguments, Units, check_columns, predict, read_arguments

ROWS_PER_BATCH = 50_000


class Predictor:
    """A worker: opens the bundle once, then predicts batch after batch."""

    def __init__(self, bundle: ray.ObjectRef, units: Units) -> None:
        """Ray's object store has one copy of the bundle per machine."""
        self.model = Model.open(ray.get(bundle))
        self.units = units

    def __call__(self, rows: pa.Table) -> pa.Table:
        """The predictions of a batch."""
        return predict(self.model, rows, self.units)


def run(arguments: Arguments) -> None:
    """Predicts the rows and writes Parquet files."""
    bundle, path, predictions, units, _ = arguments
    rows = ray.data.read_parquet(str(path))
    schema = rows.schema().base_schema
    check_columns(Model.open(bundle), schema, units)
    n_workers = int(ray.cluster_resources()["CPU"])
    rows.map_batches(
        Predictor,
        batch_format="pyarrow",
        batch_size=ROWS_PER_BATCH,
        fn_constructor_args=(ray.put(bundle.read_bytes()), units),
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=n_workers),
    ).write_parquet(os.path.abspath(predictions))


if __name__ == "__main__":
    ray.init()
    run(read_arguments(__doc__))
