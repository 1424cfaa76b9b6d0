"""Models of XGBoost, LightGBM and CatBoost with what they predict: one JSON object per line.

    python make_models.py xgboost ../data      # xgboost-cpu 3.2.0, 3.0.5, 2.1.4; xgboost 1.7.6
    python make_models.py lightgbm ../data     # lightgbm 4.6.0, 4.1.0, 3.3.5; forests of 2.2.3, 2.1.2
    python make_models.py catboost ../data     # catboost 1.2.10, 1.2.5
    python make_models.py lightgbm ../data/one_class 1    # the same versions: class 1 against the rest
    python make_models.py catboost ../data/one_class 1

each in an environment of its own, with numpy, pandas and scikit-learn (before 1.6 for versions of XGBoost
before 3.2); NOMOGRAM_PROGRAM names the program `nomogram`. The file's name has the version. Data: WDBC,
diabetes and wine of scikit-learn; some values are made missing, and quantiles of a number serve as a
category. Rows are predicted by the library itself: rows of the data, zeros, -0, missing, huge and tiny values,
unseen levels, and the importer's probes: rows that reach
the splits at their thresholds, just below and just above.
"""

import base64
import csv
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

# Versions of LightGBM before 2.3 use these names.
for name, kind in {"float": float, "int": int, "bool": bool}.items():
    if not hasattr(np, name):
        setattr(np, name, kind)

import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

# The one class that is taken, of models with a logistic for each.
ONE = int(sys.argv[3]) if len(sys.argv) > 3 else None
N_LEVELS = 7
N_PROBES = 110


def data(kind, missing, categories):
    """Four numbers and, perhaps, a category; a share of the values is missing."""
    loader = {"binary": load_breast_cancer, "number": load_diabetes, "classes": load_wine}[kind]
    x, y = loader(return_X_y=True)
    x = x[:, [0, 1, 3, 6]].astype(float)
    rng = np.random.default_rng(5)
    if categories:
        ranks = pd.Series(x[:, 3]).rank(method="first").to_numpy()
        codes = np.floor((ranks - 1) * N_LEVELS / len(ranks))
        # Neighbouring quantiles get distant codes, so that sets are not intervals.
        x[:, 3] = (codes * 3) % N_LEVELS
    if missing:
        x[rng.random(x.shape) < 0.15] = np.nan
    return x, y


def splits(model, suffix):
    """The importer's probes of a model's file, as cells."""
    with tempfile.TemporaryDirectory() as folder:
        path, rows = pathlib.Path(folder) / f"model{suffix}", pathlib.Path(folder) / "rows.csv"
        path.write_bytes(model)
        subprocess.run(
            [
                os.environ["NOMOGRAM_PROGRAM"], "import", path, "--probes", rows, "--max-probes", str(N_PROBES),
                *([] if ONE is None else ["--class", str(ONE)]),
            ],
            check=True, stdout=subprocess.DEVNULL,
        )
        with rows.open(newline="") as stream:
            return list(csv.reader(stream))[1:]


def numbers(cells, category=None):
    rows = np.array([[float(cell) if cell else np.nan for cell in row] for row in cells])
    if category is not None:
        # Libraries refuse a code that is negative or too large; all levels that were not in training are alike.
        codes = rows[:, category]
        codes[(codes < 0.0) | (codes > N_LEVELS)] = N_LEVELS
    return rows


def probes(x, category, values=()):
    """Rows of the data, and values that every model gets; `values`: (feature, number) for a linear model."""
    rng = np.random.default_rng(7)
    rows = [row.copy() for row in x[rng.permutation(len(x))[:10]]]
    typical = np.nan_to_num(np.nanmedian(x, axis=0))
    if category is not None:
        typical[category] = 2.0

    def add(feature, value, base=None):
        row = (typical if base is None else base).copy()
        row[feature] = value
        rows.append(row)

    for feature, value in values:
        single = np.float32(value)
        for near in (
            value, np.nextafter(value, np.inf), np.nextafter(value, -np.inf), float(single),
            float(np.nextafter(single, np.float32(np.inf))), float(np.nextafter(single, np.float32(-np.inf))),
        ):
            add(feature, near, x[rng.integers(len(x))])
    for feature in range(x.shape[1]):
        add(feature, np.nan)
        if feature == category:
            continue
        for value in (0.0, -0.0, 1e30, -1e30, 1e-36, -1e-36):
            add(feature, value)
    if category is not None:
        for code in [*range(N_LEVELS), N_LEVELS + 1, 40]:
            add(category, float(code))
    rows.append(np.full(x.shape[1], np.nan))
    return np.array(rows)


