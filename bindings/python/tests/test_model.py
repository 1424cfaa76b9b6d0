"""Models: opening, description, lifetime."""

from __future__ import annotations

import copy
import errno
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import REFERENCE, Floats, bits

import nomogram_risk
from nomogram_risk import Model


def test_a_model_has_its_description(table: Model) -> None:
    assert (table.name, table.version, table.task, table.format) == ("table", "2.1", "classes", 2)
    assert len(table.digest) == 64
    assert table.n_golden_cases == 16
    assert table.manifest["created_by"] == "nomogram-testkit"
    assert table.manifest["notes"] == {"purpose": 'tests of "tables"'}
    assert table.card == "# Table\n\nNot for patients: “tests” alone.\n"
    assert table.target == nomogram_risk.Target("stage", None, ("none", "mild", "größer"))
    assert table.classes == ("none", "mild", "größer")
    assert table.members == (nomogram_risk.Member("boosted", 3), nomogram_risk.Member("bagged", 3))
    assert table.cutoffs == (
        nomogram_risk.Cutoff("watch", "mild", 0.25),
        nomogram_risk.Cutoff("refer", "größer", 0.4),
    )
    assert table.rules == (
        nomogram_risk.Rule("diastolic is not above systolic", "refuse", ("systolic", "diastolic")),
        nomogram_risk.Rule("dose fits age", "take", ("dose", "age")),
    )
    assert table.schema == nomogram_risk.Schema(table.features, table.rules, table.target)
    assert repr(table) == f"<nomogram_risk.Model 'table' '2.1', digest {table.digest}>"
    table.self_test()


def test_features_have_their_description(table: Model) -> None:
    age, grade, creatinine, smoker, dose, systolic, _, site = table.features
    refuse = nomogram_risk.Policy(
        "refuse", "refuse", "refuse", "refuse", "refuse", "refuse", "refuse"
    )
    months = nomogram_risk.Unit("mo", 0.0, 1.0, 12.0)
    assert age == nomogram_risk.Feature(
        "age", 0, "integer", "a", (18.0, 120.0), (), (months,), refuse
    )
    assert (grade.kind, grade.levels) == ("category", ("I", "II", "III"))
    assert grade.policy == refuse._replace(missing="impute", unseen_level="take")
    assert (creatinine.unit, creatinine.range) == ("umol/L", (20.0, 2000.0))
    assert [unit.code for unit in creatinine.units] == ["mg/dL", "mmol/L"]
    assert creatinine.policy.nan == "impute"
    assert (creatinine.policy.infinite, creatinine.policy.out_of_range) == ("clamp", "clamp")
    assert (smoker.kind, smoker.unit, smoker.range) == ("boolean", None, None)
    assert (dose.policy.unset, dose.policy.out_of_range) == ("impute", "take")
    assert (systolic.position, systolic.policy) == (5, refuse)
    assert site.levels == ("Süd", "north east", "日本")


def test_a_model_of_a_number_has_its_task(number: Model) -> None:
    assert number.task == "number"
    assert number.target == nomogram_risk.Target("stay", "d", ())
    assert (number.classes, number.cutoffs, number.rules, number.card) == ((), (), (), None)


def test_a_prediction_has_every_output(table: Model) -> None:
    row: dict[str, nomogram_risk.Value] = {
        "age": 41,
        "grade": "IV",
        "creatinine": 5000.0,
        "smoker": None,
        "dose": 600.0,
        "systolic": 120,
        "diastolic": 80,
        "site": "Süd",
    }
    found = table.predict_row(row)
    flag = nomogram_risk.Flag
    assert found.feature_flags == {
        "grade": flag.UNSEEN_LEVEL,
        "creatinine": flag.CLAMPED | flag.OUT_OF_RANGE,
        "smoker": flag.IMPUTED,
        "dose": flag.OUT_OF_RANGE,
    }
    assert found.flags == flag(sum(flag))
    assert found.rules_broken == ("dose fits age",)
    assert (found.status, found.status_name, found.refused) == (0, "NOMO_OK", False)
    assert found.class_index == int(found.probabilities.argmax())
    assert found.class_name == table.classes[found.class_index]
    assert abs(found.probabilities.sum() - 1) < 1e-15
    watch, refer = found.probabilities[1] >= 0.25, found.probabilities[2] >= 0.4
    assert found.cutoffs_reached == {"watch": watch, "refer": refer}
    assert [member.shape for member in found.members.values()] == [(3,), (3,)]
    assert list(found.members) == list(found.margins) == ["boosted", "bagged"]
    # The second member's link is that of probabilities.
    assert bits(found.margins["bagged"]) == bits(found.members["bagged"])
    assert bits(found.margins["boosted"]) != bits(found.members["boosted"])
    none = f"none {found.probabilities[0]:.6g}"
    assert repr(found).startswith(f"<nomogram_risk.Prediction {none}, mild ")


