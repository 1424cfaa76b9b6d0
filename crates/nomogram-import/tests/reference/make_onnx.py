"""Makes ONNX models of scikit-learn, LightGBM, XGBoost and torch, with what ONNX Runtime predicts.

    python make_onnx.py ../data/onnx/onnx-1.20.0.jsonl   # skl2onnx 1.20.0, scikit-learn 1.9.1, onnx 1.23.2,
        # onnxruntime 1.32.0, onnxmltools 1.16.0, lightgbm 4.7.0, xgboost-cpu 3.2.0, protobuf 6.33.6
    python make_onnx.py ../data/onnx/onnx-1.17.0.jsonl   # skl2onnx 1.17.0, scikit-learn 1.5.2, onnx 1.16.2,
        # onnxruntime 1.19.2, onnxmltools 1.12.0, lightgbm 4.5.0, xgboost-cpu 2.1.4, protobuf 4.25.8

each in an environment of its own, with pandas; NOMOGRAM_PROGRAM names the program `nomogram`.

One line per model: the file in base64, and the table of rows. `table` holds real rows and, for trees, the
importer's probes: rows that reach the splits at their thresholds, just below and just above, which the caller
rounds to single precision as ONNX Runtime's inputs do. Graphs named `torch` are built by hand;
those of `make_torch.py` are exported by torch itself.
"""

import base64
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import onnx
import onnxruntime
import skl2onnx
import sklearn
from onnx import helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
from sklearn import datasets, ensemble, linear_model, neural_network, svm, tree
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler

warnings.filterwarnings("ignore")
RANDOM = np.random.default_rng(7)
N_COLUMNS = 6
N_PROBES = 140


def data(name):
    loaded = {
        "cancer": datasets.load_breast_cancer,
        "iris": datasets.load_iris,
        "wine": datasets.load_wine,
        "diabetes": datasets.load_diabetes,
    }[name]()
    return loaded.data[:, :N_COLUMNS].astype(np.float32), loaded.target


