"""What the programs of this folder share: rows in, predictions out, as Arrow tables.

The columns of the output are those of ``nomogram predict --id id``: ``id``, one probability per
class, ``class`` and ``status``. A refused row has its id, a status, and null in all other columns.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import nomogram_risk
import numpy as np
import pyarrow as pa
from nomogram_risk import Model, Predictions

ID = "id"
"""The column that names a row; all others are features."""

Units = dict[str, str]
"""The UCUM codes of columns that are not in the unit of their feature."""


class Arguments(NamedTuple):
    """The command line of every program."""

    bundle: Path
    rows: Path
    predictions: Path
    units: Units
    form: str


def read_arguments(description: str | None, *forms: str) -> Arguments:
    """Reads the command line; ``forms`` are the choices of ``--form``, the default first."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("rows", type=Path)
    parser.add_argument("predictions", type=Path)
    parser.add_argument("--unit", action="append", default=[], metavar="FEATURE=CODE")
    if forms:
        parser.add_argument("--form", choices=forms, default=forms[0])
    found = parser.parse_args()
    units = dict(unit.split("=", 1) for unit in found.unit)
    return Arguments(
        found.bundle, found.rows, found.predictions, units, found.form if forms else ""
    )


def check_columns(model: Model, schema: pa.Schema, units: Units) -> None:
    """Refuses columns before any row is read, where the program starts and not on a worker.

    The library checks the columns of a table without rows: unknown and duplicate names, types that
    it cannot read, units. A feature without a column would be refused in every row.
    """
    empty = schema.empty_table()
    model.predict_rows(empty.drop_columns([ID]), units=units)
    unset = [
        feature.name
        for feature in model.features
        if feature.policy.unset == "refuse" and feature.name not in schema.names
    ]
    if unset:
        raise ValueError(f"no column for {', '.join(unset)}, which the model does not impute")


def predict(model: Model, rows: pa.Table | pa.RecordBatch, units: Units) -> pa.Table:
    """The predictions of all rows, in their order; refused rows have a status."""
    features = rows.drop_columns([ID])
    predictions = model.predict_rows(features, on_refusal="go_on", units=units)
    return outputs(model, predictions).add_column(0, ID, rows[ID])


def outputs(model: Model, predictions: Predictions) -> pa.Table:
    """The columns of the output, without the id."""
    refused = predictions.refused
    columns: list[Any] = [
        pa.array(np.ascontiguousarray(column), mask=refused)
        for column in predictions.probabilities.T
    ]
    indices = pa.array(predictions.class_indices, mask=refused)
    columns.append(pa.array(model.classes).take(indices))
    codes, which = np.unique(predictions.status, return_inverse=True)
    columns.append(pa.array([status(code) for code in codes.tolist()]).take(pa.array(which)))
    return pa.table(columns, names=output_names(model))


def output_names(model: Model) -> list[str]:
    """The names of the columns of the output, without the id."""
    return [*(f"probability_{name}" for name in model.classes), "class", "status"]


def output_schema(model: Model, id_type: pa.DataType) -> pa.Schema:
    """The types of the columns of the output."""
    types = [id_type, *(pa.float64() for _ in model.classes), pa.string(), pa.string()]
    return pa.schema(list(zip([ID, *output_names(model)], types, strict=True)))


def status(code: int) -> str:
    """The status as the command line writes it: ``ok``, ``value_missing``, …"""
    name = nomogram_risk.status_name(code)
    return name.removeprefix("NOMO_E").removeprefix("NOMO_").lower()


def reason(model: Model, row: pa.Table | pa.RecordBatch, units: Units) -> str:
    """Why one row is refused: without any value of it, so that logs may contain it."""
    try:
        model.predict_rows(row.drop_columns([ID]), units=units)
    except nomogram_risk.Error as refusal:
        return refusal.message
    return "not refused"
