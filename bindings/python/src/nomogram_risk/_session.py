"""Sessions: the scratch memory of a call, taken from a pool of the model.

A session is either in the pool or used by one call, so one thread at a time uses it. Models and
sessions are freed with their last reference, so closing a model does not affect a running call of
another thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ._library import check, ffi, lib, new
from ._outputs import Layout, Room

if TYPE_CHECKING:
    from ._monitor import Monitor

_DOUBLES = ffi.typeof("double[]")
# Of how many requests an explainer is kept; each may take some megabytes.
_MAX_EXPLAINERS = 4


class Session:
    """A session of the library, with room for its errors and for the outputs of one row."""

    __slots__ = (
        "_matrix",
        "_probabilities",
        "error",
        "monitor",
        "one_row",
        "part",
        "pointer",
        "room",
    )

    def __init__(self, model: Any, layout_of_one_row: Layout) -> None:
        """Creates a session; it keeps its model alive."""
        self.error = new("nomo_error")
        session = ffi.new("nomo_session **")
        check(lib.nomo_session_create(model, session, self.error), self.error)
        self.pointer = ffi.gc(session[0], lib.nomo_session_destroy)
        self.room = Room(layout_of_one_row, lib.NOMO_ON_REFUSAL_STOP)
        self.one_row = self.room.struct(0, 1)
        self.monitor: Monitor | None = None
        self.part: Any = None
        self._matrix = new("nomo_matrix", element_type=lib.NOMO_TYPE_DOUBLE, column_stride=1)
        self._probabilities = new("nomo_outputs", on_refusal=lib.NOMO_ON_REFUSAL_STOP)

    def count_in(self, monitor: Monitor | None) -> None:
        """Counts rows in a part of ``monitor`` from now on, or no longer."""
        part = None if monitor is None else monitor.part()
        pointer = ffi.NULL if part is None else part
        check(lib.nomo_session_set_monitor(self.pointer, pointer, self.error), self.error)
        # The session points to the part, which must stay.
        self.monitor, self.part = monitor, part

    def predict_matrix(
        self, rows: npt.NDArray[np.float64], n_outputs: int, names: tuple[str, ...]
    ) -> npt.NDArray[np.float64]:
        """The probabilities of a contiguous matrix, with the least to do for each call."""
        n_rows, n_columns = rows.shape
        probabilities = np.empty((n_rows, n_outputs))
        matrix, outputs = self._matrix, self._probabilities
        matrix.values = values = ffi.from_buffer(rows)
        matrix.values_len = n_rows * n_columns
        matrix.n_rows = n_rows
        matrix.n_columns = matrix.row_stride = n_columns
        outputs.probabilities = written = ffi.from_buffer(_DOUBLES, probabilities)
        outputs.probabilities_len = len(written)
        status = lib.nomo_session_predict_matrix(self.pointer, matrix, outputs, self.error)
        # Neither is freed before the call has ended.
        del values, written
        check(status, self.error, names)
        return probabilities


class Pool:
    """The sessions of a model that no call uses.

    Takes no lock: appending to a list and popping from it are atomic in Python.
    """

    def __init__(self, model: Any, layout_of_one_row: Layout) -> None:
        """``model`` is a pointer that frees itself."""
        self._model = model
        self.monitor: Monitor | None = None
        self._layout_of_one_row = layout_of_one_row
        self._idle: list[Session] = []
        self._explainers: dict[tuple[Any, ...], Any] = {}

    @property
    def model(self) -> Any:
        """The pointer to the model."""
        return self._model

    def take(self) -> Session:
        """A session that no other call uses."""
        try:
            session = self._idle.pop()
        except IndexError:
            session = Session(self.model, self._layout_of_one_row)
        if session.monitor is not self.monitor:
            session.count_in(self.monitor)
        return session

    def give_back(self, session: Session) -> None:
        """Makes a session available again."""
        self._idle.append(session)

    def take_explainer(self, request: tuple[Any, ...]) -> Any:
        """An explainer of this request that no other call uses, if there is one."""
        return self._explainers.pop(request, None)

    def give_back_explainer(self, request: tuple[Any, ...], explainer: Any) -> None:
        """Keeps an explainer for the next call: creating one takes longer than explaining a row."""
        self._explainers[request] = explainer
        for oldest in list(self._explainers)[:-_MAX_EXPLAINERS]:
            self._explainers.pop(oldest, None)

    def self_test(self) -> None:
        """Replays the golden cases."""
        error = new("nomo_error")
        check(lib.nomo_model_self_test(self.model, error), error)
