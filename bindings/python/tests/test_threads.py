"""Many threads, one model: the same bits, and the interpreter goes on meanwhile."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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


def test_rows_are_cut_without_holes_and_at_whole_bytes() -> None:
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


def test_a_session_is_with_one_call_alone(wdbc: Model, wdbc_rows: Floats) -> None:
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


def test_a_session_comes_back_after_a_failure(wdbc: Model) -> None:
    pool = wdbc._pool
    assert isinstance(pool, Pool)
    for _ in range(20):
        with pytest.raises(Error):
            wdbc.predict_proba(np.full((1, 30), np.nan))
        with pytest.raises(Error):
            wdbc.predict_row({})
    assert len(pool._idle) == 1


def test_closing_takes_nothing_from_under_a_call(wdbc: Model, wdbc_rows: Floats) -> None:
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


@pytest.fixture
def one_thread_until_it_lets_go() -> Iterator[None]:
    """A thread that holds the interpreter's lock keeps it until it gives it up by itself."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(60)
    yield
    sys.setswitchinterval(before)


def goes_on_during(call: Callable[[], object]) -> bool:
    """Whether this thread can run while another one is within the call."""
    begins, has_ended = threading.Event(), threading.Event()

    def other() -> None:
        begins.set()
        call()
        has_ended.set()

    thread = threading.Thread(target=other)
    thread.start()
    begins.wait()
    went_on = not has_ended.is_set()
    thread.join()
    return went_on


@pytest.mark.usefixtures("one_thread_until_it_lets_go")
def test_the_interpreter_goes_on_while_rows_are_predicted(wdbc: Model, wdbc_rows: Floats) -> None:
    # Without a lock, whether this thread runs at the right moment is up to the system: it gets
    # many chances. With one held, it has none.
    rows = np.concatenate([wdbc_rows] * 100)
    assert any(goes_on_during(lambda: wdbc.predict_proba(rows)) for _ in range(20))
    # The counter-test: `sum` of numbers holds the lock from beginning to end.
    numbers = range(3_000_000)
    assert not any(goes_on_during(lambda: sum(numbers)) for _ in range(3))
