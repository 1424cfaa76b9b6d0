#!/usr/bin/env python3
"""Write the folds of scikit-learn's RepeatedStratifiedKFold(10, 3, random_state=0) on WDBC.

    python make_folds.py ../../../../examples/data/wdbc.csv > wdbc_folds.csv

One line per row: its id, and the number of the fold that holds it out in each repeat.
Made with Python 3.11.7, NumPy 2.4.6, scikit-learn 1.9.1.
"""

import csv
import sys

import numpy as np
from sklearn.model_selection import RepeatedStratifiedKFold

with open(sys.argv[1], newline="") as file:
    rows = list(csv.DictReader(file))
classes = np.array([row["diagnosis"] == "M" for row in rows], dtype=int)
folds = np.zeros((len(rows), 3), dtype=int)
splits = RepeatedStratifiedKFold(n_splits=10, n_repeats=3, random_state=0)
for number, (_, held_out) in enumerate(splits.split(classes[:, None], classes)):
    folds[held_out, number // 10] = number % 10
print("row_id,repeat_0,repeat_1,repeat_2")
for row, numbers in zip(rows, folds):
    print(row["row_id"], *numbers, sep=",")
