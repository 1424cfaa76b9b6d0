"""Branches of steps: what the members of a model read."""

import math

from . import elementary


def standard_scale(step, row):
    """(value - mean) / std_dev"""
    row = list(row)
    for at, mean, std_dev in zip(step["inputs"], step["means"], step["std_devs"]):
        row[at] = (row[at] - mean) / std_dev
    return row


STEPS = {"StandardScale": standard_scale}


def encode(model, row):
    """What each branch makes of a row: values, and whether they are exact."""
    branches = []
    for branch in model["branches"]:
        source = branch["source"]
        values, is_exact = (row, True) if source is None else branches[source]
        before = elementary.calls
        for step in branch["steps"]:
            (name, parameters), = step.items()
            values = STEPS[name](parameters, values)
        branches.append((values, is_exact and elementary.calls == before))
    return branches
