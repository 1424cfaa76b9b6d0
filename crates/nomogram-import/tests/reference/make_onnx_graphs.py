"""Makes small ONNX graphs by hand, with what ONNX Runtime predicts: those that a reader could take for others.

    python make_onnx_graphs.py ../data/onnx_graphs/graphs.jsonl   # onnx 1.23.2, onnxruntime 1.32.0, numpy 2.4.6

One line per graph, as `make_onnx.py` writes them. The column `prediction` or `probability:CLASS` holds what ONNX
Runtime predicts on one thread. Graphs whose name begins with "refused" are refused; their tables show why.
"""

import base64
import json
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FLOAT, DOUBLE, WHOLE, TEXT = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.STRING
NUMPY = {FLOAT: np.float32, DOUBLE: np.float64, WHOLE: np.int64}
LINES = []


def value(name, kind, width=None):
    return helper.make_tensor_value_info(name, kind, [None] if width is None else [None, width])


def constant(name, numbers, kind=FLOAT):
    return numpy_helper.from_array(np.array(numbers, dtype=NUMPY[kind]), name)


def ml(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs, outputs, domain="ai.onnx.ml", **attributes)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs, outputs, **attributes)


def add(name, nodes, inputs, outputs, rows, constants=(), classes=None, predicted=0):
    """`inputs` are pairs of name and type, of one column each; `predicted` is the output that is compared."""
    columns = [value(n, kind, 1) for n, kind in inputs]
    graph = helper.make_graph(nodes, "graph", columns, [value(*output) for output in outputs], list(constants))
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    rows = np.array(rows, dtype=float).reshape(-1, len(inputs))
    feeds = {n: rows[:, [at]].astype(NUMPY[kind]) for at, (n, kind) in enumerate(inputs)}
    found = np.asarray(session.run(None, feeds)[predicted], dtype=float).reshape(len(rows), -1)
    heads = ["prediction"] if classes is None else [f"probability:{one}" for one in classes]
    assert found.shape[1] == len(heads), (name, found.shape)
    lines = [",".join([n for n, _ in inputs] + heads)]
    for row, numbers in zip(rows, found):
        cells = ["" if np.isnan(cell) else repr(float(cell)) for cell in [*row, *numbers]]
        whole = [kind == WHOLE for _, kind in inputs] + [False] * len(numbers)
        lines.append(",".join(str(int(float(c))) if is_whole else c for c, is_whole in zip(cells, whole)))
    library = f"onnxruntime {onnxruntime.__version__}"
    text = base64.b64encode(model).decode()
    table = "\n".join(lines) + "\n"
    LINES.append(dict(name=name, library=library, format="onnx", model_base64=text, table=table))


def splits(threshold, mode="BRANCH_LEQ", tracks=0, column=0):
    return dict(
        nodes_treeids=[0, 0, 0],
        nodes_nodeids=[0, 1, 2],
        nodes_featureids=[column, 0, 0],
        nodes_modes=[mode, "LEAF", "LEAF"],
        nodes_values=[float(threshold), 0.0, 0.0],
        nodes_truenodeids=[1, 0, 0],
        nodes_falsenodeids=[2, 0, 0],
        nodes_missing_value_tracks_true=[tracks, 0, 0],
        nodes_hitrates=[1.0, 1.0, 1.0],
    )


def regressor(source, weights=(1.0, 2.0), output="y", **split):
    return ml(
        "TreeEnsembleRegressor",
        [source],
        [output],
        n_targets=1,
        target_ids=[0, 0],
        target_nodeids=[1, 2],
        target_treeids=[0, 0],
        target_weights=list(weights),
        **splits(**split),
    )


def classifier(nodes, ids, weights, post):
    return ml(
        "TreeEnsembleClassifier",
        ["x"],
        ["label", "p"],
        class_ids=ids,
        class_nodeids=nodes,
        class_treeids=[0] * len(ids),
        class_weights=weights,
        classlabels_int64s=[0, 1],
        post_transform=post,
        **splits(0.3),
    )


def near(threshold):
    """The threshold and its neighbours in double and in single precision."""
    numbers = [threshold + k * 1e-8 for k in range(-60, 61)]
    for precision, count in ((np.float64, 6), (np.float32, 4)):
        up = down = precision(threshold)
        for _ in range(count):
            up, down = np.nextafter(up, precision(np.inf)), np.nextafter(down, precision(-np.inf))
            numbers += [float(up), float(down)]
    return numbers


ROWS = [[-3.5], [-0.4], [0.0], [0.3], [0.7], [2.25], [9.0]]
X = [("x", FLOAT)]


