"""Predicts the rows of a call, in one thread or in several."""

from __future__ import annotations

from typing import NamedTuple

from ._outputs import Room
from ._rows import Rows
from ._session import Pool

# Below this, waking a thread takes longer than predicting the rows.
_ROWS_PER_TASK = 256


class Task(NamedTuple):
    """Rows from ``start`` to before ``stop`` of a part, which begins at row ``at`` of the call."""

    part: Rows
    start: int
    stop: int
    at: int


def predict_parts(pool: Pool, parts: list[Rows], room: Room, threads: int) -> None:
    """Predicts all rows; raises the error of the first refused row."""
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
        # In order: the error of the first task is that of the first row.
        for _ in executor.map(predict, tasks(parts, per_task)):
            pass


def tasks(parts: list[Rows], per_task: int | None) -> list[Task]:
    """Splits the parts at multiples of 8 rows: at whole bytes of the validity bitmaps."""
    found = []
    at = 0
    for part in parts:
        step = max(part.n_rows, 1) if per_task is None else -(-per_task // 8) * 8
        # A part without rows is a task too: the library checks its columns.
        for start in range(0, max(part.n_rows, 1), step):
            found.append(Task(part, start, min(start + step, part.n_rows), at + start))
        at += part.n_rows
    return found
