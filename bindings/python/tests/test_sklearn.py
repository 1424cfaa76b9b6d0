"""Estimators of scikit-learn become bundles with the same numbers, or are refused by name."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, Floats

import nomogram_risk

sklearn = pytest.importorskip("sklearn", minversion="1.3")

from sklearn import (  # noqa: E402
    compose,
    decomposition,
    ensemble,
    feature_extraction,
    impute,
    linear_model,
    neighbors,
    pipeline,
    preprocessing,
)


@pytest.fixture(scope="session")
def program() -> str:
    """The program `nomogram`: that of $NOMOGRAM_PROGRAM, or built."""
    given = os.environ.get("NOMOGRAM_PROGRAM")
    if given:
        return given
    command = ["cargo", "build", "--quiet", "--package", "nomogram-cli", "--message-format", "json"]
    built = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found = [json.loads(line).get("executable") for line in built.stdout.splitlines()]
    return next(str(path) for path in reversed(found) if path)


@pytest.fixture(scope="session")
def diagnoses() -> list[str]:
    lines = (ROOT / "examples/data/wdbc.csv").read_text().splitlines()[1:]
    return [line.split(",")[1] for line in lines]


def table(rows: Floats) -> Any:
    """A data frame with numbers and a category, both with gaps."""
    pandas = pytest.importorskip("pandas")
    # The frame would share the memory of the rows, which other tests read.
    frame = pandas.DataFrame(rows[:, :3].copy(), columns=["radius", "texture", "perimeter"])
    size = np.where(rows[:, 0] > 15, "large", "small").astype(object)
    size[::7] = np.nan
    frame["size"] = size
    frame.loc[::5, "texture"] = np.nan
    return frame


def columns() -> Any:
    numbers = pipeline.make_pipeline(
        impute.SimpleImputer(add_indicator=True), preprocessing.StandardScaler()
    )
    categories = preprocessing.OneHotEncoder(handle_unknown="ignore")
    return compose.make_column_transformer(
        (categories, ["size"]), (numbers, ["radius", "texture", "perimeter"])
    )


def test_a_pipeline_of_columns_predicts_the_same_numbers(
    program: str, wdbc_rows: Floats, diagnoses: list[str]
) -> None:
    frame = table(wdbc_rows)
    estimator = pipeline.make_pipeline(columns(), linear_model.LogisticRegression())
    estimator.fit(frame, diagnoses)
    imported = nomogram_risk.from_sklearn(
        estimator, rows=frame[:100], name="mass", target="diagnosis", program=program
    )
    given = imported.report["given_rows"]
    assert (given["n_rows"], given["n_refused"]) == (100, 0)
    assert given["largest"] <= 1e-12
    assert imported.report["comparison"]["outputs"]["n_beyond"] == 0
    with imported.model() as model:
        assert model.classes == tuple(estimator.classes_)
        found = model.predict_proba(frame)
    np.testing.assert_allclose(found, estimator.predict_proba(frame), rtol=0, atol=1e-12)


def test_a_forest_reaches_the_same_leaves(
    program: str, wdbc_rows: Floats, diagnoses: list[str]
) -> None:
    rows = wdbc_rows[:, :6]
    estimator = ensemble.RandomForestClassifier(5, max_depth=4, random_state=1)
    estimator.fit(rows, diagnoses)
    imported = nomogram_risk.from_sklearn(estimator, program=program)
    comparison = imported.report["comparison"]
    assert comparison["paths"]["n_different"] == 0
    assert comparison["paths"]["n_compared"] == 5 * comparison["n_rows"] > 1000
    assert comparison["margins"]["n_equal"] == comparison["margins"]["n_compared"]
    with imported.model() as model:
        assert (model.predict_proba(rows) == estimator.predict_proba(rows)).all()


def test_a_schema_names_features_and_classes(
    program: str, wdbc_rows: Floats, diagnoses: list[str]
) -> None:
    estimator = linear_model.LogisticRegression(max_iter=5000).fit(wdbc_rows[:, :2], diagnoses)
    schema = {
        "features": [
            {"source": "x0", "name": "radius", "unit": "um", "range": [5, 30]},
            {"source": "x1", "name": "texture"},
        ],
        "target": {"name": "diagnosis", "classes": ["benign", "malignant"]},
    }
    imported = nomogram_risk.from_sklearn(estimator, schema=schema, program=program)
    with imported.model() as model:
        assert [feature.name for feature in model.features] == ["radius", "texture"]
        assert model.classes == ("benign", "malignant")


def halved(rows: Any) -> Any:
    return rows / 2


class Custom(linear_model.LogisticRegression):  # type: ignore[misc]
    pass


@pytest.mark.parametrize(
    ("estimator", "place"),
    [
        (
            neighbors.RadiusNeighborsClassifier(),
            "RadiusNeighborsClassifier: not supported: estimator `RadiusNeighborsClassifier`",
        ),
        (
            Custom(max_iter=5000),
            "test_sklearn.Custom: not supported: estimator `test_sklearn.Custom`",
        ),
        (
            pipeline.make_pipeline(
                preprocessing.FunctionTransformer(halved), ensemble.RandomForestClassifier(2)
            ),
            "Pipeline: step `functiontransformer`: not supported: function `halved`",
        ),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name_and_place(
    estimator: Any, place: str, wdbc_rows: Floats, diagnoses: list[str]
) -> None:
    estimator.fit(wdbc_rows[:, :2], diagnoses)
    with pytest.raises(nomogram_risk.ImportRefused, match="not supported") as error:
        nomogram_risk.from_sklearn(estimator)
    assert str(error.value).startswith(place)


def test_rows_of_the_training_data_are_stored_with_consent_only(
    program: str, wdbc_rows: Floats, diagnoses: list[str]
) -> None:
    nearest = neighbors.KNeighborsClassifier(3).fit(wdbc_rows[:200, :4], diagnoses[:200])
    with pytest.raises(nomogram_risk.ImportRefused, match="the model stores 200 rows of its train"):
        nomogram_risk.from_sklearn(nearest, program=program)
    with pytest.warns(UserWarning, match="the bundle keeps rows of the training data"):
        imported = nomogram_risk.from_sklearn(
            nearest, rows=wdbc_rows[200:, :4], program=program, training_rows=True
        )
    assert imported.report["given_rows"]["n_tied"] == 0
    assert any("200 rows of the training data" in note for note in imported.report["notes"])
    probabilities = imported.model().predict_proba(wdbc_rows[200:, :4])
    assert np.array_equal(probabilities, nearest.predict_proba(wdbc_rows[200:, :4]))


def test_what_cannot_be_compared_is_refused_or_warned_of(program: str) -> None:
    rows = np.random.default_rng(2).normal(size=(60, 3))
    targets = rows.sum(axis=1)
    given: dict[str, Any] = {"program": program, "training_rows": True}
    far = neighbors.KNeighborsRegressor(algorithm="brute").fit(rows + 1e6, targets)
    with pytest.raises(nomogram_risk.ImportRefused, match="by brute force, which rounds"):
        nomogram_risk.from_sklearn(far, **given)
    nearest = neighbors.KNeighborsRegressor(3, algorithm="kd_tree")
    behind = pipeline.make_pipeline(decomposition.PCA(2), nearest).fit(rows, targets)
    with pytest.raises(nomogram_risk.ImportRefused, match="rows are needed for the comparison"):
        nomogram_risk.from_sklearn(behind, **given)
    with pytest.warns(UserWarning, match="the bundle keeps rows"):
        nomogram_risk.from_sklearn(behind, rows=rows + 0.1, **given)
    # Rows in pairs of different targets.
    nearest.fit(np.repeat(rows, 2, axis=0), np.arange(120.0))
    with (
        pytest.warns(UserWarning, match="the bundle keeps rows"),
        pytest.raises(nomogram_risk.ImportRefused, match="nothing could be compared: ties among"),
    ):
        nomogram_risk.from_sklearn(nearest, **given)
    whole = np.round(rows)
    nearest.fit(whole, targets)
    with (
        pytest.warns(UserWarning, match="the bundle keeps rows"),
        pytest.warns(UserWarning, match=r"ties among .* of 60 given rows"),
    ):
        nomogram_risk.from_sklearn(nearest, rows=whole, **given)


def test_rows_of_another_form_are_refused(program: str) -> None:
    rows = np.random.default_rng(2).normal(size=(20, 2))
    model = linear_model.LinearRegression().fit(rows, rows[:, 0])
    for wrong, message in (
        (rows[:0], "rows: none"),
        (rows[:, :1], "rows: 1 columns, expected 2"),
        (np.c_[rows, rows], "rows: 4 columns, expected 2"),
        (rows[0], "rows: 1 columns, expected 2"),
    ):
        with pytest.raises(ValueError, match=message):
            nomogram_risk.from_sklearn(model, rows=wrong, program=program)
    frame = pytest.importorskip("pandas").DataFrame(rows, columns=["a", "b"])
    report = nomogram_risk.from_sklearn(model, rows=frame, program=program).report
    assert report["given_rows"]["n_rows"] == 20
    model.fit(frame, rows[:, 0])
    with pytest.raises(ValueError, match="rows: no data frame"):
        nomogram_risk.from_sklearn(model, rows=rows, program=program)


def test_a_file_of_skops_is_read_without_a_pickle(
    program: str, tmp_path: Path, wdbc_rows: Floats, diagnoses: list[str]
) -> None:
    skops = pytest.importorskip("skops.io")
    estimator = ensemble.RandomForestClassifier(3, max_depth=3, random_state=1)
    skops.dump(estimator.fit(wdbc_rows, diagnoses), tmp_path / "forest.skops")
    imported = nomogram_risk.from_skops(
        tmp_path / "forest.skops",
        trusted=["sklearn.tree._tree.Tree"],
        rows=wdbc_rows,
        program=program,
    )
    assert imported.report["given_rows"]["n_rows"] == len(wdbc_rows)
    skops.dump(Custom(max_iter=5000).fit(wdbc_rows, diagnoses), tmp_path / "custom.skops")
    with pytest.raises(nomogram_risk.ImportRefused, match=r"Custom"):
        nomogram_risk.from_skops(tmp_path / "custom.skops", program=program)


def test_a_text_in_a_column_that_no_encoder_reads_is_not_printed(
    program: str, wdbc_rows: Floats, diagnoses: list[str]
) -> None:
    pandas = pytest.importorskip("pandas")
    rows = pandas.DataFrame({"radius": wdbc_rows[:, 0], "name": "Ada"})
    scaled = compose.make_column_transformer((preprocessing.StandardScaler(), ["radius"]))
    estimator = pipeline.make_pipeline(scaled, linear_model.LogisticRegression())
    with pytest.raises(ValueError, match="feature `name`: a text, expected a number") as refused:
        nomogram_risk.from_sklearn(estimator.fit(rows, diagnoses), rows=rows, program=program)
    assert "Ada" not in str(refused.value)


def test_texts_are_refused() -> None:
    texts = ["a mass", "no mass"] * 5
    estimator = pipeline.make_pipeline(
        feature_extraction.text.TfidfVectorizer(), linear_model.LogisticRegression()
    ).fit(texts, [1, 0] * 5)
    with pytest.raises(nomogram_risk.ImportRefused, match="reads no table"):
        nomogram_risk.from_sklearn(estimator)


def test_the_program_must_be_found(
    monkeypatch: pytest.MonkeyPatch, wdbc_rows: Floats, diagnoses: list[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("NOMOGRAM_PROGRAM", raising=False)
    estimator = ensemble.RandomForestClassifier(2, max_depth=2).fit(wdbc_rows, diagnoses)
    with pytest.raises(FileNotFoundError, match="the program `nomogram` is not on the path"):
        nomogram_risk.from_sklearn(estimator)
