"""Models that store rows of their training data: kernels of support vectors, nearest neighbours."""

from __future__ import annotations

from typing import Any

from .walk import Column, Place, Step, Walk, floats


def support_vectors(
    link: str, estimator: Any, columns: list[Column], walk: Walk, place: Place
) -> Step:
    """A machine of libsvm whose kernel is not linear."""
    walk.adds_in_order = False
    walk.n_stored_rows += len(estimator.support_vectors_)
    return _of_kernel(
        link,
        _kernel(estimator.kernel, estimator._gamma, estimator.coef0, estimator.degree, place),
        _checked(estimator.support_vectors_, place),
        _checked(estimator.dual_coef_, place).T,
        estimator.intercept_,
    )


def kernel_ridge(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """Kernels of all rows of the training data, weighted."""
    walk.adds_in_order = False
    if estimator.kernel_params:
        place.refuse("kernel_params")
    if getattr(estimator.dual_coef_, "ndim", 1) > 1:
        place.refuse("several targets")
    rows = _checked(estimator.X_fit_, place)
    if estimator.kernel == "linear":
        weights = estimator.dual_coef_ @ rows
        return {
            "kind": "linear",
            "link": "identity",
            "weights": [floats(weights)],
            "intercepts": [0.0],
        }
    walk.n_stored_rows += len(rows)
    gamma = 1.0 / rows.shape[1] if estimator.gamma is None else estimator.gamma
    name = {"polynomial": "poly"}.get(estimator.kernel, estimator.kernel)
    kernel = _kernel(name, gamma, estimator.coef0, estimator.degree, place)
    return _of_kernel("identity", kernel, rows, estimator.dual_coef_.reshape(-1, 1), [0.0])


def _of_kernel(link: str, kernel: Step, vectors: Any, coefficients: Any, intercepts: Any) -> Step:
    return {
        "kind": "support_vectors",
        "link": link,
        "kernel": kernel,
        "vectors": floats(vectors),
        "coefficients": floats(coefficients),
        "intercepts": floats(intercepts),
    }


def _kernel(name: Any, gamma: float, offset: float, degree: float, place: Place) -> Step:
    if name == "rbf":
        return {"kind": "radial", "gamma": float(gamma)}
    if name == "poly":
        if int(degree) != degree:
            place.refuse(f"degree={degree!r} of a polynomial kernel")
        scale = {"gamma": float(gamma), "offset": float(offset)}
        return {"kind": "polynomial", **scale, "degree": int(degree)}
    if name == "sigmoid":
        return {"kind": "sigmoid", "gamma": float(gamma), "offset": float(offset)}
    place.refuse(f"kernel={name!r}" if isinstance(name, str) else "a kernel that is a function")


def neighbours(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """The mean of the nearest rows of the training data."""
    walk.adds_in_order = False
    weights = estimator.weights
    if weights not in (None, "uniform", "distance"):
        place.refuse("weights that are a function")
    metric = estimator.effective_metric_
    if metric not in ("euclidean", "manhattan", "chebyshev"):
        place.refuse(
            f"metric={metric!r}" if isinstance(metric, str) else "a metric that is a function"
        )
    if set(estimator.effective_metric_params_) - {"p"}:
        place.refuse("metric_params")
    if weights == "distance" and metric == "euclidean" and estimator._fit_method == "brute":
        place.refuse(
            "weights='distance' with algorithm='brute', which rounds small distances; fit it with "
            "algorithm='kd_tree'"
        )
    classes = getattr(estimator, "classes_", None)
    if isinstance(classes, list) or estimator._y.ndim > 1:
        place.refuse("a table of targets; fit it with a list of them")
    targets = estimator._y
    walk.n_stored_rows += len(targets)
    return {
        "kind": "neighbours",
        "metric": metric,
        "weight": "distance" if weights == "distance" else "uniform",
        "n_neighbours": int(estimator.n_neighbors),
        "rows": floats(_checked(estimator._fit_X, place)),
        "targets": floats(targets) if classes is None else [int(one) for one in targets],
    }


def _checked(rows: Any, place: Place) -> Any:
    import numpy as np

    if hasattr(rows, "toarray"):
        place.refuse("sparse rows")
    if rows.dtype == np.float32:
        place.refuse("rows of single precision; fit it on double precision")
    return rows
