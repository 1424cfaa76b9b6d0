"""Monitors: every row is counted once, in any number of threads, and counts add up."""

from __future__ import annotations

import contextlib
import struct
import sys

import numpy as np
import pytest
from conftest import REFERENCE, ROOT, Floats

from nomogram_risk import (
    ArgumentError,
    Error,
    FormatError,
    Missing,
    Model,
    Monitor,
    UnsupportedError,
    Value,
)

sys.path.insert(0, str(ROOT / "tests/python"))
import corpus

PROFILE = ROOT / "tests/data/corpus/counters.nomo"


def n_rows(counts: bytes) -> int:
    """The first count: how many rows were predicted."""
    return int(struct.unpack_from("<Q", counts, 40)[0])


def rows(n: int) -> Floats:
    """Rows that the model accepts: age, visits, smoker, stage, dose."""
    return np.tile([40.0, 1.0, 1.0, 1.0, 5.0], (n, 1))


def test_every_row_is_counted_once() -> None:
    with Model.open(PROFILE) as model, Monitor(model) as monitor:
        model.predict_rows(rows(1000), threads=4)
        model.predict_rows(rows(500))
        assert n_rows(monitor.to_bytes()) == 1500
        assert n_rows(monitor.to_bytes(rounding=1000)) == 2000
        monitor.close()
        model.predict_rows(rows(10))
        assert n_rows(monitor.to_bytes()) == 1500
        monitor.clear()
        assert n_rows(monitor.to_bytes()) == 0


def row(case: corpus.Case) -> dict[str, Value]:
    """A case as a caller states it."""

    def value(stated: corpus.Stated) -> Value:
        if stated.kind == "missing":
            return None if stated.value is None else Missing(stated.value)
        return (stated.value, stated.unit) if stated.kind == "number-in" else stated.value

    return {name: value(of) for name, of in case.stated.items() if of.kind != "unset"}


def test_the_cases_that_all_languages_share_have_their_counts() -> None:
    with Model.open(PROFILE) as model, Monitor(model) as monitor:
        cases = {case.name: case for case in corpus.cases("counters")}
        # To this package, True is the level `true`: nothing that it takes is of the wrong type.
        cases.pop("a-level-of-another-type-is-refused")
        for case in cases.values():
            with contextlib.suppress(Error):
                model.predict_row(row(case))
        content = monitor.to_bytes()
    expected = corpus.counts("counters")
    # Rows refused because of a type, and rows refused because of the feature `stage`.
    for cell in (8, 47):
        expected[cell] -= 1
    assert list(struct.unpack_from(f"<{len(expected)}Q", content, 40)) == expected
    assert len(content) == 72 + 8 * len(expected)
    assert expected[0] < len(cases), "some are refused"


def test_counts_are_added_in_any_order() -> None:
    with Model.open(PROFILE) as model:
        weeks = []
        for n in (3, 5, 9):
            with Monitor(model) as monitor:
                model.predict_rows(rows(n))
                monitor.add_outcome(0.25, n == 5)
                weeks.append(monitor.to_bytes())
        sums = []
        for order in ((0, 1, 2), (2, 0, 1)):
            with Monitor(model) as monitor:
                for week in order:
                    monitor.add(weeks[week])
                sums.append(monitor.to_bytes())
    assert sums[0] == sums[1]
    assert n_rows(sums[0]) == 17


def test_what_cannot_be_counted_is_refused() -> None:
    with Model.open(REFERENCE) as model, pytest.raises(UnsupportedError, match="profile"):
        Monitor(model)
    with Model.open(PROFILE) as model, Monitor(model) as monitor:
        with pytest.raises(ValueError, match="monitor already"):
            Monitor(model)
        with pytest.raises(FormatError, match="not counters"):
            monitor.add(b"no counts")
        with pytest.raises(ArgumentError):
            monitor.add_outcome(1.5, True)
        with pytest.raises(ValueError, match="below 1"):
            monitor.to_bytes(rounding=0)
