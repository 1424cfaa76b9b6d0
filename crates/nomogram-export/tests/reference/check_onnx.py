"""Predicts exported graphs with ONNX Runtime, and compares margins and outputs with those of the bundles.

    NOMOGRAM_EXPORTS=/tmp/exports cargo test -p nomogram-export --test integration graphs
    python check_onnx.py /tmp/exports            # on one thread
    python check_onnx.py /tmp/exports --threads 4

Made with onnx 1.23.2, onnxruntime 1.32.0 and numpy 2.4.6. The rows are probes: each threshold with its
neighbours in double and in single precision, missing, huge and tiny values, known and unseen levels. Prints, for
each kind of model and link, how many margins and outputs have the same bits, and the largest differences,
relative above 1. A margin of a forest that differs by more than 1e-9 (in single precision 1e-4) is another path:
the program then ends with status 1.
"""

import argparse
import collections
import json
import pathlib
import struct
import sys

import numpy as np
import onnx
import onnxruntime


def numbers(bits):
    return np.array([struct.unpack(">d", bytes.fromhex(one))[0] for one in bits])


def difference(found, known):
    return float(np.max(np.abs(found - known) / np.maximum(np.abs(known), 1.0), initial=0.0))


def predict(session, rows, step):
    names = [one.name for one in session.get_inputs()]
    found = collections.defaultdict(list)
    for start in range(0, len(rows), step):
        given = rows[start : start + step]
        answers = session.run(None, {name: given[:, [i]] for i, name in enumerate(names)})
        for output, answer in zip(session.get_outputs(), answers, strict=True):
            found[output.name].append(answer)
    return {name: np.concatenate(answers) for name, answers in found.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.log_severity_level = 3
    kinds = collections.defaultdict(lambda: [0, 0, 0, 0, 0.0, 0, 0, 0.0])
    failed = []
    for file in sorted(arguments.folder.glob("*.onnx")):
        onnx.checker.check_model(str(file))
        table = json.loads(file.with_suffix(".json").read_text())
        rows, margins, outputs = (
            np.stack([numbers(row[part]) for row in table["rows"]]) for part in range(3)
        )
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        count = kinds[(table["kind"], table["link"])]
        count[0] += 1
        for step in (1, len(rows)):
            answers = predict(session, rows, step)
            found = answers.get("probabilities", answers.get("prediction"))
            found_margins = answers.get("margins", found)
            count[1] += len(rows)
            count[2] += int(np.sum(found_margins == margins))
            count[3] += margins.size
            largest = difference(found_margins, margins)
            count[4] = max(count[4], largest)
            count[5] += int(np.sum(found == outputs))
            count[6] += outputs.size
            count[7] = max(count[7], difference(found, outputs))
            if not largest <= (1e-4 if table["kind"] == "Single" else 1e-9):
                failed.append(f"{file.name}: margins differ by {largest:e} in batches of {step}")
    print("kind, link: models, predicted rows; equal margins, largest difference; equal outputs, largest difference")
    for (kind, link), count in sorted(kinds.items()):
        n, n_rows, equal, all_margins, largest, equal_outputs, all_outputs, largest_output = count
        print(
            f"{kind}, {link}: {n}, {n_rows}; {equal} of {all_margins}, {largest:.1e}; "
            f"{equal_outputs} of {all_outputs}, {largest_output:.1e}"
        )
    print("\n".join(failed))
    sys.exit(bool(failed))


main()
