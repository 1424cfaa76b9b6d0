#!/usr/bin/env python3
"""Measures what a request costs the service: processor time per answer, and memory.

    benches/serve/predict.py PROGRAM [--seconds N] [--log FILE]

PROGRAM is `nomogram serve` or the example `embedded` of nomogram-serve, with a configuration as its last
argument. Needs wrk (Debian's package). The time is that of the service's process from /proc, user and
system, so other programs on the machine disturb it little.
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
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def cpu_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def rows() -> list[dict[str, float]]:
    with open(ROOT / "examples/data/wdbc.csv", newline="") as table:
        read = csv.DictReader(table)
        return [{k: float(v) for k, v in row.items() if k not in ("row_id", "diagnosis")} for row in read]


def start(program: list[str], folder: pathlib.Path, log: str) -> tuple[subprocess.Popen, str, int]:
    secret = secrets.token_hex(32)
    digest = hashlib.sha256(secret.encode()).hexdigest()
    (folder / "keys.yaml").write_text(f"keys:\n  - {{id: bench, hash: 'sha256:{digest}', roles: [predict]}}\n")
    (folder / "models").mkdir(exist_ok=True)
    bundle = ROOT / "crates/nomogram-serve/demo/wdbc.nomo"
    (folder / "models/wdbc.nomo").write_bytes(bundle.read_bytes())
    port = 18000 + secrets.randbelow(10000)
    config = f"listen: 127.0.0.1:{port}\nlog: {log}\nmodels: {{folder: models}}\naccess: {{keys_file: keys.yaml}}\n"
    (folder / "serve.yaml").write_text(config)
    process = subprocess.Popen([*program, str(folder / "serve.yaml")], stdout=subprocess.DEVNULL)
    for _ in range(200):
        try:
            http.client.HTTPConnection("127.0.0.1", port).request("GET", "/health")
            break
        except OSError:
            time.sleep(0.05)
    return process, f"nomo_bench_{secret}", port


def measure(program: list[str], seconds: int, log: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        process, key, port = start(program, pathlib.Path(name), log)
        try:
            table = rows()
            environment = {**os.environ, "NOMOGRAM_KEY": key, "NOMOGRAM_ROW": json.dumps(table[0])}
            wrk = ["wrk", "-t1", "-c16", f"-d{seconds}s", "--latency", "-s", str(ROOT / "benches/serve/predict.lua")]
            wrk.append(f"http://127.0.0.1:{port}/predict")
            subprocess.run([*wrk[:3], "-d1s", *wrk[4:]], env=environment, capture_output=True, check=True)
            before = cpu_seconds(process.pid)
            report = subprocess.run(wrk, env=environment, capture_output=True, text=True, check=True).stdout
            used = cpu_seconds(process.pid) - before
            n_requests = int(re.search(r"(\d+) requests in", report)[1])
            refused = re.search(r"Non-2xx.*", report)
            latency = re.search(r"99%\s+(\S+)", report)[1]
            print(f"log {log}: {used / n_requests * 1e6:.1f} us of processor time a request, {n_requests} requests, "
                  f"p99 {latency}, {resident_mib(process.pid):.1f} MiB resident {refused[0] if refused else ''}")
            batch(process.pid, key, port, table)
        finally:
            process.terminate()
            process.wait()


def batch(pid: int, key: str, port: int, table: list[dict[str, float]]) -> None:
    lines = [json.dumps(row) for row in table]
    body = "\n".join(lines[i % len(lines)] for i in range(10_000)).encode()
    for _ in range(2):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        before = cpu_seconds(pid)
        headers = {"X-API-Key": key, "Content-Type": "application/x-ndjson"}
        connection.request("POST", "/batch_predict", body, headers)
        answer = connection.getresponse().read()
        used = cpu_seconds(pid) - before
    n_rows = answer.count(b"\n")
    print(f"lines of JSON: {used / n_rows * 1e6:.1f} us of processor time a row, {n_rows} rows, "
          f"{resident_mib(pid):.1f} MiB resident")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", nargs="+")
    parser.add_argument("--seconds", type=int, default=10)
    arguments = parser.parse_args()
    for log in ("none", "log.jsonl"):
        measure(arguments.program, arguments.seconds, log)
