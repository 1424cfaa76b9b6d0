"""Embedded inference of clinical risk models, with the same bits on every platform.

>>> import nomogram_risk
>>> model = nomogram_risk.Model.open("wdbc.nomo")  # doctest: +SKIP
>>> model.predict_proba(rows)  # doctest: +SKIP

The package contains the C library, which makes every decision; its header is the reference.
"""

from ._analyse import Analysis, AnalysisRefused, analyse
from ._client import Client, ServiceError
from ._describe import (
    Cutoff,
    Feature,
    Member,
    Policy,
    Rule,
    Schema,
    Target,
    Uncertainty,
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
from ._explain import Explanation
from ._from_regression import from_lifelines, from_scikit_survival, from_statsmodels
from ._from_sklearn import from_sklearn, from_skops
from ._import import from_catboost, from_lightgbm, from_xgboost
from ._library import status_name
from ._library import version as __version__
from ._model import Model
from ._monitor import Monitor
from ._predictions import Flag, Prediction, Predictions, Verdict
from ._rows import RowsLike
from ._seal import Imported, ImportRefused
from ._values import Missing, Value

__all__ = [
    "Analysis",
    "AnalysisRefused",
    "ArgumentError",
    "BufferSizeError",
    "BusyError",
    "Client",
    "Cutoff",
    "DefectError",
    "Error",
    "Explanation",
    "Feature",
    "FileError",
    "FileMissing",
    "Flag",
    "FormatError",
    "ImportRefused",
    "Imported",
    "IntegrityError",
    "LimitError",
    "Member",
    "Missing",
    "Model",
    "Monitor",
    "OutOfMemoryError",
    "Policy",
    "Prediction",
    "Predictions",
    "RowsLike",
    "Rule",
    "Schema",
    "SchemaError",
    "SelfTestError",
    "ServiceError",
    "Target",
    "Uncertainty",
    "Unit",
    "UnsupportedError",
    "Value",
    "ValueRefused",
    "Verdict",
    "VersionError",
    "__version__",
    "analyse",
    "from_catboost",
    "from_lifelines",
    "from_lightgbm",
    "from_scikit_survival",
    "from_sklearn",
    "from_skops",
    "from_statsmodels",
    "from_xgboost",
    "status_name",
]
