#!/usr/bin/env python3
"""Write fitted estimators of scikit-learn as descriptions, with what they predict.

    python3.11 -m venv /tmp/sklearn-new && /tmp/sklearn-new/bin/pip install scikit-learn==1.9.1 pandas
    /tmp/sklearn-new/bin/pip install bindings/python
    NOMOGRAM_PROGRAM=target/debug/nomogram /tmp/sklearn-new/bin/python \
        crates/nomogram-import/tests/reference/make_scikit_learn.py

The same with scikit-learn 1.5.2 (numpy 2.2.6, scipy 1.15.3) in another environment. One line of
`tests/data/scikit_learn/VERSION.jsonl` for each estimator, of `VERSION-trees.jsonl` for those with trees:
its description, perhaps a schema, and a table of rows with its predictions; rows are the importer's probes
and some of the data. An estimator that is not supported has the refusal instead. Arguments choose
estimators by parts of their names; lines of others stay. Data are those that scikit-learn contains.
Training runs on one thread and from fixed seeds.
"""

import csv
import io
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd
import sklearn
from sklearn import (
    calibration, compose, datasets, decomposition, discriminant_analysis, ensemble,
    feature_extraction, feature_selection, gaussian_process, impute, kernel_ridge, linear_model,
    model_selection, multiclass, naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm, tree,
)

from nomogram_risk import ImportRefused, _from_sklearn, _seal
from nomogram_risk._sklearn import Description, NotSupported

DATA = Path(__file__).parents[1] / "data" / "scikit_learn"
N_PROBES = 50
# For both sides of each split.
N_PROBES_OF_TREES = 100
warnings.simplefilter("ignore")


def wdbc(n_features=6):
    """Numbers without names; two classes."""
    x, y = datasets.load_breast_cancer(return_X_y=True)
    return x[::2, :n_features], y[::2]


def gaps(n_features=6):
    """As wdbc, with missing values."""
    x, y = wdbc(n_features)
    x = x.copy()
    x[np.random.default_rng(3).random(x.shape) < 0.1] = np.nan
    return x, y


def wine():
    """Three classes."""
    x, y = datasets.load_wine(return_X_y=True)
    return x[:, :5], y


def diabetes():
    """A number."""
    x, y = datasets.load_diabetes(return_X_y=True)
    return x[::2, :6], y[::2]


def diabetes_classes():
    """Numbers on both sides of 0; two classes."""
    x, y = diabetes()
    return x, (y > 140).astype(int)


def mixed():
    """A data frame with numbers, categories as texts and as numbers, and missing values."""
    x, y = wdbc(4)
    rng = np.random.default_rng(5)
    table = pd.DataFrame(x, columns=["radius", "texture", "perimeter", "area"])
    size = pd.cut(table["radius"], [0, 11, 13, 16, 99], labels=["small", "medium", "large", "huge"])
    table["size"] = size.astype(object)
    table["grade"] = np.digitize(table["texture"], [14, 17, 20, 30]) + 1.0
    for name in ["texture", "size", "area"]:
        table.loc[rng.random(len(table)) < 0.1, name] = np.nan
    return table, np.where(y == 1, "benign", "malignant")


def numbers_and_categories(numbers=None, categories=None, remainder="drop"):
    """A ColumnTransformer of the mixed table."""
    numbers = numbers or pipeline.make_pipeline(
        impute.SimpleImputer(strategy="median", add_indicator=True), preprocessing.StandardScaler()
    )
    categories = categories or pipeline.make_pipeline(
        impute.SimpleImputer(strategy="most_frequent"),
        preprocessing.OneHotEncoder(handle_unknown="ignore"),
    )
    return compose.ColumnTransformer(
        [
            ("categories", categories, ["size", "grade"]),
            ("numbers", numbers, ["texture", "radius", "area"]),
        ],
        remainder=remainder,
    )


def after(first, model):
    return pipeline.make_pipeline(first, model)


def logistic(**options):
    return linear_model.LogisticRegression(max_iter=500, **options)


def forest(**options):
    return ensemble.RandomForestClassifier(**{"n_estimators": 4, "max_depth": 3, "random_state": 1, **options})


def boosting(**options):
    return ensemble.GradientBoostingClassifier(**{"n_estimators": 4, "max_depth": 2, "random_state": 1, **options})


def histogram(**options):
    return ensemble.HistGradientBoostingClassifier(
        **{"max_iter": 4, "max_leaf_nodes": 6, "random_state": 1, **options}
    )


def scaled(model):
    return after(preprocessing.StandardScaler(), model)


def members():
    return [("forest", forest()), ("logistic", scaled(logistic())), ("bayes", naive_bayes.GaussianNB())]


def ranges(low, high, n_features):
    """A schema with this range for every feature."""
    return {"features": [{"name": f"x{nth}", "range": [low, high]} for nth in range(n_features)]}


def cases():
    """Names, estimators, data and perhaps a schema."""
    yield from linear_models()
    yield from forests()
    yield from transformers()
    yield from encoders()
    yield from networks_and_bayes()
    yield from ensembles()
    yield from curves()
    yield from against_the_rest()
    yield from calibrations()
    yield from votes_in_votes()
    yield from stored_rows()
    yield from refusals()


