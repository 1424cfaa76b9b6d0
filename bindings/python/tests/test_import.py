"""Importing models: the source library predicts, the program compares and seals."""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nomogram_risk import ImportRefused, from_catboost, from_lightgbm, from_xgboost

HAS_PROGRAM = bool(os.environ.get("NOMOGRAM_PROGRAM") or shutil.which("nomogram"))
needs_program = pytest.mark.skipif(not HAS_PROGRAM, reason="NOMOGRAM_PROGRAM is not set")


def table(n_rows: int = 200) -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n_rows, 3))
    y = (x[:, 0] + 0.5 * x[:, 1] > 0.1).astype(int)
    x[rng.random(x.shape) < 0.1] = np.nan
    return x, y


def agrees(report: dict[str, Any]) -> bool:
    comparison = report["comparison"]
    parts = [comparison["margins"], comparison["outputs"]]
    return all(part["n_beyond"] == 0 and part["n_compared"] > 0 for part in parts)


@needs_program
def test_xgboost_predicts_the_same_from_a_bundle() -> None:
    xgboost = pytest.importorskip("xgboost")
    x, y = table()
    booster = xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(x, y), 5)
    imported = from_xgboost(booster, rows=x)
    assert agrees(imported.report)
    assert imported.report["comparison"]["paths"]["n_different"] == 0
    expected = booster.predict(xgboost.DMatrix(x))
    found = imported.model().predict_proba(x)[:, 1]
    assert np.abs(found - expected).max() <= np.finfo(np.float32).eps


@needs_program
@pytest.mark.parametrize("objective", ["binary:logistic", "multi:softprob", "count:poisson"])
def test_gblinear_has_the_margins_of_xgboost(objective: str) -> None:
    xgboost = pytest.importorskip("xgboost")
    x, y = table()
    y = y + (x[:, 0] > 1) if objective == "multi:softprob" else y
    options: dict[str, Any] = {"booster": "gblinear", "objective": objective}
    if objective == "multi:softprob":
        options["num_class"] = 3
    booster = xgboost.train(options, xgboost.DMatrix(x, y), 5)
    imported = from_xgboost(booster, rows=x)
    assert agrees(imported.report)
    margins = imported.report["comparison"]["margins"]
    assert margins["n_equal"] == margins["n_compared"] > len(x)
    assert imported.report["given_rows"]["n_refused"] == 0


@needs_program
def test_a_linear_estimator_of_xgboost_takes_all_rounds() -> None:
    xgboost = pytest.importorskip("xgboost")
    x, y = table()
    model = xgboost.XGBClassifier(booster="gblinear", n_estimators=7, early_stopping_rounds=1)
    model.fit(x[:100], y[:100], eval_set=[(x[100:], y[100:])], verbose=False)
    imported = from_xgboost(model, rows=x)
    assert agrees(imported.report)
    found, expected = imported.model().predict_proba(x), model.predict_proba(x)
    assert np.abs(found - expected).max() <= 2 * np.finfo(np.float32).eps


@needs_program
def test_an_estimator_of_xgboost_that_stopped_early_takes_its_best_round() -> None:
    xgboost = pytest.importorskip("xgboost")
    x, y = table()
    rng = np.random.default_rng(2)
    y = np.where(rng.random(len(y)) < 0.2, 1 - y, y)
    model = xgboost.XGBClassifier(
        n_estimators=30, learning_rate=1.0, max_depth=3, early_stopping_rounds=2
    )
    model.fit(x[:100], y[:100], eval_set=[(x[100:], y[100:])], verbose=False)
    booster = model.get_booster()
    assert model.best_iteration + 1 < booster.num_boosted_rounds()
    tolerance = 2 * np.finfo(np.float32).eps
    of_estimator, of_booster = from_xgboost(model, rows=x), from_xgboost(booster, rows=x)
    assert agrees(of_estimator.report)
    assert agrees(of_booster.report)
    found = of_estimator.model().predict_proba(x)
    assert np.abs(found - model.predict_proba(x)).max() <= tolerance
    of_all = of_booster.model().predict_proba(x)[:, 1]
    assert np.abs(of_all - booster.predict(xgboost.DMatrix(x))).max() <= tolerance
    assert np.abs(found[:, 1] - of_all).max() > 0.01


