"""Monitors: counts of predicted rows, to see later whether patients have changed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ._library import check, ffi, lib, new

if TYPE_CHECKING:
    from ._model import Model


class Monitor:
    """Counts the rows that a model predicts or refuses, from its creation to :meth:`close`.

    A count states how many rows were in a bin of the bundle's profile; no value of a row is stored.
    A model has one monitor at a time. All threads may predict meanwhile: each session counts for
    itself, and counts are added when they are read.

    >>> with Monitor(model) as monitor:  # doctest: +SKIP
    ...     model.predict_proba(rows)
    ...     week = monitor.to_bytes()

    Raises :class:`UnsupportedError` for a bundle without a profile.
    """

    def __init__(self, model: Model) -> None:
        """Begins to count."""
        pool = model._open_pool()
        self._pointer = pool.model
        self._sum = self._new()
        self._parts: list[Any] = []
        self._pool = pool
        if pool.monitor is not None:
            raise ValueError("the model has a monitor already; close that first")
        pool.monitor = self

    def _new(self) -> Any:
        error = new("nomo_error")
        monitor = ffi.new("nomo_monitor **")
        check(lib.nomo_monitor_create(self._pointer, monitor, error), error)
        return ffi.gc(monitor[0], lib.nomo_monitor_destroy)

    def part(self) -> Any:
        """The counts of one more session."""
        part = self._new()
        self._parts.append(part)
        return part

    def to_bytes(self, rounding: int = 1) -> bytes:
        """The counts with the digest of the bundle: for a file, or to add them.

        With ``rounding`` 5, for those who may not see small counts, every count is rounded to a
        multiple of 5.
        """
        total = self._new()
        for part in [self._sum, *self._parts]:
            _add(total, _read(self._pointer, part, 1))
        return _read(self._pointer, total, rounding)

    def add(self, counts: bytes) -> None:
        """Adds what :meth:`to_bytes` returned for the same bundle.

        Raises :class:`FormatError` for counts of another bundle, or changed ones.
        """
        _add(self._sum, counts)

    def add_outcome(self, probability: float, came_true: bool) -> None:
        """Counts the outcome of a row that was predicted before.

        ``probability`` is the one that was predicted for the second of two classes, and
        ``came_true`` whether that class came true.
        """
        error = new("nomo_error")
        check(lib.nomo_monitor_add_outcome(self._sum, probability, bool(came_true), error), error)

    def clear(self) -> None:
        """Sets all counts to 0: a new period begins."""
        error = new("nomo_error")
        for part in [self._sum, *self._parts]:
            check(_when_idle(lambda part=part: lib.nomo_monitor_clear(part, error)), error)

    def close(self) -> None:
        """Ends counting; the counts can still be read."""
        if self._pool.monitor is self:
            self._pool.monitor = None

    def __enter__(self) -> Monitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _read(model: Any, monitor: Any, rounding: int) -> bytes:
    if rounding < 1:
        raise ValueError("rounding is below 1")
    error = new("nomo_error")
    sizes = ffi.new("size_t[2]")
    check(lib.nomo_monitor_size(model, sizes, sizes + 1, error), error)
    counts = ffi.new("uint8_t[]", sizes[1])
    status = _when_idle(lambda: lib.nomo_monitor_write(monitor, rounding, counts, sizes[1], error))
    check(status, error)
    return bytes(ffi.buffer(counts))


def _add(monitor: Any, counts: bytes) -> None:
    error = new("nomo_error")
    content = ffi.from_buffer("uint8_t[]", counts)
    check(lib.nomo_monitor_add(monitor, content, len(counts), error), error)


def _when_idle(call: Any) -> int:
    """Repeats a call while another thread counts."""
    while (status := call()) == lib.NOMO_EBUSY:
        time.sleep(0)
    return int(status)
