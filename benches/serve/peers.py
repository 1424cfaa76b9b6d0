#!/usr/bin/env python3
"""Measures one row of the demo model in FastAPI or MLServer: requests a second and processor time.

    benches/serve/peers.py fastapi|mlserver VENV [--seconds N]

The model is a random forest of scikit-learn and a logistic regression, whose probabilities are averaged, for
the rows of the demo model; MLServer has the regression alone, as its own example has. Needs wrk.
"""

import argparse
import csv
import json
import os
import pathlib
import re
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]

FIT = """
import csv, pathlib, pickle
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
rows = list(csv.DictReader(open(TABLE)))
names = [n for n in rows[0] if n not in ("row_id", "diagnosis")]
x = np.array([[float(r[n]) for n in names] for r in rows])
y = np.array([r["diagnosis"] for r in rows])
y = (y == sorted(set(y))[1]).astype(int)
linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(x, y)
forest = RandomForestClassifier(100, random_state=0, n_jobs=1).fit(x, y)
pickle.dump((names, linear, forest), open("model.pickle", "wb"))
"""

FASTAPI = """
import pickle
import numpy as np
from fastapi import FastAPI
from pydantic import create_model
names, linear, forest = pickle.load(open("model.pickle", "rb"))
Row = create_model("Row", **{name: (float, ...) for name in names})
app = FastAPI()

@app.post("/predict")
def predict(row: Row):
    x = np.array([[getattr(row, name) for name in names]])
    p = (linear.predict_proba(x)[0, 1] + forest.predict_proba(x)[0, 1]) / 2
    return {"probability": float(p)}

@app.post("/empty")
def empty(row: Row):
    return {"probability": 0.5}
"""

MLSERVER = """
import pickle
import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse

class Linear(MLModel):
    async def load(self):
        self.linear = pickle.load(open("model.pickle", "rb"))[1]
        weights = self.linear[-1]
        scale = self.linear[0]
        self.w = (weights.coef_[0] / scale.scale_)
        self.b = weights.intercept_[0] - float(self.w @ scale.mean_)
        return True

    async def predict(self, payload):
        x = NumpyCodec.decode_input(payload.inputs[0])
        p = 1 / (1 + np.exp(-(x @ self.w + self.b)))
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("p", p)])
"""


def cpu_seconds(pid: int) -> float:
    """Of a process and its children."""
    pids = [pid]
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) in pids:
            pids.append(int(path.parent.name))
    total = 0.0
    for pid in set(pids):
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def row() -> dict[str, float]:
    with open(ROOT / "examples/data/wdbc.csv", newline="") as table:
        first = next(csv.DictReader(table))
    return {k: float(v) for k, v in first.items() if k not in ("row_id", "diagnosis")}


def wait_for(url: str) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(url)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"{url} does not answer")


def measure(name: str, process: subprocess.Popen, url: str, body: dict, folder: str, seconds: int) -> None:
    script = pathlib.Path(folder) / "row.lua"
    script.write_text(
        f"wrk.method = 'POST'\nwrk.body = [[{json.dumps(body)}]]\nwrk.headers['Content-Type'] = 'application/json'\n"
    )
    wrk = ["wrk", "-t1", "-c16", "--latency", "-s", str(script)]
    subprocess.run([*wrk, "-d2s", url], capture_output=True, check=True)
    before = cpu_seconds(process.pid)
    report = subprocess.run([*wrk, f"-d{seconds}s", url], capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(process.pid) - before
    n_requests = int(re.search(r"(\d+) requests in", report)[1])
    refused = re.search(r"Non-2xx.*", report)
    p99 = re.search(r"99%\s+(\S+)", report)[1]
    print(f"{name}: {n_requests / seconds:.0f} requests a second, {used / n_requests * 1e6:.0f} us of processor time a "
          f"request, p99 {p99} {refused[0] if refused else ''}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=["fastapi", "mlserver"])
    parser.add_argument("venv", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=10)
    arguments = parser.parse_args()
    python, port = arguments.venv.resolve() / "bin/python", 20000 + secrets.randbelow(10000)
    with tempfile.TemporaryDirectory() as folder:
        fit = FIT.replace("TABLE", repr(str(ROOT / "examples/data/wdbc.csv")))
        subprocess.run([python, "-c", fit], cwd=folder, check=True)
        base = f"http://127.0.0.1:{port}"
        quiet = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if arguments.peer == "fastapi":
            (pathlib.Path(folder) / "app.py").write_text(FASTAPI)
            command = [python, "-m", "uvicorn", "app:app", "--port", str(port), "--log-level", "warning"]
            paths = [("FastAPI, empty", "/empty", row()), ("FastAPI, linear and forest", "/predict", row())]
            ready = base + "/docs"
        else:
            (pathlib.Path(folder) / "linear.py").write_text(MLSERVER)
            settings = {"http_port": port, "grpc_port": port + 1, "metrics_port": port + 2, "parallel_workers": 0, "debug": False}
            (pathlib.Path(folder) / "settings.json").write_text(json.dumps(settings))
            model = {"name": "linear", "implementation": "linear.Linear"}
            (pathlib.Path(folder) / "model-settings.json").write_text(json.dumps(model))
            command = [arguments.venv.resolve() / "bin/mlserver", "start", "."]
            values = list(row().values())
            body = {"inputs": [{"name": "x", "shape": [1, len(values)], "datatype": "FP64", "data": values}]}
            paths = [("MLServer, linear", "/v2/models/linear/infer", body)]
            ready = base + "/v2/health/ready"
        process = subprocess.Popen(command, **quiet)
        try:
            wait_for(ready)
            time.sleep(2)
            for name, path, body in paths:
                measure(name, process, base + path, body, folder, arguments.seconds)
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