def linear_models():
    yield "logistic", scaled(logistic()), wdbc()
    yield "logistic of three classes", scaled(logistic()), wine()
    yield "logistic with cross-validation", scaled(linear_model.LogisticRegressionCV(Cs=3, cv=3)), wdbc()
    yield "logistic with l1", scaled(logistic(solver="liblinear", C=0.1)), wdbc()
    yield "sgd", scaled(linear_model.SGDClassifier(loss="log_loss", random_state=1)), wdbc()
    for name in ["LinearRegression", "Ridge", "Lasso", "ElasticNet", "BayesianRidge", "HuberRegressor"]:
        yield name, getattr(linear_model, name)(), diabetes()
    yield "ridge with cross-validation", linear_model.RidgeCV(), diabetes()
    for name in ["LassoLars", "LassoLarsCV", "LarsCV", "OrthogonalMatchingPursuitCV"]:
        yield name, getattr(linear_model, name)(), diabetes()
    for name, options in {
        "ElasticNetCV": {"cv": 3}, "LassoCV": {"cv": 3}, "Lars": {}, "LassoLarsIC": {},
        "OrthogonalMatchingPursuit": {}, "QuantileRegressor": {"alpha": 0.01, "solver": "highs"},
        "TheilSenRegressor": {"random_state": 1, "max_subpopulation": 200}, "ARDRegression": {},
        "PassiveAggressiveRegressor": {"random_state": 1},
    }.items():
        yield name, getattr(linear_model, name)(**options), diabetes()
    yield "LinearSVR", scaled(svm.LinearSVR(random_state=1)), diabetes()
    yield "NuSVR, linear", scaled(svm.NuSVR(kernel="linear", C=10.0)), diabetes()
    x, y = diabetes()
    for name, options in {"PoissonRegressor": {}, "GammaRegressor": {}, "TweedieRegressor": {"power": 1.5}}.items():
        yield name, getattr(linear_model, name)(alpha=0.01, **options), (x, y), ranges(-1.0, 1.0, 6)
    yield "TweedieRegressor, identity", linear_model.TweedieRegressor(power=0.0), (x, y)
    yield "linear support vector regression", scaled(svm.SVR(kernel="linear", C=10.0)), diabetes()
    yield "sgd of a number", scaled(linear_model.SGDRegressor(random_state=1)), diabetes()
    yield "lda", discriminant_analysis.LinearDiscriminantAnalysis(), wdbc()
    yield "lda of three classes", discriminant_analysis.LinearDiscriminantAnalysis(), wine()
    yield "quadratic discriminant", scaled(
        discriminant_analysis.QuadraticDiscriminantAnalysis(reg_param=0.05)
    ), wdbc()
    yield "quadratic discriminant of three classes", scaled(
        discriminant_analysis.QuadraticDiscriminantAnalysis(priors=[0.2, 0.3, 0.5], reg_param=0.1)
    ), wine()


def forests():
    yield "random forest", forest(), wdbc()
    yield "random forest of three classes", forest(), wine()
    yield "random forest with missing values", forest(), gaps()
    yield "random forest of a number", ensemble.RandomForestRegressor(4, max_depth=3, random_state=1), diabetes()
    yield "extra trees", ensemble.ExtraTreesClassifier(4, max_depth=3, random_state=1), wdbc()
    yield "extra trees of a number", ensemble.ExtraTreesRegressor(4, max_depth=3, random_state=1), diabetes()
    yield "decision tree", tree.DecisionTreeClassifier(max_depth=3, random_state=1), wine()
    yield "decision tree with missing values", tree.DecisionTreeClassifier(max_depth=4, random_state=1), gaps()
    yield "decision tree of a number", tree.DecisionTreeRegressor(max_depth=3, random_state=1), diabetes()
    yield "gradient boosting", boosting(), wdbc()
    yield "gradient boosting of three classes", boosting(), wine()
    yield "gradient boosting with exponential loss", boosting(loss="exponential"), wdbc()
    yield "gradient boosting from zero", boosting(init="zero"), wdbc()
    for loss in ["squared_error", "huber", "quantile"]:
        yield f"gradient boosting of a number, {loss}", ensemble.GradientBoostingRegressor(
            n_estimators=4, max_depth=2, loss=loss, random_state=1
        ), diabetes()
    yield "histogram boosting", histogram(), wdbc()
    yield "histogram boosting with missing values", histogram(), gaps()
    yield "histogram boosting of three classes", histogram(), wine()
    x, y = mixed()
    yield "histogram boosting with categories", histogram(categorical_features=["size", "grade"]), (x, y)
    as_category = x.astype({"size": "category"})
    yield "histogram boosting with a pandas category", histogram(categorical_features="from_dtype"), (as_category, y)
    for loss in ["squared_error", "poisson", "gamma"]:
        yield f"histogram boosting of a number, {loss}", ensemble.HistGradientBoostingRegressor(
            max_iter=4, max_leaf_nodes=6, loss=loss, random_state=1
        ), diabetes()
    stump = tree.DecisionTreeClassifier(max_depth=2, random_state=1)
    options = {} if sklearn.__version__ >= "1.6" else {"algorithm": "SAMME"}
    yield "adaboost", ensemble.AdaBoostClassifier(stump, n_estimators=4, random_state=1, **options), wdbc()
    yield "adaboost of three classes", ensemble.AdaBoostClassifier(stump, n_estimators=4, random_state=1, **options), wine()
    yield "bagged trees", ensemble.BaggingClassifier(stump, 4, max_features=0.6, random_state=1), wine()
    yield "bagged trees of a number", ensemble.BaggingRegressor(
        tree.DecisionTreeRegressor(max_depth=3), 4, max_features=0.6, random_state=1
    ), diabetes()
    yield "scaled random forest", scaled(forest()), wdbc()
    yield "robust random forest", after(preprocessing.RobustScaler(), forest()), wdbc()
    yield "clipped random forest", after(preprocessing.MinMaxScaler(clip=True), forest()), wdbc()
    yield "extra tree", tree.ExtraTreeClassifier(max_depth=4, random_state=1), wine()
    yield "extra tree of a number", tree.ExtraTreeRegressor(max_depth=4, random_state=1), diabetes()