@needs_program
def test_given_rows_are_compared_and_kept_only_as_golden_rows() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    x, y = table()
    parameters = {"objective": "binary", "verbose": -1, "num_leaves": 5}
    booster = lightgbm.train(parameters, lightgbm.Dataset(x, y), 5)
    patient = struct.pack("<3d", *x[np.isfinite(x).all(axis=1)][0])
    imported = from_lightgbm(booster, rows=x)
    given = imported.report["given_rows"]
    assert (given["n_rows"], given["n_refused"]) == (len(x), 0)
    assert given["largest"] <= 1e-12
    assert imported.report["comparison"]["n_rows"] > len(x)
    assert patient not in imported.bundle
    # 256 of the program's probes, and of those that the source predicted as many at most.
    assert 256 < imported.model().n_golden_cases <= 512
    with pytest.warns(UserWarning, match="golden_rows: the bundle keeps the given rows"):
        imported = from_lightgbm(booster, rows=x, golden_rows=True)
    assert patient in imported.bundle


@needs_program
def test_xgboost_takes_the_levels_of_a_data_frame() -> None:
    xgboost = pytest.importorskip("xgboost")
    pandas = pytest.importorskip("pandas")
    x, y = table()
    levels = ["I", "II", "III"]
    stage = pandas.Categorical.from_codes(np.arange(len(x)) % 3, levels)
    frame = pandas.DataFrame({"a": x[:, 0], "stage": stage, "b": x[:, 1]})
    matrix = xgboost.DMatrix(frame, y, enable_categorical=True)
    booster = xgboost.train({"objective": "binary:logistic", "max_cat_to_onehot": 1}, matrix, 5)
    imported = from_xgboost(booster, rows=frame)
    assert agrees(imported.report)
    assert list(imported.model().features[1].levels) == levels


@needs_program
@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_levels_that_are_whole_numbers_are_names_in_a_frame(library: str) -> None:
    module = pytest.importorskip(library)
    pandas = pytest.importorskip("pandas")
    x, _ = table()
    stage = np.arange(len(x)) % 4 + 2
    y = (x[:, 0] + (stage % 2) > 1).astype(int)
    frame = pandas.DataFrame({"a": x[:, 0], "stage": pandas.Categorical(stage)})
    if library == "xgboost":
        matrix = module.DMatrix(frame, y, enable_categorical=True)
        booster = module.train({"objective": "binary:logistic"}, matrix, 5)
        imported, expected = from_xgboost(booster, rows=frame), booster.predict(matrix)
    else:
        options = {"verbose": -1, "min_data_per_group": 2, "cat_smooth": 1}
        estimator = module.LGBMClassifier(n_estimators=5, **options).fit(frame, y + 1)
        imported, expected = (
            from_lightgbm(estimator, rows=frame),
            estimator.predict_proba(frame)[:, 1],
        )
        assert imported.model().classes == ("1", "2")
    assert agrees(imported.report)
    model = imported.model()
    assert model.features[1].levels == ("2", "3", "4", "5")
    assert np.abs(model.predict_proba(frame)[:, 1] - expected).max() < 1e-6
    as_numbers = frame.assign(a=frame["a"].round().astype("category"))
    assert model.predict_proba(as_numbers).shape == (len(x), 2)
    floats = frame.assign(stage=pandas.Categorical(stage * 1.0))
    assert (model.predict_proba(floats) == model.predict_proba(frame)).all()
    # As pandas has codes of which some are missing.
    some = frame["stage"].astype(float).where(np.arange(len(x)) % 4 > 0)
    known = some.notna()
    found = model.predict_proba(frame.assign(stage=some))
    assert (found[known] == model.predict_proba(frame)[known]).all()
    missing = frame["stage"].astype(object).where(known, None)
    assert (found == model.predict_proba(frame.assign(stage=missing.astype("category")))).all()
    with pytest.raises(TypeError, match="'stage': a floating-point number, expected a level"):
        model.predict_proba(frame.assign(stage=stage + 0.5))


@needs_program
def test_lightgbm_predicts_the_same_from_a_bundle() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    x, y = table()
    parameters = {"objective": "binary", "verbose": -1, "num_leaves": 5}
    booster = lightgbm.train(parameters, lightgbm.Dataset(x, y), 5)
    imported = from_lightgbm(booster, rows=x)
    assert agrees(imported.report)
    assert np.abs(imported.model().predict_proba(x)[:, 1] - booster.predict(x)).max() < 1e-12


