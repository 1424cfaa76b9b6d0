"""The client, against a service of a few lines that answers what the real one would."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from nomogram_risk import Client, Missing, ServiceError, Value

PROBLEM = {"status": 422, "code": "value_missing", "feature": "age", "detail": "feature 1: missing"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    requests: ClassVar[list[Any]] = []
    n_overloaded = 0
    is_stopping = False

    def do_POST(self) -> None:
        type(self).requests.append((self.path, self.headers.get("Authorization")))
        if self.path.endswith("/batch_predict"):
            return self.stream()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).requests.append(body)
        if type(self).n_overloaded > 0:
            type(self).n_overloaded -= 1
            return self.reply(503, {"code": "overloaded"}, {"Retry-After": "0"})
        if body["features"].get("age", 0) is None:
            return self.reply(422, PROBLEM, {})
        return self.reply(200, {"class": "M"}, {})

    def stream(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        if type(self).is_stopping:
            self.send_header("Connection", "close")
        self.end_headers()
        while size := int(self.rfile.readline(), 16):
            row = json.loads(self.rfile.read(size))
            self.rfile.readline()
            # Each row is answered before the next one is read.
            answer = {"value": row["age"]} if row["age"] >= 0 else {"problem": PROBLEM}
            line = json.dumps(answer).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.rfile.readline()
        self.wfile.write(b"0\r\n\r\n")

    def reply(self, status: int, body: Any, headers: dict[str, str]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, text in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Handler.requests = []
    Handler.n_overloaded = 0
    Handler.is_stopping = False
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_row_is_sent_with_units_and_reasons(url: str) -> None:
    row: dict[str, Value] = {
        "age": 64,
        "dose": (1.5, "mg"),
        "stage": Missing("not-performed"),
        "other": Missing(),
    }
    with Client(url, key="nomo_a_b", model="a/b", version="champion") as client:
        assert client.predict(row, uncertainty=True) == {"class": "M"}
        with pytest.raises(ValueError, match="not finite"):
            client.predict({"age": float("nan")})
    path, key = Handler.requests[0]
    assert path == "/models/a%2Fb/versions/champion/predict"
    assert key == "Bearer nomo_a_b"
    assert Handler.requests[1] == {
        "features": {
            "age": 64,
            "dose": {"value": 1.5, "unit": "mg"},
            "stage": {"missing": "not-performed"},
            "other": None,
        },
        "uncertainty": True,
    }


def test_a_refused_row_raises_with_code_and_feature(url: str) -> None:
    with Client(url) as client, pytest.raises(ServiceError, match="feature 1: missing") as raised:
        client.predict({"age": None})
    assert (raised.value.status, raised.value.code, raised.value.feature) == (
        422,
        "value_missing",
        "age",
    )


def test_an_overloaded_service_is_asked_again(url: str) -> None:
    Handler.n_overloaded = 2
    with Client(url, retries=2) as client:
        assert client.predict({"age": 1}) == {"class": "M"}
    Handler.n_overloaded = 2
    with Client(url, retries=1) as client, pytest.raises(ServiceError):
        client.predict({"age": 1})


def test_a_connection_is_kept_until_the_client_is_closed(url: str) -> None:
    with Client(url) as client:
        client.predict({"age": 1})
        (connection,) = client._idle
        client.predict({"age": 2})
        assert list(client._idle) == [connection]
    assert not client._idle
    assert connection.sock is None
    # A closed client opens a new connection.
    assert client.predict({"age": 3}) == {"class": "M"}
    client.close()


def test_rows_are_streamed_both_ways(url: str) -> None:
    taken = []

    def rows() -> Iterator[dict[str, float]]:
        for age in range(200):
            taken.append(age)
            yield {"age": age}

    answers = Client(url).predict_rows(rows())
    assert [answer["value"] for answer in answers] == list(range(200))
    assert len(taken) == 200
    with pytest.raises(ServiceError):
        list(Client(url).predict_rows([{"age": 1}, {"age": -1}]))


def test_a_service_that_stops_still_answers_all_rows(url: str) -> None:
    Handler.is_stopping = True
    answers = Client(url).predict_rows({"age": age} for age in range(200))
    assert [answer["value"] for answer in answers] == list(range(200))


@pytest.mark.parametrize("error", [RuntimeError("no more"), OSError("no more")])
def test_an_error_of_the_callers_rows_is_raised(url: str, error: Exception) -> None:
    def rows() -> Iterator[dict[str, float]]:
        yield {"age": 1}
        raise error

    with pytest.raises(type(error), match="no more"):
        list(Client(url).predict_rows(rows()))


def test_closing_the_answers_closes_the_rows(url: str) -> None:
    is_closed = threading.Event()

    def rows() -> Iterator[dict[str, float]]:
        try:
            for age in itertools.count():
                yield {"age": age}
        finally:
            is_closed.set()

    answers = Client(url).predict_rows(rows())
    assert next(answers) == {"value": 0}
    answers.close()  # type: ignore[attr-defined]
    assert is_closed.wait(timeout=30)


def test_rows_are_streamed_both_ways_through_tls(tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([openssl, "req", "-x509", *made, *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    Handler.is_stopping = False
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    trusted = ssl.create_default_context(cafile=str(certificate))
    client = Client(f"https://127.0.0.1:{server.server_port}", context=trusted)
    for _ in range(5):
        answers = client.predict_rows({"age": age} for age in range(3000))
        assert [answer["value"] for answer in answers] == list(range(3000))
    server.shutdown()
    server.server_close()


def test_answers_that_are_cut_are_an_error() -> None:
    answered = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n1\r\n\n\r\n"

    def answer(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, contextlib.suppress(OSError):
            while not connection.recv(1 << 16).endswith(b"0\r\n\r\n"):
                pass
            connection.sendall(answered)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=answer, args=(server,), daemon=True).start()
        client = Client(f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            list(client.predict_rows({"age": age} for age in range(5)))


def test_a_refusal_before_all_rows_are_sent_is_raised() -> None:
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            connection, _ = server.accept()
            # The client may be gone before all of it is read.
            with connection, contextlib.suppress(OSError):
                connection.recv(1 << 16)
                connection.sendall(refusal)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 16):
                    pass

        threading.Thread(target=refuse, daemon=True).start()
        client = Client(f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(ServiceError) as refused:
            list(client.predict_rows({"age": age} for age in range(100_000)))
        assert refused.value.status == 403


def test_a_connection_that_ends_while_rows_are_sent_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        client = Client(f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(ConnectionError):
            list(client.predict_rows({"age": age} for age in range(100_000)))