def transformers():
    yield "min-max", after(preprocessing.MinMaxScaler(), logistic()), wdbc()
    yield "min-max with clip", after(preprocessing.MinMaxScaler(clip=True), logistic()), wdbc()
    yield "max-abs", after(preprocessing.MaxAbsScaler(), logistic()), wdbc()
    yield "robust", after(preprocessing.RobustScaler(), logistic()), wdbc()
    yield "scaler without mean", after(preprocessing.StandardScaler(with_mean=False), logistic()), wdbc()
    yield "imputer with indicators", pipeline.make_pipeline(
        impute.SimpleImputer(add_indicator=True), preprocessing.StandardScaler(), logistic()
    ), gaps()
    x, y = gaps()
    x[:, 2] = np.nan
    yield "imputer of an empty column", pipeline.make_pipeline(impute.SimpleImputer(), forest()), (x, y)
    yield "imputer of a constant", pipeline.make_pipeline(
        impute.SimpleImputer(strategy="constant", fill_value=-1.0), forest()
    ), gaps()
    for encode in ["ordinal", "onehot-dense"]:
        options = {"quantile_method": "averaged_inverted_cdf"} if sklearn.__version__ >= "1.7" else {}
        yield f"bins, {encode}", after(
            preprocessing.KBinsDiscretizer(4, encode=encode, random_state=1, **options), logistic()
        ), wdbc()
    yield "binarizer", after(preprocessing.Binarizer(threshold=15.0), logistic()), wdbc()
    yield "polynomial", pipeline.make_pipeline(
        preprocessing.StandardScaler(), preprocessing.PolynomialFeatures(2), logistic()
    ), wdbc(3)
    yield "interactions", pipeline.make_pipeline(
        preprocessing.StandardScaler(),
        preprocessing.PolynomialFeatures(2, interaction_only=True, include_bias=False), logistic(),
    ), wdbc(4)
    yield "pca", pipeline.make_pipeline(
        preprocessing.StandardScaler(), decomposition.PCA(3, random_state=1), logistic()
    ), wdbc()
    yield "incremental pca", scaled(after(decomposition.IncrementalPCA(3), logistic())), wdbc()
    yield "whitened pca", pipeline.make_pipeline(
        preprocessing.StandardScaler(), decomposition.PCA(3, whiten=True, random_state=1), logistic()
    ), wdbc()
    yield "svd", pipeline.make_pipeline(
        preprocessing.StandardScaler(), decomposition.TruncatedSVD(3, random_state=1), logistic()
    ), wdbc()
    yield "selection of the best", pipeline.make_pipeline(
        feature_selection.SelectKBest(k=3), preprocessing.StandardScaler(), logistic()
    ), wdbc()
    yield "selection by a model", pipeline.make_pipeline(
        feature_selection.SelectFromModel(forest()), preprocessing.StandardScaler(), logistic()
    ), wdbc()
    for name, selector in {
        "RFE": feature_selection.RFE(logistic(), n_features_to_select=3),
        "RFECV": feature_selection.RFECV(logistic(), cv=3),
        "VarianceThreshold": feature_selection.VarianceThreshold(0.01),
        "SelectPercentile": feature_selection.SelectPercentile(percentile=50),
        "SelectFpr": feature_selection.SelectFpr(), "SelectFdr": feature_selection.SelectFdr(),
        "SelectFwe": feature_selection.SelectFwe(),
        "GenericUnivariateSelect": feature_selection.GenericUnivariateSelect(mode="k_best", param=3),
        "SequentialFeatureSelector": feature_selection.SequentialFeatureSelector(
            naive_bayes.GaussianNB(), n_features_to_select=2, cv=3
        ),
    }.items():
        yield name, pipeline.make_pipeline(preprocessing.StandardScaler(), selector, logistic()), wdbc()
    yield "yeo-johnson", after(preprocessing.PowerTransformer(), logistic()), wdbc(), ranges(0.0, 1e4, 6)
    yield "yeo-johnson, not standardized", pipeline.make_pipeline(
        preprocessing.StandardScaler(), preprocessing.PowerTransformer(standardize=False), logistic()
    ), wdbc(), ranges(0.0, 1e4, 6)
    x, y = wine()
    yield "box-cox", after(preprocessing.PowerTransformer(method="box-cox"), logistic()), (x[:, [0, 3]], y)
    functions = {"log1p": (0.0, 1e4), "log": (0.01, 1e4), "log2": (0.01, 1e4), "log10": (0.01, 1e4)}
    for name, (low, high) in functions.items():
        function = preprocessing.FunctionTransformer(getattr(np, name))
        yield f"function {name}", pipeline.make_pipeline(
            function, preprocessing.StandardScaler(), logistic()
        ), wdbc(), ranges(low, high, 6)
    for name in ["sqrt", "square"]:
        function = preprocessing.FunctionTransformer(getattr(np, name))
        yield f"function {name}", pipeline.make_pipeline(function, preprocessing.StandardScaler(), logistic()), wdbc()
    yield "trees after squares", after(preprocessing.FunctionTransformer(np.square), forest()), wdbc()
    yield "union", pipeline.make_pipeline(
        pipeline.make_union(
            preprocessing.StandardScaler(), pipeline.make_pipeline(
                preprocessing.RobustScaler(), decomposition.PCA(2, random_state=1)
            ),
        ), logistic(),
    ), wdbc()
    yield "identity function", after(preprocessing.FunctionTransformer(), forest()), wdbc()


