"""Makes ONNX graphs that are refused: of skl2onnx, and with operators that no reader here knows.

    python make_onnx_refused.py ../data/onnx_refused/graphs.jsonl   # skl2onnx 1.20.0, scikit-learn 1.9.1, onnx 1.23.2

One line per graph, as `make_onnx.py` writes them, without predictions.
"""

import base64
import json
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn import datasets, linear_model, multiclass, naive_bayes, neighbors, svm

LINES = []


def add(name, model):
    text = base64.b64encode(model.SerializeToString()).decode()
    LINES.append({"name": name, "library": "onnx", "format": "onnx", "model_base64": text, "table": ""})
    print(name, [(node.domain, node.op_type) for node in model.graph.node], len(text))


def of_scikit_learn():
    x, y = datasets.load_iris(return_X_y=True)
    x = x.astype(np.float32)[::5]
    y = y[::5]
    for name, estimator in {
        "support vectors": svm.SVC(),
        "neighbours": neighbors.KNeighborsClassifier(3),
        "naive Bayes": naive_bayes.GaussianNB(),
        "one against the rest": multiclass.OneVsRestClassifier(linear_model.LogisticRegression()),
    }.items():
        options = {id(estimator): {"zipmap": False}} if hasattr(estimator.fit(x, y), "classes_") else None
        add(name, to_onnx(estimator, x[:1], options=options))


def by_hand():
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2])
    weights = numpy_helper.from_array(np.eye(2, dtype=np.float32), "w")
    for name, op, domain in [
        ("an operator of ONNX", "Erf", ""),
        ("an operator that does not exist", "Sigmoidal", ""),
        ("an operator of another domain", "Gelu", "com.microsoft"),
        ("a known name in another domain", "Relu", "org.example"),
    ]:
        nodes = [
            helper.make_node("MatMul", ["x", "w"], ["h"]),
            helper.make_node(op, ["h"], ["y"], domain=domain, name="layer"),
        ]
        graph = helper.make_graph(nodes, "graph", [value("x")], [value("y")], [weights])
        opsets = [helper.make_opsetid("", 17)] + ([helper.make_opsetid(domain, 1)] if domain else [])
        add(name, helper.make_model(graph, opset_imports=opsets, ir_version=8))


def graph_of(name, nodes, parameters, n_outputs):
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", n_outputs])]
    graph = helper.make_graph(nodes, "graph", inputs, outputs, parameters)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    add(name, helper.make_model(graph, opset_imports=opsets, ir_version=8))


def what_could_pass_unseen():
    """Graphs whose numbers a bundle would miss by a little, or whose divisions it would leave out."""
    tensor = lambda name, values: numpy_helper.from_array(np.array(values, np.float32), name)
    four = [tensor(name, values) for name, values in
            {"s": [1.5, 1.0], "b": [0.1, 0.0], "m": [0.2, 0.0], "v": [2.0, 1.0]}.items()]
    tree = dict(
        nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2], nodes_featureids=[0, 0, 0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"], nodes_values=[0.25, 0.0, 0.0],
        nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0],
        target_treeids=[0, 0], target_nodeids=[1, 2], target_ids=[0, 0], target_weights=[0.0, 1.0], n_targets=1,
    )
    graph_of("a tree after a batch normalization", [
        helper.make_node("BatchNormalization", ["x", "s", "b", "m", "v"], ["h"]),
        helper.make_node("TreeEnsembleRegressor", ["h"], ["y"], domain="ai.onnx.ml", **tree),
    ], four, 1)
    axes = numpy_helper.from_array(np.array([1], np.int64), "axes")
    half = tensor("half", 0.5)
    one = [tensor("w", [[0.5], [1.5]]), axes]
    sums = lambda activation: [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node(activation, ["h"], ["p"], **({"axis": 1} if activation == "Softmax" else {})),
    ]
    graph_of("a probability divided by itself", [
        *sums("Sigmoid"), helper.make_node("ReduceSum", ["p", "axes"], ["t"], keepdims=1),
        helper.make_node("Div", ["p", "t"], ["y"]),
    ], one, 1)
    two = [tensor("w", [[0.5, -1.0], [1.5, 0.25]]), axes, half]
    graph_of("probabilities divided by half their sum", [
        *sums("Softmax"), helper.make_node("Mul", ["p", "half"], ["q"]),
        helper.make_node("ReduceSum", ["q", "axes"], ["t"], keepdims=1), helper.make_node("Div", ["p", "t"], ["y"]),
    ], two, 2)
    three = [tensor("w", [[0.5, -1.0, 0.3], [1.5, 0.25, 0.1]]), axes]
    graph_of("logistics divided by their sum", [
        *sums("Sigmoid"), helper.make_node("ReduceSum", ["p", "axes"], ["t"], keepdims=1),
        helper.make_node("Div", ["p", "t"], ["y"]),
    ], three, 3)


of_scikit_learn()
by_hand()
what_could_pass_unseen()
with open(sys.argv[1], "w") as out:
    for line in LINES:
        out.write(json.dumps(line) + "\n")
