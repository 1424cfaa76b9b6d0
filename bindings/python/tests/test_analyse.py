"""Analyses are those of the program, from bytes and from files, with and without an alarm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import REFERENCE, ROOT

from nomogram_risk import AnalysisRefused, Model, Monitor, analyse

PROFILE = ROOT / "tests/data/corpus/counters.nomo"
PROGRAM = os.environ.get("NOMOGRAM_PROGRAM") or shutil.which("nomogram")
needs_program = pytest.mark.skipif(not PROGRAM, reason="NOMOGRAM_PROGRAM is not set")


def week(model: Model, age: float, n_events: int) -> bytes:
    """Counts of 200 patients of an age, and of 100 outcomes of a risk of 0.3."""
    with Monitor(model) as monitor:
        model.predict_rows(np.tile([age, 1.0, 1.0, 1.0, 5.0], (200, 1)))
        for patient in range(100):
            monitor.add_outcome(0.3, patient < n_events)
        return monitor.to_bytes()


@pytest.fixture(scope="module")
def weeks() -> dict[str, bytes]:
    with Model.open(PROFILE) as model:
        return {f"week {n}": week(model, 89.0, 30 + 15 * (n > 2)) for n in range(1, 6)}


def printed(folder: Path, weeks: dict[str, bytes], *arguments: str) -> dict[str, Any]:
    """What the program prints for files of counts."""
    files = [folder / f"{name}.counts" for name in weeks]
    for file, counts in zip(files, weeks.values(), strict=True):
        file.write_bytes(counts)
    assert PROGRAM is not None
    command = [PROGRAM, "monitor", "report", str(PROFILE), *map(str, files), *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 5), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@needs_program
def test_an_analysis_is_that_of_the_program(weeks: dict[str, bytes], tmp_path: Path) -> None:
    html, text = tmp_path / "page.html", tmp_path / "text.prom"
    outputs = ["--html", str(html), "--prometheus", str(text)]
    report = printed(tmp_path, weeks, "--horizon", "52", *outputs)
    analysis = analyse(PROFILE, weeks, horizon=52)
    assert analysis.report == report
    assert analysis.html == html.read_text(encoding="utf-8")
    assert analysis.prometheus == text.read_text(encoding="utf-8")
    files = {name: tmp_path / f"{name}.counts" for name in weeks}
    assert analyse(PROFILE.read_bytes(), files, horizon=52) == analysis


@needs_program
def test_alarms_name_what_changed(weeks: dict[str, bytes]) -> None:
    analysis = analyse(PROFILE, weeks, horizon=52)
    assert analysis.is_alarm
    assert analysis.drift_alarm is not None
    assert analysis.drift_alarm["variables"][0]["name"] in analysis.html
    assert analysis.outcome_alarm is not None
    assert analysis.outcome_alarm >= 2
    change = analysis.report["miscalibration"]
    assert change["start"] == 2
    # Odds of 45 to 55 instead of 30 to 70.
    assert abs(change["odds_factor"] - (45 / 55) / (30 / 70)) < 1e-4
    assert [period["name"] for period in analysis.report["periods"]] == list(weeks)
    first = {"week 1": weeks["week 1"]}
    assert analyse(PROFILE, first, horizon=52).outcome_alarm is None


@needs_program
def test_what_cannot_be_analysed_is_refused(weeks: dict[str, bytes]) -> None:
    with pytest.raises(AnalysisRefused, match="no profile"):
        analyse(REFERENCE, weeks, horizon=52)
    with pytest.raises(AnalysisRefused, match="not counters"):
        analyse(PROFILE, {"-week": b"no counts"}, horizon=52)
    with pytest.raises(AnalysisRefused, match="the horizon is over"):
        analyse(PROFILE, weeks, horizon=4)
    with pytest.raises(AnalysisRefused, match="horizon"):
        analyse(PROFILE, weeks, horizon=0)
    with pytest.raises(AnalysisRefused, match="COUNTS"):
        analyse(PROFILE, {}, horizon=1)


def test_names_are_those_of_files_and_the_program_must_exist(
    weeks: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("", "a/b", "a\0"):
        with pytest.raises(ValueError, match="name of a file"):
            analyse(PROFILE, {name: weeks["week 1"]}, horizon=52, program="nomogram")
    monkeypatch.delenv("NOMOGRAM_PROGRAM", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FileNotFoundError, match="NOMOGRAM_PROGRAM"):
        analyse(PROFILE, weeks, horizon=52)