def encoders():
    yield "columns, logistic", after(numbers_and_categories(), logistic()), mixed()
    yield "columns, forest", after(numbers_and_categories(), forest()), mixed()
    yield "columns, forest, remainder", after(
        numbers_and_categories(impute.SimpleImputer(), remainder="passthrough"), forest()
    ), mixed()
    one_hot = preprocessing.OneHotEncoder
    for name, encoder in {
        "missing as a category": one_hot(handle_unknown="ignore"),
        "error": one_hot(),
        "drop first": one_hot(drop="first", handle_unknown="ignore"),
        "drop if binary": one_hot(drop="if_binary"),
        "infrequent": one_hot(min_frequency=40, handle_unknown="infrequent_if_exist"),
        "infrequent, drop": one_hot(max_categories=3, drop="first", handle_unknown="infrequent_if_exist"),
        "ordinal": preprocessing.OrdinalEncoder(encoded_missing_value=9),
        "ordinal, unknown -1": preprocessing.OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
        ),
        "target": preprocessing.TargetEncoder(random_state=1),
    }.items():
        yield f"encoder: {name}", after(numbers_and_categories(categories=encoder), logistic()), mixed()
    unknown_is_missing = preprocessing.OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan
    )
    yield "encoder: unknown is missing", after(
        numbers_and_categories("passthrough", unknown_is_missing), histogram()
    ), mixed()
    x, _ = mixed()
    yield "encoder: target of three classes", after(
        compose.make_column_transformer((preprocessing.TargetEncoder(random_state=1), ["size", "grade"])),
        logistic(),
    ), (x, np.digitize(x["perimeter"], [80, 100]))


def networks_and_bayes():
    for activation in ["relu", "tanh", "logistic", "identity"]:
        yield f"network, {activation}", scaled(neural_network.MLPClassifier(
            (5, 4), activation=activation, max_iter=40, random_state=1
        )), wdbc()
    yield "network of three classes", scaled(
        neural_network.MLPClassifier((5,), max_iter=40, random_state=1)
    ), wine()
    yield "network of a number", scaled(
        neural_network.MLPRegressor(hidden_layer_sizes=(5,), max_iter=40, random_state=1)
    ), diabetes()
    yield "gaussian bayes", naive_bayes.GaussianNB(), wine()
    yield "multinomial bayes", after(preprocessing.MinMaxScaler(clip=True), naive_bayes.MultinomialNB()), wine()
    yield "complement bayes", after(preprocessing.MinMaxScaler(clip=True), naive_bayes.ComplementNB()), wine()
    x, y = mixed()
    ordinal = preprocessing.OrdinalEncoder(encoded_missing_value=4)
    yield "categorical bayes", after(
        compose.make_column_transformer((ordinal, ["size", "grade"])), naive_bayes.CategoricalNB(min_categories=5)
    ), (x, y)
    options = {"quantile_method": "averaged_inverted_cdf"} if sklearn.__version__ >= "1.7" else {}
    yield "categorical bayes of bins", after(
        preprocessing.KBinsDiscretizer(4, encode="ordinal", random_state=1, **options), naive_bayes.CategoricalNB()
    ), wine()
    yield "bernoulli bayes", scaled(naive_bayes.BernoulliNB()), wine()


