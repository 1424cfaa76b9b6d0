"""Importing models of XGBoost, LightGBM and CatBoost, through the program ``nomogram``.

The program reads the model's file and writes rows around every threshold; the source library
predicts them here; the program compares and seals. The wheel holds the C library alone, so the
program must be on the path, or named by ``NOMOGRAM_PROGRAM``.
"""

from __future__ import annotations

import csv
import json
import math
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ._model import Model


class ImportRefused(Exception):
    """The program refused a model: what it holds, and where, or how its predictions differ."""


@dataclass(frozen=True)
class Imported:
    """A sealed bundle, and the comparison of its predictions with those of the source."""

    bundle: bytes
    """The bytes of the bundle; write them to a file."""
    report: dict[str, Any]
    """The result of ``nomogram import --json``: notes and comparison."""

    def model(self) -> Model:
        """Opens the bundle."""
        return Model.open(self.bundle)


@dataclass(frozen=True)
class _Answers:
    """What a source predicts for rows: one column per name."""

    columns: dict[str, np.ndarray[Any, Any]]


# Gets the rows, with the number of each level, and the names of the classes.
_Predict = Callable[["_Rows", Sequence[str]], _Answers]


@dataclass(frozen=True)
class _Rows:
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
            return float(cell)
        # Sources refuse a code that is too large for them; all unseen levels are alike.
        return float(levels.index(cell) if cell in levels else len(levels))


def from_xgboost(
    model: Any,
    *,
    rows: Any = None,
    schema: dict[str, Any] | None = None,
    name: str | None = None,
    max_probes: int = 2000,
    program: str | os.PathLike[str] | None = None,
) -> Imported:
    """Seals an XGBoost ``Booster``, or a fitted estimator of ``xgboost.sklearn``.

    ``rows`` are compared beside the probes; a data frame also names the levels of its categories.
    Raises ``ImportRefused``.
    """
    import xgboost

    booster = model.get_booster() if hasattr(model, "get_booster") else model
    n_rounds = booster.num_boosted_rounds()
    if booster is not model:
        # Estimators predict with the best round, boosters with all.
        best = booster.attr("best_iteration")
        n_rounds = n_rounds if best is None else int(best) + 1
    types = booster.feature_types

    def predict(given: _Rows, classes: Sequence[str]) -> _Answers:
        matrix = xgboost.DMatrix(
            given.codes(),
            feature_names=booster.feature_names,
            feature_types=types,
            enable_categorical=True,
        )
        taken = {"iteration_range": (0, n_rounds)}
        margins = booster.predict(matrix, output_margin=True, **taken)
        columns = _columns("margin", margins)
        outputs = booster.predict(matrix, **taken)
        if len(classes) <= 2 or outputs.ndim == 2:
            columns |= _outputs(outputs, classes)
        # Numbers of leaves are floats in some versions.
        leaves = np.asarray(booster.predict(matrix, pred_leaf=True, **taken)).astype(np.int64)
        columns |= _columns("leaf", leaves)
        return _Answers(columns)

    def save(folder: Path) -> Path:
        path = folder / "model.json"
        booster.save_model(path)
        return path

    options = ["--rounds", str(n_rounds)] if n_rounds else []
    return _import(save, predict, rows, schema, name, max_probes, program, options)


def from_lightgbm(
    model: Any,
    *,
    rows: Any = None,
    schema: dict[str, Any] | None = None,
    name: str | None = None,
    max_probes: int = 2000,
    program: str | os.PathLike[str] | None = None,
) -> Imported:
    """Seals a LightGBM ``Booster``, or a fitted estimator of ``lightgbm.sklearn``.

    ``rows`` are compared beside the probes. Levels of categories have the names that pandas gave
    them in training. Raises ``ImportRefused``.
    """
    booster = getattr(model, "booster_", model)
    text = booster.model_to_string()
    is_mean = "\naverage_output\n" in text.split("\nTree=")[0]

    def predict(given: _Rows, classes: Sequence[str]) -> _Answers:
        codes = given.codes()
        columns = _outputs(booster.predict(codes), classes)
        if not is_mean:
            # The raw scores of a random forest are sums, but its margins are means.
            columns |= _columns("margin", booster.predict(codes, raw_score=True))
        columns |= _columns("leaf", booster.predict(codes, pred_leaf=True))
        return _Answers(columns)

    def save(folder: Path) -> Path:
        path = folder / "model.txt"
        path.write_text(text, encoding="utf-8")
        return path

    return _import(save, predict, rows, schema, name, max_probes, program, [])


