#!/usr/bin/env python3
"""Write what each feature adds to margins, as the libraries themselves compute it.

    python3.11 -m venv /tmp/contributions && /tmp/contributions/bin/pip install \
        -r tests/reference/requirements-explanations.txt pandas==3.1.1 catboost==1.2.10
    /tmp/contributions/bin/python crates/nomogram-import/tests/reference/make_contributions.py

from the repository's root. One line of `tests/data/contributions/LIBRARY.jsonl` for each model: some rows,
and their contributions of shape `(n_rows, n_margins, n_features + 1)`, of which the last is the base.
Models of LightGBM, XGBoost and CatBoost are those of `tests/data/*.jsonl`, whose rows `rows` counts; a line
of scikit-learn has the description of its model and the rows themselves. LightGBM computes in double
precision. XGBoost writes single precision; `shap` has what shap computes in double precision for the models
that it reads. shap computes those of scikit-learn too, and `interventional`: values against the first rows.
The versions are in each line.
"""

import csv
import io
import json
import os
import sys
import tempfile
import types
import warnings
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import catboost
import lightgbm as lgb
import numpy as np
import pandas as pd
import shap
import sklearn
import xgboost as xgb
from sklearn import compose, datasets, ensemble, pipeline, preprocessing, tree

PARALLEL = ("random forest", "softprob, parallel")
# What shap reads as LightGBM predicts: no categories, no 0 as missing, no means. Of several classes, it adds
# up the trees of all.
INTERVENTIONAL = (
    "binary", "binary, complete rows", "binary, dart", "binary, goss", "binary, extra trees", "regression",
    "huber", "poisson", "cross_entropy",
)
# The first rows of a line are its background.
N_BACKGROUND = 5
ROOT = Path(__file__).parents[4]
DATA = Path(__file__).parents[1] / "data"
warnings.simplefilter("ignore")


def records(file):
    """Models, each with its table: the names of the columns, and the cells of the rows that are taken."""
    for line in (DATA / file).read_text().splitlines():
        record = json.loads(line)
        header, *rows = csv.reader(io.StringIO(record["table"]))
        # Rows of the data; rows with known and unseen levels, and one where all is missing.
        taken = [*range(8), *range(len(rows) - 8, len(rows))]
        n_features = next(at for at, name in enumerate(header) if ":" in name or name == "prediction")
        yield record, taken, header[:n_features], [rows[at][:n_features] for at in taken]


def numbers(cells):
    return np.array([[float(cell) if cell else np.nan for cell in row] for row in cells])


def line(record, version, rows, contributions, **more):
    n_rows = len(contributions)
    values = np.asarray(contributions, np.float64)
    values = values.reshape(n_rows, -1, values.shape[-1])
    return {"name": record["name"], "by": version, "rows": rows, "contributions": values.tolist(), **more}


def lightgbm_lines():
    for record, taken, _, cells in records("lightgbm-4.6.0.jsonl"):
        if record["name"].startswith("linear tree") or record["name"] == "binary, categories of pandas":
            # Linear leaves have no closed form, and LightGBM refuses them too; a file's levels are codes.
            continue
        booster = lgb.Booster(model_str=record["model"])
        contributions = booster.predict(numbers(cells), pred_contrib=True, num_threads=1)
        n_margins = booster.num_model_per_iteration()
        contributions = contributions.reshape(len(cells), n_margins, -1)
        if "\naverage_output\n" in record["model"]:
            # LightGBM sums the contributions of a random forest, whose margins are means.
            contributions = contributions / (booster.num_trees() / n_margins)
        more = {}
        if record["name"] in INTERVENTIONAL:
            more["interventional"] = interventional(booster, numbers(cells)[:8])
        yield line(record, f"lightgbm {lgb.__version__}, shap {shap.__version__}", taken, contributions, **more)


