"""Analyses of counted periods, by the program ``nomogram monitor report``."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ._program import find_program, run

# The exit codes of the program without an alarm, and with one.
_QUIET, _ALARM = 0, 5


class AnalysisRefused(Exception):
    """The program refused a bundle, counts or a horizon: which, and what was expected."""


@dataclass(frozen=True)
class Analysis:
    """Whether patients, or the quality of predictions, have changed since the training."""

    report: dict[str, Any]
    """What ``nomogram monitor report --json`` prints; docs/monitoring.md has every number with its
    unit. Periods are counted from 0."""
    html: str = field(repr=False)
    """One page with all charts; it needs no other file and no network."""
    prometheus: str = field(repr=False)
    """The last period in the text format of Prometheus."""

    @property
    def drift_alarm(self) -> dict[str, Any] | None:
        """The first alarm on patients: ``period``, ``start`` and ``variables``; None without."""
        alarm: dict[str, Any] | None = self.report["drift_alarm"]
        return alarm

    @property
    def outcome_alarm(self) -> int | None:
        """The period of the first alarm on outcomes; ``report["miscalibration"]`` has its size."""
        alarm: int | None = self.report["calibration_alarm"]
        return alarm

    @property
    def is_alarm(self) -> bool:
        """Whether one of the two alarms was raised."""
        return self.drift_alarm is not None or self.outcome_alarm is not None


def analyse(
    bundle: str | os.PathLike[str] | bytes,
    periods: Mapping[str, bytes | str | os.PathLike[str]],
    *,
    horizon: int,
    program: str | os.PathLike[str] | None = None,
) -> Analysis:
    """Compares the patients and the outcomes of periods with the training rows of a bundle.

    ``bundle`` is a path or bytes. ``periods`` has the counts of each period by its name, in the
    order of time: what :meth:`Monitor.to_bytes` returned, or the path of a file with it.
    ``horizon`` is the number of periods for which the model is monitored; decide it before the
    first one. The program ``nomogram`` computes: ``program``, the one that ``NOMOGRAM_PROGRAM``
    names, or the one on the path.

    >>> weeks = {path.stem: path for path in sorted(folder.glob("*.counts"))}  # doctest: +SKIP
    >>> analysis = nomogram_risk.analyse("wdbc.nomo", weeks, horizon=104)  # doctest: +SKIP
    >>> analysis.report["periods"][-1]["drift"]  # doctest: +SKIP
    1.02

    Raises :class:`AnalysisRefused` for a bundle without a profile, counts of another bundle, no
    period, or more periods than the horizon; ``ValueError`` for a name that is no name of a file;
    ``FileNotFoundError`` without the program.
    """
    command = find_program(program)
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        if isinstance(bundle, bytes):
            (folder / "model.nomo").write_bytes(bundle)
            bundle = folder / "model.nomo"
        files = []
        for name, counts in periods.items():
            if not name or set(name) & {"/", "\0"}:
                raise ValueError(f"the name {name!r} of a period, expected a name of a file")
            # The program names a period like its file.
            file = folder / "periods" / f"{name}.counts"
            file.parent.mkdir(exist_ok=True)
            content = counts if isinstance(counts, bytes) else Path(counts).read_bytes()
            file.write_bytes(content)
            files.append(str(file))
        html, prometheus = folder / "report.html", folder / "report.prom"
        arguments = [
            "--horizon",
            str(horizon),
            "--html",
            str(html),
            "--prometheus",
            str(prometheus),
        ]
        report = run(
            [command, "monitor", "report", "--json", *arguments, "--", os.fspath(bundle), *files],
            AnalysisRefused,
            (_QUIET, _ALARM),
        )
        return Analysis(
            report, html.read_text(encoding="utf-8"), prometheus.read_text(encoding="utf-8")
        )