def from_catboost(
    model: Any,
    *,
    pool: Any = None,
    rows: Any = None,
    schema: dict[str, Any] | None = None,
    name: str | None = None,
    max_probes: int = 2000,
    program: str | os.PathLike[str] | None = None,
) -> Imported:
    """Seals a fitted CatBoost model.

    ``pool`` is the training data, which names the levels of categories; it is needed when there are
    some. Raises ``ImportRefused``.
    """
    import pandas

    loss = str(model.get_all_params()["loss_function"]).split(":")[0]
    categories = set(model.get_cat_feature_indices())

    def predict(given: _Rows, classes: Sequence[str]) -> _Answers:
        codes = given.codes()
        frame = pandas.DataFrame(
            {
                name: [row[i] for row in given.cells] if i in categories else codes[:, i]
                for i, name in enumerate(given.names)
            }
        )
        raw = model.predict(frame, prediction_type="RawFormulaVal")
        kind = "Probability" if classes else "RawFormulaVal"
        kind = "Exponent" if loss in ("Poisson", "Tweedie") else kind
        outputs = model.predict(frame, prediction_type=kind)
        outputs = outputs[:, 1] if len(classes) == 2 else outputs
        return _Answers(_columns("margin", raw) | _outputs(outputs, classes))

    def save(folder: Path) -> Path:
        path = folder / "model.json"
        model.save_model(str(path), format="json", pool=pool)
        return path

    return _import(save, predict, rows, schema, name, max_probes, program, [])


def _columns(name: str, values: Any) -> dict[str, np.ndarray[Any, Any]]:
    columns = np.asarray(values)
    columns = columns.reshape(len(columns), -1)
    return {f"{name}:{i + 1}": columns[:, i] for i in range(columns.shape[1])}


def _outputs(values: Any, classes: Sequence[str]) -> dict[str, np.ndarray[Any, Any]]:
    outputs = np.asarray(values)
    if outputs.ndim == 1:
        return {"prediction": outputs}
    return {f"probability:{name}": outputs[:, i] for i, name in enumerate(classes)}


def _import(
    save: Callable[[Path], Path],
    predict: _Predict,
    rows: Any,
    schema: dict[str, Any] | None,
    name: str | None,
    max_probes: int,
    program: str | os.PathLike[str] | None,
    options: list[str],
) -> Imported:
    command = _program(program)
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        file = str(save(folder))
        given_schema = _schema_of(rows, schema)
        if given_schema:
            (folder / "schema.json").write_text(json.dumps(given_schema), encoding="utf-8")
            options = [*options, "--schema", str(folder / "schema.json")]
        if name is not None:
            options = [*options, "--name", name]
        probes, table, bundle = (folder / part for part in ("probes.csv", "table.csv", "x.nomo"))
        reading = [command, "import", file, *options, "--json"]
        shape = _run([*reading, "--probes", str(probes), "--max-probes", str(max_probes)])
        levels = [feature["levels"] for feature in shape["features"]]
        with probes.open(newline="", encoding="utf-8") as stream:
            names, *cells = csv.reader(stream)
        cells += _cells_of(rows, names)
        answers = predict(_Rows(names, levels, cells), shape["classes"])
        with table.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow([*names, *answers.columns])
            for row, answer in zip(cells, zip(*answers.columns.values(), strict=True), strict=True):
                writer.writerow([*row, *map(_text, answer)])
        report = _run([*reading, "--check", str(table), "--output", str(bundle)])
        return Imported(bundle.read_bytes(), report)


def _text(value: Any) -> str:
    """All digits of a number."""
    return str(int(value)) if isinstance(value, np.integer) else repr(float(value))


def _program(program: str | os.PathLike[str] | None) -> str:
    found = program or os.environ.get("NOMOGRAM_PROGRAM") or shutil.which("nomogram")
    if not found:
        raise FileNotFoundError(
            "the program `nomogram` is not on the path; install it or set NOMOGRAM_PROGRAM"
        )
    return os.fspath(found)


def _run(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ImportRefused(done.stderr.strip())
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _schema_of(rows: Any, schema: dict[str, Any] | None) -> dict[str, Any]:
    """The given schema, with the levels that a data frame's categories have."""
    merged = dict(schema or {})
    features = {feature["name"]: dict(feature) for feature in merged.get("features", [])}
    for name, dtype in getattr(rows, "dtypes", {}).items():
        categories = getattr(dtype, "categories", None)
        if categories is not None:
            entry = features.setdefault(str(name), {"name": str(name)})
            entry.setdefault("levels", [str(level) for level in categories])
    if features:
        merged["features"] = list(features.values())
    return merged


def _cells_of(rows: Any, names: list[str]) -> list[list[str]]:
    """Rows as texts, as the probes are written."""
    if rows is None:
        return []
    if hasattr(rows, "dtypes"):
        columns = [list(rows[name]) for name in names]
        rows = list(zip(*columns, strict=True))
    return [[_cell(value) for value in row] for row in rows]


def _cell(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, (str, bool, np.bool_)):
        return str(value)
    return repr(float(value)) if isinstance(value, (float, np.floating)) else str(value)
