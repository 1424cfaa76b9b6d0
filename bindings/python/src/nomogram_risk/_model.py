"""Models: opened, described, and predicted with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time as now
from types import TracebackType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ._describe import (
    Cutoff,
    Description,
    Feature,
    Member,
    Rule,
    Schema,
    Target,
    Task,
    Uncertainty,
    describe,
)
from ._errors import FileError
from ._explain import Explanation, Method, explain
from ._library import check, failure, ffi, lib, new, refusal
from ._outputs import Layout, Room
from ._predictions import Prediction, Predictions
from ._rows import Options, RowsLike, is_plain, rows_of
from ._run import predict_parts
from ._session import Pool
from ._values import Statements, Value, refused

OnRefusal = Literal["stop", "go_on"]

_ON_REFUSAL = {"stop": lib.NOMO_ON_REFUSAL_STOP, "go_on": lib.NOMO_ON_REFUSAL_GO_ON}


class Model:
    """An opened and verified model: immutable, and shared by all threads.

    >>> with Model.open("wdbc.nomo") as model:  # doctest: +SKIP
    ...     model.predict_proba(rows)

    A pickled model contains its source: the bytes, or the path and the digest of the file, which
    must exist and be unchanged when it is unpickled. A model is closed by :meth:`close`, at the end
    of a ``with``, or with its last reference.
    """

    _description: Description
    _layout_of_one_row: Layout
    _statements: Statements
    _pool: Pool | None
    """None after closing."""
    _reopening: tuple[Any, int | None, bool, str | None]
    """The source and the options of opening."""

    def __init__(self) -> None:
        """Use :meth:`open` instead."""
        raise TypeError("use Model.open(path_or_bytes)")

    @classmethod
    def open(
        cls,
        source: str | os.PathLike[str] | bytes | bytearray | memoryview,
        *,
        max_bytes: int | None = None,
        skip_golden_cases: bool = False,
        trust: str | None = None,
        time: int | None = None,
    ) -> Model:
        """Opens a bundle from a path or from bytes, and verifies it.

        Checks digests, structure and golden cases. ``max_bytes`` limits the size of the bundle; the
        default is 256 MiB. ``skip_golden_cases`` is for tests only: nothing then proves that the
        model predicts what was sealed.

        ``trust`` is a policy of trust, as text: which keys may sign, and which roles must have
        signed (``docs/signing.md``). ``time`` is the time at which signatures must be valid, in
        seconds since 1970; the default is now. A bundle that the policy refuses raises
        :class:`IntegrityError`, with the key and the role.

        Raises :class:`FileMissing`, :class:`FileError`, :class:`FormatError`,
        :class:`VersionError`, :class:`IntegrityError`, :class:`LimitError` or
        :class:`SelfTestError`; see :class:`Error` for their attributes.
        """
        if max_bytes is not None and max_bytes < 1:
            raise ValueError("max_bytes is below 1, expected at least 1 or None")
        if trust is not None and "\0" in trust:
            raise ValueError("embedded null character in the policy")
        policy = ffi.NULL if trust is None else ffi.new("char[]", trust.encode())
        options = new(
            "nomo_open_options",
            trust=policy,
            time=0 if trust is None else int(now() if time is None else time),
            flags=lib.NOMO_OPEN_SKIP_GOLDEN_CASES if skip_golden_cases else 0,
            max_bytes=max_bytes or 0,
        )
        pointer = ffi.new("nomo_model **")
        error = new("nomo_error")
        if isinstance(source, (bytes, bytearray, memoryview)):
            content = ffi.from_buffer(source)
            status = lib.nomo_model_open_memory(content, len(content), options, pointer, error)
            check(status, error)
        else:
            source = os.path.abspath(os.fspath(source))
            path = os.fsencode(source)
            if b"\0" in path:
                raise ValueError("embedded null character in a path")
            status = lib.nomo_model_open_file(path, options, pointer, error)
            if status:
                failed = failure(status, error)
                if isinstance(failed, FileError):
                    failed.filename = source
                raise failed
        model = object.__new__(cls)
        model._take(ffi.gc(pointer[0], lib.nomo_model_release))
        model._reopening = (source, max_bytes, skip_golden_cases, trust)
        return model

    def _take(self, pointer: Any) -> None:
        description = describe(pointer)
        self._description = description
        self._layout_of_one_row = Layout(description.outputs, 1, description.outputs)
        self._statements = Statements(
            description.feature_indices, description.categories, {}, False
        )
        self._pool = Pool(pointer, self._layout_of_one_row)

    # Description.

    @property
    def name(self) -> str:
        """The name of the model."""
        return self._description.name

    @property
    def version(self) -> str:
        """The version of the model, chosen by those who trained it."""
        return self._description.version

    @property
    def digest(self) -> str:
        """The digest of the bundle, which identifies it: log it with each prediction."""
        return self._description.digest

    @property
    def format(self) -> int:
        """The format version of the bundle."""
        return self._description.format

    @property
    def n_golden_cases(self) -> int:
        """The number of golden cases in the bundle."""
        return self._description.n_golden_cases

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest, which describes the origin of the model; a new dictionary each time."""
        import json

        manifest: dict[str, Any] = json.loads(self._description.manifest)
        return manifest

    @property
    def card(self) -> str | None:
        """The model card, in Markdown."""
        return self._description.card

    @property
    def task(self) -> Task:
        """What the model predicts: ``classes`` or ``number``."""
        return self._description.task

    @property
    def schema(self) -> Schema:
        """The features, the rules between them, and the target."""
        return self._description.schema

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features, in the order of the columns of a matrix."""
        return self._description.schema.features

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules between features."""
        return self._description.schema.rules

    @property
    def target(self) -> Target:
        """The target: its name, its unit, its classes."""
        return self._description.schema.target

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order of the probabilities; of two, the second is positive."""
        return self._description.schema.target.classes

    @property
    def cutoffs(self) -> tuple[Cutoff, ...]:
        """The named operating points."""
        return self._description.cutoffs

    @property
    def uncertainty(self) -> Uncertainty | None:
        """What is known of the uncertainty of predictions, if the bundle has it."""
        return self._description.uncertainty

    @property
    def members(self) -> tuple[Member, ...]:
        """The members of the ensemble, in the order in which they are combined."""
        return self._description.members

    def self_test(self) -> None:
        """Replays the golden cases, as opening does.

        Raises :class:`SelfTestError` for the first case that differs.
        """
        self._open_pool().self_test()

    # Predicting.

    def predict_proba(
        self,
        rows: RowsLike,
        *,
        units: Mapping[str, str] | None = None,
        ignore_other_columns: bool = False,
        threads: int = 1,
    ) -> npt.NDArray[np.float64]:
        """One calibrated probability per row and class, shape ``(n_rows, n_classes)``.

        ``rows`` and the options are those of :meth:`predict_rows`. The first refused row fails the
        call. Raises ``TypeError`` for a model that predicts a number.
        """
        if self.task != "classes":
            raise TypeError("the model predicts a number: use predict")
        if threads == 1 and not units and is_plain(rows):
            return self._predict_plain(rows)
        options = self._options(units, ignore_other_columns)
        return self._run(rows, options, threads, "stop", "probabilities").probabilities

    def predict(
        self,
        rows: RowsLike,
        *,
        units: Mapping[str, str] | None = None,
        ignore_other_columns: bool = False,
        threads: int = 1,
    ) -> npt.NDArray[np.str_] | npt.NDArray[np.float64]:
        """The name of the most probable class of each row, or the predicted number.

        Shape ``(n_rows,)``. Of equally probable classes, the first. ``rows`` and the options are
        those of :meth:`predict_rows`; the first refused row fails the call.
        """
        is_number = self.task == "number"
        if is_number and threads == 1 and not units and is_plain(rows):
            return self._predict_plain(rows)[:, 0]
        options = self._options(units, ignore_other_columns)
        if is_number:
            return self._run(rows, options, threads, "stop", "probabilities").values
        predictions = self._run(rows, options, threads, "stop", "class_indices")
        return np.array(self.classes)[predictions.class_indices]

    def predict_rows(
        self,
        rows: RowsLike,
        *,
        on_refusal: OnRefusal = "stop",
        units: Mapping[str, str] | None = None,
        ignore_other_columns: bool = False,
        threads: int = 1,
    ) -> Predictions:
        """The prediction of each row, with all outputs of the library.

        ``rows`` is a matrix of numbers (NaN is missing), a pandas or polars data frame, an Arrow
        table or record batch, or a list of mappings as in :meth:`predict_row`. It must not change
        during the call.

        ``on_refusal``: with ``"stop"`` the first refused row fails the call; with ``"go_on"`` a
        refused row has its status in ``status``, and the others are predicted. ``units`` maps
        columns to the UCUM codes of their units; the default is the feature's unit. Columns that
        match no feature are refused unless ``ignore_other_columns``. ``threads`` is the number of
        threads that share the rows; the bits are the same for any number.

        Raises :class:`SchemaError` for a wrong number of columns, an unknown or a duplicate column;
        :class:`ValueRefused` with row and feature; ``TypeError`` for values of other types.
        """
        options = self._options(units, ignore_other_columns)
        return self._run(rows, options, threads, on_refusal, *self._description.outputs)

    def predict_row(self, row: Mapping[str, Value]) -> Prediction:
        """The prediction of one row, given by the names of the features.

        >>> model.predict_row(
        ...     {"age": 41, "grade": "II", "creatinine": (1.2, "mg/dL"), "dose": None}
        ... )  # doctest: +SKIP

        A value is a number, a bool, the name of a level, ``(number, unit)``, or None or
        :class:`Missing` for a missing value. A feature without an entry is unset, which is not the
        same as missing. NaN is a value that is not a number.

        Raises :class:`ArgumentError` for an unknown name, unit or reason, and :class:`ValueRefused`
        with the feature.
        """
        pool = self._open_pool()
        session = pool.take()
        try:
            self._statements.state(session, row)
            status = lib.nomo_session_predict(session.pointer, session.one_row, session.error)
            if status:
                raise refused(status, session.error, self._description.feature_names, row)
            block = session.room.block.copy()
        finally:
            pool.give_back(session)
        return Predictions(self._description, self._layout_of_one_row, block)[0]

    # Explaining.

    def explain(
        self,
        rows: RowsLike | Mapping[str, Value],
        *,
        method: Method = "groups",
        scale: Literal["output", "margin"] = "output",
        member: str | None = None,
        n_pairs: int = 4,
        units: Mapping[str, str] | None = None,
        ignore_other_columns: bool = False,
    ) -> Explanation:
        """How much each feature, or group of features, moved the prediction of each row.

        ``rows`` is a matrix of numbers, a mapping as in :meth:`predict_row`, or a list of them.
        ``method``: ``"groups"`` is exact, over the groups that the bundle declares, or over the
        features if there are at most 12; ``"permutations"`` samples ``n_pairs`` pairs of
        permutations of the features for each background row, with standard errors;
        ``"interventional"`` and ``"path_dependent"`` are exact for a linear ``member`` or one of
        trees. ``scale`` explains probabilities (or the number) or their logarithms; a ``member``
        has margins.

        Raises :class:`ArgumentError` with what is missing if the bundle cannot be explained that
        way, :class:`ValueRefused` for the first refused row, and as :meth:`predict_rows`.
        """
        return explain(
            self._open_pool(),
            self._description,
            rows,
            self._options(units, ignore_other_columns),
            method=method,
            scale=scale,
            member=member,
            n_pairs=n_pairs,
        )

    def _options(self, units: Mapping[str, str] | None, ignore_other_columns: bool) -> Options:
        return Options(self._description, units, ignore_other_columns)

    def _predict_plain(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """What :meth:`_run` does, for a matrix that needs no preparation."""
        pool = self._open_pool()
        session = pool.take()
        try:
            description = self._description
            n_outputs = description.outputs["probabilities"].per_row
            return session.predict_matrix(rows, n_outputs, description.feature_names)
        finally:
            pool.give_back(session)

    def _run(
        self, rows: Any, options: Options, threads: int, on_refusal: OnRefusal, *wanted: str
    ) -> Predictions:
        pool = self._open_pool()
        if threads < 1:
            raise ValueError("threads is below 1")
        if on_refusal not in _ON_REFUSAL:
            raise ValueError("on_refusal is neither 'stop' nor 'go_on'")
        parts = rows_of(rows, options)
        layout = Layout(self._description.outputs, sum(part.n_rows for part in parts), wanted)
        room = Room(layout, _ON_REFUSAL[on_refusal])
        predict_parts(pool, parts, room, threads)
        return Predictions(self._description, layout, room.block)

    # Lifetime.

    def _open_pool(self) -> Pool:
        if self._pool is None:
            raise ValueError("the model is closed")
        return self._pool

    @property
    def closed(self) -> bool:
        """Whether the model is closed and can no longer predict."""
        return self._pool is None

    def close(self) -> None:
        """Frees the memory, as soon as calls of other threads have ended.

        The description of the model stays available. Closing again does nothing.
        """
        self._pool = None

    def __enter__(self) -> Model:
        self._open_pool()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<nomogram_risk.Model {self.name!r} {self.version!r}, digest {self.digest}>"

    def __copy__(self) -> Model:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Model:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        source, max_bytes, skip_golden_cases, trust = self._reopening
        if not isinstance(source, (str, bytes)):
            raise TypeError(
                "a model opened from a buffer that may change cannot be pickled: "
                "open it from bytes, or from a path"
            )
        return _reopen, (source, max_bytes, skip_golden_cases, self.digest, trust)


def _reopen(
    source: str | bytes,
    max_bytes: int | None,
    skip_golden_cases: bool,
    digest: str,
    trust: str | None = None,
) -> Model:
    model = Model.open(
        source, max_bytes=max_bytes, skip_golden_cases=skip_golden_cases, trust=trust
    )
    if model.digest != digest:
        detail = f"the bundle has the digest {model.digest}, expected the pickled model's {digest}"
        raise refusal(lib.NOMO_EINTEGRITY_DIGEST, detail)
    return model
