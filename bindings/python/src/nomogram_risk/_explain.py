"""Explanations: how much each feature moved a prediction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ._describe import Description
from ._library import check, ffi, lib, new, text
from ._pictures import bars, waterfall
from ._rows import Matrix, Options, RowsLike, rows_of
from ._session import Pool
from ._values import Statements, refused

Method = Literal["groups", "permutations", "interventional", "path_dependent"]
Scale = Literal["probability", "margin", "value"]

_METHODS = {
    "groups": lib.NOMO_METHOD_GROUPS,
    "permutations": lib.NOMO_METHOD_PERMUTATIONS,
    "interventional": lib.NOMO_METHOD_INTERVENTIONAL,
    "path_dependent": lib.NOMO_METHOD_PATH_DEPENDENT,
}
_SCALES: dict[int, Scale] = {
    lib.NOMO_SCALE_PROBABILITY: "probability",
    lib.NOMO_SCALE_MARGIN: "margin",
    lib.NOMO_SCALE_VALUE: "value",
}


class Explanation:
    """What each player adds to the numbers of some rows; players are features or groups of them.

    For every row and number, ``base + values.sum()`` is ``explained``, within rounding.
    """

    values: npt.NDArray[np.float64]
    """What each player adds, shape ``(n_rows, n_numbers, n_players)``."""
    base: npt.NDArray[np.float64]
    """The mean over what rows are compared with, shape ``(n_numbers,)``."""
    explained: npt.NDArray[np.float64]
    """The explained numbers, shape ``(n_rows, n_numbers)``."""
    std_errors: npt.NDArray[np.float64] | None
    """The standard error of each value, if values are sampled; else None."""
    players: tuple[str, ...]
    """The names of the features, or of the groups of features."""
    numbers: tuple[str, ...]
    """What each number is about: a class, or the target."""
    scale: Scale
    """The scale of all numbers."""

    def __init__(self, numbers: tuple[str, ...], players: tuple[str, ...], scale: Scale) -> None:
        """Called by :meth:`Model.explain` only."""
        self.numbers = numbers
        self.players = players
        self.scale = scale

    @property
    def is_exact(self) -> bool:
        """Whether values are Shapley values within rounding, and not estimates."""
        return self.std_errors is None

    def waterfall(self, row: int = 0, number: str | None = None, n_players: int = 12) -> str:
        """A picture as SVG: from the base to the explained number of a row, player by player.

        ``number`` is a class; the default is the last one, which is the positive one of two. The
        players that add least are drawn as one.
        """
        index = self._index(number)
        return waterfall(
            f"{self.numbers[index]} ({self.scale})",
            float(self.base[index]),
            dict(zip(self.players, self.values[row, index].tolist(), strict=True)),
            n_players,
        )

    def bars(self, number: str | None = None, n_players: int = 12) -> str:
        """A picture as SVG: the mean magnitude of what each player adds, over all rows."""
        index = self._index(number)
        sizes = np.abs(self.values[:, index]).mean(axis=0)
        return bars(
            f"mean |value| for {self.numbers[index]} ({self.scale})",
            dict(zip(self.players, sizes.tolist(), strict=True)),
            n_players,
        )

    def _index(self, number: str | None) -> int:
        if number is None:
            return len(self.numbers) - 1
        if number not in self.numbers:
            raise ValueError(f"no number is called {number!r}, expected one of {self.numbers}")
        return self.numbers.index(number)

    def __repr__(self) -> str:
        n_rows, n_numbers, n_players = self.values.shape
        flavour = "exact" if self.is_exact else "sampled"
        return (
            f"<nomogram_risk.Explanation of {n_rows} rows, {n_numbers} numbers, "
            f"{n_players} players, {flavour}>"
        )


def explain(
    pool: Pool,
    description: Description,
    rows: RowsLike | Mapping[str, Any],
    options: Options,
    *,
    method: str,
    scale: str,
    member: str | None,
    n_pairs: int,
) -> Explanation:
    """Explains the predictions of rows; called by :meth:`Model.explain`."""
    request = (method, scale, member, n_pairs)
    explainer = pool.take_explainer(request)
    if explainer is None:
        explainer = _create(pool, _options(description, *request))
    try:
        return _explain(pool, description, rows, options, explainer)
    finally:
        pool.give_back_explainer(request, explainer)


def _create(pool: Pool, options: Any) -> Any:
    error = new("nomo_error")
    pointer = ffi.new("nomo_explainer **")
    check(lib.nomo_explainer_create(pool.model, options, pointer, error), error)
    return ffi.gc(pointer[0], lib.nomo_explainer_destroy)


def _explain(
    pool: Pool,
    description: Description,
    rows: RowsLike | Mapping[str, Any],
    options: Options,
    explainer: Any,
) -> Explanation:
    error = new("nomo_error")
    info = new("nomo_explainer_info")
    check(lib.nomo_explainer_describe(explainer, info, error), error)
    players = []
    for index in range(info.n_players):
        player = new("nomo_player")
        check(lib.nomo_explainer_player(explainer, index, player, error), error)
        players.append(text(player.name))
    target = description.schema.target
    # One margin of two classes is that of class 1.
    names = target.classes if info.n_explained > 1 else (target.classes[1:] or (target.name,))
    explanation = Explanation(names[: info.n_explained], tuple(players), _SCALES[info.scale])
    is_sampled = info.flavour == lib.NOMO_FLAVOUR_SAMPLED
    shape = (info.n_explained, info.n_players)
    if isinstance(rows, Mapping):
        rows = [rows]
    if isinstance(rows, (list, tuple)) and all(isinstance(row, Mapping) for row in rows):
        room = _Room(explanation, len(rows), shape, is_sampled)
        statements = Statements(
            options.indices, options.categories, options.units, options.ignore_other_columns
        )
        session = pool.take()
        try:
            for index, row in enumerate(rows):
                statements.state(session, row, index)
                outputs = room.struct(index, 1)
                status = lib.nomo_explainer_explain_session(
                    explainer, session.pointer, outputs, error
                )
                if status:
                    raise refused(status, error, options.names, row, index)
        finally:
            pool.give_back(session)
        return explanation
    parts = rows_of(rows, options)
    if not all(isinstance(part, Matrix) for part in parts):
        raise TypeError("a table, expected a matrix of numbers, a mapping or a list of mappings")
    (part,) = parts
    room = _Room(explanation, part.n_rows, shape, is_sampled)
    matrix = part.struct(0, part.n_rows)  # type: ignore[attr-defined]
    outputs = room.struct(0, part.n_rows)
    status = lib.nomo_explainer_explain_matrix(explainer, matrix, outputs, error)
    check(status, error, options.names)
    return explanation


def _options(
    description: Description, method: str, scale: str, member: str | None, n_pairs: int
) -> Any:
    if method not in _METHODS:
        raise ValueError(f"method is {method!r}, expected one of {tuple(_METHODS)}")
    if scale not in ("output", "margin"):
        raise ValueError(f"scale is {scale!r}, expected 'output' or 'margin'")
    explained = lib.NOMO_EXPLAIN_OUTPUTS if scale == "output" else lib.NOMO_EXPLAIN_MARGIN
    index = 0
    if member is not None:
        names = [one.name for one in description.members]
        if member not in names:
            raise ValueError(f"no member is called {member!r}, expected one of {names}")
        explained, index = lib.NOMO_EXPLAIN_MEMBER, names.index(member)
    return new(
        "nomo_explainer_options",
        explained=explained,
        member=index,
        method=_METHODS[method],
        n_pairs=n_pairs,
    )


class _Room:
    """The arrays of an explanation, and the struct that has the library write to some rows."""

    def __init__(
        self, explanation: Explanation, n_rows: int, shape: tuple[int, int], is_sampled: bool
    ) -> None:
        self._shape = shape
        explanation.values = np.empty((n_rows, *shape))
        explanation.base = np.empty(shape[0])
        explanation.explained = np.empty((n_rows, shape[0]))
        explanation.std_errors = np.empty((n_rows, *shape)) if is_sampled else None
        self._explanation = explanation

    def struct(self, first: int, n_rows: int) -> Any:
        """The struct for the rows from ``first`` on."""
        n_numbers, n_players = self._shape
        found = self._explanation
        outputs = new(
            "nomo_attributions",
            on_refusal=lib.NOMO_ON_REFUSAL_STOP,
            values=_start(found.values[first:]),
            values_len=n_rows * n_numbers * n_players,
            base=_start(found.base),
            base_len=n_numbers,
            explained=_start(found.explained[first:]),
            explained_len=n_rows * n_numbers,
        )
        if found.std_errors is not None:
            outputs.std_errors = _start(found.std_errors[first:])
            outputs.std_errors_len = n_rows * n_numbers * n_players
        return outputs


def _start(array: npt.NDArray[np.float64]) -> Any:
    return ffi.cast("double *", array.__array_interface__["data"][0])
