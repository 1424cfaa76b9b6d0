"""A client of `nomogram serve`, on the HTTP client of the standard library."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import math
import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np

from ._values import Missing, Value

RowLike = Mapping[str, Value]

# Worth another try: the service is overloaded, stops, or has no rate left for this key.
_RETRIED = {429, 503}


class ServiceError(Exception):
    """The service refused a request: RFC 9457 problem details.

    The text names place and expectation and never contains a value of the request.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = dict(problem)
        self.code = str(problem.get("code", ""))
        self.feature = problem.get("feature")
        super().__init__(f"{status}: {problem.get('detail', 'no details')}")


class Client:
    """Predicts through a service.

    A client may be shared by threads: each request takes an idle connection or opens one. Idle
    connections are closed by `close`, or at the end of a `with` block.

    >>> with Client("http://127.0.0.1:8000") as client:  # doctest: +SKIP
    ...     client.predict({"age": 64, "creatinine": (1.2, "mg/dL")})
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        model: str | None = None,
        version: str | None = None,
        timeout: float = 30.0,
        retries: int = 3,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """`key` is an API key or a bearer token; `version` may be an alias."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("expected an address that begins with http:// or https://")
        if version is not None and model is None:
            raise ValueError("a version needs its model")
        self._parts = parts
        self._key = key
        self._timeout = timeout
        self._retries = retries
        self._context = context
        self._idle: deque[http.client.HTTPConnection] = deque()
        prefix = parts.path.rstrip("/")
        self._root = prefix
        if model is not None:
            prefix += f"/models/{quote(model, safe='')}"
        if version is not None:
            prefix += f"/versions/{quote(version, safe='')}"
        self._prefix = prefix

    def close(self) -> None:
        """Closes the idle connections. The client may still be used; it then opens new ones."""
        while (connection := self._take_idle()) is not None:
            connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        place: TracebackType | None,
    ) -> None:
        self.close()

    def predict(
        self,
        row: RowLike,
        *,
        uncertainty: bool = False,
        explanation: bool = False,
        members: bool = False,
    ) -> dict[str, Any]:
        """Predicts one row; raises `ServiceError` if it is refused."""
        body: dict[str, Any] = {"features": _row(row)}
        options = {"uncertainty": uncertainty, "explanation": explanation, "members": members}
        body.update({name: True for name, is_on in options.items() if is_on})
        return self._json("POST", f"{self._prefix}/predict", json.dumps(body).encode())

    def predict_rows(self, rows: Iterable[RowLike]) -> Iterator[dict[str, Any]]:
        """Predicts any number of rows, streamed both ways; a refused one has the key `refused`.

        Rows are taken from the iterable by another thread, as fast as the service reads them.
        """
        connection = self._connect()
        try:
            connection.connect()
            duplex = _Duplex(connection.sock, self._timeout)
            connection.sock = duplex
        except BaseException:
            connection.close()
            raise
        sender: _Sender | None = None
        n_answers = 0
        try:
            connection.putrequest("POST", f"{self._prefix}/batch_predict")
            for name, text in self._headers("application/x-ndjson").items():
                connection.putheader(name, text)
            connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders()
            sender = _Sender(rows, duplex)
            response = connection.getresponse()
            if response.status != 200:
                raise _error(response.status, response.read())
            for line in response:
                answer = json.loads(line)
                if "problem" in answer:
                    raise ServiceError(answer["problem"].get("status", 0), answer["problem"])
                n_answers += 1
                yield answer
            n_rows = sender.finish()
            if n_answers != n_rows:
                # `http.client` takes a body that is cut between two chunks for a whole one.
                raise ConnectionError(f"answers of {n_answers} rows, expected {n_rows}")
        except (OSError, http.client.HTTPException):
            if sender is not None and sender.error_of_rows is not None:
                raise sender.error_of_rows from None
            raise
        finally:
            duplex.stop()
            duplex.release()
            if sender is None:
                duplex.release()
            connection.close()

    def models(self) -> list[dict[str, Any]]:
        """All models with their versions and aliases."""
        return list(self._json("GET", f"{self._root}/models", None)["models"])

    def is_ready(self) -> bool:
        """Whether the service takes requests."""
        connection = self._connect()
        try:
            connection.request("GET", f"{self._root}/health/ready")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _json(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        for attempt in range(self._retries + 1):
            is_last = attempt == self._retries
            try:
                status, headers, answer = self._send(method, path, body)
            except (ConnectionError, http.client.HTTPException):
                # A prediction changes nothing, so it may be asked for again.
                if is_last:
                    raise
                time.sleep(0.05 * 2**attempt)
                continue
            if status == 200:
                result: dict[str, Any] = json.loads(answer)
                return result
            if status not in _RETRIED or is_last:
                raise _error(status, answer)
            time.sleep(min(float(headers.get("retry-after") or 0.05 * 2**attempt), 5.0))
        raise AssertionError("unreachable")

    def _send(
        self, method: str, path: str, body: bytes | None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = self._take_idle() or self._connect()
        try:
            connection.request(method, path, body, self._headers("application/json"))
            response = connection.getresponse()
            answer = response.read()
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return response.status, response.headers, answer

    def _take_idle(self) -> http.client.HTTPConnection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _headers(self, media_type: str) -> dict[str, str]:
        headers = {"Content-Type": media_type}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        return headers

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            context = self._context or ssl.create_default_context()
            return http.client.HTTPSConnection(host, port, timeout=self._timeout, context=context)
        return http.client.HTTPConnection(host, port, timeout=self._timeout)


class _Duplex:
    """A connected socket that one thread reads while another one writes.

    OpenSSL lets only one thread at a time into a connection, so threads wait outside of it. The
    socket is closed when both threads have released it, whatever `http.client` closes: late rows
    cannot go out on another connection that has the same number.
    """

    def __init__(self, sock: socket.socket, timeout: float) -> None:
        self._socket = sock
        self._timeout = timeout
        self._is_tls = isinstance(sock, ssl.SSLSocket)
        self._lock = threading.Lock()
        self._n_users = 2
        if self._is_tls:
            sock.setblocking(False)

    def makefile(self, mode: str) -> io.BufferedReader:
        """Of `http.client`: what it reads the answer from."""
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Of `http.client`: see `release`."""

    def release(self) -> None:
        """Each of the two threads calls it once."""
        with self._lock:
            self._n_users -= 1
            if self._n_users == 0:
                self._socket.close()

    def stop(self) -> None:
        """Ends the connection, which wakes both threads."""
        with contextlib.suppress(OSError):
            # `SSLSocket.shutdown` drops TLS first: a row sent meanwhile would not be encrypted.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def receive(self, buffer: Any) -> int:
        """Reads into a buffer; returns 0 at the end."""
        return self._try(lambda: self._socket.recv_into(buffer))

    def sendall(self, data: bytes) -> None:
        """Sends all of it."""
        rest = memoryview(data)
        while rest:
            part = rest
            rest = rest[self._try(lambda part=part: self._socket.send(part)) :]  # type: ignore[misc]

    def _try(self, call: Callable[[], int]) -> int:
        if not self._is_tls:
            return call()
        while True:
            with self._lock:
                try:
                    return call()
                except ssl.SSLWantReadError:
                    event = selectors.EVENT_READ
                except ssl.SSLWantWriteError:
                    event = selectors.EVENT_WRITE
            with selectors.DefaultSelector() as selector:
                selector.register(self._socket.fileno(), event)
                if not selector.select(self._timeout):
                    raise TimeoutError("timed out")


class _Reader(io.RawIOBase):
    """What a file object of a `_Duplex` reads from."""

    def __init__(self, duplex: _Duplex) -> None:
        self._duplex = duplex

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._duplex.receive(buffer)


class _Sender:
    """Sends rows as chunks of a request, in a thread of its own."""

    def __init__(self, rows: Iterable[RowLike], duplex: _Duplex) -> None:
        # Raised by the caller's iterable.
        self.error_of_rows: BaseException | None = None
        self._error: OSError | None = None
        self._n_rows = 0
        self._rows = rows
        self._duplex = duplex
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def finish(self) -> int:
        """Waits until all rows are sent, and returns how many; raises if they were not."""
        self._thread.join()
        error = self.error_of_rows or self._error
        if error is not None:
            raise error
        return self._n_rows

    def _send(self) -> None:
        try:
            for row in self._rows:
                line = json.dumps(_row(row)).encode() + b"\n"
                self._n_rows += 1
                if not self._send_chunk(b"%x\r\n%s\r\n" % (len(line), line)):
                    return
            self._send_chunk(b"0\r\n\r\n")
        except BaseException as error:
            # Raised again where answers are read.
            self.error_of_rows = error
            self._duplex.stop()
        finally:
            # A generator ends now, not when this object is found to be unused.
            del self._rows
            self._duplex.release()

    def _send_chunk(self, data: bytes) -> bool:
        """Returns whether it was sent."""
        try:
            self._duplex.sendall(data)
        except OSError as error:
            # The service has ended the connection; its answer may say why.
            self._error = error
            return False
        return True


def _row(row: RowLike) -> dict[str, Any]:
    return {name: _value(value) for name, value in row.items()}


def _value(value: Value) -> Any:
    if isinstance(value, Missing):
        return None if value.reason is None else {"missing": value.reason}
    if isinstance(value, tuple):
        number, unit = value
        return {"value": _value(number), "unit": unit}
    if isinstance(value, np.generic):
        return _value(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        # JSON has no such numbers.
        raise ValueError("a number that is not finite; a missing value is None")
    return value


def _error(status: int, body: bytes) -> ServiceError:
    try:
        problem = json.loads(body)
    except ValueError:
        problem = {}
    return ServiceError(status, problem if isinstance(problem, dict) else {})
