"""Models of other libraries become bundles that predict the same numbers."""

from __future__ import annotations

import csv
import json
import math
import os
import tempfile
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _program

if TYPE_CHECKING:
    from ._model import Model


class ImportedModel(NamedTuple):
    """A sealed bundle, and how its predictions compare with those of the source."""

    bundle: bytes
    """The bundle."""
    digest: str
    """Its digest."""
    notes: tuple[str, ...]
    """What a person must know, one sentence each."""
    comparison: dict[str, Any]
    """Rows compared, the largest differences of margins and outputs, and decision paths."""

    def open(self) -> Model:
        """Opens and verifies the bundle."""
        from ._model import Model

        return Model.open(self.bundle)


def from_sklearn(
    estimator: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    rows: Any = None,
    name: str | None = None,
    target: str = "target",
    schema: dict[str, Any] | None = None,
    max_probes: int = 2000,
    program: str | os.PathLike[str] | None = None,
) -> ImportedModel:
    """Seals a fitted estimator of scikit-learn as a bundle that predicts the same numbers.

    Fitted attributes are read, never a pickle. The estimator itself predicts rows that are made
    around every threshold (``max_probes`` at most). The bundle must predict the same; then they
    become its golden cases. It must also predict the same for ``rows``, a table as the estimator
    reads it; they may be patients, so the bundle does not keep them. ``schema`` names features,
    units, ranges and policies, as docs/import.md describes; ``target`` names what is predicted. The
    bundle is also written to ``path``.

    :raises ImportRefused: With the place, when the estimator or a setting has no exact counterpart,
        or a prediction differs.
    """
    from ._sklearn import Description, NotSupported

    try:
        description = Description(estimator, target)
    except NotSupported as error:
        raise _program.ImportRefused(str(error)) from None
    found = _program.find(program)
    with tempfile.TemporaryDirectory() as folder:
        model, probes, check, bundle = (
            os.path.join(folder, file) for file in ("model.json", "probes.csv", "check.csv", "nomo")
        )
        _write(model, description.text())
        options = ["--name", name or type(estimator).__name__]
        if schema is not None:
            schema_path = os.path.join(folder, "schema.json")
            _write(schema_path, json.dumps(schema))
            options += ["--schema", schema_path]
        made = ["--probes", probes, "--max-probes", str(max_probes)]
        _program.run(found, "import", model, *made, *options)
        header, cells = _read(probes)
        levels = _renamed(description.rows.levels(), description.rows.names(), schema)
        numbers = [to_numbers(row, levels) for row in cells]
        cells = [to_cells(row, levels) for row in numbers]
        predictions = description.rows.predict(numbers)
        classes = _classes(schema) or description.classes
        _write_check(check, header, cells, predictions, classes)
        report = _program.run(found, "import", model, "-o", bundle, "--check", check, *options)
        with open(bundle, "rb") as file:
            sealed = file.read()
    comparison = report["comparison"]
    if rows is not None:
        comparison["given_rows"] = _compare(sealed, description.rows, rows)
    if path is not None:
        with open(path, "wb") as target_file:
            target_file.write(sealed)
    return ImportedModel(sealed, report["digest"], tuple(report["notes"]), comparison)


def _compare(bundle: bytes, source: Any, table: Any) -> dict[str, Any]:
    """Compares the predictions of the bundle with those of the estimator, for rows of a caller.

    :raises ImportRefused: When one differs by more than 1e-12, relative above 1.
    """
    import numpy as np

    from ._model import Model

    numbers = source.numbers(table)
    expected = [found and found["outputs"] for found in source.predict(numbers)]
    with Model.open(bundle) as model:
        found = model.predict_rows(np.array(numbers, np.float64), on_refusal="go_on")
        outputs = found.probabilities if model.task == "classes" else found.values[:, None]
        is_refused = np.asarray(found.status) != 0
    chosen = [
        index for index, known in enumerate(expected) if known is not None and not is_refused[index]
    ]
    known_outputs = np.array([expected[index] for index in chosen]).reshape(len(chosen), -1)
    differences = np.abs(outputs[chosen] - known_outputs)
    is_beyond = differences > 1e-12 * np.maximum(np.abs(known_outputs), 1.0)
    if is_beyond.any():
        row = chosen[int(np.argmax(is_beyond.any(axis=1)))]
        detail = f"differs by {differences.max():e} at most, expected 1e-12"
        raise _program.ImportRefused(f"row {row + 1}: the prediction of the bundle {detail}")
    return {
        "n_rows": len(chosen),
        "n_refused": len(expected) - len(chosen),
        "largest": float(differences.max(initial=0.0)),
    }


def _classes(schema: dict[str, Any] | None) -> list[str] | None:
    """The names that a schema gives to the classes."""
    names: list[str] | None = ((schema or {}).get("target") or {}).get("classes")
    return names


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _read(path: str) -> tuple[list[str], list[list[str]]]:
    with open(path, encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def to_numbers(cells: list[str], levels: list[list[str]]) -> list[float]:
    """The numbers of a row: of a category the position of the level, or that after the last one."""
    return [
        math.nan if cell == "" else float(_position(cell, names) if names else cell)
        for cell, names in zip(cells, levels, strict=True)
    ]


def to_cells(numbers: list[float], levels: list[list[str]]) -> list[str]:
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


def _position(level: str, names: list[str]) -> int:
    return names.index(level) if level in names else len(names)


def _renamed(
    levels: list[list[str]], names: list[str], schema: dict[str, Any] | None
) -> list[list[str]]:
    """The levels of each feature, as a schema names them."""
    entries = (schema or {}).get("features") or []
    by_name = {one.get("source", one["name"]): one["levels"] for one in entries if "levels" in one}
    return [by_name.get(name, known) for name, known in zip(names, levels, strict=True)]


def _write_check(
    path: str,
    header: list[str],
    cells: list[list[str]],
    predictions: list[dict[str, Any] | None],
    classes: list[str] | None,
) -> None:
    """Writes the rows that the source predicts, with its predictions."""
    known = [(row, found) for row, found in zip(cells, predictions, strict=True) if found]
    names = {
        "outputs": ["prediction"] if classes is None else [f"probability:{one}" for one in classes],
    }
    if known:
        for key, column in (("margins", "margin"), ("leaves", "leaf")):
            count = len(known[0][1].get(key, ()))
            names[key] = [f"{column}:{nth + 1}" for nth in range(count)]
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*header, *(name for key in names for name in names[key])])
        for row, found in known:
            writer.writerow([*row, *(repr(one) for key in names for one in found.get(key, ()))])
