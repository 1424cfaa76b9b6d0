"""Exports networks by torch itself, with what ONNX Runtime predicts.

    python make_torch.py ../data/onnx/torch-2.15.0.jsonl   # torch 2.15.0, onnxscript 0.7.2, onnx 1.23.2,
        # onnxruntime 1.32.0

Each network is exported by both exporters of torch, `dynamo=True` and `dynamo=False`. One line per file, in base64,
with a table of rows. Weights are random: what a network computes does not depend on how it was trained. Texts about
the source code, which hold paths of the machine, are left out.
"""

import base64
import contextlib
import io
import json
import pathlib
import sys
import tempfile
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

warnings.simplefilter("ignore")
N_INPUTS = 5
N_ROWS = 60


class Scaled(nn.Module):
    """A network that scales its inputs itself, and returns a vector."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(N_INPUTS, 6), nn.Linear(6, 1)
        self.register_buffer("means", torch.arange(float(N_INPUTS)))
        self.register_buffer("deviations", torch.full((N_INPUTS,), 2.5))

    def forward(self, x):
        x = (x - self.means) / self.deviations
        return torch.sigmoid(self.last(torch.relu(self.first(x)))).squeeze(-1)


def networks():
    """Names, networks, and how many classes they predict; 0 for a number."""

    def of(*layers):
        return nn.Sequential(nn.Linear(N_INPUTS, 6), *layers)

    yield "a logistic", of(nn.ReLU(), nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 1), nn.Sigmoid()), 2
    yield "a softmax", of(nn.Sigmoid(), nn.Dropout(0.2), nn.Linear(6, 3), nn.Softmax(1)), 3
    yield "a softmax of two", of(nn.ReLU(), nn.Linear(6, 2), nn.Softmax(-1)), 2
    yield "a number", of(nn.Tanh(), nn.Linear(6, 1)), 0
    yield "leaky", of(nn.LeakyReLU(0.1), nn.Linear(6, 1), nn.Sigmoid()), 2
    yield "GELU", of(nn.GELU(), nn.Linear(6, 1)), 0
    yield "GELU by tanh", of(nn.GELU(approximate="tanh"), nn.Linear(6, 3), nn.Softmax(1)), 3
    yield "normalized inputs", nn.Sequential(nn.BatchNorm1d(N_INPUTS), *of(nn.ReLU(), nn.Linear(6, 1))), 0
    yield "normalized sums", of(nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 1), nn.Sigmoid()), 2
    yield "normalized activations", of(nn.ReLU(), nn.BatchNorm1d(6), nn.Linear(6, 3), nn.Softmax(1)), 3
    yield "scaled by itself", Scaled(), 2


def export(network, x, path, is_dynamo):
    shapes = {"dynamic_shapes": ({0: torch.export.Dim("n")},), "external_data": False}
    if not is_dynamo:
        shapes = {"dynamic_axes": {"x": {0: "n"}}}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        torch.onnx.export(network, (x,), str(path), dynamo=is_dynamo, input_names=["x"], **shapes)


def without_paths(model):
    """The model without what its exporter notes about the source."""
    graph = model.graph
    for part in [model, graph, *graph.node, *graph.initializer, *graph.value_info, *graph.input, *graph.output]:
        del part.metadata_props[:]
        if hasattr(part, "doc_string"):
            part.ClearField("doc_string")
    return model


def table(x, found, n_classes):
    names = [f"x[{index + 1}]" for index in range(N_INPUTS)]
    if n_classes == 0:
        names, found = [*names, "prediction"], found.reshape(-1, 1)
    else:
        names += [f"probability:{nth}" for nth in range(n_classes)]
        if found.size == len(x):
            found = np.column_stack([1.0 - found.reshape(-1), found.reshape(-1)])
    rows = [",".join(repr(float(number)) for number in [*row, *own]) for row, own in zip(x, found)]
    return "\n".join([",".join(names), *rows]) + "\n"


def main(path):
    torch.manual_seed(3)
    lines = []
    for name, network, n_classes in networks():
        network.eval()
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d):
                for parameter in (module.weight, module.bias, module.running_mean):
                    parameter.detach().normal_()
                module.running_var.uniform_(0.2, 3.0)
        x = 2.0 * torch.randn(N_ROWS, N_INPUTS)
        for is_dynamo in (True, False):
            with tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder) / "model.onnx"
                export(network, x, file, is_dynamo)
                content = without_paths(onnx.load(file)).SerializeToString()
            session = onnxruntime.InferenceSession(content)
            (found,) = session.run(None, {"x": x.numpy()})
            lines.append({
                "name": f"{name}, {'dynamo' if is_dynamo else 'traced'}",
                "library": f"torch {torch.__version__.split('+')[0]}",
                "format": "onnx",
                "model_base64": base64.b64encode(content).decode(),
                "table": table(x.numpy(), found, n_classes),
            })
            print(lines[-1]["name"], [node.op_type for node in onnx.load_from_string(content).graph.node])
    pathlib.Path(path).write_text("".join(json.dumps(line) + "\n" for line in lines))


if __name__ == "__main__":
    main(sys.argv[1])
