#!/usr/bin/env python3
"""Make members.json and ensemble.json: what other libraries answer, and their parameters as ours.

    python3.11 -m venv ../../target/reference && ../../target/reference/bin/pip install -r requirements.txt
    ../../target/reference/bin/python make_members.py

The unit tests of src/member and src/ensemble build members from these parameters and compare the
answers. Data are drawn from a fixed seed; training runs on one thread. Floats are written with repr,
so they read back to the same bits; null is NaN. The versions used are under "made_by".
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import json
import math
import platform
from pathlib import Path

import betacal
import jax
import lightgbm as lgb
import numpy as np
import scipy
import sklearn
import xgboost as xgb

import to_ensemble
import to_forests
import to_networks
import to_others
import to_stored_rows

HERE = Path(__file__).parent
VERSIONS = {
    "betacal": betacal.__version__ if hasattr(betacal, "__version__") else "1.1.0",
    "jax": jax.__version__,
    "lightgbm": lgb.__version__,
    "numpy": np.__version__,
    "python": platform.python_version(),
    "scikit-learn": sklearn.__version__,
    "scipy": scipy.__version__,
    "xgboost": xgb.__version__,
}


def plain(value):
    """Turn NumPy values into the JSON kinds; NaN becomes null, infinity is refused."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray, jax.Array)):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if math.isnan(value):
            return None
        assert math.isfinite(value)
    return value


def write(name, sections):
    content = {"made_by": VERSIONS, **sections}
    lines = []
    for section, cases in plain(content).items():
        if isinstance(cases, list):
            body = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
            lines.append(f'"{section}":[\n{body}\n]')
        else:
            lines.append(f'"{section}":{json.dumps(cases)}')
    (HERE / name).write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    write(
        "members.json",
        {
            "forests": to_forests.cases(),
            "networks": to_networks.cases(),
            "linear": to_others.linear_cases(),
            "naive_bayes": to_others.naive_bayes_cases(),
            "support_vectors": to_stored_rows.support_vector_cases(),
            "neighbours": to_stored_rows.neighbours_cases(),
        },
    )
    write(
        "ensemble.json",
        {"calibrators": to_ensemble.calibrator_cases(), "stacks": to_ensemble.stack_cases()},
    )
