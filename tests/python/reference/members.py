"""Members: from an encoded row to margins, and through the link to outputs."""

import math
from bisect import bisect_left, bisect_right

from . import elementary
from .elementary import erf, exp, ln, logistic_pair, single, softmax, tanh


def linear(member, row):
    """intercept + weight * value, added from the first input on"""
    n_inputs = member["n_inputs"]
    margins = []
    for k, intercept in enumerate(member["intercepts"]):
        for weight, value in zip(member["weights"][k * n_inputs :], row):
            intercept += weight * value
        margins.append(intercept)
    return margins


def linear_single(member, row):
    """intercept + weight * value, every result in single precision; a missing value adds nothing"""
    n_inputs = member["n_inputs"]
    margins = []
    for k, margin in enumerate(member["intercepts"]):
        for weight, value in zip(member["weights"][k * n_inputs :], row):
            if not math.isnan(value):
                margin = single(margin + single(weight * single(value)))
        margins.append(margin)
    return margins


def leaf_of(forest, tree, row):
    """Walks from the root to a leaf."""
    at = 0
    while True:
        (kind, node), = tree["nodes"][at].items()
        if kind == "Leaf":
            return node["leaf"]
        value = row[node["input"]]
        if math.isnan(value):
            goes_left = node["default_child"] == "Left"
        elif kind == "SplitLevels":
            goes_left = value in node["levels"]
        else:
            if forest["precision"] != "Double":
                value = single(value)
            is_below = forest["comparison"] == "Below"
            goes_left = value < node["threshold"] if is_below else value <= node["threshold"]
        at = node["left"] if goes_left else node["right"]


def forest(member, row):
    """base margin + leaves of tree 0, 1, …; or their mean"""
    rounded = single if member["precision"] == "Single" else lambda value: value
    is_mean = member["aggregate"] == "Mean"
    bases = [rounded(base) for base in member["base_margins"]]
    sums = [0.0] * len(bases) if is_mean else list(bases)
    n_trees = [0] * len(bases)
    for tree in member["trees"]:
        margins = range(len(bases)) if tree["margin"] is None else [tree["margin"]]
        first = leaf_of(member, tree, row) * len(margins)
        for value, margin in zip(tree["leaves"][first:], margins):
            sums[margin] = rounded(sums[margin] + rounded(value))
            n_trees[margin] += 1
    if not is_mean:
        return sums
    means = [rounded(total / max(n, 1)) for total, n in zip(sums, n_trees)]
    return [rounded(base + mean) for base, mean in zip(bases, means)]


def linear_forest(member, row):
    """as a forest; a leaf is intercept + weight * value, or its value where one of these is missing"""
    trees, first = [], 0
    for tree in member["forest"]["trees"]:
        leaves = []
        for value in tree["leaves"]:
            terms = range(member["ends"][first - 1] if first else 0, member["ends"][first])
            total = member["intercepts"][first]
            for term in terms:
                total += member["weights"][term] * row[member["inputs"][term]]
            leaves.append(value if math.isnan(total) else total)
            first += 1
        trees.append({**tree, "leaves": leaves})
    return forest({**member["forest"], "trees": trees}, row)


def kernel_of(kernel, vector, row):
    """exp(-gamma * squared distance), or the power or the tanh of gamma * product + offset"""
    (kind, scale), = kernel.items()
    if kind == "Radial":
        distance = 0.0
        for value, number in zip(row, vector):
            distance += (value - number) * (value - number)
        return exp(-scale["gamma"] * distance)
    product = 0.0
    for value, number in zip(row, vector):
        product += value * number
    base = scale["gamma"] * product + scale["offset"]
    if kind == "Sigmoid":
        return tanh(base)
    power, square, degree = 1.0, base, scale["degree"]
    while degree:
        if degree % 2:
            power *= square
        square, degree = square * square, degree // 2
    return power


def stored_rows(rows):
    n_inputs = rows["n_inputs"]
    return [rows["values"][at : at + n_inputs] for at in range(0, len(rows["values"]), n_inputs)]


def support_vectors(member, row):
    """coefficient * kernel, added from vector 0 on, then the intercept"""
    n_margins = len(member["intercepts"])
    margins = [0.0] * n_margins
    for nth, vector in enumerate(stored_rows(member["vectors"])):
        alike = kernel_of(member["kernel"], vector, row)
        for k, coefficient in enumerate(member["coefficients"][nth * n_margins :][:n_margins]):
            margins[k] += coefficient * alike
    return [margin + intercept for margin, intercept in zip(margins, member["intercepts"])]


def neighbours(member, row):
    """the weighted mean of the nearest rows; of equally far ones, those that are stored first"""
    distances = []
    for nth, stored in enumerate(stored_rows(member["rows"])):
        differences = [abs(value - number) for value, number in zip(row, stored)]
        if member["metric"] == "Euclidean":
            differences = [difference * difference for difference in differences]
        distance = 0.0
        for difference in differences:
            is_largest = member["metric"] == "Chebyshev"
            distance = max(distance, difference) if is_largest else distance + difference
        distances.append((distance, nth))
    nearest = sorted(distances)[: member["n_neighbours"]]
    root = math.sqrt if member["metric"] == "Euclidean" else lambda distance: distance
    closest = nearest[0][0]
    (kind, targets), = member["targets"].items()
    margins = [0.0] * (targets["n_classes"] if kind == "Classes" else 1)
    total = 0.0
    for distance, nth in nearest:
        is_less = member["weight"] == "InverseDistance" and distance > closest
        weight = root(closest) / root(distance) if is_less else 1.0
        if kind == "Classes":
            margins[targets["of_rows"][nth]] += weight
        else:
            margins[0] += weight * targets[nth]
        total += weight
    return [margin / total for margin in margins]


