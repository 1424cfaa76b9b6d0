"""Makes PMML of scikit-learn, LightGBM and XGBoost models, with what JPMML-Evaluator predicts.

    python make_pmml.py ../data/pmml

needs Java, and sklearn2pmml 0.133.1 or 0.111.2, jpmml_evaluator 0.16.0, scikit-learn 1.5.2, lightgbm 4.5.0,
xgboost-cpu 2.1.4 and pandas (versions are printed); NOMOGRAM_PROGRAM names the program `nomogram`. The file's
name has the version of sklearn2pmml. One line per model: the document and the table of rows, among them the
importer's probes: rows that reach the splits at their thresholds, just below and just above. Rows that
JPMML-Evaluator refuses are left out. A document that the importer refuses has the message.
"""

import csv
import importlib.metadata as metadata
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import pandas
from jpmml_evaluator import make_evaluator
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn import ensemble, linear_model, naive_bayes, neural_network, tree
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline as steps
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn2pmml import make_pmml_pipeline, sklearn2pmml
from xgboost import XGBClassifier, XGBRegressor

warnings.filterwarnings("ignore")
RANDOM = np.random.default_rng(3)
LINES = []
N_PROBES = 150


def frame(name, with_missing):
    loaded = {"cancer": load_breast_cancer, "wine": load_wine, "diabetes": load_diabetes}[name]()
    x = pandas.DataFrame(loaded.data[:, :4], columns=["a", "b", "c", "d"])
    x["stage"] = np.array(["I", "II", "III"])[pandas.qcut(loaded.data[:, 4], 3, labels=False, duplicates="drop") % 3]
    if with_missing:
        for column in ["a", "c"]:
            x.loc[RANDOM.random(len(x)) < 0.1, column] = np.nan
    return x, loaded.target


def cell(value):
    if isinstance(value, str):
        return value
    return "" if value is None or np.isnan(value) else repr(float(value))


