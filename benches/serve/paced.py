#!/usr/bin/env python3
"""Measures how long single rows take at a fixed rate.

    benches/serve/paced.py PROGRAM... [--rate N] [--seconds N] [--rounds N] [--bundle FILE]

Needs hey (Debian's package). Ten callers with a connection each send the rows of the demo model at the rate
together. The least 99th percentile of the rounds is shown with the others: what else runs on the machine adds to
it.
"""

import argparse
import json
import pathlib
import re
import subprocess
import tempfile

import predict

N_CALLERS = 10


def paced(port: int, key: str, rate: int, seconds: int, folder: pathlib.Path) -> tuple[float, dict[int, float]]:
    """Requests a second, and percentiles in milliseconds."""
    body = folder / "row.json"
    body.write_text(json.dumps({"features": predict.rows()[0]}))
    command = ["hey", "-z", f"{seconds}s", "-c", str(N_CALLERS), "-q", str(rate // N_CALLERS), "-m", "POST", "-cpus", "1"]
    command += ["-T", "application/json", "-H", f"X-API-Key: {key}", "-D", str(body), f"http://127.0.0.1:{port}/predict"]
    report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (status,) = re.findall(r"\[(\d+)\]\s+\d+ responses", report)
    assert status == "200", report
    percentiles = re.findall(r"(\d+)% in ([\d.]+) secs", report)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", report)[1]), {int(p): 1000 * float(s) for p, s in percentiles}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", nargs="+")
    parser.add_argument("--rate", type=int, default=5000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bundle", type=pathlib.Path, default=predict.DEMO)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        process, key, port = predict.start(arguments.program, folder, "log.jsonl", arguments.bundle)
        try:
            rounds = [paced(port, key, arguments.rate, arguments.seconds, folder) for _ in range(arguments.rounds)]
        finally:
            process.terminate()
            process.wait()
    for rate, percentiles in rounds:
        shown = ", ".join(f"{p} % in {ms:.1f} ms" for p, ms in percentiles.items() if p in (50, 95, 99))
        print(f"{rate:.0f} requests a second: {shown}")
    best = min(percentiles[99] for _, percentiles in rounds)
    print(f"the least 99th percentile: {best:.1f} ms, {predict.load()}")


if __name__ == "__main__":
    main()
