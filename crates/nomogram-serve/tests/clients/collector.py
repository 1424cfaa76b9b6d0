"""A collector of traces: checks what a service of the feature `otlp` sends, by the messages of opentelemetry-proto 1.45.2
(PyPI).

    python collector.py examples/data/wdbc.csv wdbc.nomo PROGRAM...

PROGRAM is `nomogram serve`, or the example `embedded` of nomogram-serve, built with the feature `otlp`. It is
started with a configuration as its last argument.
"""

import http.server
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import wdbc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
spans = []


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        assert self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf"
        message = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        for resource in message.resource_spans:
            names = {a.key: a.value.string_value for a in resource.resource.attributes}
            assert names["service.name"] == "nomogram", names
            for scope in resource.scope_spans:
                assert scope.scope.name == "nomogram-serve"
                spans.extend(scope.spans)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def call(path, body, headers=None):
    request = urllib.request.Request(f"http://127.0.0.1:8107{path}", json.dumps(body).encode(), headers or {})
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        return error.code


def attributes(span):
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in span.attributes}


def main():
    path, bundle, *program = sys.argv[1:]
    names, rows = wdbc.rows(path, 1)
    collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{collector.server_port}/v1/traces"
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "models").mkdir()
    shutil.copy(bundle, folder / "models")
    config = f"listen: 127.0.0.1:8107\nlog: none\nmodels: {{folder: models}}\ntraces: {{endpoint: '{endpoint}'}}\n"
    (folder / "serve.yaml").write_text(config)
    service = subprocess.Popen([*program, str(folder / "serve.yaml")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen("http://127.0.0.1:8107/health/live")
                break
            except OSError:
                time.sleep(0.1)
        begin = time.time_ns()
        row = dict(zip(names, rows[0]))
        assert call("/predict", {"features": row}, {"traceparent": f"00-{TRACE}-{PARENT}-01"}) == 200
        assert call("/predict", {"features": {"patient": 4711}}) == 422
        assert call("/predict", {"features": row}, {"traceparent": f"00-{TRACE}-{PARENT}-00"}) == 200
    finally:
        # What waits is sent before it ends.
        service.terminate()
        service.wait()
        shutil.rmtree(folder)
    predicted = [span for span in spans if span.name == "POST predict"]
    assert len(predicted) == 2, [span.name for span in spans]
    first, second = predicted
    assert (first.trace_id.hex(), first.parent_span_id.hex()) == (TRACE, PARENT)
    assert first.kind == Span.SPAN_KIND_SERVER and len(first.span_id) == 8
    assert begin <= first.start_time_unix_nano <= first.end_time_unix_nano <= time.time_ns()
    found = attributes(first)
    assert found["http.request.method"] == "POST" and found["http.response.status_code"] == 200, found
    assert found["nomogram.model"] == "wdbc" and len(found["nomogram.digest"]) == 64 and found["nomogram.rows"] == 1
    assert second.parent_span_id == b"" and len(second.trace_id) == 16 and second.trace_id.hex() != TRACE
    assert attributes(second)["error.type"] == "argument_feature"
    assert all(span.status.code != Status.STATUS_CODE_ERROR for span in spans)
    assert b"4711" not in b"".join(span.SerializeToString() for span in spans)
    print(f"OTLP: {len(spans)} spans, a caller's trace continued, one that is not recorded left out")


main()
