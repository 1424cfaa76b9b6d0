"""Predicts the parts of a call, in one thread or in several."""

from __future__ import annotations

from typing import NamedTuple

from ._outputs import Room
from ._rows import Rows
from ._session import Pool

# So that no thread is woken for less work than waking it takes.
_ROWS_PER_TASK = 256


class Task(NamedTuple):
    """Rows from ``start`` to before ``stop`` of a part, which begins at row ``at`` of the call."""

    part: Rows
    start: int
    stop: int
    at: int


def predict_parts(pool: Pool, parts: list[Rows], room: Room, threads: int) -> None:
    """Predicts all rows; of several that are refused, the first one is raised."""
    if threads == 1:
        session = pool.take()
        try:
            for task in tasks(parts, None):
                task.part.predict(session, task.start, task.stop, room, task.at)
        finally:
            pool.give_back(session)
        return

    from concurrent.futures import ThreadPoolExecutor

    def predict(task: Task) -> None:
        session = pool.take()
        try:
            task.part.predict(session, task.start, task.stop, room, task.at)
        finally:
            pool.give_back(session)

    n_rows = sum(part.n_rows for part in parts)
    per_task = max(_ROWS_PER_TASK, -(-n_rows // threads))
    with ThreadPoolExecutor(threads, "nomogram") as executor:
        # In their order: the error of the first task is that of the first row.
        for _ in executor.map(predict, tasks(parts, per_task)):
            pass


def tasks(parts: list[Rows], per_task: int | None) -> list[Task]:
    """Cuts the parts; where validity is given by bits, rows can be cut at whole bytes."""
    found = []
    at = 0
    for part in parts:
        step = max(part.n_rows, 1) if per_task is None else -(-per_task // 8) * 8
        # A part without rows is a task too: its columns are to be judged.
        for start in range(0, max(part.n_rows, 1), step):
            found.append(Task(part, start, min(start + step, part.n_rows), at + start))
        at += part.n_rows
    return found
