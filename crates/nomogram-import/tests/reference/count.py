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
    "sklearn2pmml": "PMML of sklearn2pmml",
    "scikit_learn": "scikit-learn",
    "xgboost": "XGBoost",
}

counts = collections.defaultdict(dict)
for file in sorted(DATA.rglob("*.jsonl")):
    if file.parent.name == "onnx_graphs":
        # Made by hand: no library trained them.
        continue
    library, _, version = file.stem.rpartition("-")
    if not library:
        library, version = (file.parent.name, file.stem) if file.stem[0].isdigit() else (file.stem, "")
    # Lines without a table are estimators that are refused.
    lines = file.read_text(encoding="utf-8").splitlines()
    counts[library][version] = sum('"table":' in line or '"check":' in line for line in lines)
print("| source | models by version | all |\n|---|---|---|")
for library, versions in counts.items():
    listed = ", ".join(f"{version}: {n}" if version else str(n) for version, n in versions.items())
    print(f"| {NAMES[library]} | {listed} | {sum(versions.values())} |")
print(f"| all | | {sum(sum(versions.values()) for versions in counts.values())} |")
