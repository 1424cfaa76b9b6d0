"""Rows of wdbc.csv by the names of their columns, for the other scripts."""

import csv


def rows(path, n_rows):
    """The first rows: the names of the features, and their numbers."""
    with open(path, newline="") as file:
        lines = list(csv.DictReader(file))[:n_rows]
    names = [name for name in lines[0] if name not in ("row_id", "diagnosis")]
    return names, [[float(line[name]) for name in names] for line in lines]