@needs_program
@pytest.mark.parametrize("objective", ["binary", "regression", "poisson"])
def test_linear_trees_have_the_margins_of_lightgbm(objective: str) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    x, y = table()
    parameters = {"objective": objective, "verbose": -1, "num_leaves": 5, "linear_tree": True}
    booster = lightgbm.train(parameters, lightgbm.Dataset(x, y), 5)
    assert "is_linear=1" in booster.model_to_string()
    imported = from_lightgbm(booster, rows=x)
    assert agrees(imported.report)
    margins = imported.report["comparison"]["margins"]
    assert margins["n_equal"] == margins["n_compared"] > len(x)
    assert imported.report["given_rows"]["n_refused"] == 0


@needs_program
def test_catboost_predicts_the_same_from_a_bundle() -> None:
    catboost = pytest.importorskip("catboost")
    x, y = table()
    options = {"iterations": 5, "depth": 3, "verbose": False, "allow_writing_files": False}
    model = catboost.CatBoostClassifier(**options).fit(x, y)
    imported = from_catboost(model, rows=x)
    assert agrees(imported.report)
    paths = imported.report["comparison"]["paths"]
    assert paths["n_compared"] > 5 * len(x)
    assert paths["n_different"] == 0


@needs_program
@pytest.mark.parametrize("library", ["lightgbm", "catboost"])
def test_each_class_of_a_one_vs_rest_model_is_a_bundle(library: str) -> None:
    x, y = table()
    labels = np.array(["a", "b", "c"])[(y > 0).astype(int) + (x[:, 0] > 0)]
    if library == "lightgbm":
        lightgbm = pytest.importorskip("lightgbm")
        model = lightgbm.LGBMClassifier(
            objective="multiclassova", n_estimators=4, num_leaves=5, verbose=-1
        ).fit(x, labels)
        seal: Any = from_lightgbm
        expected = model.booster_.predict(x)
    else:
        catboost = pytest.importorskip("catboost")
        model = catboost.CatBoostClassifier(
            loss_function="MultiClassOneVsAll",
            iterations=4,
            depth=3,
            verbose=False,
            allow_writing_files=False,
        ).fit(x, labels)
        seal = from_catboost
        expected = model.predict_proba(x)
    with pytest.raises(ImportRefused, match="do not sum to 1; choose one class"):
        seal(model)
    with pytest.raises(ImportRefused, match="of_class: `d`, expected one of a, b, c"):
        seal(model, of_class="d")
    for index, label in enumerate("abc"):
        imported = seal(model, of_class=label, rows=x)
        assert agrees(imported.report)
        of_class = imported.model()
        assert of_class.classes == (f"not {label}", label)
        found = of_class.predict_proba(x)[:, 1]
        assert np.abs(found - expected[:, index]).max() < 1e-12


@needs_program
def test_an_objective_without_counterpart_is_refused_by_name() -> None:
    xgboost = pytest.importorskip("xgboost")
    x, y = table()
    matrix = xgboost.DMatrix(x, y)
    matrix.set_group([len(x)])
    booster = xgboost.train({"objective": "rank:pairwise"}, matrix, 1)
    with pytest.raises(ImportRefused, match="objective `rank:pairwise`"):
        from_xgboost(booster)


@needs_program
def test_a_forest_is_explained_as_pred_contrib_does() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    x, y = table()
    parameters = {"objective": "binary", "verbose": -1, "num_leaves": 12, "num_threads": 1}
    booster = lightgbm.train(parameters, lightgbm.Dataset(x, y), 5)
    model = from_lightgbm(booster, tree_shares=True).model()
    explained = model.explain(x, method="path_dependent", member="model")
    expected = booster.predict(x, pred_contrib=True)
    assert np.abs(explained.values[:, 0] - expected[:, :-1]).max() < 1e-9
    assert np.abs(explained.base[0] - expected[0, -1]) < 1e-9
    with pytest.raises(Exception, match="no shares of training rows"):
        from_lightgbm(booster).model().explain(x, method="path_dependent", member="model")


def test_an_absent_program_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("NOMOGRAM_PROGRAM", raising=False)

    class Booster:
        booster_: Any

        def model_to_string(self) -> str:
            return "tree\n"

    booster = Booster()
    booster.booster_ = booster
    with pytest.raises(FileNotFoundError, match="NOMOGRAM_PROGRAM"):
        from_lightgbm(booster)