def labels():
    linear = ml(
        "LinearClassifier",
        ["x"],
        ["l", "p"],
        classlabels_ints=[0, 1],
        coefficients=[-1.0, 1.0],
        intercepts=[-0.5, 0.5],
        post_transform="LOGISTIC",
    )
    outputs = [("label", TEXT), ("p", FLOAT, 2)]
    cases = [("keys in order", [0, 1], ["no", "yes"]), ("keys in another order", [1, 0], ["yes", "no"])]
    for name, keys, names in cases:
        encoder = ml("LabelEncoder", ["l"], ["label"], keys_int64s=keys, values_strings=names)
        add(f"labels of a classifier, {name}", [linear, encoder], X, outputs, ROWS, classes=["no", "yes"], predicted=1)
        net = [
            node("Gemm", ["x", "W", "B"], ["a"]),
            node("Softmax", ["a"], ["p"], axis=1),
            node("ArgMax", ["a"], ["l"], axis=1, keepdims=0),
            ml("LabelEncoder", ["l"], ["label"], keys_int64s=keys, values_strings=names),
        ]
        weights = [constant("W", [[-1.0, 1.0]]), constant("B", [-0.5, 0.5])]
        add(f"labels of a largest sum, {name}", net, X, outputs, ROWS, weights, ["no", "yes"], 1)
    encoder = ml("LabelEncoder", ["l"], ["label"], keys_int64s=[1, 2], values_strings=["no", "yes"])
    net = [node("MatMul", ["x", "W"], ["a"]), node("Sigmoid", ["a"], ["s"])]
    weights = [constant("W", [[1.25]]), constant("one", [1.0])]
    add("the probability of the second class", net, X, [("s", FLOAT, 1)], ROWS, weights)
    less = node("Sub", ["one", "s"], ["r"])
    add("refused: 1 minus a probability", [*net, less], X, [("r", FLOAT, 1)], ROWS, weights)
    both = node("Concat", ["r", "s"], ["p"], axis=1)
    add("1 minus a probability beside it", [*net, less, both], X, [("p", FLOAT, 2)], ROWS, weights, ["0", "1"])
    add("refused: a label without a key", [linear, encoder], X, outputs, ROWS, classes=["0", "1"], predicted=1)


def sums():
    def linear(weights, intercept):
        return ml("LinearRegressor", ["x"], ["y"], coefficients=weights, intercepts=[intercept])

    sodium = [[136.1], [137.3], [138.7], [140.2]]
    add("beyond the tolerance: a sum of rounded values", [linear([1.0], -137.0)], X, [("y", FLOAT, 1)], sodium)


def shapes():
    net = [node("Gemm", ["x", "W", "B"], ["a"])]
    weights = [constant("W", [[-1.0, 1.0]]), constant("B", [-0.5, 0.5])]
    for axis in (-1, 1, 0):
        name = f"{'refused: ' if axis == 0 else ''}softmax over axis {axis}"
        nodes = [*net, node("Softmax", ["a"], ["p"], axis=axis)]
        add(name, nodes, X, [("p", FLOAT, 2)], ROWS, weights, ["0", "1"])
    rows = ROWS[:2]
    two = [("a", FLOAT), ("b", FLOAT)]
    table = [[-3.5, 1.0], [0.25, 2.0]]
    for shape in ([2], [1, 2], [2, 1]):
        name = f"{'refused: ' if shape == [2, 1] else ''}a factor of shape {shape}"
        nodes = [
            node("Concat", ["a", "b"], ["x"], axis=1),
            node("Mul", ["x", "k"], ["m"]),
            node("MatMul", ["m", "W"], ["y"]),
        ]
        factor = constant("k", np.reshape([1.5, 3.0], shape))
        add(name, nodes, two, [("y", FLOAT, 1)], table, [factor, constant("W", [[1.0], [2.0]])])
    nodes = [node("Gemm", ["x", "W", "C"], ["a"]), node("Softmax", ["a"], ["p"], axis=1)]
    constants = [weights[0], constant("C", [[0.5], [7.0]])]
    add("refused: intercepts of shape [2, 1]", nodes, X, [("p", FLOAT, 2)], rows, constants, ["0", "1"])


def whole_numbers():
    rows = [[n] for n in range(-7, 8)]
    for op, number in (("Add", 1), ("Sub", 5), ("Mul", 3), ("Div", 2)):
        nodes = [
            node(op, ["n", "k"], ["h"]),
            node("Cast", ["h"], ["f"], to=DOUBLE),
            node("MatMul", ["f", "W"], ["y"]),
        ]
        name = f"{'refused: ' if op == 'Div' else ''}{op} of whole numbers"
        constants = [constant("k", [number], WHOLE), constant("W", [[1.5]], DOUBLE)]
        add(name, nodes, [("n", WHOLE)], [("y", DOUBLE, 1)], rows, constants)
    scaler = ml("Scaler", ["n"], ["s"], offset=[11.3], scale=[0.37])
    rows = [[n] for n in range(0, 40)]
    threshold = np.float32((np.float32(13) - np.float32(11.3)) * np.float32(0.37))
    nodes = [scaler, regressor("s", threshold=threshold)]
    add("a scaler of whole numbers", nodes, [("n", WHOLE)], [("y", FLOAT, 1)], rows)


def modes():
    codes = [[v] for v in (0, 1, 2, 3, 4, 5, 7, 100, np.nan)]
    for mode in ("EQ", "NEQ", "LT", "LEQ", "GT", "GTE"):
        for tracks in (0, 1):
            nodes = [regressor("x", threshold=3.0, mode=f"BRANCH_{mode}", tracks=tracks)]
            add(f"mode {mode}, missing values tracked {tracks}", nodes, X, [("y", FLOAT, 1)], codes)


