"""Writes a model of scikit-learn as plain C, as one would by hand: arrays and loops."""

from __future__ import annotations

from typing import Any

import numpy as np

HEAD = """/* Written by benches/peers/plain.py. */
#include <math.h>
double plain_row(const double *row);
static double logistic(double margin) { return 1.0 / (1.0 + exp(-margin)); }
"""
DEPTH = 3


def write_plain(estimator: Any) -> str:
    """A C source with the function ``plain_row``."""
    steps = list(estimator.steps) if hasattr(estimator, "steps") else [("model", estimator)]
    n_inputs = int(estimator.n_features_in_)
    source, body = HEAD, []
    if len(steps) == 2:
        scaler = steps[0][1]
        source += array("center", scaler.mean_) + array("scale", scaler.scale_)
        body += [
            f"double x[{n_inputs}];",
            f"for (int i = 0; i < {n_inputs}; i++) x[i] = (row[i] - center[i]) / scale[i];",
        ]
    else:
        body.append("const double *x = row;")
    model = steps[-1][1]
    members = model.estimators_ if hasattr(model, "estimators") else [model]
    for member in members:
        source += WRITERS[type(member).__name__](member)
    mean = " + ".join(f"{PREFIX[type(member).__name__]}(x)" for member in members)
    body.append(f"return ({mean}) / {len(members)}.0;")
    return source + "double plain_row(const double *row)\n{\n" + "\n".join(body) + "\n}\n"


def array(name: str, values: Any, kind: str = "double") -> str:
    """An array with all digits of its numbers."""
    flat = np.asarray(values).ravel().tolist()
    return f"static const {kind} {name}[] = {{{', '.join(map(repr, flat))}}};\n"


def linear(member: Any) -> str:
    """A logistic regression."""
    n_inputs = member.coef_.shape[1]
    return array("weights", member.coef_) + (
        "static double linear(const double *x)\n{\n"
        f"double sum = {float(member.intercept_[0])!r};\n"
        f"for (int i = 0; i < {n_inputs}; i++) sum += weights[i] * x[i];\n"
        "return logistic(sum);\n}\n"
    )


def network(member: Any) -> str:
    """A network with rectifiers: one array of sums per layer, inputs in the outer loop."""
    source, body, previous = "", [], "x"
    for index, (weights, biases) in enumerate(zip(member.coefs_, member.intercepts_, strict=True)):
        n_inputs, n_outputs = weights.shape
        source += array(f"w{index}", weights) + array(f"b{index}", biases)
        body += [
            f"double h{index}[{n_outputs}];",
            f"for (int j = 0; j < {n_outputs}; j++) h{index}[j] = b{index}[j];",
            f"for (int i = 0; i < {n_inputs}; i++) for (int j = 0; j < {n_outputs}; j++)"
            f" h{index}[j] += {previous}[i] * w{index}[i * {n_outputs} + j];",
        ]
        if index + 1 < len(member.coefs_):
            body.append(
                f"for (int j = 0; j < {n_outputs}; j++) if (h{index}[j] < 0) h{index}[j] = 0;"
            )
        previous = f"h{index}"
    body.append(f"return logistic({previous}[0]);")
    return source + "static double network(const double *x)\n{\n" + "\n".join(body) + "\n}\n"


def forest(member: Any) -> str:
    """Boosted trees as complete trees: the children of node i are 2 i + 1 and 2 i + 2."""
    features, thresholds, leaves = [], [], []
    for (tree,) in member.estimators_:
        complete = Complete(tree.tree_)
        complete.add(0, 0, 0)
        features.append(complete.features)
        thresholds.append(complete.thresholds)
        leaves.append(member.learning_rate * complete.leaves)
    prior = member.init_.class_prior_
    start = float(np.log(prior[1] / prior[0]))
    n_inputs, n_nodes = member.n_features_in_, 2**DEPTH - 1
    source = array("features", features, "int") + array("thresholds", thresholds)
    return source + array("leaves", leaves) + (
        "static double forest(const double *x)\n{\n"
        f"double sum = {start!r}, y[{n_inputs}];\n"
        f"for (int i = 0; i < {n_inputs}; i++) y[i] = (float)x[i];\n"
        f"for (int tree = 0; tree < {len(features)}; tree++) {{\n"
        "int node = 0;\n"
        f"for (int level = 0; level < {DEPTH}; level++) {{\n"
        f"int at = tree * {n_nodes} + node;\n"
        "node = 2 * node + 1 + !(y[features[at]] <= thresholds[at]);\n}\n"
        f"sum += leaves[tree * {n_nodes + 1} + node - {n_nodes}];\n}}\n"
        "return logistic(sum);\n}\n"
    )


class Complete:
    """A tree whose leaves are all at the same depth."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self.features = np.zeros(2**DEPTH - 1, int)
        self.thresholds = np.zeros(2**DEPTH - 1)
        self.leaves = np.zeros(2**DEPTH)

    def add(self, node: int, place: int, depth: int) -> None:
        """Adds a node of the tree; a leaf is repeated down to the last level."""
        if depth == DEPTH:
            self.leaves[place - len(self.features)] = self.tree.value[node, 0, 0]
            return
        left, right = self.tree.children_left[node], self.tree.children_right[node]
        is_leaf = left < 0
        if not is_leaf:
            self.features[place] = self.tree.feature[node]
            self.thresholds[place] = self.tree.threshold[node]
        self.add(node if is_leaf else left, 2 * place + 1, depth + 1)
        self.add(node if is_leaf else right, 2 * place + 2, depth + 1)


WRITERS = {
    "LogisticRegression": linear,
    "MLPClassifier": network,
    "GradientBoostingClassifier": forest,
}
PREFIX = {name: writer.__name__ for name, writer in WRITERS.items()}
