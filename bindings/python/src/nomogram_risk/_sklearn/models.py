"""Models that are one member: linear, networks, naive Bayes, trees, stored rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import stored_rows, trees
from .transformers import binarize
from .walk import Column, Place, Step, Walk, class_name, floats

Function = Callable[[Any, list[Column], Walk, Place], Step]


def describe(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """A model of the description.

    :raises NotSupported: With the place, for anything that has no exact counterpart.
    """
    name = class_name(estimator)
    function = MODELS.get(name)
    if function is None:
        if name in WITHOUT_PROBABILITIES and getattr(estimator, "probability", False) is True:
            how = "which libsvm computes by iteration; calibrate it by CalibratedClassifierCV"
            place.refuse(f"`{name}` with probability=True, {how}")
        if name in WITHOUT_PROBABILITIES:
            place.refuse(f"`{name}` without probabilities; calibrate it by CalibratedClassifierCV")
        place.refuse(f"estimator `{name}`")
    if function is not trees.hist_gradient_boosting:
        walk.read_numbers(columns)
    return function(estimator, columns, walk, place)


def describe_margin(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """As :func:`describe`, also for models that have margins only."""
    if class_name(estimator) not in WITHOUT_PROBABILITIES:
        return describe(estimator, columns, walk, place)
    n_classes = len(estimator.classes_)
    if n_classes > 2 and hasattr(estimator, "kernel"):
        place.refuse(f"`{class_name(estimator)}` of more than 2 classes, which is one-vs-one")
    walk.read_numbers(columns)
    if getattr(estimator, "kernel", "linear") != "linear":
        return stored_rows.support_vectors("logit", estimator, columns, walk, place)
    return linear(_one_vs_rest(n_classes), estimator.coef_, estimator.intercept_)


def linear(link: str, weights: Any, intercepts: Any) -> Step:
    """Weighted sums: one for each margin."""
    import numpy as np

    weights = np.atleast_2d(_dense(weights))
    intercepts = np.broadcast_to(np.ravel(np.asarray(intercepts, np.float64)), (len(weights),))
    return {
        "kind": "linear",
        "link": link,
        "weights": floats(weights),
        "intercepts": floats(intercepts),
    }


def _dense(weights: Any) -> Any:
    return weights.toarray() if hasattr(weights, "toarray") else weights


def _link(estimator: Any) -> str:
    return "logit" if len(estimator.classes_) == 2 else "softmax"


def _one_vs_rest(n_classes: int) -> str:
    return "logit" if n_classes == 2 else "one_vs_rest"


def logistic_regression(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """Logistic regression."""
    kind = getattr(estimator, "multi_class", "auto")
    n_classes = len(estimator.classes_)
    if n_classes > 2 and (kind == "ovr" or estimator.solver == "liblinear"):
        return linear("one_vs_rest", estimator.coef_, estimator.intercept_)
    if n_classes == 2 and kind == "multinomial":
        place.refuse("multi_class='multinomial' of 2 classes")
    return linear(_link(estimator), estimator.coef_, estimator.intercept_)


def sgd_classifier(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """A linear model with logistic loss."""
    if estimator.loss not in ("log_loss", "log"):
        place.refuse(f"loss={estimator.loss!r}")
    return linear(_one_vs_rest(len(estimator.classes_)), estimator.coef_, estimator.intercept_)


def discriminant_analysis(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """Linear discriminant analysis."""
    return linear(_link(estimator), estimator.coef_, estimator.intercept_)


def quadratic_discriminant_analysis(
    estimator: Any, columns: list[Column], walk: Walk, place: Place
) -> Step:
    """Squared distances from the mean of each class, along its axes and in units of their spread.

    The margin of a class is -(distance + logarithm of the volume) / 2 + logarithm of the prior.
    """
    import numpy as np

    axes = list(zip(estimator.means_, estimator.rotations_, estimator.scalings_, strict=True))
    of_class = [
        {
            "kind": "project",
            "means": floats(mean),
            "components": floats((rotation * scaling**-0.5).T),
            "scales": [1.0] * len(scaling),
        }
        for mean, rotation, scaling in axes
    ]
    n_axes = [len(scaling) for _, _, scaling in axes]
    everything = list(range(len(columns)))
    steps: list[Step] = [
        {
            "kind": "union",
            "parts": [{"columns": everything, "steps": [step]} for step in of_class],
        },
        {"kind": "polynomial", "terms": [[index, index] for index in range(sum(n_axes))]},
    ]
    weights = np.zeros((len(axes), sum(n_axes)))
    for index, n in enumerate(n_axes):
        start = sum(n_axes[:index])
        weights[index, start : start + n] = -0.5
    volumes = np.array([np.sum(np.log(scaling)) for _, _, scaling in axes])
    walk.adds_in_order = False
    model = linear("softmax", weights, -0.5 * volumes + np.log(estimator.priors_))
    return {"kind": "pipeline", "steps": steps, "model": model}


def linear_regression(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """A linear model of a number."""
    if getattr(estimator.coef_, "ndim", 1) > 1 and estimator.coef_.shape[0] > 1:
        place.refuse("several targets")
    return linear("identity", estimator.coef_, estimator.intercept_)


def support_vector_regression(
    estimator: Any, columns: list[Column], walk: Walk, place: Place
) -> Step:
    """Support vectors; with a linear kernel, a linear model."""
    if estimator.kernel != "linear":
        return stored_rows.support_vectors("identity", estimator, columns, walk, place)
    walk.adds_in_order = False
    return linear_regression(estimator, columns, walk, place)


def log_regression(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """A generalized linear model with a logarithmic link."""
    return linear("log", estimator.coef_, estimator.intercept_)


def tweedie_regression(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """A generalized linear model whose link depends on its power."""
    is_log = estimator.link == "log" or (estimator.link == "auto" and estimator.power > 0)
    return linear("log" if is_log else "identity", estimator.coef_, estimator.intercept_)


def network(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """Dense layers."""
    links = {"identity": "identity", "logistic": "logit", "softmax": "softmax"}
    out = estimator.out_activation_
    is_multi_label = out == "logistic" and len(estimator.classes_) != 2
    if out not in links or is_multi_label or (out == "identity" and estimator.n_outputs_ != 1):
        place.refuse(f"out_activation_={out!r} of {estimator.n_outputs_} outputs")
    return {
        "kind": "network",
        "link": links[out],
        "activation": estimator.activation,
        "layers": [
            {"weights": floats(weights.ravel()), "biases": floats(biases)}
            for weights, biases in zip(estimator.coefs_, estimator.intercepts_, strict=True)
        ],
    }


def gaussian_naive_bayes(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """Normal distributions in each class."""
    import numpy as np

    return {
        "kind": "gaussian_naive_bayes",
        "log_priors": floats(np.log(estimator.class_prior_)),
        "means": floats(estimator.theta_.T),
        "variances": floats(estimator.var_.T),
    }


def categorical_naive_bayes(
    estimator: Any, columns: list[Column], walk: Walk, place: Place
) -> Step:
    """A probability of each code, which an encoder made, in each class."""
    if any(column.feature is not None for column in columns):
        place.refuse("codes that no OrdinalEncoder or KBinsDiscretizer made")
    return {
        "kind": "categorical_naive_bayes",
        "log_priors": floats(estimator.class_log_prior_),
        "log_probabilities": [floats(one.ravel()) for one in estimator.feature_log_prob_],
    }


def multinomial_naive_bayes(
    estimator: Any, columns: list[Column], walk: Walk, place: Place
) -> Step:
    """Counts: a linear model of the logarithms of probabilities."""
    return linear("softmax", estimator.feature_log_prob_, estimator.class_log_prior_)


def complement_naive_bayes(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """Counts of the other classes; priors do not count."""
    zeros = [0.0] * len(estimator.classes_)
    return linear("softmax", estimator.feature_log_prob_, zeros)


def bernoulli_naive_bayes(estimator: Any, columns: list[Column], walk: Walk, place: Place) -> Step:
    """Presence or absence: a linear model of the logarithms of probabilities."""
    import numpy as np

    absent = np.log(1 - np.exp(estimator.feature_log_prob_))
    intercepts = estimator.class_log_prior_ + absent.sum(axis=1)
    model = linear("softmax", estimator.feature_log_prob_ - absent, intercepts)
    if estimator.binarize is None:
        return model
    steps = [binarize(estimator.binarize, columns, walk)]
    return {"kind": "pipeline", "steps": steps, "model": model}


WITHOUT_PROBABILITIES = {
    "LinearSVC",
    "NuSVC",
    "PassiveAggressiveClassifier",
    "Perceptron",
    "RidgeClassifier",
    "RidgeClassifierCV",
    "SVC",
}

MODELS: dict[str, Function] = {
    "ARDRegression": linear_regression,
    "AdaBoostClassifier": trees.ada_boost,
    "BayesianRidge": linear_regression,
    "BernoulliNB": bernoulli_naive_bayes,
    "CategoricalNB": categorical_naive_bayes,
    "ComplementNB": complement_naive_bayes,
    "DecisionTreeClassifier": trees.decision_tree,
    "DecisionTreeRegressor": trees.decision_tree,
    "ElasticNet": linear_regression,
    "ElasticNetCV": linear_regression,
    "ExtraTreeClassifier": trees.decision_tree,
    "ExtraTreeRegressor": trees.decision_tree,
    "ExtraTreesClassifier": trees.random_forest,
    "ExtraTreesRegressor": trees.random_forest,
    "GammaRegressor": log_regression,
    "GaussianNB": gaussian_naive_bayes,
    "GradientBoostingClassifier": trees.gradient_boosting,
    "GradientBoostingRegressor": trees.gradient_boosting,
    "HistGradientBoostingClassifier": trees.hist_gradient_boosting,
    "HistGradientBoostingRegressor": trees.hist_gradient_boosting,
    "HuberRegressor": linear_regression,
    "KNeighborsClassifier": stored_rows.neighbours,
    "KNeighborsRegressor": stored_rows.neighbours,
    "KernelRidge": stored_rows.kernel_ridge,
    "Lars": linear_regression,
    "LarsCV": linear_regression,
    "Lasso": linear_regression,
    "LassoCV": linear_regression,
    "LassoLars": linear_regression,
    "LassoLarsCV": linear_regression,
    "LassoLarsIC": linear_regression,
    "LinearDiscriminantAnalysis": discriminant_analysis,
    "LinearRegression": linear_regression,
    "LinearSVR": linear_regression,
    "LogisticRegression": logistic_regression,
    "LogisticRegressionCV": logistic_regression,
    "MLPClassifier": network,
    "MLPRegressor": network,
    "MultinomialNB": multinomial_naive_bayes,
    "NuSVR": support_vector_regression,
    "OrthogonalMatchingPursuit": linear_regression,
    "OrthogonalMatchingPursuitCV": linear_regression,
    "PassiveAggressiveRegressor": linear_regression,
    "PoissonRegressor": log_regression,
    "QuadraticDiscriminantAnalysis": quadratic_discriminant_analysis,
    "QuantileRegressor": linear_regression,
    "RandomForestClassifier": trees.random_forest,
    "RandomForestRegressor": trees.random_forest,
    "Ridge": linear_regression,
    "RidgeCV": linear_regression,
    "SGDClassifier": sgd_classifier,
    "SGDRegressor": linear_regression,
    "SVR": support_vector_regression,
    "TheilSenRegressor": linear_regression,
    "TweedieRegressor": tweedie_regression,
}