def precisions():
    threshold = 0.3 * 1.7 + 11.3
    scaled = [node("Sub", ["b", "m"], ["c"]), node("Div", ["c", "s"], ["d"]), node("Cast", ["d"], ["e"], to=FLOAT)]
    tree = [node("Concat", ["a", "e"], ["z"], axis=1), regressor("z", threshold=0.3, column=1)]
    constants = [constant("m", [11.3], DOUBLE), constant("s", [1.7], DOUBLE)]
    rows = [[1.0, v] for v in near(threshold)]
    mixed = [("a", FLOAT), ("b", DOUBLE)]
    add("refused: doubles scaled beside singles", [*scaled, *tree], mixed, [("y", FLOAT, 1)], rows, constants)
    scaled = [node("Cast", ["b"], ["r"], to=FLOAT), node("Sub", ["r", "m"], ["c"]), node("Div", ["c", "s"], ["e"])]
    constants = [constant("m", [11.3]), constant("s", [1.7])]
    add("doubles cast, then scaled, beside singles", [*scaled, *tree], mixed, [("y", FLOAT, 1)], rows, constants)
    nodes = [ml("Scaler", ["b"], ["e"], offset=[11.3], scale=[0.37]), regressor("e", threshold=0.3)]
    rows = [[v] for v in near(0.3 / 0.37 + 11.3)]
    add("refused: a scaler of doubles before trees", nodes, [("b", DOUBLE)], [("y", FLOAT, 1)], rows)


def leaves():
    outputs = [("label", WHOLE), ("p", FLOAT, 2)]
    both = [1, 1, 2, 2]
    cases = [
        ("refused: leaves of one class each", [1, 2], [0, 1], [1.0, 1.0], "NONE"),
        ("refused: softmax of leaves of one class each", [1, 2], [0, 1], [0.3, 1.0], "SOFTMAX"),
        ("refused: logistic of the second class only", [1, 2], [1, 1], [-0.2, 0.9], "LOGISTIC"),
        ("leaves of both classes", both, [0, 1, 0, 1], [0.25, 0.75, 1.0, 0.0], "NONE"),
        ("softmax of leaves of both classes", both, [0, 1, 0, 1], [0.3, -0.2, 1.0, 0.5], "SOFTMAX"),
        ("logistic of opposite leaves", both, [0, 1, 0, 1], [0.3, -0.3, -1.5, 1.5], "LOGISTIC"),
        ("refused: logistic of other leaves", both, [0, 1, 0, 1], [0.3, -0.3, -1.5, 1.25], "LOGISTIC"),
    ]
    for name, nodes, ids, weights, post in cases:
        add(name, [classifier(nodes, ids, weights, post)], X, outputs, ROWS, classes=["0", "1"], predicted=1)
    for op in ("Exp", "Sigmoid"):
        nodes = [regressor("x", threshold=0.3, output="s"), node(op, ["s"], ["y"])]
        add(f"{op} of a regressor of trees", nodes, X, [("y", FLOAT, 1)], ROWS)


def support_vectors():
    vectors = [[0.5, -1.25], [2.0, 0.75], [-0.625, 1.5], [1.0, 1.0]]
    rows = [[a, b] for a in (-3.5, -0.4, 0.0, 0.7, 2.0) for b in (-2.25, 0.3, 0.75, 9.0)]
    inputs, outputs = [("a", FLOAT), ("b", FLOAT)], [("y", FLOAT, 1)]
    for name, kernel, numbers in (
        ("radial", "RBF", [0.4, 0.0, 0.0]),
        ("cubic", "POLY", [0.3, 0.5, 3.0]),
        ("sigmoid", "SIGMOID", [0.2, -0.1, 3.0]),
        ("refused: of degree 2.5", "POLY", [0.3, 0.5, 2.5]),
        ("refused: without vectors", "RBF", [0.3, 0.5, 0.0]),
    ):
        stored = dict(coefficients=[1.5, -0.75], n_supports=0)
        if not name.endswith("without vectors"):
            stored = dict(
                coefficients=[1.5, -0.75, 0.5, -1.0], n_supports=len(vectors), support_vectors=sum(vectors, [])
            )
        machine = ml("SVMRegressor", ["s"], ["y"], kernel_type=kernel, kernel_params=numbers, rho=[0.375], **stored)
        nodes = [
            node("Concat", ["a", "b"], ["x"], axis=1),
            ml("Scaler", ["x"], ["s"], offset=[0.25, -0.5], scale=[0.5, 2.0]),
            machine,
        ]
        name = name if ": " in name else f"support vectors, {name}"
        add(name.replace("refused: ", "refused: support vectors "), nodes, inputs, outputs, rows)


for make in (labels, sums, shapes, whole_numbers, modes, precisions, leaves, support_vectors):
    make()
with open(sys.argv[1], "w", encoding="utf-8") as file:
    for line in LINES:
        file.write(json.dumps(line) + "\n")
print(len(LINES), "graphs")
