"""How uncertain predictions are: the cases of the corpus, and models without uncertainty."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, bits

from nomogram_risk import Model, Uncertainty, Verdict

sys.path.insert(0, str(ROOT / "tests/python"))
import corpus


def rows(name: str, model: Model) -> tuple[list[corpus.Case], list[list[float]]]:
    """The cases that numbers can state."""

    def number(stated: corpus.Stated) -> float:
        return math.nan if stated.kind == "missing" else float(stated.value)

    cases = corpus.cases(name)
    return cases, [[number(case.stated[f.name]) for f in model.features] for case in cases]


@pytest.mark.parametrize(
    "name",
    [
        "uncertainty",
        "uncertainty-of-three-classes",
        "uncertainty-of-a-number",
        "uncertainty-of-one-width",
    ],
)
def test_every_case_has_its_bits(name: str) -> None:
    with Model.open(Path(corpus.bundle(name))) as model:
        cases, matrix = rows(name, model)
        predictions = model.predict_rows(matrix, on_refusal="go_on")
        for case, row in zip(cases, predictions, strict=True):
            if row.refused:
                assert row.verdict is Verdict.REFUSED
                continue
            at = row._row
            assert [row.verdict] == case.whole("verdict")
            assert predictions.sets[at].ravel().tolist() == case.whole("sets")
            for field, line in [
                ("p_values", "p-values"),
                ("intervals", "intervals"),
                ("distance_p_values", "distance-p-value"),
                ("furthest_times", "furthest-times"),
            ]:
                expected = case.expected.get(line, "").split()
                assert bits(getattr(predictions, field)[at]) == expected, (case.name, line)
            assert predictions.furthest_features[at].tolist() == case.whole("furthest-feature")


def test_a_row_names_its_classes_and_the_furthest_feature() -> None:
    with Model.open(Path(corpus.bundle("uncertainty"))) as model:
        assert model.uncertainty == Uncertainty(
            levels=(0.8, 0.9, 0.93),
            ambiguous_rule="not one class",
            ambiguous_level=0.9,
            max_width=0.0,
            unlike_p_value=0.05,
            n_scores=14,
            n_distance_scores=19,
        )
        row = model.predict_rows([[9.0, -7.5, 0.0]])[0]
        assert row.verdict is Verdict.UNLIKE
        assert row.p_values == {"no": 0.05, "yes": 0.8}
        assert row.sets == {0.8: ("yes",), 0.9: ("yes",), 0.93: ("yes",)}
        assert row.intervals == [(0.9, 1.0)]
        assert row.distance_p_value == 0.05
        assert row.furthest is not None
        assert row.furthest[0] == "a"
        assert row.furthest[1] == pytest.approx(3.48)


def test_a_bundle_without_uncertainty_has_none(wdbc: Model) -> None:
    assert wdbc.uncertainty is None
    predictions = wdbc.predict_rows(np.ones((1, 30)))
    with pytest.raises(TypeError, match="the bundle has no uncertainty"):
        _ = predictions.verdicts
    with pytest.raises(TypeError, match="the bundle has no uncertainty"):
        _ = predictions[0].verdict
