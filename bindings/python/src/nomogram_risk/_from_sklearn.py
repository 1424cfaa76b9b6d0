"""Estimators of scikit-learn, by fitted attributes and through the program ``nomogram``."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ._seal import Answers, Imported, ImportRefused, Options, Predict, Rows, columns_of, seal

if TYPE_CHECKING:
    from ._sklearn import Description


def from_sklearn(
    estimator: Any,
    *,
    rows: Any = None,
    schema: dict[str, Any] | None = None,
    name: str | None = None,
    target: str = "target",
    max_probes: int = 20_000,
    program: str | os.PathLike[str] | None = None,
    golden_rows: bool = False,
    tree_shares: bool = False,
    training_rows: bool = False,
) -> Imported:
    """Seals a fitted estimator of scikit-learn as a bundle that predicts the same numbers.

    Fitted attributes are read, never a pickle. The estimator itself predicts rows that are made
    around every threshold (``max_probes`` at most). The bundle must predict the same; then they
    become its golden cases. It must also predict the same for ``rows``, a table as the estimator
    reads it; they may be patients, so the bundle keeps them only with ``golden_rows``. ``schema``
    names features, units, ranges and policies, as docs/import.md describes; ``target`` names what
    is predicted. With ``tree_shares``, forests of the bundle can be explained by path. Support
    vectors and nearest neighbours are rows of the training data: ``training_rows`` keeps them.

    Raises ``ImportRefused`` with the place, when the estimator or a setting has no exact
    counterpart, or a prediction differs.
    """
    from ._sklearn import Description, NotSupported

    try:
        description = Description(estimator, target)
    except NotSupported as error:
        raise ImportRefused(str(error)) from None
    if description.n_stored_rows and not training_rows:
        # Before anything of the rows is in a file.
        raise ImportRefused(
            f"not supported: the model stores {description.n_stored_rows} rows of its training "
            "data, which may be data of patients; training_rows=True keeps them in the bundle"
        )
    if description.mixes_stored and rows is None:
        raise ImportRefused(
            "rows are needed for the comparison: between stored rows that a step computes from "
            "several features, none can be made"
        )
    if description.n_stored_rows:
        warnings.warn(
            "training_rows: the bundle keeps rows of the training data; anyone who has it can read "
            "them",
            stacklevel=2,
        )

    def save(folder: Path) -> Path:
        path = folder / "model.json"
        path.write_text(description.text(), encoding="utf-8")
        return path

    def cells(_names: list[str], levels: list[list[str]]) -> list[list[str]]:
        return [to_cells(row, levels) for row in description.rows.numbers(rows)]

    name = name or type(estimator).__name__
    options = Options(
        rows, schema, name, max_probes, program, golden_rows, tree_shares, training_rows, cells
    )
    imported = seal(save, answers_of(description), options)
    compared = imported.report.get("given_rows")
    if compared and compared["n_tied"]:
        n_all = compared["n_rows"] + compared["n_tied"]
        warnings.warn(
            f"ties among nearest neighbours decide the answer for {compared['n_tied']} of {n_all} "
            "given rows: there the bundle may predict other numbers than the estimator",
            stacklevel=2,
        )
    return imported


def answers_of(description: Description) -> Predict:
    """The predictions of an estimator, as columns."""

    def predict(given: Rows, classes: Sequence[str]) -> Answers:
        found = description.rows.predict(given.codes().tolist())
        known = [answer for answer in found if answer is not None]
        if found and not known:
            raise ImportRefused("the estimator predicts none of the rows")
        outputs = [answer["outputs"] for answer in known]
        columns = columns_of("probability", outputs)
        names = [f"probability:{one}" for one in classes] or ["prediction"]
        columns = dict(zip(names, columns.values(), strict=bool(known)))
        for key, column in (("margins", "margin"), ("leaves", "leaf")):
            if known and key in known[0]:
                columns |= columns_of(column, [answer[key] for answer in known])
        return Answers(columns, np.array([answer is not None for answer in found], bool))

    return predict


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
