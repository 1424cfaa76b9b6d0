"""Many threads, one model: the same bits, and no thread blocks the interpreter."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Floats, bits

from nomogram_risk import Error, Model
from nomogram_risk._run import tasks
from nomogram_risk._session import Pool

N_THREADS = 8


def in_threads(call: Callable[[int], object]) -> list[Any]:
    """Calls from several threads at once, each with its number."""
    barrier = threading.Barrier(N_THREADS)

    def at_once(number: int) -> object:
        barrier.wait()
        return call(number)

    with ThreadPoolExecutor(N_THREADS) as executor:
        return list(executor.map(at_once, range(N_THREADS)))


def test_threads_share_a_model(wdbc: Model, wdbc_rows: Floats) -> None:
    expected = bits(wdbc.predict_proba(wdbc_rows))
    names = [feature.name for feature in wdbc.features]
    frame = pd.DataFrame(wdbc_rows, columns=names)
    mappings = frame.head(40).to_dict("records")

    def predict(number: int) -> None:
        for _ in range(3):
            if number % 3 == 0:
                assert bits(wdbc.predict_proba(wdbc_rows)) == expected
            elif number % 3 == 1:
                assert bits(wdbc.predict_proba(frame[names[::-1]])) == expected
            else:
                found = [wdbc.predict_row(row).probabilities for row in mappings]
                assert bits(found) == expected[:80]
                with pytest.raises(Error, match="missing"):
                    wdbc.predict_row({**mappings[0], names[0]: None})

    in_threads(predict)


def test_rows_are_shared_by_threads_with_the_same_bits(wdbc: Model, wdbc_rows: Floats) -> None:
    rows = np.concatenate([wdbc_rows] * 3)
    expected = wdbc.predict_rows(rows)
    for threads in (2, 3, 8, 100):
        found = wdbc.predict_rows(rows, threads=threads)
        for name in ("probabilities", "members", "margins"):
            assert bits(getattr(found, name)) == bits(getattr(expected, name))
        assert (found.classes == expected.classes).all()
        assert (wdbc.predict(rows, threads=threads) == expected.classes).all()


def test_tasks_cover_all_rows_and_begin_at_whole_bytes() -> None:
    class Part:
        def __init__(self, n_rows: int) -> None:
            self.n_rows = n_rows

    parts: Any = [Part(n_rows) for n_rows in (0, 1, 8, 1000, 7, 0)]
    for per_task in (None, 1, 8, 100, 5000):
        found = tasks(parts, per_task)
        covered = [task.at + row for task in found for row in range(task.stop - task.start)]
        assert covered == list(range(1016))
        assert all(task.start % 8 == 0 for task in found)
        assert {id(task.part) for task in found} == {id(part) for part in parts}


def test_a_session_is_used_by_one_call(wdbc: Model, wdbc_rows: Floats) -> None:
    pool = wdbc._pool
    assert isinstance(pool, Pool)
    one, other = pool.take(), pool.take()
    assert one is not other
    pool.give_back(one)
    assert pool.take() is one
    pool.give_back(one)
    pool.give_back(other)
    in_threads(lambda _: [wdbc.predict_proba(wdbc_rows[:9]) for _ in range(50)])
    assert len(pool._idle) <= N_THREADS + 2
    assert len({id(session) for session in pool._idle}) == len(pool._idle)


def test_a_session_returns_to_the_pool_after_a_failure(wdbc: Model) -> None:
    pool = wdbc._pool
    assert isinstance(pool, Pool)
    for _ in range(20):
        with pytest.raises(Error):
            wdbc.predict_proba(np.full((1, 30), np.nan))
        with pytest.raises(Error):
            wdbc.predict_row({})
    assert len(pool._idle) == 1


def test_closing_does_not_affect_a_running_call(wdbc: Model, wdbc_rows: Floats) -> None:
    expected = bits(wdbc.predict_proba(wdbc_rows))

    def predict_or_close(number: int) -> bool:
        if number == 0:
            wdbc.close()
            return True
        try:
            while True:
                assert bits(wdbc.predict_proba(wdbc_rows)) == expected
        except ValueError as error:
            return str(error) == "the model is closed"

    assert all(in_threads(predict_or_close))


def test_rows_are_predicted_while_another_thread_imports_pandas(
    wdbc: Model, wdbc_rows: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [feature.name for feature in wdbc.features]
    rows = [dict(zip(names, row, strict=True)) for row in wdbc_rows[:3].tolist()]
    expected = bits(wdbc.predict_proba(wdbc_rows[:3]))
    # The module is there from the beginning of its import, without what it will define.
    monkeypatch.setitem(sys.modules, "pandas", ModuleType("pandas"))
    assert bits(wdbc.predict_proba(rows)) == expected
    assert bits(wdbc.predict_row(rows[0]).probabilities) == expected[:2]


@pytest.fixture
def no_thread_switches() -> Iterator[None]:
    """A thread that holds the interpreter's lock keeps it until it releases it."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(60)
    yield
    sys.setswitchinterval(before)


def runs_during(call: Callable[[], object]) -> bool:
    """Whether this thread can run while another thread is in the call."""
    begins, has_ended = threading.Event(), threading.Event()

    def other() -> None:
        begins.set()
        call()
        has_ended.set()

    thread = threading.Thread(target=other)
    thread.start()
    begins.wait()
    ran = not has_ended.is_set()
    thread.join()
    return ran


@pytest.mark.usefixtures("no_thread_switches")
def test_the_interpreter_runs_while_rows_are_predicted(wdbc: Model, wdbc_rows: Floats) -> None:
    # Without the lock held, the system decides when this thread runs, so it gets many chances. With
    # the lock held, it has none.
    rows = np.concatenate([wdbc_rows] * 100)
    assert any(runs_during(lambda: wdbc.predict_proba(rows)) for _ in range(20))
    # Counter-test: `sum` of numbers holds the lock all the time.
    numbers = range(3_000_000)
    assert not any(runs_during(lambda: sum(numbers)) for _ in range(3))