def ensembles():
    yield "soft vote", ensemble.VotingClassifier(members(), voting="soft"), wdbc()
    yield "weighted soft vote", ensemble.VotingClassifier(members(), voting="soft", weights=[2, 1, 0.5]), wine()
    yield "hard vote", ensemble.VotingClassifier(members(), voting="hard"), wine()
    yield "vote after columns", after(numbers_and_categories(), ensemble.VotingClassifier(
        [("forest", forest()), ("logistic", logistic())], voting="soft"
    )), mixed()
    yield "vote of numbers", ensemble.VotingRegressor(
        [("ridge", linear_model.Ridge()), ("tree", tree.DecisionTreeRegressor(max_depth=3))]
    ), diabetes()
    yield "stack", ensemble.StackingClassifier(members(), logistic(), cv=3), wdbc()
    yield "stack of three classes", ensemble.StackingClassifier(members(), logistic(), cv=3), wine()
    margins = [("boosting", boosting()), ("logistic", scaled(logistic()))]
    yield "stack of margins", ensemble.StackingClassifier(
        margins, logistic(), cv=3, stack_method="decision_function"
    ), wdbc()
    yield "stack of numbers", ensemble.StackingRegressor(
        [("ridge", linear_model.Ridge()), ("tree", tree.DecisionTreeRegressor(max_depth=3))], cv=3
    ), diabetes()
    yield "bag of logistic models", ensemble.BaggingClassifier(
        scaled(logistic()), 3, max_features=0.7, random_state=1
    ), wdbc()
    yield "search", model_selection.GridSearchCV(scaled(logistic()), {"logisticregression__C": [0.1, 1]}, cv=3), wdbc()
    yield "random search", model_selection.RandomizedSearchCV(
        scaled(logistic()), {"logisticregression__C": [0.1, 0.3, 1]}, n_iter=2, cv=3, random_state=1
    ), wdbc()
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401

    yield "halving search", model_selection.HalvingGridSearchCV(
        scaled(logistic()), {"logisticregression__C": [0.1, 1]}, cv=3, random_state=1
    ), wdbc()
    yield "halving random search", model_selection.HalvingRandomSearchCV(
        scaled(logistic()), {"logisticregression__C": [0.1, 1, 3]}, cv=3, random_state=1
    ), wdbc()
    yield "search of a forest", model_selection.GridSearchCV(forest(), {"max_depth": [2, 3]}, cv=3), wdbc()
    if sklearn.__version__ >= "1.6":
        from sklearn.frozen import FrozenEstimator

        frozen = FrozenEstimator(scaled(logistic()).fit(*wdbc()))
        yield "frozen", frozen, wdbc()
        yield "sigmoid of a frozen model", calibration.CalibratedClassifierCV(frozen), wdbc()
    if hasattr(model_selection, "TunedThresholdClassifierCV"):
        yield "tuned threshold", model_selection.TunedThresholdClassifierCV(
            scaled(logistic()), cv=3, random_state=1
        ), wdbc()
    if hasattr(model_selection, "FixedThresholdClassifier"):
        yield "threshold", model_selection.FixedThresholdClassifier(
            scaled(logistic()), threshold=0.2
        ), wdbc()


def curves():
    splines, quantiles = preprocessing.SplineTransformer, preprocessing.QuantileTransformer
    yield "splines", after(splines(), logistic()), wdbc()
    for extrapolation in ["constant", "linear", "continue"]:
        for degree in [1, 2, 5]:
            if (degree, extrapolation) == (1, "linear"):
                continue
            yield f"splines of degree {degree}, {extrapolation}", scaled(after(
                splines(n_knots=4, degree=degree, extrapolation=extrapolation, include_bias=degree != 2),
                linear_model.Ridge(),
            )), diabetes(), ranges(-1e4, 1e4, 6)
    yield "splines of degree 1, linear, of one column", after(
        splines(n_knots=4, degree=1, extrapolation="linear"), linear_model.Ridge()
    ), (diabetes()[0][:, 2:3] * 100, diabetes()[1]), ranges(-1e4, 1e4, 1)
    yield "splines of quantiles", scaled(after(
        splines(knots="quantile", n_knots=6), linear_model.LogisticRegression(max_iter=500)
    )), wdbc()
    yield "splines of some columns", after(compose.make_column_transformer(
        (splines(n_knots=3), ["radius"]),
        (after(impute.SimpleImputer(), quantiles(n_quantiles=9)), ["texture", "area"]),
        (after(
            impute.SimpleImputer(strategy="most_frequent"), preprocessing.OneHotEncoder(handle_unknown="ignore")
        ), ["size", "grade"]),
    ), logistic()), mixed()
    yield "quantiles", after(quantiles(n_quantiles=20), logistic()), wdbc()
    yield "quantiles with ties", after(quantiles(n_quantiles=50), logistic()), (np.floor(wdbc()[0]), wdbc()[1])
    yield "quantiles of gaps", pipeline.make_pipeline(
        quantiles(n_quantiles=12), impute.SimpleImputer(), logistic()
    ), gaps()
    yield "absolute values", after(preprocessing.FunctionTransformer(np.abs), logistic()), diabetes_classes()
    yield "forest of absolute values", after(preprocessing.FunctionTransformer(np.abs), forest()), diabetes_classes()


def against_the_rest():
    rest = multiclass.OneVsRestClassifier
    yield "logistic models against the rest", scaled(rest(logistic())), wine()
    yield "boosting against the rest", rest(boosting()), wine()
    yield "histograms against the rest", rest(histogram()), wine()
    yield "sgd of three classes", scaled(linear_model.SGDClassifier(loss="log_loss", random_state=1)), wine()
    if sklearn.__version__ < "1.8":
        yield "liblinear of three classes", scaled(logistic(solver="liblinear")), wine()
        yield "logistic of multi_class ovr", scaled(logistic(multi_class="ovr")), wine()