def xgboost_lines():
    import base64

    for record, taken, names, cells in records("xgboost-3.2.0.jsonl"):
        if record["name"].startswith(("gblinear", "estimator")):
            # Linear boosters have no trees; a booster does not stop at the best round of its estimator.
            continue
        model = record.get("model")
        raw = model.encode() if model else base64.b64decode(record["model_base64"])
        booster = xgb.Booster({"nthread": 1})
        booster.load_model(bytearray(raw))
        rows = numbers(cells)
        matrix = xgb.DMatrix(
            rows, feature_names=names, feature_types=booster.feature_types, enable_categorical=True, nthread=1,
        )
        contributions = booster.predict(matrix, pred_contribs=True)
        more = {}
        # shap reads neither categories, nor the weights of DART, nor several trees per round and class.
        is_read = not record["name"].startswith("dart") and record["name"] not in PARALLEL
        if "c" not in booster.feature_types and is_read:
            explainer = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent")
            # Without the base, in which shap leaves out the leaves when it computes itself.
            # XGBoost rounds values to single precision, shap does not.
            rounded = rows.astype(np.float32).astype(np.float64)
            more["shap"] = of_shap(explainer, rounded)[:, :, :-1].tolist()
        yield line(record, f"xgboost {xgb.__version__}, shap {shap.__version__}", taken, contributions, **more)


