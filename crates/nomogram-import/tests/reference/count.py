"""Counts the models of ../data with predictions of their library, as the table of docs/import.md.

    python count.py
"""

import collections
import pathlib

DATA = pathlib.Path(__file__).parent.parent / "data"
NAMES = {
    "catboost": "CatBoost",
    "lightgbm": "LightGBM",
    "onnx": "ONNX of skl2onnx and onnxmltools",
    "torch": "ONNX of torch",
    "curves": "PMML by hand",
    "sklearn2pmml": "PMML of sklearn2pmml",
    "scikit_learn": "scikit-learn",
    "xgboost": "XGBoost",
}

counts = collections.defaultdict(dict)
for file in sorted(DATA.rglob("*.jsonl")):
    if file.parent.name in ("onnx_graphs", "onnx_refused", "contributions"):
        # Made by hand, refused, or of models that are counted already.
        continue
    # Files of scikit-learn: one for estimators with trees, one for others.
    library, _, version = file.stem.removesuffix("-trees").rpartition("-")
    if not library:
        stem = file.stem.removesuffix("-trees")
        library, version = (file.parent.name, stem) if stem[0].isdigit() else (stem, "")
    # Lines without a table are estimators that are refused.
    lines = file.read_text(encoding="utf-8").splitlines()
    counts[library].setdefault(version, 0)
    counts[library][version] += sum(
        ('"table":' in line or '"check":' in line) and '"refused":' not in line for line in lines
    )
print("| source | models by version | all |\n|---|---|---|")
for library, versions in counts.items():
    listed = ", ".join(f"{version}: {n}" if version else str(n) for version, n in versions.items())
    print(f"| {NAMES[library]} | {listed} | {sum(versions.values())} |")
print(f"| all | | {sum(sum(versions.values()) for versions in counts.values())} |")
