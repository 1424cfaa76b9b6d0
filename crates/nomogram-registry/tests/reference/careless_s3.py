#!/usr/bin/env python3
"""Passes requests on to a server with the interface of S3, but drops the condition of writes.

Older servers ignore `If-None-Match` and replace the object. Standard library only (Python 3.11).

    python3 careless_s3.py PORT HOST:PORT-OF-THE-SERVER
"""

import sys
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, server = int(sys.argv[1]), sys.argv[2]
DROPPED = {"if-none-match", "connection", "host"}


class Careless(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kept = {name: value for name, value in self.headers.items() if name.lower() not in DROPPED}
        connection = HTTPConnection(server)
        connection.request(self.command, self.path, body, {**kept, "Host": server})
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"connection", "content-length", "date", "server", "transfer-encoding"}:
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else len(content)
        self.send_header("Content-Length", str(length or 0))
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on

    def log_message(self, *_: object) -> None:
        pass


ThreadingHTTPServer(("127.0.0.1", port), Careless).serve_forever()
