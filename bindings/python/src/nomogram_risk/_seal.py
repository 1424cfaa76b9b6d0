"""Sealing a model that its own library predicts, through the program ``nomogram``.

The program reads the model's file and writes rows around every threshold; the source library
predicts them here; the program compares and seals. Rows of a caller are compared too, but they may
be patients: the bundle keeps them only when ``golden_rows`` asks for it.
"""

from __future__ import annotations

import csv
import json
import math
import os
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ._model import Model
from ._program import find_program, run

# More golden cases would make the bundle larger, and opening it slower.
_MAX_GOLDEN_PROBES = 256


class ImportRefused(Exception):
    """The program refused a model: what it holds, and where, or how its predictions differ."""


@dataclass(frozen=True)
class Imported:
    """A sealed bundle, and the comparison of its predictions with those of the source."""

    bundle: bytes
    """The bytes of the bundle; write them to a file."""
    report: dict[str, Any]
    """The result of ``nomogram import --json``: notes and comparison; with ``given_rows``, how many
    rows of the caller were compared, refused, and skipped for ties among nearest neighbours, and
    the largest difference of an output; None if no row was compared."""

    def model(self) -> Model:
        """Opens the bundle."""
        return Model.open(self.bundle)


@dataclass(frozen=True)
class Answers:
    """What a source predicts for rows: one column per name."""

    columns: dict[str, np.ndarray[Any, Any]]
    is_known: np.ndarray[Any, Any] | None = None
    """Which rows the source predicts; the columns have values for these only. None for all."""


@dataclass(frozen=True)
class Rows:
    """Rows for a source."""

    names: list[str]
    levels: list[list[str]]
    cells: list[list[str]]

    def codes(self) -> np.ndarray[Any, Any]:
        """Numbers, NaN where a value is missing; of a level its number."""
        coded = [[self._code(i, cell) for i, cell in enumerate(row)] for row in self.cells]
        return np.array(coded, np.float64).reshape(len(coded), len(self.names))

    def _code(self, feature: int, cell: str) -> float:
        if cell == "":
            return math.nan
        levels = self.levels[feature]
        if not levels:
            return number_of(self.names[feature], cell)
        # Sources refuse a code that is too large for them; all unseen levels are alike.
        return float(levels.index(cell) if cell in levels else len(levels))