def calibrations():
    calibrated = calibration.CalibratedClassifierCV
    yield "sigmoid of a support vector machine", scaled(calibrated(svm.LinearSVC(random_state=1), cv=3)), wdbc()
    yield "sigmoid of a linear kernel", scaled(calibrated(svm.NuSVC(kernel="linear", nu=0.2), cv=3)), wdbc()
    yield "sigmoid of a ridge classifier", scaled(calibrated(linear_model.RidgeClassifier(), cv=3)), wdbc()
    yield "sigmoid of a perceptron", scaled(calibrated(linear_model.Perceptron(random_state=1), cv=3)), wdbc()
    yield "sigmoid of support vectors", scaled(calibrated(svm.SVC(kernel="linear"), cv=3)), wdbc()
    yield "sigmoid of a logistic model", calibrated(scaled(logistic()), cv=3), wdbc()
    yield "sigmoid of boosting", calibrated(boosting(), cv=3), wdbc()
    yield "sigmoid of a forest", calibrated(forest(), cv=3), wdbc()
    yield "sigmoid of a forest, three classes", calibrated(forest(), cv=3, ensemble=False), wine()
    yield "isotonic of a forest", calibrated(forest(), method="isotonic", cv=3, ensemble=False), wdbc()
    yield "isotonic of a forest, three classes", calibrated(
        forest(), method="isotonic", cv=3, ensemble=False
    ), wine()
    yield "isotonic, a map for each fold", calibrated(forest(), method="isotonic", cv=3), wdbc()
    yield "isotonic of a forest, for each fold, three classes", calibrated(
        forest(), method="isotonic", cv=3
    ), wine()
    yield "isotonic of a margin", calibrated(scaled(logistic()), method="isotonic", cv=3), wdbc()
    yield "isotonic of one margin", scaled(
        calibrated(svm.LinearSVC(random_state=1), method="isotonic", cv=3, ensemble=False)
    ), wdbc()
    yield "isotonic of boosting", calibrated(boosting(), method="isotonic", cv=3), wdbc()
    yield "isotonic of boosting, three classes", calibrated(histogram(), method="isotonic", cv=3), wine()
    yield "sigmoid of a support vector machine, three classes", scaled(
        calibrated(svm.LinearSVC(random_state=1), cv=3)
    ), wine()
    yield "sigmoid of a logistic model, three classes", calibrated(scaled(logistic()), cv=3), wine()
    yield "sigmoid of bayes", calibrated(naive_bayes.GaussianNB(), cv=3, ensemble=False), wdbc()
    if sklearn.__version__ >= "1.8":
        yield "temperature of a logistic model", calibrated(
            scaled(logistic()), method="temperature", cv=3
        ), wdbc()


class Halve(preprocessing.FunctionTransformer):
    """A transformer that scikit-learn does not contain."""


def halved(x):
    return x / 2


def splines_of_degree_1():
    return preprocessing.SplineTransformer(degree=1, extrapolation="linear")


def votes_in_votes():
    vote, calibrated = ensemble.VotingClassifier, calibration.CalibratedClassifierCV
    inner = vote(members(), voting="soft", weights=[1, 2, 1])
    yield "vote in a vote", vote([("inner", inner), ("boosting", boosting())], voting="soft", weights=[3, 1]), wdbc()
    yield "calibrated folds in a vote", vote([
        ("kernel", scaled(calibrated(svm.LinearSVC(random_state=1), cv=3))), ("forest", forest()),
        ("logistic", scaled(logistic())),
    ], voting="soft"), wdbc()
    yield "isotonic folds in a vote", vote([
        ("trees", calibrated(forest(), cv=3, method="isotonic")), ("logistic", scaled(logistic())),
    ], voting="soft"), wdbc()
    yield "isotonic folds in a vote, three classes", vote([
        ("bayes", calibrated(naive_bayes.GaussianNB(), cv=3, method="isotonic")), ("forest", forest()),
    ], voting="soft", weights=[1, 3]), wine()
    yield "isotonic margins in a vote", vote([
        ("linear", scaled(calibrated(svm.LinearSVC(random_state=1), cv=3, method="isotonic"))),
        ("boosting", boosting()), ("logistic", scaled(logistic())),
    ], voting="soft"), wdbc()
    yield "bag in a vote", vote([
        ("bag", ensemble.BaggingClassifier(logistic(), n_estimators=3, random_state=1)), ("bayes", naive_bayes.GaussianNB()),
    ], voting="soft"), wdbc(2)
    yield "mean of means", ensemble.VotingRegressor([
        ("bag", ensemble.BaggingRegressor(linear_model.Ridge(), n_estimators=3, random_state=1)),
        ("mean", ensemble.VotingRegressor([("a", linear_model.Lasso()), ("b", forest_of_numbers())])),
    ]), diabetes()


def forest_of_numbers():
    return ensemble.RandomForestRegressor(n_estimators=3, max_depth=3, random_state=1)


