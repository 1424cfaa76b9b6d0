"""Transformers whose outputs are curves: polynomials between breaks, of one column each.

A curve is ``{"breaks": [...], "pieces": [[c0, c1, ...], ...]}`` with one more piece than breaks.
The coefficients are of powers of ``x - start``, the constant first; ``start`` is the break at which
the piece begins, of the first piece the first break.
"""

from __future__ import annotations

import math
from typing import Any

from .walk import MADE, Column, Place, Step, Walk, floats

Curve = dict[str, Any]
Result = tuple[list[Step], list[Column]]


def _made(curves: list[list[Curve]], columns: list[Column], walk: Walk) -> Result:
    walk.read_numbers(columns)
    return [{"kind": "curves", "curves": curves}], [MADE] * sum(map(len, curves))


def absolute(columns: list[Column], walk: Walk) -> Result:
    """numpy's ``abs``."""
    curve = {"breaks": [0.0], "pieces": [[0.0, -1.0], [0.0, 1.0]]}
    return _made([[curve] for _ in columns], columns, walk)


def spline_transformer(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """The functions of a basis of splines."""
    if estimator.extrapolation not in ("constant", "linear", "continue"):
        place.refuse(f"extrapolation={estimator.extrapolation!r}")
    if not 1 <= estimator.degree <= 7:
        place.refuse(f"degree={estimator.degree}, expected 1 to 7")
    if estimator.degree == 1 and estimator.extrapolation == "linear" and len(columns) > 1:
        # After the first column, scikit-learn takes inner knots for the outer ones.
        place.refuse("degree=1, extrapolation='linear' of several columns")
    if getattr(estimator, "handle_missing", "error") != "error":
        place.refuse(f"handle_missing={estimator.handle_missing!r}")
    curves = []
    for spline in estimator.bsplines_:
        inner = spline.t[estimator.degree : len(spline.t) - estimator.degree]
        if len(set(inner.tolist())) != len(inner):
            place.refuse("knots that coincide, as of a constant column or of tied quantiles")
        basis = _basis(spline, estimator.degree, estimator.extrapolation)
        curves.append(basis if estimator.include_bias else basis[:-1])
    return _made(curves, columns, walk)


def _basis(spline: Any, degree: int, extrapolation: str) -> list[Curve]:
    import numpy as np

    low, high = spline.t[degree], spline.t[-degree - 1]
    knots = np.unique(spline.t[(spline.t >= low) & (spline.t <= high)])

    def taylor(at: float, n_terms: int) -> Any:
        return [spline(at, nu=power) / math.factorial(power) for power in range(n_terms)]

    inner = [taylor(knot, degree + 1) for knot in knots[:-1]]
    if extrapolation == "continue":
        knots = knots[:-1]
        pieces = [inner[0], *inner]
    else:
        n_terms = 2 if extrapolation == "linear" else 1
        # At the last knot, the derivative from the left is that of the last piece.
        width = high - knots[-2]
        slope = sum(
            power * width ** (power - 1) * inner[-1][power] for power in range(1, degree + 1)
        )
        pieces = [taylor(low, n_terms), *inner, [spline(high), slope][:n_terms]]
    n_functions = spline.c.shape[1]
    return [
        {
            "breaks": floats(knots),
            "pieces": [[float(c[function]) for c in piece] for piece in pieces],
        }
        for function in range(n_functions)
    ]


def quantile_transformer(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """The share of training rows below a value, by straight lines between quantiles."""
    if estimator.output_distribution != "uniform":
        place.refuse(f"output_distribution={estimator.output_distribution!r}")
    curves = [[_of_quantiles(one, estimator.references_)] for one in estimator.quantiles_.T]
    return _made(curves, columns, walk)


def _of_quantiles(quantiles: Any, references: Any) -> Curve:
    """Tied quantiles are a jump; at the tied value itself, the result is the middle of it."""
    import numpy as np

    values, first = np.unique(quantiles, return_index=True)
    last = np.append(first[1:], len(quantiles)) - 1
    breaks: list[float] = []
    pieces: list[list[float]] = [[0.0]]

    def begin(start: float, piece: list[float]) -> None:
        if breaks and breaks[-1] >= start:
            breaks.pop()
            pieces.pop()
        breaks.append(float(start))
        pieces.append([float(c) for c in piece])

    for nth, value in enumerate(values[:-1]):
        low, high = references[first[nth]], references[last[nth]]
        start = value
        if low != high:
            # At the smallest value of all, the share is 0.
            begin(value, [0.0 if nth == 0 else 0.5 * (low + high)])
            start = np.nextafter(value, np.inf)
        slope = (references[first[nth + 1]] - high) / (values[nth + 1] - value)
        begin(start, [high + slope * (start - value), slope])
    # Of a constant column, the value itself is the smallest one.
    begin(np.nextafter(values[-1], np.inf) if len(values) == 1 else values[-1], [1.0])
    return {"breaks": breaks, "pieces": pieces}
