#!/usr/bin/env python3
"""Measures the memory of the service under requests that are meant to exhaust it, and what reloads lose.

    benches/serve/hostile.py PROGRAM... [--bundle FILE]

Needs pyarrow. For each kind of request, the most memory that was resident since the service began (VmHWM of /proc)
and the statuses are shown. Then callers ask without a pause while the service gets SIGHUP 100 times and SIGTERM
at the end. Every request must be answered, apart from connections that the service had not accepted at SIGTERM:
the system closes those, with or without a request on them.
"""

import argparse
import collections
import concurrent.futures
import gzip
import http.client
import io
import json
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

import predict
import pyarrow
import pyarrow.ipc

MIB = 1 << 20


def peak_mib(process: subprocess.Popen) -> float:
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def ask(port: int, key: str, path: str, body: bytes, headers: dict[str, str]) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, body, {"X-API-Key": key, **headers})
        response = connection.getresponse()
        response.read()
        return str(response.status)
    except OSError:
        # The service answered and closed before the whole body was sent.
        return "closed"
    finally:
        connection.close()


def bomb(codec: str) -> bytes:
    """A stream of Arrow whose buffers are 1 GiB of zeros when they are decompressed."""
    zeros = pyarrow.array([0.0] * MIB, pyarrow.float64())
    table = pyarrow.table({f"c{n}": zeros for n in range(128)})
    out = io.BytesIO()
    options = pyarrow.ipc.IpcWriteOptions(compression=codec)
    with pyarrow.ipc.new_stream(out, table.schema, options=options) as writer:
        writer.write_table(table)
    return out.getvalue()


def slow(port: int, n_callers: int, seconds: float) -> str:
    """Callers who send a byte of a head now and then."""
    sockets = []
    for _ in range(n_callers):
        caller = socket.create_connection(("127.0.0.1", port))
        caller.sendall(b"POST /predict HTTP/1.1\r\nHost: a\r\n")
        sockets.append(caller)
    end, n_closed = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for caller in sockets:
            try:
                caller.sendall(b"x")
            except OSError:
                n_closed += 1
                caller.close()
                sockets = [other for other in sockets if other is not caller]
        time.sleep(0.5)
    for caller in sockets:
        caller.close()
    return f"{n_closed} of {n_callers} were cut off within {seconds:.0f} s"


def attacks(port: int, key: str):
    lines, arrow, json_type = "application/x-ndjson", "application/vnd.apache.arrow.stream", "application/json"
    many_keys = json.dumps({"features": {f"k{n}": n for n in range(100_000)}}).encode()
    deep = b'{"features":' * MIB
    zeros = gzip.compress(bytes(1 << 30), 1)
    yield "10 MB of one row", "/predict", b'{"features":{"radius_mean":' + b"1" * 10_000_000 + b"}}", {"Content-Type": json_type}
    yield "10 MB of one line", "/batch_predict", b'{"radius_mean":"' + b"a" * 10_000_000, {"Content-Type": lines}
    yield "100,000 keys", "/predict", many_keys, {"Content-Type": json_type}
    yield "100,000 keys in a line", "/batch_predict", json.dumps({f"k{n}": n for n in range(100_000)}).encode(), {"Content-Type": lines}
    yield "10^5 brackets", "/predict", b"[" * 100_000, {"Content-Type": json_type}
    yield "deep objects", "/predict", deep[: 7 * MIB], {"Content-Type": json_type}
    yield "deep objects of the protocol", "/v2/models/wdbc/infer", deep[: 7 * MIB], {"Content-Type": json_type}
    yield "1 GiB of zeros by gzip", "/batch_predict", zeros, {"Content-Type": lines, "Content-Encoding": "gzip"}
    for codec in ("zstd", "lz4"):
        yield f"1 GiB of zeros by Arrow, {codec}", "/batch_predict", bomb(codec), {"Content-Type": arrow}


def reloads(process: subprocess.Popen, port: int, key: str) -> None:
    body = json.dumps({"features": predict.rows()[0]}).encode()
    counts, is_stopped = collections.Counter(), threading.Event()

    def call() -> None:
        while not is_stopped.is_set():
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                connection.connect()
            except OSError:
                counts["not connected"] += 1
                return
            try:
                # One request a connection: a kept one may be closed while a request is on its way.
                connection.request("POST", "/predict", body, {"X-API-Key": key, "Connection": "close"})
                counts[str(connection.getresponse().status)] += 1
            except (OSError, http.client.HTTPException) as error:
                counts[f"lost: {type(error).__name__}"] += 1
            finally:
                connection.close()

    callers = [threading.Thread(target=call) for _ in range(8)]
    for caller in callers:
        caller.start()
    for _ in range(100):
        process.send_signal(signal.SIGHUP)
        time.sleep(0.1)
    metrics = http.client.HTTPConnection("127.0.0.1", port)
    metrics.request("GET", "/metrics", headers={"X-API-Key": key})
    n_reloads = re.search(r"nomogram_reloads_total (\d+)", metrics.getresponse().read().decode())[1]
    peak = peak_mib(process)
    before = dict(counts)
    process.send_signal(signal.SIGTERM)
    begin = time.monotonic()
    process.wait(60)
    ended = time.monotonic() - begin
    is_stopped.set()
    for caller in callers:
        caller.join()
    print(f"{n_reloads} reloads under load: {before}; at most {peak:.1f} MiB")
    print(f"SIGTERM under load: {dict(counts - collections.Counter(before))}; ended with {process.returncode} after {ended:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", nargs="+")
    parser.add_argument("--bundle", type=pathlib.Path, default=predict.DEMO)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        process, key, port = predict.start(arguments.program, pathlib.Path(name), "log.jsonl", arguments.bundle, "predict, monitor")
        print(f"at rest: {predict.resident_mib(process.pid):.1f} MiB")
        with concurrent.futures.ThreadPoolExecutor(8) as callers:
            for title, path, body, headers in attacks(port, key):
                statuses = list(callers.map(lambda _: ask(port, key, path, body, headers), range(8)))
                print(f"{title}, {len(body):,} bytes, 8 callers: {dict(collections.Counter(statuses))}; at most {peak_mib(process):.1f} MiB")
        print(f"1,000 slow callers: {slow(port, 1000, 15)}; at most {peak_mib(process):.1f} MiB")
        print(f"after it: {ask(port, key, '/predict', json.dumps({'features': predict.rows()[0]}).encode(), {})}")
        reloads(process, port, key)


if __name__ == "__main__":
    main()