def stored_rows():
    """Estimators that keep rows of their training data."""
    calibrated = calibration.CalibratedClassifierCV
    narrow = ranges(-1e4, 1e4, 6)
    yield "sigmoid of a radial kernel", scaled(calibrated(svm.SVC(), cv=3)), wdbc()
    yield "isotonic of a radial kernel", scaled(calibrated(svm.NuSVC(nu=0.2), cv=3, method="isotonic")), wdbc()
    yield "sigmoid of a polynomial kernel", scaled(calibrated(svm.SVC(kernel="poly", coef0=1), cv=3)), wdbc(), narrow
    yield "sigmoid of a sigmoid kernel", scaled(calibrated(svm.SVC(kernel="sigmoid"), cv=3)), wdbc()
    yield "radial kernel of a number", scaled(svm.SVR(C=100, epsilon=20)), diabetes()
    yield "radial kernel of a number, nu", after(preprocessing.MinMaxScaler(), svm.NuSVR(C=50, nu=0.3)), diabetes()
    yield "polynomial kernel of a number", scaled(svm.SVR(kernel="poly", degree=2)), diabetes(), narrow
    yield "kernel ridge", scaled(kernel_ridge.KernelRidge(kernel="rbf", gamma=0.1)), diabetes()
    yield "kernel ridge, cubic", scaled(kernel_ridge.KernelRidge(kernel="polynomial", alpha=10)), diabetes(), narrow
    yield "kernel ridge, small penalty", scaled(kernel_ridge.KernelRidge(kernel="rbf", alpha=0.01, gamma=0.03)), diabetes()
    yield "search of support vectors", calibrated(model_selection.GridSearchCV(
        scaled(svm.SVC()), {"svc__C": [1.0, 10.0]}, cv=3
    ), cv=3), wdbc()
    yield "stack of decision functions", ensemble.StackingClassifier(
        [("kernel", scaled(svm.SVC())), ("linear", scaled(svm.LinearSVC())), ("logistic", scaled(logistic()))],
        logistic(), cv=3, stack_method="decision_function",
    ), wdbc()
    yield "nearest neighbours", scaled(neighbors.KNeighborsClassifier()), wdbc()
    yield "nearest neighbours of text", after(
        numbers_and_categories(), neighbors.KNeighborsClassifier(3, algorithm="kd_tree")
    ), mixed()
    yield "nearest neighbours, weighted", scaled(neighbors.KNeighborsClassifier(
        7, weights="distance", algorithm="kd_tree"
    )), wine()
    yield "nearest neighbours by brute force", scaled(neighbors.KNeighborsClassifier(algorithm="brute")), wine()
    yield "nearest neighbours, sums of differences", scaled(neighbors.KNeighborsClassifier(4, p=1)), wdbc()
    yield "nearest neighbours of a number", scaled(neighbors.KNeighborsRegressor()), diabetes()
    yield "nearest neighbours of a number, largest difference", scaled(neighbors.KNeighborsRegressor(
        9, weights="distance", metric="chebyshev"
    )), diabetes()
    yield "nearest neighbours in a vote", ensemble.VotingClassifier(
        [("near", scaled(neighbors.KNeighborsClassifier())), ("logistic", scaled(logistic()))], voting="soft"
    ), wdbc()
    yield "isotonic of nearest neighbours", scaled(
        calibrated(neighbors.KNeighborsClassifier(15), cv=3, method="isotonic")
    ), wdbc()


def refusals():
    yield "custom transformer", after(Halve(), logistic()), wdbc()
    yield "custom function", after(preprocessing.FunctionTransformer(halved), logistic()), wdbc()
    texts = ["benign mass", "malignant mass", "no mass", "a mass"] * 3
    yield "codes", naive_bayes.CategoricalNB(), (np.floor(wine()[0]), wine()[1])
    yield "texts", after(feature_extraction.text.TfidfVectorizer(), logistic()), (texts, [0, 1, 0, 1] * 3)
    yield "text column", after(compose.make_column_transformer(
        (feature_extraction.text.CountVectorizer(), "note"), remainder="passthrough"
    ), logistic()), (pd.DataFrame({"note": texts, "age": range(12)}), [0, 1, 0, 1] * 3)
    yield "weights of neighbours by brute force", neighbors.KNeighborsClassifier(
        weights="distance", algorithm="brute"
    ), wdbc()
    yield "weights of neighbours by a function", neighbors.KNeighborsClassifier(weights=np.exp), wdbc()
    far = 1e6 + np.random.default_rng(7).normal(size=(60, 2))
    yield "neighbours by brute force, far from 0", neighbors.KNeighborsClassifier(algorithm="brute"), (
        far, np.arange(60) % 2
    )
    yield "kernel ridge, linear of rows", kernel_ridge.KernelRidge(), diabetes()
    yield "kernels that cancel each other", scaled(svm.SVR(C=1e7, gamma=1e-4, max_iter=2000)), diabetes()
    yield "angles between neighbours", neighbors.KNeighborsClassifier(metric="cosine"), wdbc()
    yield "neighbours within a radius", neighbors.RadiusNeighborsClassifier(500.0), wdbc()
    yield "a process", gaussian_process.GaussianProcessRegressor(), diabetes()
    yield "support vectors", svm.SVC(probability=False), wdbc()
    yield "normal quantiles", after(
        preprocessing.QuantileTransformer(n_quantiles=20, output_distribution="normal"), logistic()
    ), wdbc()
    yield "splines of degree 1, linear", after(splines_of_degree_1(), logistic()), wdbc()
    yield "periodic splines", after(preprocessing.SplineTransformer(extrapolation="periodic"), logistic()), wdbc()
    yield "ties of quantiles after logarithms", pipeline.make_pipeline(
        preprocessing.FunctionTransformer(np.log), preprocessing.QuantileTransformer(n_quantiles=20), logistic()
    ), (np.floor(wdbc()[0]) + 1, wdbc()[1]), ranges(0.01, 1e5, 6)
    yield "forest after splines", after(preprocessing.SplineTransformer(), forest()), wdbc()
    yield "rows of length 1", after(preprocessing.Normalizer(), logistic()), wdbc()
    yield "box-cox of a negative power", after(
        preprocessing.PowerTransformer(method="box-cox"), logistic()
    ), (wine()[0] + 1, wine()[1])
    yield "square roots of made values", pipeline.make_pipeline(
        preprocessing.MinMaxScaler(), preprocessing.FunctionTransformer(np.sqrt), logistic()
    ), wdbc()
    yield "exponential", after(preprocessing.FunctionTransformer(np.exp), logistic()), diabetes()
    yield "forest after logarithms", after(preprocessing.FunctionTransformer(np.log), forest()), wdbc()
    yield "probabilities of libsvm", scaled(svm.SVC(kernel="linear", probability=True, random_state=1)), wdbc()
    yield "forest after pca", after(decomposition.PCA(2), forest()), wdbc()
    yield "missing is -1", after(impute.SimpleImputer(missing_values=-1), logistic()), wdbc()
    yield "nearest rows", after(impute.KNNImputer(), logistic()), gaps()
    yield "hard vote in a vote", ensemble.VotingClassifier(
        [("a", ensemble.VotingClassifier(members())), ("b", forest())]
    ), wdbc()
    yield "isotonic margins beside a forest", ensemble.VotingClassifier([
        ("linear", scaled(calibration.CalibratedClassifierCV(svm.LinearSVC(random_state=1), cv=3, method="isotonic"))),
        ("forest", forest()),
    ], voting="soft"), wdbc()
    yield "several targets", forest(), (wdbc()[0], np.column_stack([wdbc()[1]] * 2))
    yield "boosting from a model", boosting(init=logistic()), wdbc()
    yield "forests against the rest", multiclass.OneVsRestClassifier(forest()), wine()
    yield "isotonic of exponential loss", calibration.CalibratedClassifierCV(
        boosting(loss="exponential"), method="isotonic", cv=3
    ), wdbc()
    yield "support vectors of three classes", scaled(
        calibration.CalibratedClassifierCV(svm.SVC(kernel="linear"), cv=3)
    ), wine()
    yield "stack with the features", ensemble.StackingClassifier(members(), logistic(), cv=3, passthrough=True), wdbc()