def test_predictions_are_arrays_and_a_sequence(table: Model) -> None:
    row = [41.0, 0.0, 71.0, 1.0, 10.0, 120.0, 80.0, 0.0]
    rows = np.array([row, [*row[:5], 80.0, 120.0, 0.0], row])
    found = table.predict_rows(rows, on_refusal="go_on")
    assert len(found) == 3
    assert repr(found) == "<nomogram_risk.Predictions of 3 rows, 1 refused>"
    shapes = {
        "probabilities": (3, 3),
        "members": (3, 2, 3),
        "margins": (3, 6),
        "class_indices": (3,),
        "classes": (3,),
        "status": (3,),
        "refused": (3,),
        "flags": (3,),
        "flag_counts": (3, 5),
        "feature_flags": (3, 8),
        "rules_broken": (3, 2),
        "cutoffs_reached": (3, 2),
    }
    assert {name: getattr(found, name).shape for name in shapes} == shapes
    assert found.refused.tolist() == [False, True, False]
    assert found.class_indices[1] == -1
    assert found.classes[1] is None
    assert np.isnan(found.probabilities[1]).all()
    assert found[1].refused
    assert repr(found[1]) == "<nomogram_risk.Prediction refused: NOMO_EVALUE_RULE>"
    assert [row.class_name for row in found] == found.classes.tolist()
    assert bits(found[-1].probabilities) == bits(found[2].probabilities)
    for beyond in (3, -4):
        with pytest.raises(IndexError):
            found[beyond]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_model_is_opened_from_bytes(kind: type, wdbc: Model) -> None:
    opened = Model.open(kind(REFERENCE.read_bytes()))
    assert opened.digest == wdbc.digest


def test_a_model_is_opened_from_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "größer 日本.nomo"
    shutil.copy(REFERENCE, target)
    assert Model.open(target).digest == Model.open(str(target)).digest
    monkeypatch.chdir(tmp_path)
    assert Model.open(target.name).name == "wdbc"


def test_damaged_bundles_are_refused(tmp_path: Path) -> None:
    bundle = REFERENCE.read_bytes()
    changed = bytearray(bundle)
    changed[-1] ^= 1
    newer = bytearray(bundle)
    newer[8] = 99
    cases: list[tuple[bytes, type[nomogram_risk.Error], str]] = [
        (b"PK\3\4" + bytes(100), nomogram_risk.FormatError, "NOMO_EFORMAT_MAGIC"),
        (b"", nomogram_risk.FormatError, "NOMO_EFORMAT_TRUNCATED"),
        (bundle[:-1], nomogram_risk.FormatError, "NOMO_EFORMAT_TRUNCATED"),
        (bytes(changed), nomogram_risk.IntegrityError, "NOMO_EINTEGRITY_DIGEST"),
        (bytes(newer), nomogram_risk.VersionError, "NOMO_EVERSION_FORMAT"),
    ]
    for content, kind, status_name in cases:
        target = tmp_path / "bundle"
        target.write_bytes(content)
        for source in (content, target):
            with pytest.raises(kind) as caught:
                Model.open(source)
            error = caught.value
            assert isinstance(error, ValueError)
            assert error.status_name == status_name
            assert (error.row, error.feature, error.feature_index) == (None, None, None)


KEY = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
"""The public key that signed the test bundles as reviewer, from second 1000 to second 2000."""
REVIEWED = f"key {KEY} reviewer\nrequire reviewer\n"


