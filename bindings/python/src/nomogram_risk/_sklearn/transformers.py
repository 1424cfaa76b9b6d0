"""Transformers: fitted attributes to steps of a description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import curves, encoders
from .walk import MADE, Column, Fill, Place, Step, Walk, class_name, floats, is_missing

Result = tuple[list[Step], list[Column]]


def describe(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """The steps of a fitted transformer, and the columns that they make of these.

    :raises NotSupported: With the place, for anything that has no exact counterpart.
    """
    if estimator is None or estimator in ("passthrough", "drop"):
        return ([], [] if estimator == "drop" else columns)
    name = class_name(estimator)
    function = _TRANSFORMERS.get(name)
    if function is None:
        place.refuse(f"transformer `{name}`")
    return function(estimator, columns, walk, place)


def pipeline(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """Transformers one after the other."""
    found: list[Step] = []
    for name, step in estimator.steps:
        steps, columns = describe(step, columns, walk, place / f"step `{name}`")
        found += steps
    return found, columns


def column_transformer(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """Transformers of some columns each, side by side."""
    if estimator.transformer_weights:
        place.refuse("transformer_weights")
    parts, made = [], []
    for name, transformer, _ in estimator.transformers_:
        chosen = [int(index) for index in estimator._transformer_to_input_indices[name]]
        if not chosen or (isinstance(transformer, str) and transformer == "drop"):
            continue
        inside = [columns[index] for index in chosen]
        steps, after = describe(transformer, inside, walk, place / f"transformer `{name}`")
        parts.append({"columns": chosen, "steps": steps})
        made += after
    return [{"kind": "union", "parts": parts}], made


def feature_union(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """Transformers of all columns each, side by side."""
    if estimator.transformer_weights:
        place.refuse("transformer_weights")
    parts, made = [], []
    for name, transformer in estimator.transformer_list:
        if isinstance(transformer, str) and transformer == "drop":
            continue
        steps, after = describe(transformer, columns, walk, place / f"transformer `{name}`")
        parts.append({"columns": list(range(len(columns))), "steps": steps})
        made += after
    return [{"kind": "union", "parts": parts}], made


def simple_imputer(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """Fitted values for missing ones, and indicators of what was missing."""
    if (
        not is_missing(estimator.missing_values)
        and type(estimator.missing_values).__name__ != "NAType"
    ):
        place.refuse(f"missing_values={estimator.missing_values!r}")
    if callable(estimator.strategy):
        place.refuse("a strategy that is a function")
    indicators: list[int] = []
    if estimator.indicator_ is not None:
        indicators = [int(index) for index in estimator.indicator_.features_]
    values: list[Any] = []
    kept = []
    for column, value in zip(columns, estimator.statistics_, strict=True):
        # A column without values in training is left out.
        values.append(None if is_missing(value) else Fill(column.feature, value))
        if not is_missing(value):
            kept.append(column)
    step = {
        "kind": "impute",
        "statistic": estimator.strategy,
        "values": values,
        "indicators": indicators,
    }
    return [step], kept + [MADE] * len(indicators)


def standard_scaler(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """Subtracts means and divides by standard deviations."""
    means = estimator.mean_ if estimator.with_mean else None
    scales = estimator.scale_ if estimator.with_std else None
    return _scaled("standard_scale", "means", means, scales, columns, walk)


def robust_scaler(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """Subtracts medians and divides by ranges between quantiles."""
    centers = estimator.center_ if estimator.with_centering else None
    scales = estimator.scale_ if estimator.with_scaling else None
    return _scaled("robust_scale", "centers", centers, scales, columns, walk)


def max_abs_scaler(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """Divides by the largest magnitudes."""
    if getattr(estimator, "clip", False):
        place.refuse("clip=True")
    return _scaled("standard_scale", "means", None, estimator.scale_, columns, walk)


def _scaled(
    kind: str, shift: str, shifts: Any, scales: Any, columns: list[Column], walk: Walk
) -> Result:
    walk.read_numbers(columns)
    width = len(columns)
    step = {
        "kind": kind,
        shift: [0.0] * width if shifts is None else floats(shifts),
        "scales": [1.0] * width if scales is None else floats(scales),
    }
    return [step], [MADE] * width


def min_max_scaler(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """Multiplies and adds."""
    walk.read_numbers(columns)
    step = {
        "kind": "min_max_scale",
        "scales": floats(estimator.scale_),
        "shifts": floats(estimator.min_),
    }
    if estimator.clip:
        step["clip"] = floats(estimator.feature_range)
    return [step], [MADE] * len(columns)


def power_transformer(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """The Yeo–Johnson and the Box–Cox transformation."""
    walk.read_numbers(columns)
    steps: list[Step] = [{"kind": "yeo_johnson", "lambdas": floats(estimator.lambdas_)}]
    if estimator.method != "yeo-johnson":
        steps = _box_cox(floats(estimator.lambdas_), columns, walk, place)
    made = [MADE] * len(columns)
    if estimator.standardize:
        after, made = standard_scaler(estimator._scaler, made, walk, place)
        steps += after
    return steps, made


def _box_cox(lambdas: list[float], columns: list[Column], walk: Walk, place: Place) -> list[Step]:
    """``(value ** λ - 1) / λ``, of positive values."""
    lowest = min(lambdas, default=1.0)
    if lowest <= 0.0:
        place.refuse(f"method='box-cox' with λ = {lowest:.3g}, expected above 0")
    walk.read_from(5e-324, columns, place, "method='box-cox'")
    reciprocals = [1.0 / one for one in lambdas]
    return [
        {"kind": "power", "exponents": lambdas},
        {
            "kind": "min_max_scale",
            "scales": reciprocals,
            "shifts": [-one for one in reciprocals],
        },
    ]


def k_bins_discretizer(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """The number of the bin, or one value for each bin."""
    walk.read_numbers(columns)
    is_one_hot = estimator.encode != "ordinal"
    step = {
        "kind": "bin",
        "edges": [floats(edges[1:-1]) for edges in estimator.bin_edges_],
        "one_hot": is_one_hot,
    }
    n_bins = [int(n) for n in estimator.n_bins_]
    return [step], [MADE] * (sum(n_bins) if is_one_hot else len(columns))


def binarizer(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """Whether values are above a threshold."""
    return [binarize(estimator.threshold, columns, walk)], [MADE] * len(columns)


def binarize(threshold: float, columns: list[Column], walk: Walk) -> Step:
    """The step for `value > threshold`: a value on an edge is in the bin above it."""
    import numpy as np

    walk.read_numbers(columns)
    edge = float(np.nextafter(float(threshold), np.inf))
    return {"kind": "bin", "edges": [[edge] for _ in columns], "one_hot": False}


def polynomial_features(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """Products of values."""
    walk.read_numbers(columns)
    terms = [
        [index for index, power in enumerate(powers) for _ in range(int(power))]
        for powers in estimator.powers_
    ]
    return [{"kind": "polynomial", "terms": terms}], [MADE] * len(terms)


def pca(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """Principal components."""
    import numpy as np

    walk.read_numbers(columns)
    scales = np.ones(len(estimator.components_))
    if estimator.whiten:
        scales = np.sqrt(estimator.explained_variance_)
        scales = np.maximum(scales, np.finfo(scales.dtype).eps)
    return _projected(estimator.mean_, estimator.components_, scales)


def truncated_svd(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """Singular vectors."""
    walk.read_numbers(columns)
    n_components = len(estimator.components_)
    return _projected([0.0] * len(columns), estimator.components_, [1.0] * n_components)


def _projected(means: Any, components: Any, scales: Any) -> Result:
    step = {
        "kind": "project",
        "means": floats(means),
        "components": floats(components),
        "scales": floats(scales),
    }
    return [step], [MADE] * len(components)


def selector(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """Some of the columns."""
    chosen = [int(index) for index in estimator.get_support(indices=True)]
    return [{"kind": "select", "columns": chosen}], [columns[index] for index in chosen]


def function_transformer(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Result:
    """A function of numpy that a bundle has too."""
    import numpy as np

    if estimator.func is None or _is_check(estimator.func):
        return [], columns
    if estimator.kw_args:
        place.refuse("kw_args")
    width = len(columns)
    divisors = {np.log: 1.0, np.log2: np.log(2.0), np.log10: np.log(10.0)}
    steps: list[Step] | None = None
    if estimator.func is np.log1p:
        steps = [{"kind": "log1p"}]
    elif estimator.func in divisors:
        steps = [{"kind": "log", "divisors": [float(divisors[estimator.func])] * width}]
    elif estimator.func is np.square:
        steps = [{"kind": "polynomial", "terms": [[index, index] for index in range(width)]}]
    elif estimator.func is np.sqrt:
        walk.read_from(0.0, columns, place, "function `sqrt`")
        steps = [{"kind": "power", "exponents": [0.5] * width}]
    if steps is not None:
        walk.read_numbers(columns)
        return steps, [MADE] * width
    if estimator.func is np.abs:
        return curves.absolute(columns, walk)
    name = getattr(estimator.func, "__qualname__", repr(estimator.func))
    place.refuse(f"function `{name}`")


def _is_check(function: Any) -> bool:
    """Whether a function only checks doubles, as histogram-based boosting does."""
    import functools

    import numpy as np
    from sklearn.utils import check_array

    if not isinstance(function, functools.partial) or function.func is not check_array:
        return False
    return not function.args and function.keywords.get("dtype") in (np.float64, [np.float64])


_TRANSFORMERS: dict[str, Callable[[Any, list[Column], Walk, Place], Result]] = {
    "Binarizer": binarizer,
    "ColumnTransformer": column_transformer,
    "FeatureUnion": feature_union,
    "FunctionTransformer": function_transformer,
    "GenericUnivariateSelect": selector,
    "IncrementalPCA": pca,
    "KBinsDiscretizer": k_bins_discretizer,
    "MaxAbsScaler": max_abs_scaler,
    "MinMaxScaler": min_max_scaler,
    "OneHotEncoder": encoders.one_hot_encoder,
    "OrdinalEncoder": encoders.ordinal_encoder,
    "PCA": pca,
    "Pipeline": pipeline,
    "PolynomialFeatures": polynomial_features,
    "PowerTransformer": power_transformer,
    "QuantileTransformer": curves.quantile_transformer,
    "RFE": selector,
    "RFECV": selector,
    "RobustScaler": robust_scaler,
    "SelectFdr": selector,
    "SelectFpr": selector,
    "SelectFromModel": selector,
    "SelectFwe": selector,
    "SelectKBest": selector,
    "SelectPercentile": selector,
    "SequentialFeatureSelector": selector,
    "SimpleImputer": simple_imputer,
    "SplineTransformer": curves.spline_transformer,
    "StandardScaler": standard_scaler,
    "TargetEncoder": encoders.target_encoder,
    "TruncatedSVD": truncated_svd,
    "VarianceThreshold": selector,
}