def number_of(name: str, value: Any) -> float:
    """A value of a feature without levels; an error does not have it: it may be a patient's."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"feature `{name}`: not a number, expected one") from None


# Gets the rows, with the number of each level, and the names of the classes.
Predict = Callable[[Rows, Sequence[str]], Answers]


@dataclass(frozen=True)
class Options:
    """What a caller chose for an import."""

    rows: Any = None
    schema: dict[str, Any] | None = None
    name: str | None = None
    max_probes: int = 20_000
    program: str | os.PathLike[str] | None = None
    golden_rows: bool = False
    tree_shares: bool = False
    training_rows: bool = False
    cells: Callable[[list[str], list[list[str]]], list[list[str]]] | None = None
    """Makes texts of ``rows``, from the names and the levels of the features."""


def seal(
    save: Callable[[Path], Path], predict: Predict, options: Options, *arguments: str
) -> Imported:
    """Seals the model that ``save`` writes to a folder, with the predictions of its library."""
    command = find_program(options.program)
    if options.golden_rows and options.rows is not None:
        warnings.warn(
            "golden_rows: the bundle keeps the given rows; anyone who has it can read them",
            stacklevel=3,
        )
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        reading = [command, "import", str(save(folder)), *arguments, "--json"]
        if options.tree_shares:
            reading.append("--tree-shares")
        if options.training_rows:
            reading.append("--training-rows")
        if options.schema:
            (folder / "schema.json").write_text(json.dumps(options.schema), encoding="utf-8")
            reading += ["--schema", str(folder / "schema.json")]
        if options.name is not None:
            reading += ["--name", options.name]
        probes, bundle = folder / "probes.csv", folder / "x.nomo"
        limit = ["--max-probes", str(options.max_probes)]
        shape = run([*reading, "--probes", str(probes), *limit], ImportRefused)
        levels = [list(feature["levels"]) for feature in shape["features"]]
        with probes.open(newline="", encoding="utf-8") as stream:
            names, *cells = csv.reader(stream)
        write_table(probes, Rows(names, levels, cells), predict, shape["classes"])
        golden, others = _split(probes)
        checks = ["--golden", str(golden), "--check", str(others)]
        if options.rows is not None:
            cells = (options.cells or _cells_of(options.rows))(names, levels)
            if not cells:
                raise ValueError("rows: none, expected at least 1")
            given = folder / "given.csv"
            n_unknown = write_table(given, Rows(names, levels, cells), predict, shape["classes"])
            checks += ["--golden" if options.golden_rows else "--check", str(given)]
        report = run([*reading, *checks, "--output", str(bundle)], ImportRefused)
        # Of the given rows and of probes.
        report.pop("checked")
        if options.rows is not None and not options.golden_rows:
            alone = [*reading, "--check", str(given), "--output", str(folder / "given.nomo")]
            # The comparison also has the rows that the file itself holds.
            nothing = {"n_rows": 0, "n_refused": 0, "n_tied": 0, "outputs": None}
            compared: dict[str, Any] = run(alone, ImportRefused)["checked"] or nothing
            report["given_rows"] = {
                "n_rows": compared["n_rows"],
                "n_refused": compared["n_refused"] + n_unknown,
                "n_tied": compared["n_tied"],
                "largest": compared["outputs"]["largest"] if compared["outputs"] else None,
            }
        return Imported(bundle.read_bytes(), report)


def _split(probes: Path) -> tuple[Path, Path]:
    """Tables of the probes that become golden cases, spread evenly, and of the others."""
    with probes.open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    step = max(1, math.ceil(len(rows) / _MAX_GOLDEN_PROBES))
    golden, others = probes.with_name("golden.csv"), probes.with_name("others.csv")
    for path, is_golden in ((golden, True), (others, False)):
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(row for at, row in enumerate(rows) if (at % step == 0) == is_golden)
    return golden, others


def write_table(path: Path, rows: Rows, predict: Predict, classes: Sequence[str]) -> int:
    """Writes the rows that the source predicts, with its predictions.

    Returns how many rows the source does not predict.
    """
    answers = predict(rows, classes)
    cells = rows.cells
    if answers.is_known is not None:
        pairs = zip(cells, answers.is_known, strict=True)
        cells = [row for row, is_known in pairs if is_known]
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*rows.names, *answers.columns])
        for row, answer in zip(cells, zip(*answers.columns.values(), strict=True), strict=True):
            writer.writerow([*row, *map(_text, answer)])
    return len(rows.cells) - len(cells)


def columns_of(name: str, values: Any) -> dict[str, np.ndarray[Any, Any]]:
    """Columns ``name:1``, ``name:2``, … of values, one row after the other."""
    columns = np.asarray(values)
    columns = columns.reshape(len(columns), -1)
    return {f"{name}:{i + 1}": columns[:, i] for i in range(columns.shape[1])}


def outputs_of(values: Any, classes: Sequence[str]) -> dict[str, np.ndarray[Any, Any]]:
    """The columns of outputs: one for each class, or the value or probability of the second one."""
    outputs = np.asarray(values)
    if outputs.ndim == 1:
        return {"prediction": outputs}
    return {f"probability:{name}": outputs[:, i] for i, name in enumerate(classes)}


def _text(value: Any) -> str:
    """All digits of a number."""
    return str(int(value)) if isinstance(value, np.integer) else repr(float(value))


def _cells_of(rows: Any) -> Callable[[list[str], list[list[str]]], list[list[str]]]:
    """Makes texts of rows, as the probes are written."""

    def cells(names: list[str], levels: list[list[str]]) -> list[list[str]]:
        values = rows
        if hasattr(rows, "dtypes"):
            # LightGBM replaces spaces in names.
            labels = {str(label).replace(" ", "_"): label for label in rows.columns}
            labels |= {str(label): label for label in rows.columns}
            absent = [name for name in names if name not in labels]
            if absent:
                raise ValueError(f"rows: no column {absent[0]!r}, which the model reads")
            values = zip(*(list(rows[labels[name]]) for name in names), strict=True)
        return [
            [_cell(value, bool(of_feature)) for value, of_feature in zip(row, levels, strict=True)]
            for row in values
        ]

    return cells


def _cell(value: Any, has_levels: bool) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return str(value) if has_levels else str(int(value))
    if isinstance(value, str):
        return value
    if has_levels and isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return repr(float(value)) if isinstance(value, (float, np.floating)) else str(value)
