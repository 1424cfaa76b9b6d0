"""Explanations: additive, with the library's refusals, as arrays and as pictures."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, Floats, bits

import nomogram_risk
from nomogram_risk import Explanation, Model

ROWS: Floats = np.array([[14.5, 19.0, 92.0], [20.5, 24.0, 130.0], [11.0, 14.0, 70.0]])
NAMES = ("radius", "texture", "perimeter")


@pytest.fixture
def model(bundles: Path) -> Iterator[Model]:
    """A model with background rows, groups, and the shares of training rows in its forest."""
    with Model.open(bundles / "explained.nomo") as model:
        yield model


def assert_additive(found: Explanation) -> None:
    sums = found.base + found.values.sum(axis=2)
    np.testing.assert_allclose(sums, found.explained, rtol=0, atol=1e-12)


def test_groups_are_explained_exactly(model: Model) -> None:
    found = model.explain(ROWS)
    assert found.players == ("size", "texture")
    assert (found.numbers, found.scale, found.is_exact) == (("B", "M"), "probability", True)
    assert found.values.shape == (3, 2, 2)
    np.testing.assert_array_equal(found.explained, model.predict_proba(ROWS))
    assert_additive(found)
    # What one class gains, the other loses.
    np.testing.assert_allclose(found.values[:, 0], -found.values[:, 1], rtol=0, atol=1e-15)


def test_features_are_sampled_with_standard_errors(model: Model) -> None:
    found = model.explain(ROWS, method="permutations", scale="margin", n_pairs=8)
    assert found.players == NAMES
    assert (found.numbers, found.scale, found.is_exact) == (("M",), "margin", False)
    assert found.std_errors is not None
    assert found.std_errors.shape == (3, 1, 3)
    assert (found.std_errors >= 0).all()
    assert_additive(found)


@pytest.mark.parametrize("member", ["linear", "forest"])
def test_closed_forms_explain_the_margins_of_a_member(model: Model, member: str) -> None:
    found = model.explain(ROWS, method="interventional", member=member)
    assert (found.players, found.scale, found.is_exact) == (NAMES, "margin", True)
    margins = [one.margins[member][0] for one in model.predict_rows(ROWS)]
    np.testing.assert_allclose(found.explained[:, 0], margins, rtol=0, atol=1e-14)
    assert_additive(found)
    assert_additive(model.explain(ROWS, method="path_dependent", member="forest"))


def test_mappings_have_the_bits_of_the_matrix(model: Model) -> None:
    expected = model.explain(ROWS)
    mappings = [dict(zip(NAMES, row.tolist(), strict=True)) for row in ROWS]
    found = model.explain(mappings)
    assert found.values.tobytes() == expected.values.tobytes()
    assert model.explain(mappings[1]).values.tobytes() == expected.values[1:2].tobytes()


def test_what_cannot_be_explained_is_refused(model: Model, wdbc: Model) -> None:
    with pytest.raises(nomogram_risk.ArgumentError, match="no background rows"):
        wdbc.explain(np.zeros((1, 30)))
    with pytest.raises(nomogram_risk.ArgumentError, match="use permutations"):
        model.explain(ROWS, method="interventional", member="network")
    with pytest.raises(ValueError, match="no member is called"):
        model.explain(ROWS, member="x")
    with pytest.raises(ValueError, match="method is 'x'"):
        model.explain(ROWS, method="x")  # type: ignore[arg-type]
    with pytest.raises(nomogram_risk.ValueRefused) as refusal:
        model.explain(np.where(ROWS == 24.0, np.inf, ROWS))
    assert (refusal.value.row, refusal.value.feature) == (1, "texture")
    with pytest.raises(nomogram_risk.ValueRefused):
        model.explain({"radius": 14.5})


def test_a_kept_explainer_gives_the_bits_of_a_new_one(model: Model) -> None:
    first = model.explain(ROWS, method="permutations")
    with pytest.raises(nomogram_risk.ValueRefused):
        model.explain([[np.inf, 19.0, 92.0]], method="permutations")
    # More requests than explainers are kept of.
    for n_pairs in range(2, 9):
        model.explain(ROWS, method="permutations", n_pairs=n_pairs)
    again = model.explain(ROWS, method="permutations")
    assert bits(again.values) == bits(first.values)
    assert bits(model.explain(ROWS, method="permutations").values) == bits(first.values)


def test_pictures_are_svg_with_every_player(model: Model) -> None:
    found = model.explain(ROWS, method="permutations")
    for picture in (found.waterfall(1), found.bars("B"), found.waterfall(0, n_players=2)):
        root = ElementTree.fromstring(picture)
        assert root.tag.endswith("svg")
    texts = [text.text for text in ElementTree.fromstring(found.waterfall(1)).iter() if text.text]
    assert {"base", "prediction", *NAMES} <= set(texts)
    assert "2 others" in found.waterfall(0, n_players=2)
    with pytest.raises(ValueError, match="no number is called"):
        found.bars("x")
    assert repr(found) == "<nomogram_risk.Explanation of 3 rows, 2 numbers, 3 players, sampled>"


EXPLAINED = sorted((ROOT / "tests/data/explanations").glob("*.nomo"))


@pytest.mark.parametrize("bundle", EXPLAINED, ids=[bundle.stem for bundle in EXPLAINED])
def test_explanations_have_the_bits_of_the_file(bundle: Path) -> None:
    """The files that programs in Rust, C and C++ compare theirs with."""
    model = Model.open(bundle)
    members = [member.name for member in model.members]
    n_rows = 0
    found: Explanation | None = None
    lines: list[str] = []
    for line in bundle.with_suffix(".cases").read_text().splitlines():
        word, *rest = line.split() or [""]
        if word == "request":
            explained, member, method = rest
            lines = [explained, member, method]
        elif word == "row":
            explained, member, method = lines
            row = np.array([int(cell, 16) for cell in rest], np.uint64).view(np.float64)
            found = model.explain(
                row.reshape(1, -1),
                method=method,  # type: ignore[arg-type]
                scale="margin" if explained == "margin" else "output",
                member=members[int(member)] if explained == "member" else None,
            )
            n_rows += 1
        elif word in {"base", "explained", "values"}:
            assert bits(getattr(found, word)) == rest
        elif word == "std-errors" and found is not None and found.std_errors is not None:
            assert bits(found.std_errors) == rest
    assert n_rows >= 18
    assert len(EXPLAINED) == 4


def test_the_program_of_the_page_prints_its_output(
    bundles: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs/explanation.md").read_text().split("## Python\n")[1]
    program, rest = page.split("```python\n")[1].split("```", maxsplit=1)
    expected = rest.split("```text\n")[1].split("```")[0]
    monkeypatch.chdir(bundles)
    exec(compile(program, "explanation.md", "exec"), {})
    assert capsys.readouterr().out == expected
    assert (bundles / "patient.svg").read_text().startswith("<svg")