def table(names, rows, margins, outputs, classes, leaves):
    """The CSV that `nomogram import --check` reads."""
    margins = np.asarray(margins).reshape(len(rows), -1) if margins is not None else None
    outputs = np.asarray(outputs).reshape(len(rows), -1) if outputs is not None else None
    header = list(names)
    if margins is not None:
        header += [f"margin:{nth + 1}" for nth in range(margins.shape[1])]
    if outputs is not None:
        header += [f"probability:{name}" for name in classes] if classes else ["prediction"]
    if leaves is not None:
        leaves = np.asarray(leaves).reshape(len(rows), -1)
        header += [f"leaf:{nth + 1}" for nth in range(leaves.shape[1])]
    out = io.StringIO()
    out.write(",".join(header) + "\n")
    text = lambda value: value if isinstance(value, str) else "" if np.isnan(value) else repr(float(value))
    for nth, row in enumerate(rows):
        cells = [text(value) for value in row]
        if margins is not None:
            cells += [text(value) for value in margins[nth]]
        if outputs is not None:
            cells += [text(value) for value in outputs[nth]]
        if leaves is not None:
            cells += [str(int(leaf)) for leaf in leaves[nth]]
        out.write(",".join(cells) + "\n")
    return out.getvalue()


def xgboost_models():
    import xgboost as xgb

    version = tuple(int(part) for part in xgb.__version__.split(".")[:2])
    label = f"xgboost-{xgb.__version__}"

    def model(name, kind, objective, missing=True, categories=False, saved="json", rounds=4, **options):
        x, y = data(kind, missing, categories)
        n_classes = len(np.unique(y)) if kind == "classes" else 0
        y = {"survival": np.abs(y) + 1.0}.get(options.pop("label", None), y)
        if objective in ("count:poisson", "reg:gamma", "reg:tweedie", "reg:squaredlogerror"):
            y = y / 50.0
        if objective == "reg:logistic":
            y = y / 400.0
        parameters = {"objective": objective, "eta": 0.5, "nthread": 1, "seed": 1, **options}
        if options.get("booster") != "gblinear":
            parameters = {"max_depth": 3, "max_cat_to_onehot": 2, **parameters}
        if n_classes > 2:
            parameters["num_class"] = n_classes
        types = ["q", "q", "q", "c" if categories else "q"]
        names = ["radius", "texture", "area", "stage" if categories else "depth"]

        def matrix(rows, label=None):
            return xgb.DMatrix(
                rows, label, feature_names=names, feature_types=types, enable_categorical=True, nthread=1,
            )

        train = matrix(x, y)
        if objective == "survival:aft":
            train.set_float_info("label_lower_bound", y)
            train.set_float_info("label_upper_bound", np.where(np.arange(len(y)) % 3 == 0, np.inf, y))
        booster = xgb.train(parameters, train, rounds)
        yield from [case(booster, matrix, name, objective, x, names, categories, n_classes, saved)]

    def saved_as(booster, saved):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / f"model.{saved}"
            booster.save_model(path)
            return path.read_bytes()

    def case(booster, matrix, name, objective, x, names, categories, n_classes, saved):
        raw = booster.save_raw("json")
        is_linear = json.loads(bytes(raw).decode())["learner"]["gradient_booster"]["name"] == "gblinear"
        content = saved_as(booster, saved)
        values = []
        if is_linear:
            # Values of the data, at which a product or a sum is rounded otherwise in double precision.
            values = [(feature, value) for (feature, _), value in np.ndenumerate(x[:3].T) if not np.isnan(value)]
            values = [values[nth] for nth in np.random.default_rng(7).permutation(len(values))[:10]]
        rows = probes(x, 3 if categories else None, values)
        if not is_linear:
            rows = np.concatenate([rows, numbers(splits(content, f".{saved}"), 3 if categories else None)])
        margins = booster.predict(matrix(rows), output_margin=True)
        outputs = booster.predict(matrix(rows))
        leaves = None if is_linear else booster.predict(matrix(rows), pred_leaf=True)
        classes = None
        if objective in ("binary:logistic", "reg:logistic", "binary:hinge"):
            outputs, classes = np.column_stack([np.float32(1.0) - outputs, outputs]), ["0", "1"]
        elif n_classes:
            classes = [str(nth) for nth in range(n_classes)]
            if objective == "multi:softmax":
                # It predicts classes only.
                outputs = None
        record = {"name": name, "library": label, "format": f"xgboost-{saved.replace('ubj', 'ubjson')}"}
        if saved == "json":
            record["model"] = content.decode()
        else:
            record["model_base64"] = base64.b64encode(content).decode()
        record["table"] = table(names, rows, margins, outputs, classes, leaves)
        return record

    def best_round():
        """An estimator that stopped early predicts with its best round; its booster predicts with all."""
        x, y = data("binary", True, False)
        for name, kind, y in [
            ("estimator, best round", xgb.XGBClassifier, y),
            ("estimator of classes, best round", xgb.XGBClassifier, y + (np.arange(len(y)) % 5 == 0)),
        ]:
            estimator = kind(
                n_estimators=30, max_depth=2, learning_rate=1.0, early_stopping_rounds=2, n_jobs=1,
                random_state=1,
            )
            held_out = np.arange(len(x)) % 3 == 0
            estimator.fit(x[~held_out], y[~held_out], eval_set=[(x[held_out], y[held_out])], verbose=False)
            booster = estimator.get_booster()
            n_rounds = booster.num_boosted_rounds()
            assert 1 < estimator.best_iteration + 1 < n_rounds, (estimator.best_iteration, n_rounds)
            # The estimator's own file: it has an attribute by which it is recognized.
            content = saved_as(estimator, "json")
            rows = np.concatenate([probes(x, None)[:20], numbers(splits(content, ".json"))[:60]])
            classes = [str(nth) for nth in range(len(np.unique(y)))]
            names = [f"f{nth}" for nth in range(x.shape[1])]
            of_best = (
                estimator.predict(rows, output_margin=True), estimator.predict_proba(rows), classes,
                estimator.apply(rows),
            )
            everything = xgb.DMatrix(rows, nthread=1)
            outputs = booster.predict(everything)
            if len(classes) == 2:
                outputs = np.column_stack([np.float32(1.0) - outputs, outputs])
            of_all = (
                booster.predict(everything, output_margin=True), outputs, classes,
                booster.predict(everything, pred_leaf=True),
            )
            yield {
                "name": name, "library": label, "format": "xgboost-json", "model": content.decode(),
                "table": table(names, rows, *of_best), "table_of_all_rounds": table(names, rows, *of_all),
            }

    yield from model("logistic", "binary", "binary:logistic")
    yield from model("logistic, complete rows", "binary", "binary:logistic", missing=False)
    yield from model("logistic, UBJSON", "binary", "binary:logistic", saved="ubj")
    yield from model("logistic, base score", "binary", "binary:logistic", base_score=0.3)
    yield from model("logistic, categories", "binary", "binary:logistic", categories=True, tree_method="hist")
    yield from model("one-hot categories", "binary", "binary:logistic", categories=True, tree_method="hist",
                     max_cat_to_onehot=20)
    yield from model("exact", "binary", "binary:logistic", tree_method="exact")
    yield from model("approx", "binary", "binary:logistic", tree_method="approx")
    yield from model("lossguide", "binary", "binary:logistic", tree_method="hist", grow_policy="lossguide",
                     max_depth=0, max_leaves=6)
    yield from model("random forest", "binary", "binary:logistic", num_parallel_tree=3, subsample=0.6,
                     colsample_bynode=0.7, rounds=2)
    yield from model("pruned to leaves", "binary", "binary:logistic", gamma=1e9)
    yield from model("pruned in part", "binary", "binary:logistic", gamma=20.0, max_depth=5)
    yield from model("reg:logistic", "number", "reg:logistic")
    yield from model("logit raw", "binary", "binary:logitraw")
    yield from model("hinge", "binary", "binary:hinge")
    yield from model("dart", "binary", "binary:logistic", booster="dart", rate_drop=0.5, rounds=6)
    yield from model("dart, classes, UBJSON", "classes", "multi:softprob", booster="dart", rate_drop=0.5,
                     saved="ubj")
    yield from model("softprob", "classes", "multi:softprob")
    yield from model("softprob, categories", "classes", "multi:softprob", categories=True, tree_method="hist")
    yield from model("softprob, parallel", "classes", "multi:softprob", num_parallel_tree=2, subsample=0.6)
    yield from model("softmax", "classes", "multi:softmax")
    yield from model("squared error", "number", "reg:squarederror")
    yield from model("squared error, categories, UBJSON", "number", "reg:squarederror", categories=True,
                     tree_method="hist", saved="ubj")
    yield from model("squared log error", "number", "reg:squaredlogerror")
    yield from model("pseudo Huber", "number", "reg:pseudohubererror")
    yield from model("Poisson", "number", "count:poisson")
    yield from model("gamma", "number", "reg:gamma")
    yield from model("Tweedie", "number", "reg:tweedie")
    yield from model("Cox", "number", "survival:cox", label="survival")
    yield from model("AFT", "number", "survival:aft", label="survival", base_score=50.0)
    yield from model("absolute error", "number", "reg:absoluteerror", tree_method="hist")
    if version >= (2, 0):
        yield from model("quantile", "number", "reg:quantileerror", quantile_alpha=0.7, tree_method="hist")
    yield from best_round()
    linear = {"booster": "gblinear", "updater": "coord_descent"}
    yield from model("gblinear", "binary", "binary:logistic", **linear)
    yield from model("gblinear, base score, UBJSON", "binary", "binary:logistic", base_score=0.3, saved="ubj", **linear)
    yield from model("gblinear, lasso", "binary", "binary:logistic", alpha=0.2, **linear)
    yield from model("gblinear, logit raw", "binary", "binary:logitraw", **linear)
    yield from model("gblinear, hinge", "binary", "binary:hinge", **linear)
    yield from model("gblinear, softprob", "classes", "multi:softprob", **linear)
    yield from model("gblinear, softmax, UBJSON", "classes", "multi:softmax", saved="ubj", **linear)
    yield from model("gblinear, squared error", "number", "reg:squarederror", **linear)
    yield from model("gblinear, reg:logistic", "number", "reg:logistic", **linear)
    yield from model("gblinear, Poisson", "number", "count:poisson", **linear)
    yield from model("gblinear, gamma, UBJSON", "number", "reg:gamma", saved="ubj", **linear)
    yield from model("gblinear, Tweedie", "number", "reg:tweedie", **linear)


