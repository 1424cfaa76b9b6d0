"""Support vector machines and nearest neighbours of scikit-learn as members of ours."""

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.svm import SVC, SVR


def data():
    """Two numbers around one of three centres, the centre, and a number."""
    rng = np.random.default_rng(15)
    centre = rng.integers(0, 3, 60)
    x = rng.normal(size=(60, 2)) + np.outer(centre, [1.5, -0.5])
    return x, centre, x[:, 0] * x[:, 1] + rng.normal(size=60)


def rows(x):
    """Training rows, others, and rows that are far from all."""
    others = np.random.default_rng(16).normal(size=(8, 2)) * 2.0
    return np.vstack([x[:4], others, [[30.0, -40.0], [-1e3, 1e3]]])


def kernel_of(model):
    gamma, offset = model._gamma, model.coef0
    if model.kernel == "rbf":
        return {"Radial": {"gamma": gamma}}
    if model.kernel == "poly":
        return {"Polynomial": {"gamma": gamma, "offset": offset, "degree": model.degree}}
    return {"Sigmoid": {"gamma": gamma, "offset": offset}}


def support_vector_case(model):
    x, centre, number = data()
    is_value = isinstance(model, SVR)
    model.fit(x, number if is_value else centre > 0)
    found = model.predict(rows(x)) if is_value else model.decision_function(rows(x))
    return {
        "name": f"scikit-learn {type(model).__name__}, kernel {model.kernel}",
        "link": "Identity", "kernel": kernel_of(model), "n_inputs": 2,
        "intercepts": model.intercept_, "vectors": np.ravel(model.support_vectors_),
        "coefficients": np.ravel(model.dual_coef_), "rows": rows(x),
        "margins": found.reshape(-1, 1), "probabilities": found.reshape(-1, 1),
    }


def support_vector_cases():
    return [
        support_vector_case(model)
        for model in (
            SVC(), SVC(kernel="poly", degree=5, coef0=0.5), SVC(kernel="poly", degree=2),
            SVC(kernel="sigmoid", gamma=0.1, coef0=-0.3), SVR(epsilon=0.5),
            SVR(kernel="poly", degree=0),
        )
    ]


def neighbours_case(model):
    """A tree computes distances one input after the other, as we do; brute force does not."""
    x, centre, number = data()
    is_value = isinstance(model, KNeighborsRegressor)
    model.set_params(algorithm="kd_tree").fit(x, number if is_value else centre)
    found = model.predict(rows(x)) if is_value else model.predict_proba(rows(x))
    targets = {"Numbers": number} if is_value else {"Classes": {"n_classes": 3, "of_rows": centre}}
    return {
        "name": f"scikit-learn {type(model).__name__}, {model.metric}, {model.weights}",
        "metric": {"minkowski": "Euclidean"}.get(model.metric, model.metric.capitalize()),
        "weight": {"uniform": "Uniform", "distance": "InverseDistance"}[model.weights],
        "n_neighbours": model.n_neighbors, "n_inputs": 2, "stored": np.ravel(x),
        "targets": targets, "rows": rows(x), "margins": np.reshape(found, (len(found), -1)),
        "probabilities": np.reshape(found, (len(found), -1)),
    }


def neighbours_cases():
    return [
        neighbours_case(model)
        for model in (
            KNeighborsClassifier(), KNeighborsClassifier(7, weights="distance"),
            KNeighborsClassifier(60), KNeighborsRegressor(3, metric="manhattan"),
            KNeighborsRegressor(4, weights="distance", metric="chebyshev"),
        )
    ]
