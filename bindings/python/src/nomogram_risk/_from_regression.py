"""Regressions of statsmodels, lifelines and scikit-survival, through the program ``nomogram``.

A regression becomes an equation, as docs/import.md describes it: terms from the names of the
coefficients, an intercept, and what the sum means. The source library predicts the importer's
probes.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ._seal import Answers, Imported, ImportRefused, Options, Rows, outputs_of, seal

Table = dict[str, list[Any]]
"""Columns of values by the names of features."""


class Coefficients(NamedTuple):
    """A regression: its coefficients by name, and what the sum means."""

    names: list[str]
    values: list[float]
    intercept: float
    outcome: dict[str, Any]
    levels: dict[str, list[str]]
    """The levels of the features that are categories, the reference among them."""


def from_statsmodels(
    result: Any,
    *,
    levels: Mapping[str, Sequence[str]] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    rows: Any = None,
    schema: dict[str, Any] | None = None,
    name: str = "regression",
    target: str = "target",
    max_probes: int = 500,
    program: str | os.PathLike[str] | None = None,
    golden_rows: bool = False,
) -> Imported:
    """Seals a fitted ``Logit``, ``OLS`` or ``GLM`` of statsmodels.

    Links: logit and complementary log-log of a binomial family, identity, logarithm. With a
    formula, terms are features, ``np.log(x)``, ``C(x)[T.level]`` and products of them; ``levels``
    names the levels of each category, the reference among them. ``ranges`` has the plausible
    values of numbers, which a logarithm needs. ``rows``, a data frame, are compared too; they may
    be patients, so the bundle keeps them only with ``golden_rows``. Raises ``ImportRefused``.
    """
    model = result.model
    for offset in ("offset", "exposure"):
        if np.any(getattr(model, offset, None) is not None and getattr(model, offset)):
            raise ImportRefused(f"not supported: {offset}")
    parameters = [float(value) for value in np.ravel(result.params)]
    columns = [str(column) for column in model.exog_names]
    if len(parameters) != len(columns):
        raise ImportRefused(f"not supported: several targets of `{type(model).__name__}`")
    intercept, names, values = 0.0, [], []
    for column, value in zip(columns, parameters, strict=True):
        if column in ("const", "Intercept"):
            intercept = value
        else:
            names.append(column)
            values.append(value)
    has_formula = getattr(model, "formula", None) is not None
    coefficients = Coefficients(names, values, intercept, _outcome(model, target), _levels(levels))

    def predict(table: Table) -> Any:
        if has_formula:
            import pandas as pd

            return np.asarray(result.predict(pd.DataFrame(table)))
        n_rows = len(next(iter(table.values())))
        given = [
            np.ones(n_rows) if column in ("const", "Intercept") else np.asarray(table[column])
            for column in columns
        ]
        return np.asarray(result.predict(np.column_stack(given)))

    options = Options(rows, schema, name, max_probes, program, golden_rows)
    return _seal(coefficients, predict, ranges, options)


def from_lifelines(
    fitter: Any,
    *,
    horizon: float,
    levels: Mapping[str, Sequence[str]] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    rows: Any = None,
    schema: dict[str, Any] | None = None,
    name: str = "cox",
    target: str = "event",
    max_probes: int = 500,
    program: str | os.PathLike[str] | None = None,
    golden_rows: bool = False,
) -> Imported:
    """Seals a fitted ``CoxPHFitter`` of lifelines: the probability of the event until ``horizon``.

    Terms as those of :func:`from_statsmodels`; strata are not supported. Raises ``ImportRefused``.
    """
    if type(fitter).__name__ != "CoxPHFitter" or getattr(fitter, "strata", None):
        raise ImportRefused(f"not supported: `{type(fitter).__name__}`, or strata")
    if getattr(fitter, "baseline_estimation_method", "breslow") != "breslow":
        raise ImportRefused("not supported: a baseline other than Breslow's")
    names = [str(covariate) for covariate in fitter.params_.index]
    values = [float(value) for value in fitter.params_]
    means = [float(value) for value in fitter._norm_mean]
    times = fitter.baseline_cumulative_hazard_.index.to_numpy(float)
    hazards = fitter.baseline_cumulative_hazard_.to_numpy(float)[:, 0]
    if not times[0] <= horizon <= times[-1]:
        raise ImportRefused(f"horizon {horizon}, expected {times[0]} to {times[-1]}")
    # lifelines draws straight lines between the times of events.
    hazard = float(np.interp(horizon, times, hazards))
    centred = -math.fsum(value * mean for value, mean in zip(values, means, strict=True))
    coefficients = Coefficients(names, values, *_cox(hazard, centred, target), _levels(levels))

    def predict(table: Table) -> Any:
        import pandas as pd

        frame = pd.DataFrame(table)
        hazards = fitter.predict_cumulative_hazard(frame, times=[horizon])
        return -np.expm1(-hazards.to_numpy(float)[0])

    options = Options(rows, schema, name, max_probes, program, golden_rows)
    return _seal(coefficients, predict, ranges, options)


def from_scikit_survival(
    estimator: Any,
    *,
    horizon: float,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    rows: Any = None,
    schema: dict[str, Any] | None = None,
    name: str = "cox",
    target: str = "event",
    max_probes: int = 500,
    program: str | os.PathLike[str] | None = None,
    golden_rows: bool = False,
) -> Imported:
    """Seals a fitted ``CoxPHSurvivalAnalysis``: the probability of the event until ``horizon``.

    Raises ``ImportRefused``.
    """
    if type(estimator).__name__ != "CoxPHSurvivalAnalysis":
        raise ImportRefused(f"not supported: `{type(estimator).__name__}`")
    values = [float(value) for value in estimator.coef_]
    given = getattr(estimator, "feature_names_in_", None)
    names = (
        [f"x{index}" for index in range(len(values))] if given is None else list(map(str, given))
    )
    hazard = float(estimator.cum_baseline_hazard_(horizon))
    coefficients = Coefficients(names, values, *_cox(hazard, 0.0, target), {})

    def predict(table: Table) -> Any:
        columns = np.column_stack([np.asarray(table[one], float) for one in names])
        frame: Any = columns
        if given is not None:
            import pandas as pd

            frame = pd.DataFrame(columns, columns=names)
        found = estimator.predict_cumulative_hazard_function(frame, return_array=False)
        return np.array([-np.expm1(-function(horizon)) for function in found])

    options = Options(rows, schema, name, max_probes, program, golden_rows)
    return _seal(coefficients, predict, ranges, options)


def _levels(levels: Mapping[str, Sequence[str]] | None) -> dict[str, list[str]]:
    return {feature: list(names) for feature, names in (levels or {}).items()}


def _cox(hazard: float, intercept: float, target: str) -> tuple[float, dict[str, Any]]:
    """Intercept and outcome of a Cox model with this cumulative hazard at the horizon."""
    if not 0.0 < hazard < math.inf:
        raise ImportRefused(f"a cumulative hazard of {hazard}, expected above 0: a later horizon")
    classes = ["no", "yes"]
    # A baseline survival of 1/e leaves the sum as it is: it is the logarithm of the hazard.
    survival = {"name": target, "classes": classes, "baseline_survival": math.exp(-1.0)}
    return intercept + math.log(hazard), {"survival": survival}


def _outcome(model: Any, target: str) -> dict[str, Any]:
    """What the sum of a model of statsmodels means."""
    kind = type(model).__name__
    classes = ["0", "1"]
    logistic = {"logistic": {"name": target, "classes": classes}}
    value = {"value": {"name": target, "unit": None}}
    if kind == "Logit":
        return logistic
    if kind in ("OLS", "WLS", "GLS"):
        return value
    if kind == "Poisson":
        return {"exponential": value["value"]}
    if kind != "GLM":
        raise ImportRefused(f"not supported: model `{kind}`")
    family, link = type(model.family).__name__, type(model.family.link).__name__
    is_binomial = family == "Binomial"
    if is_binomial and link == "Logit":
        return logistic
    if is_binomial and link == "CLogLog":
        survival = {"name": target, "classes": classes, "baseline_survival": math.exp(-1.0)}
        return {"survival": survival}
    if not is_binomial and link in ("Identity", "Log"):
        return value if link == "Identity" else {"exponential": value["value"]}
    raise ImportRefused(f"not supported: family `{family}` with link `{link}`")


def _terms(coefficients: Coefficients) -> list[dict[str, Any]]:
    return [
        {"coefficient": value, "factors": [_factor(one, coefficients) for one in name.split(":")]}
        for name, value in zip(coefficients.names, coefficients.values, strict=True)
    ]


def _factor(name: str, coefficients: Coefficients) -> dict[str, Any]:
    """A column of a design matrix: a feature, its logarithm, or one of its levels."""
    category = re.fullmatch(r"(?:C\((\w+)(?:,.*)?\)|(\w+))\[T\.(.+)\]", name)
    if category:
        feature = category[1] or category[2]
        if category[3] not in coefficients.levels.get(feature, []):
            raise ImportRefused(f"coefficient `{name}`: name the levels of `{feature}` by `levels`")
        return {"feature": feature, "level": category[3]}
    logarithm = re.fullmatch(r"(?:np\.|numpy\.)?log(1p)?\((\w+)\)", name)
    if logarithm:
        return {"feature": logarithm[2], "transform": "ln1p" if logarithm[1] else "ln"}
    if re.search(r"[()\[\]*]", name) or name in coefficients.levels:
        raise ImportRefused(f"coefficient `{name}`: not supported: such a term")
    return {"feature": name}


def _seal(
    coefficients: Coefficients,
    predict: Callable[[Table], Any],
    ranges: Mapping[str, tuple[float, float]] | None,
    options: Options,
) -> Imported:
    terms = _terms(coefficients)
    names = list(dict.fromkeys(factor["feature"] for term in terms for factor in term["factors"]))
    features: list[dict[str, Any]] = []
    for feature in names:
        entry: dict[str, Any] = {"name": feature}
        if feature in coefficients.levels:
            entry["levels"] = coefficients.levels[feature]
        elif ranges and feature in ranges:
            entry["range"] = list(ranges[feature])
        features.append(entry)
    example = {feature: coefficients.levels.get(feature, [1.0])[0] for feature in names}
    for feature, (low, high) in (ranges or {}).items():
        example[feature] = min(max(1.0, low), high)
    expected = float(np.ravel(predict({feature: [one] for feature, one in example.items()}))[0])
    document = {
        "equation": {
            "name": options.name,
            "version": "1",
            "paper": "not published: a fitted regression",
        },
        "features": features,
        "terms": terms,
        "intercept": coefficients.intercept,
        "outcome": coefficients.outcome,
        "examples": [
            {
                "row": example,
                "prediction": expected,
                "within": 1e-12 * max(1.0, abs(expected)),
                "from": "the source library",
            }
        ],
    }

    def save(folder: Path) -> Path:
        path = folder / "equation.yaml"
        path.write_text(json.dumps(document, allow_nan=False), encoding="utf-8")
        return path

    def answer(given: Rows, classes: Sequence[str]) -> Answers:
        codes = given.codes()
        table: Table = {}
        n_levels = np.array([len(levels) or math.inf for levels in given.levels])
        is_known = np.isfinite(codes).all(axis=1) & (codes < n_levels).all(axis=1)
        for index, (feature, levels) in enumerate(zip(given.names, given.levels, strict=True)):
            known = codes[is_known, index]
            table[feature] = [levels[int(code)] for code in known] if levels else known.tolist()
        found = np.full(len(codes), math.nan)
        if is_known.any():
            found[is_known] = np.ravel(predict(table))
        return Answers(outputs_of(found, classes))

    return seal(save, answer, options, "--format", "equation")