def lightgbm_models():
    import lightgbm as lgb

    label = f"lightgbm-{lgb.__version__}"
    version = tuple(int(part) for part in lgb.__version__.split(".")[:3])
    # Before 2.2.3, leaves of random forests are outputs.
    has_output_leaves = version < (2, 2, 3)

    def model(name, kind, objective, missing=True, categories=False, rounds=4, zeros=False, **options):
        x, y = data(kind, missing, categories)
        if zeros:
            x[::3, 0] = 0.0
            x[1::4, 1] = 0.0
        n_classes = len(np.unique(y)) if kind == "classes" else 0
        if objective in ("poisson", "gamma", "tweedie"):
            y = y / 50.0
        if objective == "cross_entropy":
            y = y / 400.0
        parameters = {
            "objective": objective, "num_leaves": 6, "learning_rate": 0.3, "num_threads": 1, "seed": 1,
            "verbose": -1, "deterministic": True, "min_data_per_group": 5, "cat_smooth": 1.0,
            "max_cat_to_onehot": 2, "zero_as_missing": zeros, **options,
        }
        if n_classes > 2:
            parameters["num_class"] = n_classes
        names = ["radius", "texture", "area", "stage" if categories else "depth"]
        dataset = lgb.Dataset(x, y, feature_name=names, categorical_feature=[3] if categories else [])
        booster = lgb.train(parameters, dataset, rounds)
        dump = booster.dump_model()
        save = getattr(booster, "model_to_string", None) or booster._save_model_to_string
        text = save()
        rows = np.concatenate([
            probes(x, 3 if categories else None),
            numbers(splits(text.encode(), ".txt"), 3 if categories else None),
        ])
        margins = booster.predict(rows, raw_score=True)
        if parameters.get("boosting") == "rf":
            # Raw scores are sums, but predictions are made of their means.
            n_rounds = len(dump["tree_info"]) // dump["num_tree_per_iteration"]
            margins = margins / n_rounds
        outputs = booster.predict(rows)
        classes = None
        if objective in ("binary", "cross_entropy"):
            outputs, classes = np.column_stack([1.0 - outputs, outputs]), ["0", "1"]
        elif n_classes:
            classes = [str(nth) for nth in range(n_classes)]
        leaves = booster.predict(rows, pred_leaf=True)
        if ONE is not None:
            outputs, classes = np.column_stack([1.0 - outputs[:, ONE], outputs[:, ONE]]), [f"not {ONE}", str(ONE)]
            margins, leaves = margins[:, ONE], leaves[:, ONE::n_classes]
        if has_output_leaves and objective == "binary":
            # The probability of the other class: the mean of the complements of the leaves.
            lines = [line for line in text.splitlines() if line.startswith("leaf_value=")]
            values = [1.0 - np.array(line.split("=")[1].split(), float) for line in lines]
            others = sum(values[tree][leaves[:, tree].astype(int)] for tree in range(len(values)))
            margins = np.column_stack([others / len(values), margins])
        yield {
            "name": name, "library": label, "format": "lightgbm", "model": text,
            "table": table(names, rows, margins, outputs, classes, leaves),
        }

    if version < (3, 0, 0):
        forest = {"boosting": "rf", "bagging_fraction": 0.6, "bagging_freq": 1, "feature_fraction": 0.8}
        yield from model("binary, rf", "binary", "binary", **forest)
        yield from model("binary, rf, sigmoid 2", "binary", "binary", sigmoid=2.0, **forest)
        yield from model("binary, rf, categories", "binary", "binary", categories=True, **forest)
        yield from model("regression, rf", "number", "regression", **forest)
        if has_output_leaves:
            # Leaves of 2.2.3 are all above 0 here: they could be margins or outputs.
            yield from model("poisson, rf", "number", "poisson", **forest)
        return
    def pandas_categories():
        """Categories of pandas, whose names LightGBM stores: texts, and whole numbers."""
        x, y = data("binary", True, True)
        codes = pd.Series(x[:, 3])
        frame = pd.DataFrame(x[:, :3], columns=["radius", "texture", "area"])
        frame["stage"] = codes.map(dict(enumerate(["c", "a", "g", "b", "f", "e", "d"]))).astype("category")
        frame["grade"] = pd.Series(np.arange(len(x)) % 4 * 10 + (y == 1)).astype("category")
        parameters = {
            "objective": "binary", "num_leaves": 6, "learning_rate": 0.3, "num_threads": 1, "seed": 1, "verbose": -1,
            "deterministic": True, "min_data_per_group": 5, "cat_smooth": 1.0, "max_cat_to_onehot": 2,
        }
        booster = lgb.train(parameters, lgb.Dataset(frame, y), 4)
        text = booster.model_to_string()
        cells = splits(text.encode(), ".txt")
        # A level that was not in training is missing for pandas.
        others = [("b", "21"), ("zz", "10"), ("", "7")]
        cells += [[*row[:3], stage, grade] for row in cells[:8] for stage, grade in others]
        columns = list(zip(*cells))
        given = pd.DataFrame(dict(zip(frame, numbers([row[:3] for row in cells]).T)))
        given["stage"] = pd.Categorical([cell or None for cell in columns[3]], frame["stage"].cat.categories)
        grades = [int(float(cell)) if cell else None for cell in columns[4]]
        given["grade"] = pd.Categorical(grades, frame["grade"].cat.categories)
        outputs = booster.predict(given)
        yield {
            "name": "binary, categories of pandas", "library": label, "format": "lightgbm", "model": text,
            "table": table(
                list(frame), cells, booster.predict(given, raw_score=True),
                np.column_stack([1.0 - outputs, outputs]), ["0", "1"], booster.predict(given, pred_leaf=True),
            ).replace('\r', ''),
        }

    if ONE is not None:
        yield from model("each class", "classes", "multiclassova")
        yield from model("each class, sigmoid 2, categories", "classes", "multiclassova", sigmoid=2.0, categories=True)
        yield from model("each class, dart", "classes", "multiclassova", boosting="dart")
        return
    yield from pandas_categories()
    yield from model("binary", "binary", "binary")
    yield from model("binary, complete rows", "binary", "binary", missing=False)
    yield from model("binary, categories", "binary", "binary", categories=True)
    yield from model("binary, categories, complete rows", "binary", "binary", missing=False, categories=True)
    yield from model("binary, one-hot categories", "binary", "binary", categories=True, max_cat_to_onehot=20)
    yield from model("binary, sigmoid 2", "binary", "binary", sigmoid=2.0)
    yield from model("binary, zero as missing", "binary", "binary", zeros=True)
    yield from model("binary, zero as missing, complete rows", "binary", "binary", missing=False, zeros=True)
    yield from model("binary, missing not used", "binary", "binary", use_missing=False)
    yield from model("binary, rf", "binary", "binary", boosting="rf", bagging_fraction=0.6, bagging_freq=1)
    yield from model("binary, dart", "binary", "binary", boosting="dart", drop_rate=0.5, rounds=6)
    yield from model("binary, goss", "binary", "binary", boosting="goss", rounds=6)
    yield from model("binary, extra trees", "binary", "binary", extra_trees=True)
    yield from model("binary, one leaf", "binary", "binary", min_data_in_leaf=1000)
    yield from model("multiclass", "classes", "multiclass")
    yield from model("multiclass, categories", "classes", "multiclass", categories=True)
    yield from model("multiclass, rf", "classes", "multiclass", boosting="rf", bagging_fraction=0.6, bagging_freq=1)
    yield from model("regression", "number", "regression")
    yield from model("regression, categories", "number", "regression", categories=True)
    yield from model("regression, rf", "number", "regression", boosting="rf", bagging_fraction=0.6, bagging_freq=1)
    yield from model("regression_l1", "number", "regression_l1")
    yield from model("huber", "number", "huber")
    yield from model("fair", "number", "fair")
    yield from model("mape", "number", "mape")
    yield from model("quantile", "number", "quantile", alpha=0.7)
    yield from model("poisson", "number", "poisson")
    yield from model("gamma", "number", "gamma")
    yield from model("tweedie", "number", "tweedie")
    yield from model("cross_entropy", "number", "cross_entropy")
    linear = {"linear_tree": True, "linear_lambda": 0.01}
    yield from model("linear tree, binary", "binary", "binary", **linear)
    yield from model("linear tree, complete rows", "binary", "binary", missing=False, **linear)
    yield from model("linear tree, sigmoid 2", "binary", "binary", sigmoid=2.0, **linear)
    yield from model("linear tree, categories", "binary", "binary", categories=True, **linear)
    yield from model("linear tree, missing not used", "binary", "binary", use_missing=False, **linear)
    yield from model("linear tree, one leaf", "binary", "binary", min_data_in_leaf=1000, **linear)
    yield from model("linear tree, rf", "binary", "binary", boosting="rf", bagging_fraction=0.6, bagging_freq=1, **linear)
    yield from model("linear tree, dart", "number", "regression", boosting="dart", drop_rate=0.5, rounds=6, **linear)
    yield from model("linear tree, multiclass", "classes", "multiclass", **linear)
    yield from model("linear tree, regression", "number", "regression", **linear)
    yield from model("linear tree, huber", "number", "huber", **linear)
    yield from model("linear tree, poisson", "number", "poisson", **linear)
    yield from model("linear tree, gamma", "number", "gamma", **linear)


