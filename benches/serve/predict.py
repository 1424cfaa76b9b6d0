#!/usr/bin/env python3
"""Measures what a request costs the service: processor time per answer, and memory.

    benches/serve/predict.py PROGRAM... [--seconds N] [--rounds N] [--connections N] [--threads N] [--bundle FILE]

PROGRAM is `nomogram serve` or the example `embedded` of nomogram-serve, with a configuration as its last
argument. Needs wrk (Debian's package). The time is that of the service's process from /proc, user and
system, so other programs on the machine disturb it little. The least and the median of the rounds are
shown.
"""

import argparse
import csv
import hashlib
import http.client
import json
import os
import pathlib
import re
import secrets
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "crates/nomogram-serve/demo/wdbc.nomo"


def cpu_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def load() -> str:
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


def rows() -> list[dict[str, float]]:
    with open(ROOT / "examples/data/wdbc.csv", newline="") as table:
        read = csv.DictReader(table)
        return [{k: float(v) for k, v in row.items() if k not in ("row_id", "diagnosis")} for row in read]


def start(
    program: list[str],
    folder: pathlib.Path,
    log: str,
    bundle: pathlib.Path = DEMO,
    roles: str = "predict",
    threads: int | None = None,
) -> tuple[subprocess.Popen, str, int]:
    """A service of a bundle that asks for a key; its process, the key and the port."""
    secret = secrets.token_hex(32)
    digest = hashlib.sha256(secret.encode()).hexdigest()
    (folder / "keys.yaml").write_text(f"keys:\n  - {{id: bench, hash: 'sha256:{digest}', roles: [{roles}]}}\n")
    (folder / "models").mkdir(exist_ok=True)
    (folder / "models/wdbc.nomo").write_bytes(bundle.read_bytes())
    port = 18000 + secrets.randbelow(10000)
    config = f"listen: 127.0.0.1:{port}\nlog: {log}\nmodels: {{folder: models}}\naccess: {{keys_file: keys.yaml}}\n"
    if threads:
        config += f"threads: {threads}\n"
    (folder / "serve.yaml").write_text(config)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([*program, str(folder / "serve.yaml")], **quiet)
    for _ in range(200):
        try:
            http.client.HTTPConnection("127.0.0.1", port).request("GET", "/health")
            break
        except OSError:
            time.sleep(0.05)
    return process, f"nomo_bench_{secret}", port


def wrk(port: int, key: str, n_connections: int, seconds: int) -> str:
    environment = {**os.environ, "NOMOGRAM_KEY": key, "NOMOGRAM_ROW": json.dumps(rows()[0])}
    command = ["wrk", "-t1", f"-c{n_connections}", f"-d{seconds}s", "--latency", "-s", str(ROOT / "benches/serve/predict.lua")]
    command.append(f"http://127.0.0.1:{port}/predict")
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def measure(arguments: argparse.Namespace, log: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        process, key, port = start(arguments.program, folder, log, arguments.bundle, threads=arguments.threads)
        try:
            wrk(port, key, arguments.connections, 1)
            micros, rates = [], []
            for _ in range(arguments.rounds):
                before = cpu_seconds(process.pid)
                report = wrk(port, key, arguments.connections, arguments.seconds)
                used = cpu_seconds(process.pid) - before
                if refused := re.search(r"Non-2xx.*", report):
                    raise SystemExit(refused[0])
                n_requests = int(re.search(r"(\d+) requests in", report)[1])
                micros.append(used / n_requests * 1e6)
                rates.append(n_requests / arguments.seconds)
            print(f"log {log}: {min(micros):.1f} us of processor time a request ({statistics.median(micros):.1f} in the "
                  f"median of {arguments.rounds} rounds), {max(rates):.0f} requests a second, "
                  f"{resident_mib(process.pid):.1f} MiB resident, {load()}")
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", nargs="+")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--bundle", type=pathlib.Path, default=DEMO)
    arguments = parser.parse_args()
    for log in ("none", "log.jsonl"):
        measure(arguments, log)
