#!/usr/bin/env python3
"""Time histogram boosting side by side with LightGBM: 100 rounds of 31 leaves.

    cargo build --release -p nomogram-train --example boosting_speed
    python boosting_speed.py TARGET_DIR/release/examples/boosting_speed

Needs lightgbm, numpy, scikit-learn. Set OMP_WAIT_POLICY=PASSIVE on a machine that is
busy, or LightGBM's threads wait for each other in vain. Both get the
same table of float64 and make their bins within the time that is measured; the two
take turns, so that what else the machine does hits both. Prints the median and the
lowest seconds of each, and both log losses on the training rows.
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import lightgbm
import numpy as np
from sklearn.metrics import log_loss


def table(n_rows, n_inputs):
    random = np.random.default_rng(1)
    x = random.normal(size=(n_rows, n_inputs))
    margin = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + x[:, 3:13].sum(axis=1) / 3
    y = random.uniform(size=n_rows) < 1 / (1 + np.exp(-margin))
    return x, y.astype(float)


def fit_lightgbm(x, y, threads):
    parameters = {
        "objective": "binary", "num_leaves": 31, "learning_rate": 0.1,
        "min_data_in_leaf": 20, "max_bin": 255, "num_threads": threads,
        "verbose": -1,
    }
    start = time.perf_counter()
    data = lightgbm.Dataset(x, y, params=parameters)
    model = lightgbm.train(parameters, data, num_boost_round=100)
    seconds = time.perf_counter() - start
    return seconds, log_loss(y, model.predict(x))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("example", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--inputs", type=int, default=50)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    arguments = parser.parse_args()
    x, y = table(arguments.rows, arguments.inputs)
    print(f"{arguments.rows} x {arguments.inputs}, LightGBM {lightgbm.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.npy"
        np.save(path, np.column_stack([x, y]))
        for threads in arguments.threads:
            times = {"nomogram": [], "lightgbm": []}
            losses = {}
            for _ in range(arguments.turns):
                out = subprocess.run(
                    [arguments.example, path, str(threads)],
                    check=True, capture_output=True, text=True,
                ).stdout.split()
                times["nomogram"].append(float(out[0]))
                losses["nomogram"] = float(out[1])
                seconds, losses["lightgbm"] = fit_lightgbm(x, y, threads)
                times["lightgbm"].append(seconds)
            for name, seconds in times.items():
                print(
                    f"{threads} threads, {name}: median {statistics.median(seconds):.2f} s, "
                    f"lowest {min(seconds):.2f} s, log loss {losses[name]:.6f}"
                )
            ratios = [a / b for a, b in zip(times["nomogram"], times["lightgbm"])]
            print(f"{threads} threads: median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
