"""The client against the service itself: the program of NOMOGRAM_PROGRAM, or on the path."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import REFERENCE, ROOT, bits

from nomogram_risk import Client, Missing, Model, ServiceError, Value

PROGRAM = os.environ.get("NOMOGRAM_PROGRAM") or shutil.which("nomogram")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="NOMOGRAM_PROGRAM is not set")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a service of the reference model, and a key to it."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "models").mkdir()
    shutil.copy(REFERENCE, folder / "models")
    command = [str(PROGRAM), "serve"]
    made = subprocess.run(
        [*command, "--new-key", "predict,read", "--json"], check=True, capture_output=True
    )
    key = json.loads(made.stdout)
    (folder / "keys.yaml").write_text(json.dumps({"keys": key["entry"]}))
    configuration = {
        "listen": "127.0.0.1:0",
        "log": "none",
        "models": {"folder": "models"},
        "access": {"keys_file": "keys.yaml"},
    }
    # JSON is YAML.
    (folder / "serve.yaml").write_text(json.dumps(configuration))
    command.append(str(folder / "serve.yaml"))
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "listening on " in line:
                address = line.split("listening on ")[1].split(";")[0]
                break
        else:
            raise AssertionError("the service ended")
        yield f"http://{address}", key["key"]
        process.terminate()
        assert process.wait(30) == 0


@pytest.fixture
def client(service: tuple[str, str]) -> Iterator[Client]:
    url, key = service
    with Client(url, key=key) as client:
        yield client


@pytest.fixture(scope="module")
def patients() -> list[dict[str, Value]]:
    """The rows of the table that the reference model was trained on."""
    with Path(ROOT / "examples/data/wdbc.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    others = ("row_id", "diagnosis")
    return [{n: float(v) for n, v in row.items() if n not in others} for row in rows]


def test_a_row_gets_the_bits_of_the_library(
    client: Client, wdbc: Model, patients: list[dict[str, Value]]
) -> None:
    for row in patients[:20]:
        answer = client.predict(row)
        expected = wdbc.predict_row(row)
        assert answer["digest"] == wdbc.digest
        assert bits(list(answer["probabilities"].values())) == bits(expected.probabilities)


def test_rows_are_streamed_in_their_order_and_refused_ones_are_marked(
    client: Client, wdbc: Model, patients: list[dict[str, Value]]
) -> None:
    many = patients * 10
    name = next(iter(patients[0]))
    many[7] = {**many[7], name: None}
    answers = list(client.predict_rows(iter(many)))
    assert len(answers) == len(many)
    assert answers[7]["refused"]["feature"] == name
    for position in (0, 6, 8, 4000, len(many) - 1):
        expected = wdbc.predict_row(many[position]).probabilities
        assert bits(list(answers[position]["probabilities"].values())) == bits(expected)


def test_a_refusal_names_the_feature_and_no_value(
    client: Client, patients: list[dict[str, Value]]
) -> None:
    name = next(iter(patients[0]))
    refused: list[tuple[Value, str]] = [
        (Missing("not-performed"), "value_missing"),
        ((48151623.0, "furlong"), "argument_unit"),
        ("48151623", "value_type"),
    ]
    for value, code in refused:
        with pytest.raises(ServiceError) as raised:
            client.predict({**patients[0], name: value})
        found = raised.value
        assert (found.status, found.code, found.feature) == (422, code, name)
        assert "48151623" not in str(found)


def test_models_and_state_are_read(client: Client, wdbc: Model) -> None:
    assert client.is_ready()
    (model,) = client.models()
    assert model["versions"][0]["digest"] == wdbc.digest


def test_a_wrong_key_or_model_is_refused(service: tuple[str, str]) -> None:
    url, key = service
    with Client(url, key=key + "0") as client, pytest.raises(ServiceError) as raised:
        client.models()
    assert (raised.value.status, raised.value.code) == (401, "unauthorized")
    with Client(url, key=key, model="nobody") as client, pytest.raises(ServiceError) as raised:
        list(client.predict_rows([{}]))
    assert (raised.value.status, raised.value.code) == (404, "unknown_model")