def catboost_lines():
    for record, taken, names, cells in records("catboost-1.2.10.jsonl"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.json"
            path.write_text(record["model"])
            model = catboost.CatBoost().load_model(str(path), format="json")
        categories = model.get_cat_feature_indices()
        columns = {
            name: [row[at] for row in cells] if at in categories else numbers(cells)[:, at]
            for at, name in enumerate(names)
        }
        pool = catboost.Pool(pd.DataFrame(columns), cat_features=categories)
        contributions = model.get_feature_importance(pool, type="ShapValues", thread_count=1)
        yield line(record, f"catboost {catboost.__version__}", taken, contributions)


def interventional(model, rows):
    """Values against the first rows, without a base. Rows lie beside those of the data, since shap and
    scikit-learn round values differently, so that one on a threshold may take the other side."""
    rng = np.random.default_rng(11)
    rows = rows * rng.uniform(0.98, 1.02, rows.shape)
    rows = rows.astype(np.float32).astype(np.float64)
    explainer = shap.TreeExplainer(model, rows[:N_BACKGROUND], feature_perturbation="interventional")
    values = np.asarray(explainer.shap_values(rows, check_additivity=False))
    values = values.reshape(*rows.shape, -1).transpose(0, 2, 1)
    return {"rows": rows.tolist(), "values": values.tolist()}


def of_shap(explainer, rows):
    """Shape `(n_rows, n_margins, n_features + 1)`."""
    # Otherwise XGBoost computes its values itself, in single precision.
    explainer.model.model_type = "internal"
    values = np.asarray(explainer.shap_values(rows, check_additivity=False))
    values = values.reshape(*rows.shape, -1)
    base = np.broadcast_to(np.ravel(explainer.expected_value), (len(rows), values.shape[2]))
    return np.concatenate([values, base[:, None, :]], axis=1).transpose(0, 2, 1)


def sklearn_lines():
    description_of = sklearn_description()

    def wdbc(n=6, missing=False):
        x, y = datasets.load_breast_cancer(return_X_y=True)
        x, y = x[::2, :n].copy(), y[::2]
        if missing:
            x[np.random.default_rng(3).random(x.shape) < 0.1] = np.nan
        return x, y

    def diabetes():
        x, y = datasets.load_diabetes(return_X_y=True)
        return x[::2, :6], y[::2]

    def wine():
        x, y = datasets.load_wine(return_X_y=True)
        return x[:, :5], y

    seeded = {"random_state": 1}
    weights = np.random.default_rng(2).uniform(0.5, 2.0, len(wdbc()[0]))
    models = [
        ("random forest", ensemble.RandomForestClassifier(5, max_depth=4, **seeded), wdbc()),
        ("random forest, missing values", ensemble.RandomForestClassifier(5, **seeded), wdbc(missing=True)),
        ("random forest of three classes", ensemble.RandomForestClassifier(5, max_depth=6, **seeded), wine()),
        ("random forest of a number", ensemble.RandomForestRegressor(5, max_depth=5, **seeded), diabetes()),
        ("extra trees", ensemble.ExtraTreesClassifier(5, max_depth=5, **seeded), wdbc()),
        ("extra trees of a number", ensemble.ExtraTreesRegressor(5, max_depth=8, **seeded), diabetes()),
        ("decision tree", tree.DecisionTreeClassifier(max_depth=4, **seeded), wine()),
        ("decision tree, missing values", tree.DecisionTreeClassifier(max_depth=7, **seeded), wdbc(missing=True)),
        ("decision tree of a number", tree.DecisionTreeRegressor(max_depth=6, **seeded), diabetes()),
        ("decision tree, weights of rows", tree.DecisionTreeClassifier(max_depth=4, **seeded), (*wdbc(), weights)),
        ("gradient boosting", ensemble.GradientBoostingClassifier(n_estimators=8, **seeded), wdbc()),
        (
            "gradient boosting, half of the rows",
            ensemble.GradientBoostingClassifier(n_estimators=8, subsample=0.5, max_depth=5, **seeded), wdbc(),
        ),
        ("gradient boosting of a number", ensemble.GradientBoostingRegressor(n_estimators=8, **seeded), diabetes()),
        (
            "histogram boosting, missing values",
            ensemble.HistGradientBoostingClassifier(max_iter=6, **seeded), wdbc(missing=True),
        ),
        ("histogram boosting of a number", ensemble.HistGradientBoostingRegressor(max_iter=6, **seeded), diabetes()),
    ]
    for name, model, data in models:
        model.fit(*data)
        rows = data[0][5:120:11]
        description = json.loads(description_of(model, "target").text())
        contributions = tree_contributions(model, rows)
        yield line(
            {"name": name}, f"scikit-learn {sklearn.__version__}, shap {shap.__version__}", rows.tolist(),
            contributions, model=description, interventional=interventional(model, rows),
        )
    yield behind_a_pipeline(description_of, wdbc())


def tree_contributions(model, rows):
    return of_shap(shap.TreeExplainer(model, feature_perturbation="tree_path_dependent"), rows)


def behind_a_pipeline(description_of, data):
    """A level becomes a number, numbers are scaled, and their order changes."""
    x, y = data
    frame = pd.DataFrame(x[:, :4], columns=["radius", "texture", "perimeter", "area"])
    frame["grade"] = np.digitize(frame["texture"], [19]) + 1.0
    steps = compose.ColumnTransformer([
        # One column: of several, shap makes players of their own, and their sum is another number.
        ("levels", preprocessing.OneHotEncoder(drop="if_binary", sparse_output=False), ["grade"]),
        ("numbers", preprocessing.StandardScaler(), ["radius", "perimeter", "area", "texture"]),
    ])
    model = pipeline.make_pipeline(steps, ensemble.RandomForestClassifier(6, max_depth=6, random_state=1))
    model.fit(frame, y)
    rows = frame.iloc[5:120:11]
    of_columns = tree_contributions(model[-1], steps.transform(rows))
    contributions = np.zeros_like(of_columns)
    contributions[:, :, [4, 0, 2, 3, 1, 5]] = of_columns
    description = description_of(model, "target")
    rows = description.rows.numbers(rows)
    return line(
        {"name": "random forest behind levels and scales"},
        f"scikit-learn {sklearn.__version__}, shap {shap.__version__}", [list(map(float, row)) for row in rows],
        contributions, model=json.loads(description.text()),
    )


def sklearn_description():
    """`Description` of the Python package, without the C library that the package loads."""
    package = types.ModuleType("nomogram_risk")
    package.__path__ = [str(ROOT / "bindings/python/src/nomogram_risk")]
    sys.modules["nomogram_risk"] = package
    from nomogram_risk._sklearn import Description

    return Description


def plain(value):
    """NaN becomes null."""
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return None if isinstance(value, float) and np.isnan(value) else value


if __name__ == "__main__":
    libraries = {
        "lightgbm": lightgbm_lines, "xgboost": xgboost_lines, "catboost": catboost_lines,
        "scikit_learn": sklearn_lines,
    }
    for library in sys.argv[1:] or libraries:
        lines = [json.dumps(plain(one), separators=(",", ":")) + "\n" for one in libraries[library]()]
        (DATA / "contributions" / f"{library}.jsonl").write_text("".join(lines))
        print(library, len(lines))
