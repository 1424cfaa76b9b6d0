"""Trains the models with their libraries, and saves each in every form that is timed."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

SEED = 14
N_ROWS = 100_000
WDBC = Path(__file__).parents[2] / "examples/data/wdbc.csv"


@dataclass
class Work:
    """A model, the rows that it predicts, and its files by form."""

    name: str
    what: str
    n_columns: int
    rows: Path
    files: dict[str, Path] = field(default_factory=dict)


def make_all(folder: Path, names: list[str]) -> list[Work]:
    """Trains and saves the models with these names."""
    data = Data()
    return [make(name, data, folder) for name in names]


def make(name: str, data: Data, folder: Path) -> Work:
    """Trains and saves a model, unless an earlier run did so in this folder."""
    record = folder / f"{name}.work"
    if record.exists():
        saved = json.loads(record.read_text(encoding="utf-8"))
        files = {form: folder / file for form, file in saved["files"].items()}
        return Work(name, saved["what"], saved["n_columns"], folder / saved["rows"], files)
    work = MODELS[name](name, data, folder)
    saved = {"what": work.what, "n_columns": work.n_columns, "rows": work.rows.name}
    saved["files"] = {form: path.name for form, path in work.files.items()}
    record.write_text(json.dumps(saved), encoding="utf-8")
    return work


class Data:
    """Training rows: real ones of WDBC, and synthetic ones. All values fit in single precision."""

    def __init__(self) -> None:
        table = np.genfromtxt(WDBC, delimiter=",", skip_header=1, dtype=str)
        x = table[:, 2:].astype(np.float64)
        self.wdbc = (single(x), (table[:, 1] == "M").astype(int))
        standard = (x - x.mean(axis=0)) / x.std(axis=0)
        self.standard = (single(standard), self.wdbc[1])
        random = np.random.default_rng(SEED)
        wide = random.normal(size=(10_000, 100))
        risk = wide[:, :20].sum(axis=1) + 3 * np.sin(wide[:, 20] * wide[:, 21])
        chance = random.normal(size=len(wide)) * 3
        self.wide = (single(wide), (risk + chance > 0).astype(int))
        self.wide_number = (self.wide[0], risk + chance)


def single(x: np.ndarray) -> np.ndarray:
    """Doubles that single precision holds exactly, so that every library reads the same numbers."""
    return x.astype(np.float32).astype(np.float64)


def begin(name: str, what: str, x: np.ndarray, folder: Path) -> Work:
    """Writes the rows to predict: training rows in turn, each value moved by up to 2 %."""
    random = np.random.default_rng(SEED)
    rows = x[np.arange(N_ROWS) % len(x)]
    rows = single(rows * random.uniform(0.98, 1.02, size=rows.shape))
    path = folder / f"{name}.f64"
    rows.tofile(path)
    return Work(name, what, x.shape[1], path)


def finish_sklearn(work: Work, model: Any, x: np.ndarray, folder: Path) -> Work:
    """Saves an estimator of scikit-learn."""
    import nomogram_risk
    from skl2onnx import to_onnx

    save(work, "sklearn", folder, ".pickle", pickle.dumps(model))
    imported = nomogram_risk.from_sklearn(model, rows=x[:100])
    save(work, "nomogram", folder, ".nomo", imported.bundle)
    options = {id(model): {"zipmap": False}} if hasattr(model, "predict_proba") else None
    onnx = to_onnx(model, x[:1].astype(np.float32), options=options)
    save(work, "onnx", folder, ".onnx", onnx.SerializeToString())
    return work


def save(work: Work, form: str, folder: Path, suffix: str, content: bytes) -> None:
    """Saves one form of a model."""
    work.files[form] = folder / (work.name + suffix)
    work.files[form].write_bytes(content)


def save_plain(work: Work, model: Any, folder: Path) -> None:
    """Saves a model as plain C."""
    from plain import write_plain

    save(work, "plain", folder, "_plain.c", write_plain(model).encode())


def ensemble(name: str, data: Data, folder: Path) -> Work:
    """M1: scaler, then a vote of logistic regression, boosted trees and a network."""
    from sklearn.ensemble import GradientBoostingClassifier, VotingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = data.wdbc
    members = [
        ("linear", LogisticRegression()),
        ("trees", GradientBoostingClassifier(n_estimators=100, max_depth=3, random_state=SEED)),
        ("network", MLPClassifier((64, 32), max_iter=300, random_state=SEED)),
    ]
    # skl2onnx converts this form alone; probabilities are the same.
    vote = VotingClassifier(members, voting="soft", flatten_transform=False)
    model = make_pipeline(StandardScaler(), vote).fit(x, y)
    what = "WDBC: scaler, then logistic regression + 100 trees of depth 3 + network 64-32"
    work = begin(name, what, x, folder)
    save_plain(work, model, folder)
    return finish_sklearn(work, model, x, folder)


def linear(name: str, data: Data, folder: Path) -> Work:
    """M3: logistic regression."""
    from sklearn.linear_model import LogisticRegression

    x, y = data.standard
    model = LogisticRegression().fit(x, y)
    work = begin(name, "WDBC: logistic regression, 30 inputs", x, folder)
    save_plain(work, model, folder)
    return finish_sklearn(work, model, x, folder)


def network(name: str, data: Data, folder: Path) -> Work:
    """M4: a network."""
    from sklearn.neural_network import MLPClassifier

    x, y = data.standard
    model = MLPClassifier((64, 32), max_iter=300, random_state=SEED).fit(x, y)
    work = begin(name, "WDBC: network 30-64-32-1", x, folder)
    save_plain(work, model, folder)
    return finish_sklearn(work, model, x, folder)


def random_forest(name: str, data: Data, folder: Path) -> Work:
    """M6: a random forest."""
    import treelite
    from sklearn.ensemble import RandomForestClassifier

    x, y = data.wide
    model = RandomForestClassifier(200, max_depth=12, random_state=SEED, n_jobs=1).fit(x, y)
    work = begin(name, "synthetic, 100 inputs: random forest, 200 trees of depth 12", x, folder)
    save(work, "treelite", folder, ".tl", treelite.sklearn.import_model(model).serialize_bytes())
    return finish_sklearn(work, model, x, folder)


def boosted_number(name: str, data: Data, folder: Path) -> Work:
    """M8: boosted trees that predict a number. Of such, YDF reads those of scikit-learn alone."""
    import treelite
    import ydf
    from sklearn.ensemble import GradientBoostingRegressor

    x, y = data.wide_number
    model = GradientBoostingRegressor(
        n_estimators=500, max_depth=None, max_leaf_nodes=64, max_features=10, random_state=SEED
    ).fit(x, y)
    what = "synthetic, 100 inputs: a number by 500 trees of 64 leaves (scikit-learn)"
    work = begin(name, what, x, folder)
    save(work, "treelite", folder, ".tl", treelite.sklearn.import_model(model).serialize_bytes())
    work.files["ydf"] = folder / f"{name}.ydf"
    ydf.from_sklearn(model).save(str(work.files["ydf"]))
    return finish_sklearn(work, model, x, folder)


def lightgbm_trees(what: str, of: str, **settings: Any) -> Callable[[str, Data, Path], Work]:
    """M2, M5: boosted trees of LightGBM."""

    def make(name: str, data: Data, folder: Path) -> Work:
        import lightgbm
        import nomogram_risk
        import onnxmltools
        import treelite
        from onnxmltools.convert.common.data_types import FloatTensorType

        x, y = getattr(data, of)
        given = {"objective": "binary", "seed": SEED, "num_threads": 1, "verbose": -1, **settings}
        n_trees = given.pop("n_trees")
        model = lightgbm.train(given, lightgbm.Dataset(x, y), num_boost_round=n_trees)
        work = begin(name, what, x, folder)
        save(work, "lightgbm", folder, ".txt", model.model_to_string().encode())
        imported = nomogram_risk.from_lightgbm(model, rows=x[:100])
        save(work, "nomogram", folder, ".nomo", imported.bundle)
        shape = [("input", FloatTensorType([None, x.shape[1]]))]
        onnx = onnxmltools.convert_lightgbm(model, initial_types=shape, zipmap=False)
        save(work, "onnx", folder, ".onnx", onnx.SerializeToString())
        forest = treelite.frontend.from_lightgbm(model)
        save(work, "treelite", folder, ".tl", forest.serialize_bytes())
        return work

    return make


def xgboost_trees(what: str, of: str, **settings: Any) -> Callable[[str, Data, Path], Work]:
    """M2x, M5x: boosted trees of XGBoost."""

    def make(name: str, data: Data, folder: Path) -> Work:
        import nomogram_risk
        import onnxmltools
        import treelite
        import xgboost
        from onnxmltools.convert.common.data_types import FloatTensorType

        x, y = getattr(data, of)
        given = {"objective": "binary:logistic", "seed": SEED, "nthread": 1, **settings}
        n_trees = given.pop("n_trees")
        model = xgboost.train(given, xgboost.DMatrix(x, y), num_boost_round=n_trees)
        work = begin(name, what, x, folder)
        save(work, "xgboost", folder, ".json", bytes(model.save_raw("json")))
        imported = nomogram_risk.from_xgboost(model, rows=x[:100])
        save(work, "nomogram", folder, ".nomo", imported.bundle)
        shape = [("input", FloatTensorType([None, x.shape[1]]))]
        onnx = onnxmltools.convert_xgboost(model, initial_types=shape)
        save(work, "onnx", folder, ".onnx", onnx.SerializeToString())
        forest = treelite.frontend.from_xgboost(model)
        save(work, "treelite", folder, ".tl", forest.serialize_bytes())
        return work

    return make


def catboost_trees(name: str, data: Data, folder: Path) -> Work:
    """M7: oblivious trees of CatBoost."""
    import catboost
    import nomogram_risk

    x, y = data.wdbc
    model = catboost.CatBoostClassifier(
        iterations=100, depth=6, random_seed=SEED, thread_count=1, verbose=False,
        allow_writing_files=False,
    ).fit(x, y)
    work = begin(name, "WDBC: 100 oblivious trees of depth 6 (CatBoost)", x, folder)
    work.files["catboost"] = folder / f"{name}.cbm"
    model.save_model(str(work.files["catboost"]))
    imported = nomogram_risk.from_catboost(model, rows=x[:100])
    save(work, "nomogram", folder, ".nomo", imported.bundle)
    return work


MODELS: dict[str, Callable[[str, Data, Path], Work]] = {
    "M1": ensemble,
    "M2": lightgbm_trees(
        "WDBC: 100 trees of depth 3 (LightGBM)", "wdbc", n_trees=100, max_depth=3, num_leaves=8
    ),
    "M2x": xgboost_trees("WDBC: 100 trees of depth 3 (XGBoost)", "wdbc", n_trees=100, max_depth=3),
    "M3": linear,
    "M4": network,
    "M5": lightgbm_trees(
        "synthetic, 100 inputs: 500 trees of 64 leaves (LightGBM)", "wide", n_trees=500,
        num_leaves=64,
    ),
    "M5x": xgboost_trees(
        "synthetic, 100 inputs: 500 trees of depth 8 (XGBoost)", "wide", n_trees=500, max_depth=8
    ),
    "M6": random_forest,
    "M7": catboost_trees,
    "M8": boosted_number,
}
