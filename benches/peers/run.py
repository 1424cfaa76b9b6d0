"""Times every library with every model, in turn, and writes the results as JSON.

``python run.py --library FOLDER --lleaves ENVIRONMENT --work FOLDER --output results.json``
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from models import MODELS, Work, make_all
from peers import Folders, Peer, peers

SIZES = "1,1000,10000,100000"
N_CHECKED = 2000
# A round of one library takes about this long, if one call does not take longer.
ROUND_SECONDS = 0.01
MIN_ROUNDS, MAX_ROUNDS = 3, 30
# How often a process opens its model again.
N_OPENINGS = 5
# Differences of probabilities: sums in doubles, and in single precision, where a value between a
# threshold and its rounded form can take another branch.
DOUBLE_LIMIT, SINGLE_LIMIT = 1e-9, 0.1
PACKAGES = (
    "catboost", "lightgbm", "numpy", "onnxmltools", "onnxruntime", "scikit-learn", "skl2onnx",
    "tl2cgen", "treelite", "xgboost", "ydf",
)  # fmt: skip
ONE_THREAD = {
    name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
}


class Worker:
    """A process that times one library with one model."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.openings, self.peaks = [], []
        for _ in range(3):
            self.start()
            if len(self.openings) < 3:
                self.stop()
        self.rounds: dict[int, list[float]] = {}
        self.repeats: dict[int, int] = {}

    def start(self) -> None:
        """Starts the process, which opens the model."""
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            self.peer.command, stdin=pipe, stdout=pipe, text=True, env=os.environ | ONE_THREAD
        )
        opening, peak = self.answer().split()
        self.openings.append(float(opening))
        self.peaks.append(int(peak))

    def stop(self) -> None:
        """Ends the process."""
        self.process.stdin.close()
        self.process.wait()

    def answer(self) -> str:
        """A line from the process."""
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.peer.name}: {self.peer.command} has ended")
        return line.strip()

    def ask(self, command: str) -> str:
        """Sends a command, and returns the answer."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.answer()

    def calibrate(self, n_rows: int) -> None:
        """Chooses how many calls a round has; also warms up."""
        n_first = 100 if n_rows == 1 else 1
        seconds = float(self.ask(f"time {n_rows} {n_first}")) / n_first
        self.repeats[n_rows] = max(1, round(ROUND_SECONDS / max(seconds, 1e-9)))
        self.rounds[n_rows] = []

    def time(self, n_rows: int) -> None:
        """Adds one round."""
        repeats = self.repeats[n_rows]
        seconds = float(self.ask(f"time {n_rows} {repeats}"))
        self.rounds[n_rows].append(seconds / repeats / n_rows)

    def open_again(self) -> None:
        """Times opening in a process that has opened the model before."""
        self.openings_again = [float(self.ask("open")) for _ in range(N_OPENINGS)]

    def predictions(self, folder: Path) -> np.ndarray:
        """What the library predicts for the first rows."""
        path = folder / "predictions.f64"
        self.ask(f"check {N_CHECKED} {path}")
        return np.fromfile(path)


def compare(workers: list[Worker], folder: Path) -> dict[str, Any]:
    """The largest difference of each library from ours, and how many rows differ by over 1e-4."""
    ours = workers[0].predictions(folder)
    found = {}
    for worker in workers:
        difference = np.abs(worker.predictions(folder) - ours)
        largest = float(difference.max())
        limit = DOUBLE_LIMIT if worker.peer.is_double else SINGLE_LIMIT
        print(f"  {worker.peer.name:18} differs by {largest:.2g} at most", flush=True)
        if not largest <= limit:
            raise SystemExit(f"{worker.peer.name}: differs by {largest}, expected at most {limit}")
        found[worker.peer.name] = (largest, int((difference > 1e-4).sum()))
    return found


def run(work: Work, folders: Folders, sizes: list[int], budget: float) -> dict[str, Any]:
    """Compares and times all libraries with one model."""
    print(f"{work.name}: {work.what}", flush=True)
    load = os.getloadavg()[0]
    workers = [Worker(peer) for peer in peers(work, folders)]
    differences = compare(workers, folders.work)
    for n_rows in sizes:
        for worker in workers:
            worker.calibrate(n_rows)
        end = time.monotonic() + budget
        for i in range(MAX_ROUNDS):
            if i >= MIN_ROUNDS and time.monotonic() > end:
                break
            for worker in workers:
                worker.time(n_rows)
        best = {w.peer.name: min(w.rounds[n_rows]) for w in workers}
        print(f"  {n_rows} rows:", {k: f"{v * 1e6:.3f} us" for k, v in best.items()}, flush=True)
    for worker in workers:
        worker.open_again()
        worker.stop()
    return {
        "name": work.name,
        "what": work.what,
        "load": [load, os.getloadavg()[0]],
        "peers": [result(worker, differences[worker.peer.name]) for worker in workers],
    }


def result(worker: Worker, difference: tuple[float, int]) -> dict[str, Any]:
    """What was measured of one library."""
    times = {
        str(n_rows): {
            "min": min(rounds), "median": statistics.median(rounds), "n_rounds": len(rounds)
        }
        for n_rows, rounds in worker.rounds.items()
    }  # fmt: skip
    return {
        "name": worker.peer.name,
        "how": worker.peer.how,
        "largest_difference": difference[0],
        "n_beyond_1e-4": difference[1],
        "opening_seconds": min(worker.openings),
        "opening_again_seconds": min(worker.openings_again),
        "peak_kib": min(worker.peaks),
        "seconds_per_row": times,
    }


def machine(lleaves: Path) -> dict[str, Any]:
    """Processor, system and versions."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    levels = [name for name in ("sse4_2", "avx2", "avx512f") if name in fields["flags"].split()]
    listed = subprocess.check_output(
        [lleaves / "bin/python", "-c", "from importlib.metadata import version as v;"
         "print(v('lleaves'), v('llvmlite'))"], text=True
    ).split()  # fmt: skip
    compiler = subprocess.check_output([os.environ.get("CC", "cc"), "--version"], text=True)
    numbers = f"family {fields['cpu family']}, model {fields['model']}"
    return {
        "processor": f"{fields['model name']} ({numbers})",
        "n_processors": os.cpu_count(),
        "vector_instructions": levels,
        "system": platform.platform(),
        "compiler": compiler.splitlines()[0],
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES}
        | dict(zip(("lleaves", "llvmlite"), listed, strict=True)),
    }


def main() -> None:
    """Trains, compares, times, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--library", "--lleaves", "--work", "--output"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--sizes", default=SIZES, help="rows per call")
    parser.add_argument("--budget", type=float, default=6.0, help="seconds per model and size")
    parser.add_argument("--append", action="store_true", help="add to the results of the output")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    folders = Folders(options.work, options.library, options.lleaves)
    sizes = [int(size) for size in options.sizes.split(",")]
    document: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine(options.lleaves),
        "works": [],
    }
    if options.append and options.output.exists():
        document["works"] = json.loads(options.output.read_text(encoding="utf-8"))["works"]
    for work in make_all(options.work, options.models.split(",")):
        document["works"].append(run(work, folders, sizes, options.budget))
        # After each model, so that what was measured is not lost.
        options.output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