def probes(model, with_missing):
    """The importer's probes of a model with trees, as numbers."""
    with tempfile.TemporaryDirectory() as folder:
        path, rows = pathlib.Path(folder) / "model.onnx", pathlib.Path(folder) / "rows.csv"
        path.write_bytes(model.SerializeToString())
        command = [os.environ["NOMOGRAM_PROGRAM"], "import", path, "--probes", rows, "--max-probes", str(N_PROBES)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with rows.open(newline="") as stream:
            cells = list(csv.reader(stream))[1:]
    numbers = [[float(cell) if cell else np.nan for cell in row] for row in cells]
    return [np.array(row) for row in numbers if with_missing or not np.isnan(row).any()]


def rows_of(model, x, with_missing, largest=1e6):
    rows = [row for row in x[:: max(1, len(x) // 25)].astype(np.float64)]
    middle = np.median(x, axis=0).astype(np.float64)
    has_trees = any(node.op_type.startswith("TreeEnsemble") for node in model.graph.node)
    if has_trees:
        rows += [row for row in probes(model, with_missing) if (np.abs(row) < 1e35).all() or np.isnan(row).any()]
    for feature in range(x.shape[1]):
        for one in [0.0, -0.0, largest, -largest] + ([1e30, -1e30] if has_trees else []) + ([np.nan] if with_missing else []):
            row = middle.copy()
            row[feature] = one
            rows.append(row)
    return np.array(rows)


def cell(value):
    if isinstance(value, str):
        return value
    return "" if np.isnan(value) else repr(float(value))


def table(names, rows, outputs, classes):
    columns = ["prediction"] if classes is None else [f"probability:{c}" for c in classes]
    lines = [",".join(names + columns)]
    for row, output in zip(rows, outputs):
        lines.append(",".join([cell(v) for v in row] + [repr(float(o)) for o in np.atleast_1d(output)]))
    return "\n".join(lines) + "\n"


def predict(model, feeds):
    # With several threads, the sum of trees depends on how they are shared out.
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    outputs = session.run(None, feeds)
    return outputs[-1]


LINES = []


def add(name, model, names, rows, feeds, classes, library):
    outputs = np.asarray(predict(model, feeds))
    if classes is None:
        outputs = outputs.reshape(-1)
    elif outputs.ndim == 1 or outputs.shape[1] == 1:
        outputs = np.stack([1 - outputs.reshape(-1), outputs.reshape(-1)], 1)
    LINES.append({
        "name": name,
        "library": library,
        "format": "onnx",
        "model_base64": base64.b64encode(model.SerializeToString()).decode(),
        "table": table(names, rows, outputs, classes),
    })
    print(name, [n.op_type for n in model.graph.node], model.ByteSize())


def add_sklearn(name, *arguments, **keywords):
    try:
        try_sklearn(name, *arguments, **keywords)
    except Exception as error:  # A converter that refuses its input: the model is left out.
        print("LEFT OUT", name, repr(error)[:300])


def try_sklearn(name, estimator, dataset, with_missing=False, double=False, target_opset=None, options=None, largest=1e6):
    x, y = data(dataset)
    if with_missing:
        x = x.copy()
        x[RANDOM.random(x.shape) < 0.1] = np.nan
    estimator.fit(x, y)
    is_classifier = hasattr(estimator, "predict_proba") and hasattr(estimator, "classes_")
    options = ({"zipmap": False} | (options or {})) if is_classifier else options
    kind = DoubleTensorType if double else FloatTensorType
    model = to_onnx(
        estimator,
        initial_types=[("x", kind([None, x.shape[1]]))],
        options={id(estimator): options} if options else None,
        target_opset=target_opset,
    )
    rows = rows_of(model, np.nan_to_num(x, nan=1.0), with_missing, largest)
    feeds = {"x": rows.astype(np.float64 if double else np.float32)}
    names = [f"x[{i + 1}]" for i in range(x.shape[1])]
    classes = [str(c) for c in estimator.classes_] if is_classifier else None
    add(name, model, names, rows, feeds, classes, f"skl2onnx {skl2onnx.__version__}, scikit-learn {sklearn.__version__}")


def add_mixed(name, build):
    """Columns of text and of numbers, as separate inputs."""
    n = 400
    stage = RANDOM.choice(["I", "II", "III"], n)
    sex = RANDOM.choice(["f", "m"], n)
    age = RANDOM.integers(30, 90, n).astype(np.float32)
    dose = np.round(RANDOM.gamma(2.0, 3.0, n), 2).astype(np.float32)
    y = ((age > 60).astype(int) + (stage == "III") + (dose > 5) + (RANDOM.random(n) > 0.7) >= 2).astype(int)
    import pandas

    frame = pandas.DataFrame({"stage": stage, "sex": sex, "age": age, "dose": dose})
    pipeline = build()
    pipeline.fit(frame, y)
    initial = [("stage", StringTensorType([None, 1])), ("sex", StringTensorType([None, 1]))]
    initial += [("age", FloatTensorType([None, 1])), ("dose", FloatTensorType([None, 1]))]
    model = to_onnx(pipeline, initial_types=initial, options={"zipmap": False})
    rows = [[str(a), str(b), float(c), float(d)] for a, b, c, d in zip(stage[:60], sex[:60], age[:60], dose[:60])]
    feeds = {
        "stage": np.array([[r[0]] for r in rows], dtype=object),
        "sex": np.array([[r[1]] for r in rows], dtype=object),
        "age": np.array([[r[2]] for r in rows], dtype=np.float32),
        "dose": np.array([[r[3]] for r in rows], dtype=np.float32),
    }
    add(name, model, list(feeds), rows, feeds, ["0", "1"], f"skl2onnx {skl2onnx.__version__}")


def sklearn_models():
    lr = linear_model.LogisticRegression
    add_sklearn("logistic regression", lr(max_iter=5000), "cancer")
    add_sklearn("logistic regression, zipmap", lr(max_iter=5000), "cancer", options={"zipmap": True} and {})
    add_sklearn("multinomial regression", lr(max_iter=5000), "iris")
    add_sklearn("scaled logistic regression", make_pipeline(StandardScaler(), lr()), "cancer")
    add_sklearn("min-max-scaled logistic regression", make_pipeline(MinMaxScaler(), lr()), "wine")
    add_sklearn("robust-scaled logistic regression", make_pipeline(RobustScaler(), lr()), "cancer")
    add_sklearn("max-abs-scaled logistic regression", make_pipeline(MaxAbsScaler(), lr()), "iris")
    add_sklearn("imputed logistic regression", make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), lr()), "cancer", with_missing=True)
    add_sklearn("logistic regression of components", make_pipeline(StandardScaler(), PCA(3), lr()), "wine")
    add_sklearn("logistic regression in double precision", make_pipeline(StandardScaler(), lr()), "cancer", double=True)
    add_sklearn("linear regression", linear_model.LinearRegression(), "diabetes")
    add_sklearn("ridge", make_pipeline(StandardScaler(), linear_model.Ridge()), "diabetes")
    add_sklearn("linear discriminant analysis", LinearDiscriminantAnalysis(), "iris")
    add_sklearn("stochastic gradient descent", make_pipeline(StandardScaler(), linear_model.SGDClassifier(loss="log_loss", random_state=1)), "cancer")
    add_sklearn("decision tree", tree.DecisionTreeClassifier(max_depth=4, random_state=1), "cancer")
    add_sklearn("decision tree of three classes", tree.DecisionTreeClassifier(max_depth=4, random_state=1), "wine")
    add_sklearn("regression tree", tree.DecisionTreeRegressor(max_depth=4, random_state=1), "diabetes")
    add_sklearn("random forest", ensemble.RandomForestClassifier(12, max_depth=4, random_state=1), "cancer")
    add_sklearn("random forest of three classes", ensemble.RandomForestClassifier(10, max_depth=3, random_state=1), "iris")
    add_sklearn("random forest regression", ensemble.RandomForestRegressor(10, max_depth=3, random_state=1), "diabetes")
    add_sklearn("extra trees", ensemble.ExtraTreesClassifier(10, max_depth=3, random_state=1), "wine")
    add_sklearn("extra trees regression", ensemble.ExtraTreesRegressor(10, max_depth=3, random_state=1), "diabetes")
    add_sklearn("gradient boosting", ensemble.GradientBoostingClassifier(n_estimators=12, max_depth=2, random_state=1), "cancer")
    add_sklearn("gradient boosting of three classes", ensemble.GradientBoostingClassifier(n_estimators=6, max_depth=2, random_state=1), "iris")
    add_sklearn("gradient boosting regression", ensemble.GradientBoostingRegressor(n_estimators=12, max_depth=2, random_state=1), "diabetes")
    hist = dict(max_iter=10, max_leaf_nodes=5, random_state=1)
    add_sklearn("histogram boosting", ensemble.HistGradientBoostingClassifier(**hist), "cancer", with_missing=True)
    add_sklearn("histogram boosting of three classes", ensemble.HistGradientBoostingClassifier(**hist), "wine", with_missing=True)
    add_sklearn("histogram boosting regression", ensemble.HistGradientBoostingRegressor(**hist), "diabetes", with_missing=True)
    add_sklearn("scaled decision tree", make_pipeline(StandardScaler(), tree.DecisionTreeClassifier(max_depth=4, random_state=1)), "cancer")
    add_sklearn("imputed and scaled forest", make_pipeline(SimpleImputer(), StandardScaler(), ensemble.RandomForestClassifier(6, max_depth=3, random_state=1)), "wine", with_missing=True)
    add_sklearn("network", make_pipeline(StandardScaler(), neural_network.MLPClassifier((5, 4), max_iter=80, random_state=1)), "cancer")
    add_sklearn("network of three classes", make_pipeline(StandardScaler(), neural_network.MLPClassifier((5,), activation="tanh", max_iter=80, random_state=1)), "wine")
    add_sklearn("network with logistic units", make_pipeline(StandardScaler(), neural_network.MLPClassifier((5,), activation="logistic", max_iter=80, random_state=1)), "iris")
    add_sklearn("network regression", make_pipeline(StandardScaler(), neural_network.MLPRegressor(hidden_layer_sizes=(5,), max_iter=200, random_state=1)), "diabetes")
    vote = [("a", lr(max_iter=5000)), ("b", tree.DecisionTreeClassifier(max_depth=3, random_state=1))]
    add_sklearn("soft vote", ensemble.VotingClassifier(vote, voting="soft", flatten_transform=False, weights=np.array([2, 1])), "cancer")
    for opset in (1, 3):
        add_sklearn(f"forest of opset {opset}", ensemble.RandomForestClassifier(5, max_depth=3, random_state=2), "cancer", target_opset={"": 15, "ai.onnx.ml": opset})
        add_sklearn(f"boosting of opset {opset}", ensemble.GradientBoostingRegressor(n_estimators=5, max_depth=2, random_state=2), "diabetes", target_opset={"": 15, "ai.onnx.ml": opset})
        add_sklearn(f"logistic regression of opset {opset}", lr(max_iter=5000), "iris", target_opset={"": 15, "ai.onnx.ml": opset})

    columns = lambda: ColumnTransformer([("c", OneHotEncoder(handle_unknown="ignore"), ["stage", "sex"]), ("n", StandardScaler(), ["age", "dose"])])
    add_mixed("categories and numbers, logistic regression", lambda: make_pipeline(columns(), lr()))
    add_mixed("categories and numbers, forest", lambda: make_pipeline(columns(), ensemble.RandomForestClassifier(8, max_depth=3, random_state=1)))
    ordinal = lambda: ColumnTransformer([("c", OrdinalEncoder(), ["stage", "sex"]), ("n", "passthrough", ["age", "dose"])])
    add_mixed("ordinal categories, trees", lambda: make_pipeline(ordinal(), ensemble.GradientBoostingClassifier(n_estimators=6, max_depth=2, random_state=1)))


def boosted_models():
    import lightgbm
    import onnxmltools
    import xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType as Floats

    for dataset in ("cancer", "wine", "diabetes"):
        x, y = data(dataset)
        is_number = dataset == "diabetes"
        initial = [("x", Floats([None, x.shape[1]]))]
        names = [f"x[{i + 1}]" for i in range(x.shape[1])]
        classes = None if is_number else [str(c) for c in sorted(set(y))]
        make = lightgbm.LGBMRegressor if is_number else lightgbm.LGBMClassifier
        fitted = make(n_estimators=8, num_leaves=5, verbose=-1).fit(x, y)
        model = onnxmltools.convert_lightgbm(fitted, initial_types=initial, target_opset=15, zipmap=False)
        rows = rows_of(model, x, True)
        library = f"onnxmltools {onnxmltools.__version__}"
        add(f"LightGBM, {dataset}", model, names, rows, {"x": rows.astype(np.float32)}, classes, f"{library}, lightgbm {lightgbm.__version__}")
        make = xgboost.XGBRegressor if is_number else xgboost.XGBClassifier
        fitted = make(n_estimators=8, max_depth=3, base_score=None).fit(x, y)
        try:
            model = onnxmltools.convert_xgboost(fitted, initial_types=initial, target_opset=15)
            rows = rows_of(model, x, True)
            add(f"XGBoost, {dataset}", model, names, rows, {"x": rows.astype(np.float32)}, classes, f"{library}, xgboost {xgboost.__version__}")
        except Exception as error:
            print("XGBoost", dataset, repr(error)[:200])


def opset_5():
    """A tree ensemble of opset 5, by hand: no converter makes one yet."""
    tensor = lambda name, values, kind: numpy_helper.from_array(np.array(values, dtype=kind), name)
    node = helper.make_node(
        "TreeEnsemble", ["x"], ["y"], domain="ai.onnx.ml", n_targets=1, aggregate_function=1, post_transform=0,
        tree_roots=[0, 2], nodes_featureids=[0, 1, 1], nodes_modes=tensor("m", [0, 1, 3], np.uint8),
        nodes_splits=tensor("s", [1.5, 0.25, -1.0], np.float32),
        nodes_truenodeids=[1, 0, 1], nodes_trueleafs=[0, 1, 1],
        nodes_falsenodeids=[2, 3, 4], nodes_falseleafs=[1, 1, 1],
        nodes_missing_value_tracks_true=[1, 0, 1],
        leaf_targetids=[0, 0, 0, 0, 0], leaf_weights=tensor("w", [0.1, -0.3, 0.5, 7.7, -0.9], np.float32),
    )
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [None, 1])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("ai.onnx.ml", 5)], ir_version=10)
    onnx.checker.check_model(model)
    rows = rows_of(model, np.array([[0.3, 0.2], [1.7, 0.5], [2.0, -3.0]] * 10, dtype=np.float32), True)
    add("tree ensemble of opset 5", model, ["x[1]", "x[2]"], rows, {"x": rows.astype(np.float32)}, None, f"onnx {onnx.__version__}")


