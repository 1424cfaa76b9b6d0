"""Unmodified tritonclient 2.73.0 (PyPI), HTTP and gRPC, against a service of wdbc.nomo.

    python triton.py 127.0.0.1:8000 examples/data/wdbc.csv
"""

import sys

import numpy as np
import tritonclient.grpc as grpc
import tritonclient.http as http
import wdbc

MODEL = "wdbc"
N_ROWS = 50


def inputs_of(client, names, rows, binary=None):
    """One tensor per feature."""
    table = np.array(rows)
    inputs = []
    for column, name in enumerate(names):
        tensor = client.InferInput(name, [len(rows)], "FP64")
        options = {} if binary is None else {"binary_data": binary}
        tensor.set_data_from_numpy(np.ascontiguousarray(table[:, column]), **options)
        inputs.append(tensor)
    return inputs


def expect_refusal(call, canary):
    try:
        call()
    except Exception as error:  # Both clients have their own type.
        assert canary not in str(error), "a value was echoed"
        return str(error)
    raise AssertionError("expected a refusal")


def check(client, client_module, names, rows):
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready(MODEL) and not_ready(client)
    everything = client.infer(MODEL, inputs_of(client_module, names, rows), request_id="42")
    probabilities = everything.as_numpy("probabilities")
    assert probabilities.shape == (N_ROWS, 2) and probabilities.dtype == np.float64
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert set(everything.as_numpy("class")) <= {b"B", b"M"}

    matrix = client_module.InferInput("rows", [N_ROWS, len(names)], "FP64")
    matrix.set_data_from_numpy(np.array(rows))
    one = client.infer(MODEL, [matrix])
    assert (one.as_numpy("probabilities") == probabilities).all(), "one tensor has the same bits"

    wanted = [client_module.InferRequestedOutput("probabilities")]
    some = client.infer(MODEL, [matrix], outputs=wanted)
    assert some.as_numpy("class") is None
    assert (some.as_numpy("probabilities") == probabilities).all()

    bad = [row[:] for row in rows]
    bad[3][0] = 9.87654321e120
    message = expect_refusal(
        lambda: client.infer(MODEL, inputs_of(client_module, names, bad)), "87654321"
    )
    assert "row 4" in message, message
    return probabilities


def not_ready(client):
    try:
        return not client.is_model_ready("no-such-model")
    except Exception:
        return True


def main():
    address, path = sys.argv[1:]
    names, rows = wdbc.rows(path, N_ROWS)

    client = http.InferenceServerClient(address)
    metadata = client.get_server_metadata()
    assert "binary_tensor_data" in metadata["extensions"], metadata
    described = client.get_model_metadata(MODEL)
    assert [tensor["name"] for tensor in described["inputs"]] == names
    assert {entry["name"] for entry in client.get_model_repository_index()} == {MODEL}
    of_http = check(client, http, names, rows)

    # JSON tensors: the client writes a bare NaN, which is missing here.
    as_json = client.infer(
        MODEL,
        inputs_of(http, names, rows, binary=False),
        outputs=[http.InferRequestedOutput("probabilities", binary_data=False)],
    )
    assert (as_json.as_numpy("probabilities") == of_http).all(), "JSON has the same bits"
    missing = [row[:] for row in rows]
    missing[2][5] = float("nan")
    message = expect_refusal(
        lambda: client.infer(MODEL, inputs_of(http, names, missing, binary=False)), "nan"
    )
    assert "row 3" in message and "missing" in message, message

    client = grpc.InferenceServerClient(address)
    described = client.get_model_metadata(MODEL)
    assert [tensor.name for tensor in described.inputs] == names
    assert {entry.name for entry in client.get_model_repository_index().models} == {MODEL}
    of_grpc = check(client, grpc, names, rows)
    assert (of_http == of_grpc).all(), "HTTP and gRPC have the same bits"
    print(f"tritonclient: {N_ROWS} rows by HTTP (binary, JSON) and gRPC, same bits, refusals without values")


main()