def catboost_models():
    import catboost as cb

    label = f"catboost-{cb.__version__}"

    def model(name, kind, loss, missing=True, categories=False, rounds=4, **options):
        x, y = data(kind, missing, False)
        n_classes = len(np.unique(y)) if kind == "classes" else 0
        frame = pd.DataFrame(x, columns=["radius", "texture", "area", "depth"])
        if loss in ("Poisson", "Tweedie:variance_power=1.5"):
            y = y / 50.0
        if categories:
            frame["stage"] = (np.nan_to_num(x[:, 0]) * 7 % 5).astype(int)
        pool = cb.Pool(frame, y, cat_features=["stage"] if categories else None)
        booster = cb.CatBoost({
            "loss_function": loss, "iterations": rounds, "depth": 3, "random_seed": 1, "thread_count": 1,
            "verbose": False, "allow_writing_files": False, "one_hot_max_size": 20, **options,
        }).fit(pool)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "model.json"
            booster.save_model(str(path), format="json", pool=pool)
            content = path.read_text()
        rows = probes(frame.to_numpy(float), None)
        if categories:
            rows[:, 4] = np.arange(len(rows)) % 7
        rows = np.concatenate([rows, numbers(splits(content.encode(), ".json"))])
        if categories:
            # A level that was not in training; a category is never missing.
            rows[:, 4] = np.nan_to_num(rows[:, 4], nan=6.0)
        given = pd.DataFrame(rows, columns=frame.columns)
        if categories:
            given["stage"] = given["stage"].astype(int)
        margins = booster.predict(given, prediction_type="RawFormulaVal")
        classes, outputs = None, booster.predict(given, prediction_type="RawFormulaVal")
        if loss in ("Logloss", "CrossEntropy"):
            outputs, classes = booster.predict(given, prediction_type="Probability"), ["0", "1"]
        elif loss == "MultiClass":
            classes = [str(nth) for nth in range(n_classes)]
            outputs = booster.predict(given, prediction_type="Probability")
        elif loss.startswith(("Poisson", "Tweedie")):
            outputs = booster.predict(given, prediction_type="Exponent")
        elif loss == "MultiClassOneVsAll":
            outputs = booster.predict(given, prediction_type="Probability")[:, ONE]
            outputs, classes = np.column_stack([1.0 - outputs, outputs]), [f"not {ONE}", str(ONE)]
            margins = margins[:, ONE]
        leaves = booster.calc_leaf_indexes(cb.Pool(given, cat_features=["stage"] if categories else None))
        yield {
            "name": name, "library": label, "format": "catboost", "model": content,
            "table": table(frame.columns, rows, margins, outputs, classes, leaves),
        }

    if ONE is not None:
        yield from model("each class", "classes", "MultiClassOneVsAll")
        yield from model("each class, one-hot", "classes", "MultiClassOneVsAll", categories=True)
        yield from model("each class, depthwise", "classes", "MultiClassOneVsAll", grow_policy="Depthwise")
        return
    yield from model("logloss", "binary", "Logloss")
    yield from model("logloss, complete rows", "binary", "Logloss", missing=False)
    yield from model("logloss, missing is largest", "binary", "Logloss", nan_mode="Max")
    yield from model("logloss, one-hot", "binary", "Logloss", categories=True)
    yield from model("logloss, depthwise", "binary", "Logloss", grow_policy="Depthwise")
    yield from model("logloss, lossguide", "binary", "Logloss", grow_policy="Lossguide", max_leaves=6)
    yield from model("multiclass", "classes", "MultiClass")
    yield from model("multiclass, depthwise", "classes", "MultiClass", grow_policy="Depthwise")
    yield from model("RMSE", "number", "RMSE")
    yield from model("RMSE, one-hot", "number", "RMSE", categories=True)
    yield from model("MAE", "number", "MAE")
    yield from model("quantile", "number", "Quantile:alpha=0.7")
    yield from model("Poisson", "number", "Poisson")
    yield from model("Tweedie", "number", "Tweedie:variance_power=1.5")


if __name__ == "__main__":
    library, folder = sys.argv[1:3]
    models = {"xgboost": xgboost_models, "lightgbm": lightgbm_models, "catboost": catboost_models}
    records = list(models[library]())
    path = pathlib.Path(folder) / f"{records[0]['library']}.jsonl"
    with path.open("w") as out:
        for record in records:
            out.write(json.dumps(record) + "\n")
    print(path, len(records), "models", path.stat().st_size, "bytes")
