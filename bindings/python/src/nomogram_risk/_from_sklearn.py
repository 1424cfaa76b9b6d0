"""Estimators of scikit-learn, by fitted attributes and through the program ``nomogram``."""

from __future__ import annotations

import csv
import json
import math
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ._import import Imported, ImportRefused, _program, _run
from ._model import Model

Answers = list[dict[str, Any] | None]
"""What an estimator predicts for each row; None for a row that it refuses."""


def from_sklearn(
    estimator: Any,
    *,
    rows: Any = None,
    schema: dict[str, Any] | None = None,
    name: str | None = None,
    target: str = "target",
    max_probes: int = 2000,
    program: str | os.PathLike[str] | None = None,
) -> Imported:
    """Seals a fitted estimator of scikit-learn as a bundle that predicts the same numbers.

    Fitted attributes are read, never a pickle. The estimator itself predicts rows that are made
    around every threshold (``max_probes`` at most). The bundle must predict the same; then they
    become its golden cases. It must also predict the same for ``rows``, a table as the estimator
    reads it; they may be patients, so the bundle does not keep them. ``schema`` names features,
    units, ranges and policies, as docs/import.md describes; ``target`` names what is predicted.

    Raises ``ImportRefused`` with the place, when the estimator or a setting has no exact
    counterpart, or a prediction differs.
    """
    from ._sklearn import Description, NotSupported

    try:
        description = Description(estimator, target)
    except NotSupported as error:
        raise ImportRefused(str(error)) from None
    command = _program(program)
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        model, given, probes, table, bundle = (
            folder / part
            for part in ("model.json", "schema.json", "probes.csv", "table.csv", "x.nomo")
        )
        model.write_text(description.text(), encoding="utf-8")
        reading = [command, "import", str(model), "--json"]
        reading += ["--name", name or type(estimator).__name__]
        if schema is not None:
            given.write_text(json.dumps(schema), encoding="utf-8")
            reading += ["--schema", str(given)]
        shape = _run([*reading, "--probes", str(probes), "--max-probes", str(max_probes)])
        levels = [list(feature["levels"]) for feature in shape["features"]]
        with probes.open(newline="", encoding="utf-8") as stream:
            header, *cells = csv.reader(stream)
        numbers = [to_numbers(row, levels) for row in cells]
        answers = description.rows.predict(numbers)
        write_table(
            table, header, [to_cells(row, levels) for row in numbers], answers, shape["classes"]
        )
        report = _run([*reading, "--check", str(table), "--output", str(bundle)])
        sealed = bundle.read_bytes()
    if rows is not None:
        report["given_rows"] = _compare(sealed, description.rows, rows)
    return Imported(sealed, report)


def from_skops(
    file: str | os.PathLike[str], *, trusted: Sequence[str] = (), **options: Any
) -> Imported:
    """As :func:`from_sklearn`, for an estimator that ``skops.io.dump`` saved.

    skops reads the archive of JSON and arrays without a pickle, and only types that it trusts by
    default or that ``trusted`` names. Trees need ``sklearn.tree._tree.Tree``: a forged one can
    crash scikit-learn when it predicts. ``options`` are those of :func:`from_sklearn`. Raises
    ``ImportRefused``, with the types that are not trusted.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        estimator = skops.io.load(file, trusted=list(trusted))
    except UntrustedTypesFoundException as error:
        raise ImportRefused(f"{os.fspath(file)}: {error}") from None
    return from_sklearn(estimator, **options)


def to_numbers(cells: Sequence[str], levels: list[list[str]]) -> list[float]:
    """The numbers of a row: of a category the position of the level, or that after the last one."""
    return [
        math.nan if cell == "" else float(_position(cell, names) if names else cell)
        for cell, names in zip(cells, levels, strict=True)
    ]


def _position(level: str, names: list[str]) -> int:
    return names.index(level) if level in names else len(names)


def to_cells(numbers: Sequence[float], levels: list[list[str]]) -> list[str]:
    """The cells of a row: the names of levels, and numbers that read back to the same bits."""
    return [_cell(number, names) for number, names in zip(numbers, levels, strict=True)]


def _cell(number: float, names: list[str]) -> str:
    if math.isnan(number):
        return ""
    if not names:
        return repr(number)
    return names[int(number)] if number < len(names) else _unseen(names)


def _unseen(names: list[str]) -> str:
    """A text that is no level, also when it is read as a number."""
    text = "unseen level"
    while text in names:
        text += "'"
    return text


def write_table(
    path: Path, header: list[str], cells: list[list[str]], answers: Answers, classes: list[str]
) -> None:
    """Writes the rows that the estimator predicts, with its predictions."""
    known = [(row, found) for row, found in zip(cells, answers, strict=True) if found]
    names = {"outputs": [f"probability:{one}" for one in classes] or ["prediction"]}
    if known:
        for key, column in (("margins", "margin"), ("leaves", "leaf")):
            count = len(known[0][1].get(key, ()))
            names[key] = [f"{column}:{nth + 1}" for nth in range(count)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*header, *(name for key in names for name in names[key])])
        for row, found in known:
            writer.writerow([*row, *(repr(one) for key in names for one in found.get(key, ()))])


def _compare(bundle: bytes, source: Any, table: Any) -> dict[str, Any]:
    """Compares the predictions of the bundle with those of the estimator, for rows of a caller.

    Raises ``ImportRefused`` when one differs by more than 1e-12, relative above 1.
    """
    numbers = source.numbers(table)
    expected = [found and found["outputs"] for found in source.predict(numbers)]
    with Model.open(bundle) as model:
        predictions = model.predict_rows(np.array(numbers, np.float64), on_refusal="go_on")
        is_of_classes = model.task == "classes"
        outputs = predictions.probabilities if is_of_classes else predictions.values[:, None]
        is_taken = np.asarray(predictions.status) == 0
    chosen = [
        index for index, known in enumerate(expected) if known is not None and is_taken[index]
    ]
    known_outputs = np.array([expected[index] for index in chosen]).reshape(len(chosen), -1)
    differences = np.abs(outputs[chosen] - known_outputs)
    is_beyond = differences > 1e-12 * np.maximum(np.abs(known_outputs), 1.0)
    if is_beyond.any():
        row = chosen[int(np.argmax(is_beyond.any(axis=1)))]
        detail = f"differs by {differences.max():e} at most, expected 1e-12"
        raise ImportRefused(f"row {row + 1}: the prediction of the bundle {detail}")
    return {
        "n_rows": len(chosen),
        "n_refused": len(expected) - len(chosen),
        "largest": float(differences.max(initial=0.0)),
    }
