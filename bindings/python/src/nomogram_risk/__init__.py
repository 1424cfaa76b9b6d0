"""Embedded inference of clinical risk models, with the same bits on every platform.

>>> import nomogram_risk
>>> model = nomogram_risk.Model.open("wdbc.nomo")  # doctest: +SKIP
>>> model.predict_proba(rows)  # doctest: +SKIP

The package contains the C library, which makes every decision; its header is the reference.
"""

from ._describe import (
    Cutoff,
    Feature,
    Member,
    Policy,
    Rule,
    Schema,
    Target,
    Unit,
)
from ._errors import (
    ArgumentError,
    BufferSizeError,
    BusyError,
    DefectError,
    Error,
    FileError,
    FileMissing,
    FormatError,
    IntegrityError,
    LimitError,
    OutOfMemoryError,
    SchemaError,
    SelfTestError,
    UnsupportedError,
    ValueRefused,
    VersionError,
)
from ._import import ImportedModel, from_sklearn
from ._library import status_name
from ._library import version as __version__
from ._model import Model
from ._predictions import Flag, Prediction, Predictions
from ._program import ImportRefused
from ._rows import RowsLike
from ._values import Missing, Value

__all__ = [
    "ArgumentError",
    "BufferSizeError",
    "BusyError",
    "Cutoff",
    "DefectError",
    "Error",
    "Feature",
    "FileError",
    "FileMissing",
    "Flag",
    "FormatError",
    "ImportRefused",
    "ImportedModel",
    "IntegrityError",
    "LimitError",
    "Member",
    "Missing",
    "Model",
    "OutOfMemoryError",
    "Policy",
    "Prediction",
    "Predictions",
    "RowsLike",
    "Rule",
    "Schema",
    "SchemaError",
    "SelfTestError",
    "Target",
    "Unit",
    "UnsupportedError",
    "Value",
    "ValueRefused",
    "VersionError",
    "__version__",
    "from_sklearn",
    "status_name",
]
