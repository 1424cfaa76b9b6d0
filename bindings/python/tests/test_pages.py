"""The programs of the pages about monitoring and uncertainty print what the pages say."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

HAS_PROGRAM = bool(os.environ.get("NOMOGRAM_PROGRAM") or shutil.which("nomogram"))


@pytest.mark.parametrize(
    ("page", "bundle", "needs_program"),
    [("monitoring", "counters", True), ("uncertainty", "uncertainty", False)],
)
def test_the_programs_of_a_page_print_its_output(
    page: str,
    bundle: str,
    needs_program: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if needs_program and not HAS_PROGRAM:
        pytest.skip("NOMOGRAM_PROGRAM is not set")
    text = (ROOT / f"docs/{page}.md").read_text(encoding="utf-8")
    shutil.copy(ROOT / f"tests/data/corpus/{bundle}.nomo", tmp_path / "ward.nomo")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    programs = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for program in programs:
        exec(compile(program, f"{page}.md", "exec"), names)
    _, after = text.rsplit("```python\n", 1)
    (expected,) = re.findall(r"^It prints:\n\n```text\n(.*?)^```", after, re.MULTILINE | re.DOTALL)
    assert capsys.readouterr().out == expected
