#!/usr/bin/env python3
"""Measures a batch of 10,000 rows: the service by lines of JSON and by Arrow, beside the C library.

    benches/serve/batch.py PROGRAM LIBRARY [--rounds N] [--bundle FILE] [--instructions]

PROGRAM is the program `nomogram`, LIBRARY a release build of libnomogram.so. Needs pyarrow and a C compiler. The
rows are those of the demo model's table, repeated. In each round, the library predicts them in one call, and the
service answers them in each form. The best round of each counts: processor time a row (of the service: from /proc,
of the library: of its thread), and the time on the clock until the answer has been read.

With --instructions, callgrind counts the instructions of the service instead, without those of the kernel: of three
batches less those of one. Other programs do not change them.
"""

import argparse
import hashlib
import http.client
import io
import json
import pathlib
import re
import secrets
import struct
import subprocess
import tempfile
import time

import predict
import pyarrow
import pyarrow.ipc

N_ROWS = 10_000
# Several batches, since /proc counts in steps of 10 ms.
N_BATCHES = 20


def lines(rows: list[dict[str, float]]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def arrow(rows: list[dict[str, float]]) -> bytes:
    table = pyarrow.table({name: [row[name] for row in rows] for name in rows[0]})
    out = io.BytesIO()
    with pyarrow.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


class Library:
    """The C library, driven by benches/peers/c/builds.c."""

    def __init__(self, library: str, bundle: pathlib.Path, rows: list[dict[str, float]], folder: pathlib.Path):
        program = folder / "builds"
        source = predict.ROOT / "benches/peers/c/builds.c"
        command = ["cc", "-O2", "-std=gnu11", f"-I{predict.ROOT}/include", source, "-ldl", "-o", program]
        subprocess.run(command, check=True)
        numbers = b"".join(struct.pack(f"<{len(row)}d", *row.values()) for row in rows)
        (folder / "rows.f64").write_bytes(numbers)
        self.command = [program, bundle, folder / "rows.f64", str(len(rows[0])), library]

    def micros(self) -> float:
        """Processor time a row, 10,000 rows a call."""
        environment = {"GO_ON": "1"}
        report = subprocess.run(self.command, env=environment, capture_output=True, text=True, check=True).stdout
        (line,) = [line for line in report.splitlines() if line.strip().startswith(f"{N_ROWS} rows")]
        return float(line.split(":")[1].split()[0]) / 1000


def ask(pid: int, port: int, key: str, media_type: str, body: bytes) -> tuple[float, float]:
    """Microseconds a row: of the processor, and on the clock."""
    headers = {"X-API-Key": key, "Content-Type": media_type}
    before, begin = predict.cpu_seconds(pid), time.perf_counter()
    for _ in range(N_BATCHES):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("POST", "/batch_predict", body, headers)
        response = connection.getresponse()
        answer = response.read()
        assert response.status == 200, answer
        connection.close()
    n_rows = N_BATCHES * N_ROWS
    return (predict.cpu_seconds(pid) - before) / n_rows * 1e6, (time.perf_counter() - begin) / n_rows * 1e6


def instructions(program: str, bundle: pathlib.Path, media_type: str, body: bytes, n_batches: int) -> int:
    """The instructions of a service that answers so many batches, from its start to its end."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "models").mkdir()
        (folder / "models/model.nomo").write_bytes(bundle.read_bytes())
        port = 18000 + secrets.randbelow(10000)
        config = f"listen: 127.0.0.1:{port}\nlog: none\nmodels: {{folder: models}}\nlimits: {{max_seconds: 600}}\n"
        (folder / "serve.yaml").write_text(config)
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", program, "serve"]
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        process = subprocess.Popen([*command, folder / "serve.yaml"], text=True, **pipes)
        try:
            for _ in range(600):
                try:
                    http.client.HTTPConnection("127.0.0.1", port).request("GET", "/health")
                    break
                except OSError:
                    time.sleep(0.1)
            for _ in range(n_batches):
                connection = http.client.HTTPConnection("127.0.0.1", port)
                connection.request("POST", "/batch_predict", body, {"Content-Type": media_type})
                response = connection.getresponse()
                assert response.read() and response.status == 200
                connection.close()
        finally:
            process.terminate()
            report = process.communicate()[1]
    return int(re.search(r"Collected : (\d+)", report)[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("library")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bundle", type=pathlib.Path, default=predict.DEMO)
    parser.add_argument("--instructions", action="store_true")
    arguments = parser.parse_args()
    table = predict.rows()
    rows = [table[i % len(table)] for i in range(N_ROWS)]
    bodies = {
        "lines of JSON": ("application/x-ndjson", lines(rows)),
        "Arrow": ("application/vnd.apache.arrow.stream", arrow(rows)),
    }
    if arguments.instructions:
        for form, sent in bodies.items():
            one, three = (instructions(arguments.program, arguments.bundle, *sent, n) for n in (1, 3))
            print(f"{form:14} {(three - one) / (2 * N_ROWS):8.0f} instructions a row")
        return
    best = {"C library": (1e9, 1e9)} | {name: (1e9, 1e9) for name in bodies}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        library = Library(arguments.library, arguments.bundle, rows, folder)
        process, key, port = predict.start([arguments.program, "serve"], folder, "none", arguments.bundle)
        try:
            for _ in range(arguments.rounds):
                micros = library.micros()
                best["C library"] = (min(best["C library"][0], micros),) * 2
                for form, (media_type, body) in bodies.items():
                    measured = ask(process.pid, port, key, media_type, body)
                    best[form] = tuple(map(min, best[form], measured))
            resident = predict.resident_mib(process.pid)
        finally:
            process.terminate()
            process.wait()
    reference = best["C library"][0]
    digest = hashlib.sha256(arguments.bundle.read_bytes()).hexdigest()[:8]
    print(f"{arguments.bundle.name} ({digest}), {N_ROWS} rows, the best of {arguments.rounds} rounds, {predict.load()}")
    for form, (processor, clock) in best.items():
        share = f"{reference / processor:.0%} of the library's rate by the processor, {reference / clock:.0%} by the clock"
        print(f"{form:14} {processor:6.2f} us of processor time a row, {clock:6.2f} us on the clock: {share}")
    print(f"{resident:.1f} MiB resident at the end")


if __name__ == "__main__":
    main()