def torch_networks():
    """Networks as `torch.onnx.export` writes them: `Gemm` with `transB`, then an activation."""
    for name, dataset, last in (("network as torch exports it", "cancer", "Sigmoid"), ("network of three classes as torch exports it", "wine", "Softmax")):
        x, y = data(dataset)
        widths = [x.shape[1], 6, 4, 1 if dataset == "cancer" else 3]
        nodes, weights, before = [], [], "x"
        for nth, (n_in, n_out) in enumerate(zip(widths, widths[1:])):
            w = RANDOM.normal(size=(n_out, n_in)).astype(np.float32) / (100 if nth == 0 else 1)
            weights += [numpy_helper.from_array(w, f"{nth}.weight"), numpy_helper.from_array(RANDOM.normal(size=n_out).astype(np.float32), f"{nth}.bias")]
            nodes.append(helper.make_node("Gemm", [before, f"{nth}.weight", f"{nth}.bias"], [f"g{nth}"], alpha=1.0, beta=1.0, transB=1))
            op = ["Relu", "Tanh", last][nth]
            nodes.append(helper.make_node(op, [f"g{nth}"], [f"a{nth}"], **({"axis": 1} if op == "Softmax" else {})))
            before = f"a{nth}"
        graph = helper.make_graph(
            nodes, "main_graph", [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", x.shape[1]])],
            [helper.make_tensor_value_info(before, onnx.TensorProto.FLOAT, ["n", widths[-1]])], weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="pytorch")
        rows = rows_of(model, x, False)
        classes = ["0", "1"] if dataset == "cancer" else ["0", "1", "2"]
        add(name, model, [f"x[{i + 1}]" for i in range(x.shape[1])], rows, {"x": rows.astype(np.float32)}, classes, f"onnx {onnx.__version__}")


def support_vectors():
    """Of a linear kernel."""
    # ONNX Runtime adds one product for each vector in single precision.
    linear = make_pipeline(StandardScaler(), svm.SVR(kernel="linear"))
    add_sklearn("support vectors of a linear kernel", linear, "diabetes", largest=1.0)


sklearn_models()
boosted_models()
try:
    opset_5()
except Exception as error:  # An ONNX Runtime without opset 5.
    print("LEFT OUT opset 5", repr(error)[:200])
torch_networks()
support_vectors()
if len(sys.argv) > 1:
    with open(sys.argv[1], "w") as out:
        for line in LINES:
            out.write(json.dumps(line) + "\n")
