"""Models that store rows of their training data: kernels of support vectors, nearest neighbours."""

from __future__ import annotations

from typing import Any

from .walk import Column, Place, Step, Walk, floats

METRICS = {
    "chebyshev": "chebyshev",
    "cityblock": "manhattan",
    "euclidean": "euclidean",
    "infinity": "chebyshev",
    "l1": "manhattan",
    "l2": "euclidean",
    "manhattan": "manhattan",
}
N_TRIED = 500
"""How many rows of the training data show how inexact distances are."""
MAX_ROUNDING = 1e-6
"""How large an error of a distance may be, as a share of the usual gap between two distances."""


def support_vectors(
    link: str, estimator: Any, columns: list[Column], walk: Walk, place: Place
) -> Step:
    """A machine of libsvm whose kernel is not linear."""
    walk.adds_in_order = False
    vectors = _checked(estimator.support_vectors_, place)
    walk.n_stored_rows += len(vectors)
    return _of_kernel(
        link,
        _kernel(estimator.kernel, estimator._gamma, estimator.coef0, estimator.degree, place),
        vectors,
        _checked(estimator.dual_coef_, place).T,
        estimator.intercept_,
    )


def kernel_ridge(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """Kernels of all rows of the training data, weighted."""
    walk.adds_in_order = False
    if estimator.kernel == "linear":
        place.refuse("kernel='linear', which adds up what cancels; Ridge is the same model")
    if estimator.kernel_params:
        place.refuse("kernel_params")
    if estimator.dual_coef_.size != len(estimator.dual_coef_):
        place.refuse("several targets")
    rows = _checked(estimator.X_fit_, place)
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
    if set(estimator.effective_metric_params_) - {"p"}:
        place.refuse("metric_params")
    name = estimator.effective_metric_
    metric = METRICS.get(name) if isinstance(name, str) else None
    if metric is None:
        place.refuse(f"metric={name!r}" if isinstance(name, str) else "a metric that is a function")
    rows = _checked(estimator._fit_X, place)
    if metric == "euclidean" and estimator._fit_method == "brute":
        _check_brute_force(estimator, rows, place)
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
        "rows": floats(rows),
        "targets": floats(targets) if classes is None else [int(one) for one in targets],
    }


def _check_brute_force(estimator: Any, rows: Any, place: Place) -> None:
    """Refuses squared distances that scikit-learn computes from products, where these round them.

    They are wrong by some parts of 2^-52 of the squared lengths of two rows. For rows of the
    training data, that is compared with the gap between the last neighbour and the next row.
    """
    import numpy as np

    why = "by brute force, which rounds distances; fit it with algorithm='kd_tree'"
    if estimator.weights == "distance":
        place.refuse(f"weights='distance' {why}")
    n_neighbors = estimator.n_neighbors
    if n_neighbors >= len(rows):
        return
    border = [n_neighbors - 1, n_neighbors]
    gaps = []
    for row in rows[:: max(1, len(rows) // N_TRIED)]:
        last, following = np.partition(np.square(rows - row).sum(axis=1), border)[border]
        gaps.append(following - last)
    rounding = 2.0**-50 * np.square(rows).sum(axis=1).max()
    # Rows that are equally far are compared by their targets.
    usual = np.median([gap for gap in gaps if gap > 0] or [1.0])
    if rounding > MAX_ROUNDING * usual:
        place.refuse(f"distances {why}")


def _checked(rows: Any, place: Place) -> Any:
    import numpy as np

    if hasattr(rows, "toarray"):
        place.refuse("sparse rows; fit it on dense ones (sparse_output=False of an encoder)")
    if rows.dtype == np.float32:
        place.refuse("rows of single precision; fit it on double precision")
    return rows
