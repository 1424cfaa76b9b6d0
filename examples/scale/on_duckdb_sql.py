"""Makes a model a function of DuckDB's SQL, which is called with columns in Arrow.

``python on_duckdb_sql.py BUNDLE ROWS PREDICTIONS``
"""

from __future__ import annotations

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType
from nomogram_risk import Model

from rows_in_arrow import ID, Arguments, Units, check_columns, output_names, outputs, read_arguments


def create_risk(
    connection: duckdb.DuckDBPyConnection, rows: duckdb.DuckDBPyRelation, model: Model, units: Units
) -> str:
    """Creates the function `risk`; returns its call with the columns of the rows."""
    types = dict(zip(rows.columns, rows.types, strict=True))
    del types[ID]

    def risk(features: pa.StructArray | pa.ChunkedArray) -> pa.StructArray:
        table = pa.Table.from_struct_array(features)
        predictions = model.predict_rows(table, on_refusal="go_on", units=units)
        return outputs(model, predictions).to_struct_array().combine_chunks()

    out_types = [*("DOUBLE" for _ in model.classes), "VARCHAR", "VARCHAR"]
    connection.create_function(
        "risk",
        risk,
        # One structure, since a function has as many arguments as its Python function.
        [duckdb.struct_type(types)],
        duckdb.struct_type(dict(zip(output_names(model), out_types, strict=True))),
        type=PythonUDFType.ARROW,
        # What a missing value means is for the model to decide: the default answers null for null.
        null_handling=FunctionNullHandling.SPECIAL,
    )
    return f"risk(struct_pack({', '.join(quoted(name) for name in types)}))"


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def run(arguments: Arguments) -> None:
    """Predicts the rows and writes the predictions."""
    bundle, path, predictions, units, _ = arguments
    model = Model.open(bundle)
    connection = duckdb.connect()
    rows = connection.read_parquet(str(path))
    check_columns(model, rows.limit(0).to_arrow_table().schema, units)
    call = create_risk(connection, rows, model, units)
    rows.project(f"{ID}, unnest({call})").write_parquet(str(predictions))


if __name__ == "__main__":
    run(read_arguments(__doc__))