def probes(path, typical):
    """The importer's probes of a document, or why it is refused; fields that no model reads are as usual."""
    with tempfile.TemporaryDirectory() as folder:
        rows = pathlib.Path(folder) / "rows.csv"
        command = [os.environ["NOMOGRAM_PROGRAM"], "import", path, "--probes", rows, "--max-probes", str(N_PROBES)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            return None, done.stderr.split(".pmml: ")[-1].strip()
        with rows.open(newline="") as stream:
            names, *cells = csv.reader(stream)
    found = pandas.concat([typical] * len(cells), ignore_index=True)
    for name, column in zip(names, zip(*cells)):
        found[name] = [(cell or None) if name == "stage" else float(cell or "nan") for cell in column]
    return found, None


def predictions(evaluator, rows):
    """The rows that the evaluator predicts, with its results."""
    for _, row in rows.iterrows():
        given = {name: None if not isinstance(value, str) and pandas.isna(value) else value for name, value in row.items()}
        try:
            yield row, evaluator.evaluate(given)
        except Exception:
            continue


def add(name, estimator, dataset, with_missing=False, before=None, precision=1e-13):
    """`precision`: how close JPMML comes to the source library in its own verification."""
    x, y = frame(dataset, with_missing)
    numbers = ["a", "b", "c", "d"]
    encoded = ColumnTransformer([("n", before or "passthrough", numbers), ("c", OneHotEncoder(), ["stage"])])
    pipeline = steps(encoded, estimator).fit(x, y)
    wrapped = make_pmml_pipeline(pipeline, active_fields=list(x.columns), target_fields=["y"])
    path = tempfile.mktemp(suffix=".pmml")
    verify = x.dropna().iloc[:5]
    wrapped.verify(verify, precision=precision, zeroThreshold=precision)
    sklearn2pmml(wrapped, path)
    rows = x.iloc[:: max(1, len(x) // 40)].copy()
    for column in numbers:
        typical = x.iloc[[7]].copy()
        for value in (0.0, -1e3, 1e6):
            typical[column] = value
            rows = pandas.concat([rows, typical])
    more, refused = probes(path, x.iloc[[7]])
    rows = pandas.concat([rows, more])
    evaluator = make_evaluator(path).verify()
    classes = None if dataset == "diabetes" else [str(c) for c in sorted(set(y))]
    columns = ["prediction"] if classes is None else [f"probability:{c}" for c in classes]
    lines = [",".join(list(x.columns) + columns)]
    for row, result in predictions(evaluator, rows):
        found = [result.get("y")] if classes is None else [result.get(f"probability({c})") for c in classes]
        lines.append(",".join([cell(v) for v in row] + [cell(v) for v in found]))
    model = open(path).read()
    # JPMML leaves out fields that no model reads, and gives no result where every density is 0.
    known = set(re.findall(r'<DataField name="([^"]+)"', model))
    outputs = [i for i, c in enumerate(lines[0].split(",")) if c.startswith(("prediction", "probability"))]
    kept = [i for i, c in enumerate(lines[0].split(",")) if c in known or i in outputs]
    cells = [line.split(",") for line in lines]
    lines = [",".join(row[i] for i in kept) for row in cells if all(row[i] for i in outputs)]
    LINES.append({
        "name": name,
        "library": f"sklearn2pmml {metadata.version('sklearn2pmml')}",
        "format": "pmml",
        "model": model,
        "table": "\n".join(lines) + "\n",
        **({} if refused is None else {"refused": refused}),
    })
    print(name, len(LINES[-1]["model"]), refused, flush=True)


scale = lambda: steps(SimpleImputer(strategy="median"), StandardScaler())
add("multinomial regression", linear_model.LogisticRegression(max_iter=2000), "wine", True, scale())
add("decision tree", tree.DecisionTreeClassifier(max_depth=4, random_state=1), "cancer")
add("random forest", ensemble.RandomForestClassifier(8, max_depth=3, random_state=1), "wine")
add("gradient boosting", ensemble.GradientBoostingClassifier(n_estimators=10, max_depth=2, random_state=1), "cancer")
add("gradient boosting of three classes", ensemble.GradientBoostingClassifier(n_estimators=5, max_depth=2, random_state=1), "wine")
add("gradient boosting regression", ensemble.GradientBoostingRegressor(n_estimators=10, max_depth=2, random_state=1), "diabetes")
add("histogram boosting", ensemble.HistGradientBoostingClassifier(max_iter=8, max_leaf_nodes=5, random_state=1), "cancer", True)
add("network of three classes", neural_network.MLPClassifier((4,), max_iter=100, random_state=1), "wine", False, StandardScaler())
add("naive Bayes", naive_bayes.GaussianNB(), "wine")
add("LightGBM", LGBMClassifier(n_estimators=8, num_leaves=5, verbose=-1), "cancer", True)
add("LightGBM of three classes", LGBMClassifier(n_estimators=5, num_leaves=5, verbose=-1), "wine", True)
add("LightGBM regression", LGBMRegressor(n_estimators=8, num_leaves=5, verbose=-1), "diabetes", True)
# JPMML computes these in single precision and prints other digits than XGBoost; its links are refused.
add("XGBoost", XGBClassifier(n_estimators=8, max_depth=3), "cancer", True, precision=1e-5)
add("XGBoost of three classes", XGBClassifier(n_estimators=5, max_depth=3), "wine", True, precision=1e-5)
add("XGBoost regression", XGBRegressor(n_estimators=8, max_depth=3), "diabetes", True, precision=1e-5)
# The fields are of type `float`, for the tree, and the regression adds them.
add("soft vote", ensemble.VotingClassifier([("a", linear_model.LogisticRegression(max_iter=2000)), ("b", tree.DecisionTreeClassifier(max_depth=3, random_state=1))], voting="soft"), "cancer", precision=1e-5)
add("bagging", ensemble.BaggingRegressor(linear_model.Ridge(), 3, random_state=1), "diabetes")
add("logistic regression", linear_model.LogisticRegression(max_iter=2000), "cancer", True, scale())
# Without a penalty, the levels and the intercept cancel each other at 10^15.
add("linear regression", linear_model.Ridge(alpha=1e-3), "diabetes", True, steps(SimpleImputer(), MinMaxScaler()))
add("regression tree", tree.DecisionTreeRegressor(max_depth=4, random_state=1), "diabetes")
add("random forest regression", ensemble.RandomForestRegressor(8, max_depth=3, random_state=1), "diabetes")
add("histogram boosting regression", ensemble.HistGradientBoostingRegressor(max_iter=8, max_leaf_nodes=5, random_state=1), "diabetes", True)
add("network", neural_network.MLPClassifier((4, 3), activation="tanh", max_iter=100, random_state=1), "cancer", False, StandardScaler())
add("network regression", neural_network.MLPRegressor(hidden_layer_sizes=(4,), max_iter=100, random_state=1), "diabetes", False, StandardScaler())

file = pathlib.Path(sys.argv[1]) / f"sklearn2pmml-{metadata.version('sklearn2pmml')}.jsonl"
file.write_text("".join(json.dumps(line) + "\n" for line in LINES))
print({name: metadata.version(name) for name in ("sklearn2pmml", "jpmml_evaluator", "scikit-learn", "lightgbm", "xgboost-cpu", "pandas")})
