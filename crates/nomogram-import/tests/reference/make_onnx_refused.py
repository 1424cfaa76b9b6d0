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
        "support vectors of a number": svm.SVR(),
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


of_scikit_learn()
by_hand()
with open(sys.argv[1], "w") as out:
    for line in LINES:
        out.write(json.dumps(line) + "\n")
