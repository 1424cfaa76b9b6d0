"""Branches of steps: what the members of a model read."""

import math

from . import elementary


def standard_scale(step, row):
    """(value - mean) / std_dev"""
    row = list(row)
    for at, mean, std_dev in zip(step["inputs"], step["means"], step["std_devs"]):
        row[at] = (row[at] - mean) / std_dev
    return row


def each(step, row, make, *names):
    """Replaces the values that a step reads by what `make` makes of them and of their parameters."""
    row = list(row)
    for at, *parameters in zip(step["inputs"], *(step[name] for name in names)):
        row[at] = make(row[at], *parameters)
    return row


def unless_missing(make):
    return lambda value, *parameters: value if math.isnan(value) else make(value, *parameters)


def impute(step, row):
    indicators = [1.0 if math.isnan(row[at]) else 0.0 for at in step["inputs"]]
    fill = lambda value, own: own if math.isnan(value) else value
    return each(step, row, fill, "values") + (indicators if step["has_indicators"] else [])


def clip(step, row):
    bound = unless_missing(lambda value, low, high: low if value < low else high if value > high else value)
    return each(step, row, bound, "lows", "highs")


def min_max_scale(step, row):
    return each(step, row, lambda value, scale, shift: value * scale + shift, "scales", "shifts")


def robust_scale(step, row):
    return each(step, row, lambda value, center, scale: (value - center) / scale, "centers", "scales")


def log_1p(step, row):
    return each(step, row, unless_missing(elementary.ln_1p))


def one_hot(step, row):
    """One value per level, in place of its number; the first one may be left out."""
    n_levels = dict(zip(step["inputs"], step["n_levels"]))
    encoded = []
    for at, value in enumerate(row):
        if at not in n_levels:
            encoded.append(value)
            continue
        for level in range(1 if step["drops_first"] else 0, n_levels[at]):
            encoded.append(value if math.isnan(value) else 1.0 if value == level else 0.0)
    return encoded


def polynomial(step, row):
    """Products, each from its last factor to its first."""
    products = []
    for term in step["terms"]:
        product = 1.0
        for at in reversed(term):
            product *= row[at]
        products.append(product)
    return products


def signed_power(step, row):
    """The sign of the value times a power of its size."""
    raised = lambda value, exponent: math.copysign(1.0, value) * elementary.power(abs(value), exponent)
    return each(step, row, unless_missing(raised), "exponents")


def yeo_johnson(step, row):
    def power(x, own):
        return elementary.ln_1p(x) if abs(own) < 2.0**-52 else (elementary.power(x + 1.0, own) - 1.0) / own

    transform = lambda value, own: -power(-value, 2.0 - own) if value < 0.0 else power(value, own)
    return each(step, row, unless_missing(transform), "lambdas")


def encode_levels(step, row):
    number = lambda level, numbers, unseen: numbers[int(level)] if level < len(numbers) else unseen
    return each(step, row, unless_missing(number), "numbers", "unseen")


def bin_number(step, row):
    """How many edges are not above the value."""
    count = lambda value, edges: float(sum(edge <= value for edge in edges))
    return each(step, row, unless_missing(count), "edges")


def derive(step, row):
    make = {
        "Ratio": lambda of: row[of["numerator"]] / row[of["denominator"]],
        "Product": lambda of: row[of["first"]] * row[of["second"]],
        "Difference": lambda of: row[of["minuend"]] - row[of["subtrahend"]],
    }
    return list(row) + [make[kind](of) for own in step["derivations"] for kind, of in own.items()]


def spline(step, row):
    """The value, then a term for each knot but the last two."""
    cube = lambda u: 0.0 if u < 0.0 else u * u * u
    knots_of = dict(zip(step["inputs"], step["knots"]))
    encoded = []
    for at, x in enumerate(row):
        encoded.append(x)
        knots = knots_of.get(at, [])
        for own in knots[:-2]:
            first, before, last = knots[0], knots[-2], knots[-1]
            outer = (before - own) * cube(x - last) - (last - own) * cube(x - before)
            term = (cube(x - own) + outer / (last - before)) / ((last - first) * (last - first))
            encoded.append(term)
    return encoded


def curves(step, row):
    """Of each piece, the polynomial in the distance from the break it begins at."""
    encoded, own = [], dict(zip(step["inputs"], step["curves"]))
    for at, x in enumerate(row):
        if at not in own:
            encoded.append(x)
            continue
        for curve in own[at]:
            breaks = curve["breaks"]
            piece = sum(1 for start in breaks if start <= x)
            origin = breaks[max(piece - 1, 0)] if breaks else 0.0
            *lower, total = curve["pieces"][piece]
            for coefficient in reversed(lower):
                total = total * (x - origin) + coefficient
            encoded.append(x if math.isnan(x) else total)
    return encoded


def project(step, row):
    """Sums from the first value to the last."""
    width, projected = len(step["means"]), []
    for nth, scale in enumerate(step["scales"]):
        total = 0.0
        weights = step["components"][nth * width : (nth + 1) * width]
        for value, mean, weight in zip(row, step["means"], weights):
            total += (value - mean) * weight
        projected.append(total / scale)
    return projected


def mark_missing(step, row):
    """a number from low to high is missing"""
    mark = lambda value, low, high: math.nan if low <= value <= high else value
    return each(step, row, mark, "lows", "highs")


def select(step, row):
    return [row[at] for at in step["positions"]]


STEPS = {
    "StandardScale": standard_scale,
    "Impute": impute,
    "Clip": clip,
    "MinMaxScale": min_max_scale,
    "RobustScale": robust_scale,
    "Log1p": log_1p,
    "OneHot": one_hot,
    "Polynomial": polynomial,
    "SignedPower": signed_power,
    "YeoJohnson": yeo_johnson,
    "EncodeLevels": encode_levels,
    "Bin": bin_number,
    "Derive": derive,
    "Spline": spline,
    "Project": project,
    "Select": select,
    "MarkMissing": mark_missing,
    "Curves": curves,
}


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
