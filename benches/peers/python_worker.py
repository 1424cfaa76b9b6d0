"""Times one library through its Python API, with the same commands as c/worker.c.

``python python_worker.py LIBRARY MODEL ROWS N_COLUMNS``
"""

from __future__ import annotations

import pickle
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

N_SINGLE_ROWS = 1000
Predict = Callable[[np.ndarray], Any]


def nomogram(path: Path) -> tuple[Predict, type]:
    """Nomogram's package."""
    import nomogram_risk

    model = nomogram_risk.Model.open(path)
    return model.predict_proba if model.task == "classes" else model.predict, np.float64


def sklearn(path: Path) -> tuple[Predict, type]:
    """The estimator itself."""
    model = pickle.loads(path.read_bytes())
    return getattr(model, "predict_proba", model.predict), np.float64


def onnx(path: Path) -> tuple[Predict, type]:
    """ONNX Runtime with one thread; the last output has the probabilities."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    name, outputs = session.get_inputs()[0].name, [session.get_outputs()[-1].name]
    return lambda rows: session.run(outputs, {name: rows})[0], np.float32


def treelite(path: Path) -> tuple[Predict, type]:
    """Treelite's reference implementation, without compiling."""
    import treelite as library

    model = library.Model.deserialize(path)
    kind = np.float32 if model.input_type == "float32" else np.float64
    return lambda rows: library.gtil.predict(model, rows, nthread=1), kind


def catboost(path: Path) -> tuple[Predict, type]:
    """CatBoost's model file with one thread."""
    import catboost as library

    model = library.CatBoostClassifier().load_model(str(path))
    return lambda rows: model.predict_proba(rows, thread_count=1), np.float32


def ydf(path: Path) -> tuple[Predict, type]:
    """YDF's model with one thread; its one feature is the whole row."""
    import ydf as library

    # It prints to standard output otherwise, which is for the answers.
    library.verbose(0)
    model = library.load_model(str(path))
    name = model.input_feature_names()[0].split(".")[0]
    return lambda rows: model.predict({name: rows}, num_threads=1), np.float32


def timed_opening(
    opener: Callable[[Path], tuple[Predict, type]], path: Path
) -> tuple[Predict, type, float]:
    """What an opener returns, and the processor seconds that it took."""
    start = time.process_time()
    predict, kind = opener(path)
    return predict, kind, time.process_time() - start


def peak_kib() -> int:
    """The largest resident memory: `getrusage` counts that of the process that started this one, too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(re.search(r"VmHWM:\s*(\d+)", status)[1])


def second_class(predicted: Any, n_rows: int) -> np.ndarray:
    """The probability of the second class of each row, or the number."""
    return np.asarray(predicted, np.float64).reshape(n_rows, -1)[:, -1]


def main() -> None:
    """Prints what opening took, then obeys."""
    library, model, rows_path, n_columns = sys.argv[1:]
    openers = {f.__name__: f for f in (nomogram, sklearn, onnx, treelite, catboost, ydf)}
    predict, kind, opening = timed_opening(openers[library], Path(model))
    predict(np.zeros((1, int(n_columns)), kind))
    print(f"{opening:.9f} {peak_kib()}", flush=True)

    rows = np.fromfile(rows_path).reshape(-1, int(n_columns)).astype(kind)
    singles = [rows[i : i + 1] for i in range(N_SINGLE_ROWS)]
    for line in sys.stdin:
        if line.strip() == "open":
            del predict
            predict, _, opening = timed_opening(openers[library], Path(model))
            print(f"{opening:.9f}", flush=True)
            continue
        command, n_text, argument = line.split()
        n = int(n_text)
        batch = rows[:n]
        if command == "check":
            predicted = second_class(predict(batch), n)
            alone = np.concatenate([second_class(predict(row), 1) for row in singles[:100]])
            if np.abs(alone - predicted[:100]).max() > 1e-6:
                raise SystemExit("one row and a batch differ")
            predicted.tofile(argument)
            print("done", flush=True)
            continue
        repeats = int(argument)
        # Untimed first: the system may have taken memory from a process that waited for its turn.
        for row in singles[:repeats] if n == 1 else [batch]:
            predict(row)
        start = time.process_time()
        if n == 1:
            for i in range(repeats):
                predict(singles[i % N_SINGLE_ROWS])
        else:
            for _ in range(repeats):
                predict(batch)
        print(f"{time.process_time() - start:.9f}", flush=True)


if __name__ == "__main__":
    main()
