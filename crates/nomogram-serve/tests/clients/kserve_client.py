"""Unmodified kserve 0.21.0 (PyPI), REST and gRPC, against a service of wdbc.nomo.

    python kserve_client.py 127.0.0.1:8000 examples/data/wdbc.csv
"""

import asyncio
import sys

import wdbc
from kserve import InferInput, InferRequest
from kserve.inference_client import InferenceGRPCClient, InferenceRESTClient, RESTConfig

MODEL = "wdbc"
N_ROWS = 20


def request_of(names, rows):
    table = zip(*rows)
    inputs = [
        InferInput(name=name, shape=[len(rows)], datatype="FP64", data=list(column))
        for name, column in zip(names, table)
    ]
    return InferRequest(model_name=MODEL, infer_inputs=inputs)


def probabilities(response):
    output = next(output for output in response.outputs if output.name == "probabilities")
    assert output.shape == [N_ROWS, 2], output.shape
    return [float(number) for number in output.as_numpy().ravel()]


async def main():
    address, path = sys.argv[1:]
    names, rows = wdbc.rows(path, N_ROWS)
    url = f"http://{address}"

    rest = InferenceRESTClient(RESTConfig(protocol="v2"))
    assert await rest.is_server_live(url) and await rest.is_server_ready(url)
    assert await rest.is_model_ready(url, MODEL)
    of_rest = probabilities(await rest.infer(url, request_of(names, rows), model_name=MODEL))

    async with InferenceGRPCClient(address) as grpc:
        assert await grpc.is_server_live() and await grpc.is_server_ready()
        assert await grpc.is_model_ready(MODEL)
        of_grpc = probabilities(await grpc.infer(request_of(names, rows)))
    assert of_rest == of_grpc, "REST and gRPC have the same bits"
    print(f"kserve: {N_ROWS} rows by REST and gRPC, same bits")


asyncio.run(main())
