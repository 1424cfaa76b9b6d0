"""Regressions of statsmodels, lifelines and scikit-survival predict the same from bundles."""

from __future__ import annotations

import os
import shutil
from typing import Any

import numpy as np
import pytest

import nomogram_risk
from nomogram_risk import ImportRefused

HAS_PROGRAM = bool(os.environ.get("NOMOGRAM_PROGRAM") or shutil.which("nomogram"))
needs_program = pytest.mark.skipif(not HAS_PROGRAM, reason="NOMOGRAM_PROGRAM is not set")
LEVELS = {"stage": ["I", "II", "III"]}
# Peers warn of each other.
pytestmark = pytest.mark.filterwarnings("ignore")


def patients() -> Any:
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(1)
    n_rows = 300
    frame = pandas.DataFrame(
        {
            "age": rng.uniform(30, 80, n_rows).round(),
            "bmi": rng.normal(26, 4, n_rows),
            "stage": np.array(LEVELS["stage"])[rng.integers(0, 3, n_rows)],
        }
    )
    risk = 0.05 * (frame["age"] - 55) + (frame["stage"] == "III")
    frame["dead"] = (rng.random(n_rows) < 1 / (1 + np.exp(-risk))).astype(float)
    frame["days"] = rng.exponential(400 * np.exp(-risk / 2)) + 1
    return frame


def check(imported: Any, rows: Any, expected: Any) -> None:
    outputs = imported.report["comparison"]["outputs"]
    assert outputs["n_beyond"] == 0
    assert outputs["n_compared"] >= 15
    model = imported.model()
    predictions = model.predict_rows(rows)
    if model.task == "classes":
        found = np.asarray(predictions.probabilities)[:, 1]
    else:
        found = np.asarray(predictions.values)
    assert np.abs(found / np.asarray(expected) - 1).max() <= 1e-12


FORMULA = "dead ~ age + np.log(bmi) + C(stage) + age:C(stage)"


@needs_program
def test_a_logistic_formula_of_statsmodels() -> None:
    formulas = pytest.importorskip("statsmodels.formula.api")
    frame = patients()
    result = formulas.logit(FORMULA, frame).fit(disp=0)
    rows = frame[["age", "bmi", "stage"]]
    imported = nomogram_risk.from_statsmodels(
        result, levels=LEVELS, ranges={"bmi": (10, 80), "age": (18, 110)}, rows=rows
    )
    check(imported, rows, result.predict(rows))
    given = imported.report["given_rows"]
    assert (given["n_rows"], given["n_refused"]) == (len(rows), 0)
    too_old = rows.assign(age=rows["age"] + 60)
    imported = nomogram_risk.from_statsmodels(
        result, levels=LEVELS, ranges={"bmi": (10, 80), "age": (18, 110)}, rows=too_old
    )
    assert imported.report["given_rows"]["n_refused"] == (too_old["age"] > 110).sum() > 0


@needs_program
@pytest.mark.parametrize("link", ["Logit", "CLogLog", "Log", "Identity"])
def test_generalized_linear_models_of_statsmodels(link: str) -> None:
    statsmodels = pytest.importorskip("statsmodels.api")
    frame = patients()
    x = statsmodels.add_constant(frame[["age", "bmi"]])
    families = statsmodels.families
    kinds = {"Log": families.Gamma, "Identity": families.Gaussian}
    kind = kinds.get(link, families.Binomial)
    target = frame["days"] if link in kinds else frame["dead"]
    result = statsmodels.GLM(target, x, kind(getattr(families.links, link)())).fit()
    ranges = {"age": (18, 110), "bmi": (10, 80)}
    imported = nomogram_risk.from_statsmodels(result, ranges=ranges)
    check(imported, frame[["age", "bmi"]], result.predict(x))


@needs_program
def test_a_cox_model_of_lifelines() -> None:
    lifelines = pytest.importorskip("lifelines")
    frame = patients()
    fitter = lifelines.CoxPHFitter().fit(frame, "days", "dead", formula="age + bmi + C(stage)")
    rows = frame[["age", "bmi", "stage"]]
    imported = nomogram_risk.from_lifelines(fitter, horizon=365.0, levels=LEVELS, rows=rows)
    survival = fitter.predict_survival_function(rows, times=[365.0]).to_numpy()[0]
    check(imported, rows, 1 - survival)


@needs_program
def test_a_cox_model_of_scikit_survival() -> None:
    linear = pytest.importorskip("sksurv.linear_model")
    util = pytest.importorskip("sksurv.util")
    frame = patients()
    target = util.Surv.from_arrays(frame["dead"] == 1, frame["days"])
    rows = frame[["age", "bmi"]]
    estimator = linear.CoxPHSurvivalAnalysis().fit(rows, target)
    imported = nomogram_risk.from_scikit_survival(estimator, horizon=365.0, rows=rows)
    survival = [function(365.0) for function in estimator.predict_survival_function(rows)]
    check(imported, rows, 1 - np.array(survival))


def test_what_has_no_counterpart_is_refused_by_name() -> None:
    statsmodels = pytest.importorskip("statsmodels.api")
    formulas = pytest.importorskip("statsmodels.formula.api")
    frame = patients()
    probit = statsmodels.families.Binomial(statsmodels.families.links.Probit())
    x = frame[["age", "bmi"]]
    exposure = np.full(len(frame), 2.0)
    for result, message in [
        (statsmodels.GLM(frame["dead"], x, probit).fit(), "family `Binomial` with link `Probit`"),
        (statsmodels.Poisson(frame["dead"], x, exposure=exposure).fit(disp=0), "exposure"),
        (formulas.ols("days ~ np.sqrt(age)", frame).fit(), "coefficient `np.sqrt(age)`"),
        (formulas.ols("days ~ C(stage)", frame).fit(), "name the levels of `stage`"),
    ]:
        with pytest.raises(ImportRefused, match=message.replace("(", r"\(").replace(")", r"\)")):
            nomogram_risk.from_statsmodels(result, program="not run")


def test_strata_and_early_horizons_are_refused() -> None:
    lifelines = pytest.importorskip("lifelines")
    frame = patients()
    of = nomogram_risk.from_lifelines
    fitter = lifelines.CoxPHFitter().fit(frame, "days", "dead", formula="age", strata=["stage"])
    with pytest.raises(ImportRefused, match="strata"):
        of(fitter, horizon=365.0, program="not run")
    fitter = lifelines.CoxPHFitter().fit(frame[["age", "days", "dead"]], "days", "dead")
    with pytest.raises(ImportRefused, match="horizon 0"):
        of(fitter, horizon=0.0, program="not run")
