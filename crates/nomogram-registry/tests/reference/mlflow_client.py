#!/usr/bin/env python3
"""Pulls a champion with an unmodified MLflow client from a server that mounts the registry.

Made with mlflow-skinny 3.17.2 (PyPI). Run it in a throw-away environment, against
`nomogram serve --registry FOLDER --listen 127.0.0.1:8080`:

    python3 -m venv /tmp/mlflow && /tmp/mlflow/bin/pip install mlflow-skinny
    /tmp/mlflow/bin/python mlflow_client.py http://127.0.0.1:8080 risk champion model.nomo

The last argument is the bundle that the alias names: the downloaded file must equal it.
"""

import sys
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

url, model, alias, expected = sys.argv[1:5]
mlflow.set_tracking_uri(url)
mlflow.set_registry_uri(url)
client = MlflowClient()

names = [found.name for found in client.search_registered_models(f"name = '{model}'")]
assert names == [model], names
version = client.get_model_version_by_alias(model, alias)
versions = [found.version for found in client.search_model_versions(f"name = '{model}'")]
assert version.version in versions, (version.version, versions)
assert alias in version.aliases, version.aliases
uri = client.get_model_version_download_uri(model, version.version)
folder = Path(mlflow.artifacts.download_artifacts(f"models:/{model}@{alias}"))
downloaded = (folder / "model.nomo").read_bytes()
assert downloaded == Path(expected).read_bytes(), f"{len(downloaded)} bytes differ"

for call in (
    lambda: client.create_registered_model("other"),
    lambda: client.set_registered_model_alias(model, "other", version.version),
    lambda: client.get_registered_model("missing"),
):
    try:
        call()
    except MlflowException as error:
        assert error.error_code in ("PERMISSION_DENIED", "RESOURCE_DOES_NOT_EXIST"), error
    else:
        raise AssertionError("an act without a signature was accepted")
print(f"mlflow {mlflow.__version__}: {model}@{alias} is version {version.version} at {uri}")