def gelu(x):
    return x * 0.5 * (1.0 + erf(x * math.sqrt(0.5)))


def gelu_tanh(x):
    inner = math.sqrt(2.0 / math.pi) * (x + 0.044715 * (x * x * x))
    return 0.5 * x * (1.0 + tanh(inner))


def activate(activation, sums):
    """Applies the activation of a layer to its sums."""
    if isinstance(activation, dict):
        slope = activation["leaky_relu"]["slope"]
        return [x if x > 0.0 else slope * x for x in sums]
    if activation == "softmax":
        return softmax(sums)
    function = {
        "identity": lambda x: x,
        "relu": lambda x: x if x > 0.0 else 0.0,
        "tanh": tanh,
        "logistic": lambda x: logistic_pair(x)[1],
        "gelu": gelu,
        "gelu_tanh": gelu_tanh,
    }[activation]
    return [function(x) for x in sums]


def network(member, row):
    """bias + value * weight, added from the first input on, then the activation"""
    for layer in member["layers"]:
        n_outputs = len(layer["biases"])
        sums = []
        for output, total in enumerate(layer["biases"]):
            for value, weight in zip(row, layer["weights"][output::n_outputs]):
                total += value * weight
            sums.append(total)
        row = activate(layer["activation"], sums)
    return row


def naive_bayes(member, row):
    """ln prior + ln likelihood of each value; what is missing or unseen contributes nothing"""
    margins = list(member["log_priors"])
    n_classes = len(margins)
    for value, likelihood in zip(row, member["likelihoods"]):
        if math.isnan(value):
            continue
        (kind, table), = likelihood.items()
        for k in range(n_classes):
            if kind == "Gaussian":
                mean, variance = table["means"][k], table["variances"][k]
                height = -0.5 * ln(2.0 * math.pi * variance)
                distance = value - mean
                margins[k] += height - 0.5 * (distance * distance / variance)
            else:
                n_levels = len(table["log_probabilities"]) // n_classes
                if value < n_levels:
                    margins[k] += table["log_probabilities"][k * n_levels + int(value)]
    return margins


def points_of(item, value):
    if math.isnan(value):
        return item["if_missing"]
    (kind, table), = item["points"].items()
    if kind == "Levels":
        return table["points"][int(value)]
    bisect = bisect_left if table["tie"] == "Below" else bisect_right
    return table["points"][bisect(table["thresholds"], value)]


def points_score(member, row):
    """What the total of the points of all items becomes"""
    total = sum(points_of(item, row[item["input"]]) for item in member["items"])
    (kind, line), = member["total"].items()
    if kind == "Table":
        probability = dict(map(tuple, line["probabilities"]))[total]
        return [1.0 - probability, probability]
    return [line["intercept"] + line["slope"] * total]


MEMBERS = {
    "Linear": linear,
    "Forest": forest,
    "Network": network,
    "NaiveBayes": naive_bayes,
    "PointsScore": points_score,
    "LinearSingle": linear_single,
    "LinearForest": linear_forest,
    "SupportVectors": support_vectors,
    "Neighbours": neighbours,
}


def link_of(kind, member):
    if kind == "NaiveBayes":
        return "Softmax"
    if kind == "PointsScore":
        (total,) = member["total"]
        return {"Value": "Identity", "Logit": "Logit", "Table": "Probability"}[total]
    if kind == "LinearForest":
        return member["forest"]["link"]
    if kind == "Neighbours":
        return "Probability" if "Classes" in member["targets"] else "Identity"
    return member["link"]


def logit_single(margins):
    denominator = single(single(exp(min(-margins[0], single(88.7)))) + 1.0)
    second = single(1.0 / denominator)
    return [single(1.0 - second), second]


def softmax_single(margins):
    largest = max(margins)
    powers = [single(exp(single(margin - largest))) for margin in margins]
    total = 0.0
    for power in powers:
        total += power
    return [single(power / single(total)) for power in powers]


def survival(margins):
    hazard = exp(min(margins[0], 700.0))
    return [exp(-hazard), -math.expm1(-hazard)]


def one_vs_rest(margins):
    shares = [logistic_pair(margin)[1] for margin in margins]
    total = 0.0
    for share in shares:
        total += share
    return [share / total if total > 0.0 else 1.0 / len(shares) for share in shares]


# The links that no kind of member of ours is trained with.
LINKS = {
    "Log": lambda margins: [exp(margins[0])],
    "LogSingle": lambda margins: [single(exp(margins[0]))],
    "LogitSingle": logit_single,
    "SoftmaxSingle": softmax_single,
    "ComplementaryLogLog": survival,
    "OneVsRest": one_vs_rest,
}


def predict(member, row, is_exact):
    """Margins and outputs of a member, each with whether they are exact."""
    (kind, member), = member.items()
    before = elementary.calls
    margins = MEMBERS[kind](member, row)
    is_exact = is_exact and elementary.calls == before
    link = link_of(kind, member)
    if link == "Logit":
        return (margins, is_exact), (list(logistic_pair(margins[0])), False)
    if link == "Softmax":
        return (margins, is_exact), (softmax(margins), False)
    if link in LINKS:
        return (margins, is_exact), (LINKS[link](margins), False)
    return (margins, is_exact), (list(margins), is_exact)