def line(name, estimator, data, schema=None):
    """A line of the fixture; the estimator is fitted."""
    x, y = data
    estimator.fit(x, y)
    try:
        description = Description(estimator, "target")
    except NotSupported as error:
        return {"name": name, "refused": str(error)}
    found = {"name": name, "model": json.loads(description.text())}
    if schema is not None:
        found["schema"] = schema
    with tempfile.TemporaryDirectory() as folder:
        model, probes, table = (Path(folder) / part for part in ("model.json", "p.csv", "t.csv"))
        model.write_text(description.text())
        # The data are public.
        command = [_seal.find_program(None), "import", str(model), "--json", "--training-rows"]
        if schema is not None:
            (Path(folder) / "schema.json").write_text(json.dumps(schema))
            command += ["--schema", str(Path(folder) / "schema.json")]
        n_forests = json.dumps(found["model"]).count('"trees"')
        n_probes = n_forests * N_PROBES_OF_TREES or N_PROBES
        try:
            _seal.run([*command, "--probes", str(probes), "--max-probes", str(n_probes)], ImportRefused)
        except ImportRefused as error:
            return {**found, "refused": str(error).split("model.json: ")[-1]}
        header, *cells = csv.reader(io.StringIO(probes.read_text()))
        levels = description.rows.levels()
        given = description.rows.numbers(x.iloc[:8] if hasattr(x, "iloc") else x[:8])
        cells += [_from_sklearn.to_cells(row, levels) for row in given]
        predict = _from_sklearn.answers_of(description)
        _seal.write_table(table, _seal.Rows(header, levels, cells), predict, description.classes or [])
        return {**found, "check": table.read_text()}


def has_trees(found):
    return '"trees"' in json.dumps(found.get("model"))


def main():
    chosen = sys.argv[1:]
    lines = {}
    for name, estimator, data, *schema in cases():
        if chosen and not any(part in name for part in chosen):
            continue
        try:
            found = line(name, estimator, data, *schema)
        except Exception as error:
            raise RuntimeError(name) from error
        kept = "refused: " + found["refused"] if "refused" in found else f"{found['check'].count(chr(10)) - 1} rows"
        print(f"{name}: {kept}", flush=True)
        lines[name] = found
    if chosen:
        # Lines of the chosen estimators are exchanged or added.
        known = [
            json.loads(one)
            for path in sorted(DATA.glob(f"{sklearn.__version__}*.jsonl")) for one in path.read_text().splitlines()
        ]
        lines = {one["name"]: one for one in known} | lines
    for suffix, of_trees in (("", False), ("-trees", True)):
        kept = [json.dumps(one) for one in lines.values() if has_trees(one) == of_trees]
        (DATA / f"{sklearn.__version__}{suffix}.jsonl").write_text("\n".join(kept) + "\n")


if __name__ == "__main__":
    main()