def test_a_policy_decides_which_signatures_open_a_bundle(bundles: Path) -> None:
    signed = bundles / "signed.nomo"
    with Model.open(signed, trust=REVIEWED, time=1500) as model:
        digest = model.digest
    with Model.open(signed.read_bytes(), trust=f"digest {digest}") as model:
        again = pickle.loads(pickle.dumps(model))
        assert again.digest == digest
    cases = [
        ("signed.nomo", REVIEWED, 2000, "NOMO_EINTEGRITY_EXPIRED"),
        ("signed.nomo", REVIEWED, None, "NOMO_EINTEGRITY_EXPIRED"),
        ("signed.nomo", REVIEWED + "require trainer", 1500, "NOMO_EINTEGRITY_UNSIGNED"),
        ("signed.nomo", REVIEWED + f"revoked {KEY}", 1500, "NOMO_EINTEGRITY_REVOKED"),
        ("replayed.nomo", REVIEWED, 1500, "NOMO_EINTEGRITY_SIGNATURE"),
        ("signed.nomo", f"digest {KEY}", 1500, "NOMO_EINTEGRITY_PINNED"),
    ]
    for name, policy, time, status_name in cases:
        with pytest.raises(nomogram_risk.IntegrityError) as caught:
            Model.open(bundles / name, trust=policy, time=time)
        assert caught.value.status_name == status_name
    with pytest.raises(nomogram_risk.ArgumentError) as refused:
        Model.open(signed, trust="trust everyone")
    assert refused.value.status_name == "NOMO_EARGUMENT_TRUST"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(FileNotFoundError) as caught:
        Model.open(missing)
    assert isinstance(caught.value, nomogram_risk.FileMissing)
    assert caught.value.errno == errno.ENOENT
    assert caught.value.filename == str(missing)
    assert caught.value.status_name == "NOMO_EIO_NOT_FOUND"
    with pytest.raises(nomogram_risk.FileError) as caught_too:
        Model.open(tmp_path)
    assert isinstance(caught_too.value, OSError)
    assert not isinstance(caught_too.value, FileNotFoundError)


def test_limits_are_kept() -> None:
    size = os.path.getsize(REFERENCE)
    Model.open(REFERENCE, max_bytes=size)
    for source in (REFERENCE, REFERENCE.read_bytes()):
        with pytest.raises(nomogram_risk.LimitError):
            Model.open(source, max_bytes=size - 1)
    with pytest.raises(ValueError, match="max_bytes"):
        Model.open(REFERENCE, max_bytes=0)


def test_an_impossible_source_is_refused() -> None:
    with pytest.raises(TypeError):
        Model.open(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="null"):
        Model.open("a\0b")
    with pytest.raises(nomogram_risk.ArgumentError, match="UTF-8"):
        Model.open(os.fsdecode(b"\xff"))
    with pytest.raises(TypeError, match=r"use Model\.open"):
        Model()


def test_golden_cases_can_be_skipped_and_replayed(wdbc: Model) -> None:
    untested = Model.open(REFERENCE, skip_golden_cases=True)
    assert untested.digest == wdbc.digest
    untested.self_test()


def test_a_closed_model_refuses_to_predict(wdbc_rows: Floats) -> None:
    with Model.open(REFERENCE) as model:
        assert not model.closed
        predictions = model.predict_rows(wdbc_rows[:2])
    assert model.closed
    model.close()
    for call in (
        lambda: model.predict_proba(wdbc_rows),
        lambda: model.predict(wdbc_rows),
        lambda: model.predict_row({}),
        model.self_test,
        model.__enter__,
    ):
        with pytest.raises(ValueError, match="closed"):
            call()
    # Its description and its predictions stay available.
    assert model.name == "wdbc"
    assert len(predictions.classes) == 2


def test_a_pickled_model_contains_its_source(
    tmp_path: Path, wdbc_rows: Floats, bundles: Path
) -> None:
    path = tmp_path / "model.nomo"
    shutil.copy(REFERENCE, path)
    expected = bits(Model.open(path).predict_proba(wdbc_rows))
    for source in (path, REFERENCE.read_bytes()):
        pickled = pickle.dumps(Model.open(source))
        assert (len(pickled) > 10_000) == isinstance(source, bytes)
        assert bits(pickle.loads(pickled).predict_proba(wdbc_rows)) == expected
    pickled = pickle.dumps(Model.open(path))
    shutil.copy(bundles / "table.nomo", path)
    with pytest.raises(nomogram_risk.IntegrityError, match="digest"):
        pickle.loads(pickled)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        pickle.loads(pickled)
    with pytest.raises(TypeError, match="may change"):
        pickle.dumps(Model.open(bytearray(REFERENCE.read_bytes())))


def test_a_model_is_its_own_copy(wdbc: Model) -> None:
    assert copy.copy(wdbc) is wdbc
    assert copy.deepcopy([wdbc])[0] is wdbc
