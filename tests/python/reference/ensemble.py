"""From members to what is predicted: combiner, calibrator, class, cutoffs."""

import math

from . import members as members_of
from . import uncertainty
from .elementary import ln, logistic_pair, softmax
from .intake import RULE_BROKEN, take_in
from .pipeline import encode

SMALLEST = 1e-300


def most_probable(probabilities):
    """The largest; of equal ones, the first."""
    return probabilities.index(max(probabilities))


def vote(weights, votes):
    """The weighted mean of one list per member, added from the first member on."""
    sums, total = [0.0] * len(votes[0]), 0.0
    for weight, own in zip(weights, votes):
        total += weight
        sums = [so_far + weight * value for so_far, value in zip(sums, own)]
    return [so_far / total for so_far in sums]


def combine(combiner, outputs, margins):
    """The outputs of the ensemble, and whether they are exact."""
    (kind, parameters), = combiner.items()
    is_exact = all(exact for _, exact in outputs)
    if kind == "SoftVote":
        return vote(parameters["weights"], [own for own, _ in outputs]), is_exact
    if kind == "HardVote":
        choices = [most_probable(own) for own, _ in outputs]
        n_classes = len(outputs[0][0])
        votes = [[1.0 if k == choice else 0.0 for k in range(n_classes)] for choice in choices]
        # Weights are added to the classes that were chosen: adding 0 changes nothing.
        return vote(parameters["weights"], votes), True
    if kind == "CalibratedVote":
        calibrated = []
        reads_margins = parameters["input"] == "Margins"
        for calibrator, (own, exact), (own_margins, _) in zip(parameters["calibrators"], outputs, margins):
            if reads_margins:
                own = own_margins if len(own) != 2 else [-own_margins[0], own_margins[0]]
            own, exact = calibrate(calibrator, own, exact)
            calibrated.append(own)
            is_exact = is_exact and exact
        return vote(parameters["weights"], calibrated), is_exact
    if parameters["input"] == "Margins":
        inputs, is_exact = sum((own for own, _ in margins), []), all(e for _, e in margins)
    elif len(outputs[0][0]) == 2:
        inputs = [own[1] for own, _ in outputs]
    else:
        inputs = sum((own for own, _ in outputs), [])
    _, stacked = members_of.predict(parameters["member"], inputs, is_exact)
    return stacked


def interpolate(xs, ys, x):
    """A straight line between the points around x, a point's own y where x equals it."""
    if x <= xs[0]:
        return ys[0]
    if x >= xs[-1]:
        return ys[-1]
    at = max(k for k, known in enumerate(xs) if known <= x)
    slope = (ys[at + 1] - ys[at]) / (xs[at + 1] - xs[at])
    return min(max(slope * (x - xs[at]) + ys[at], ys[at]), ys[at + 1]) if x > xs[at] else ys[at]


def calibrate_one(calibration, q, p):
    """The calibrated (q, p) of one class against the others, and whether it stays exact."""
    (kind, own), = calibration.items()
    if kind == "Isotonic":
        p = interpolate(own["probabilities"], own["calibrated"], p)
        return (1.0 - p, p), True
    ln_q, ln_p = ln(max(q, SMALLEST)), ln(max(p, SMALLEST))
    if kind == "Platt":
        margin = own["slope"] * (ln_p - ln_q) + own["intercept"]
    elif kind == "Beta":
        margin = own["a"] * ln_p - own["b"] * ln_q + own["c"]
    elif kind == "Sigmoid":
        margin = own["slope"] * p + own["intercept"]
    return logistic_pair(margin), False


def calibrate(calibrator, outputs, is_exact):
    """Calibrated probabilities, and whether they are exact."""
    (kind, own), = calibrator.items()
    if kind == "Binary":
        (q, p), stays = calibrate_one(own, *outputs)
        return [q, p], is_exact and stays
    if kind == "Temperature":
        return softmax([ln(max(p, SMALLEST)) / own["temperature"] for p in outputs]), False
    calibrated, total = [], 0.0
    for calibration, p in zip(own, outputs):
        (_, p), stays = calibrate_one(calibration, 1.0 - p, p)
        calibrated.append(p)
        total += p
        is_exact = is_exact and stays
    if total > 0.0:
        return [p / total for p in calibrated], is_exact
    return [1.0 / len(outputs)] * len(outputs), is_exact


def answer(model, stated):
    """All that a row gets back: lists of numbers with whether they are exact, and the rest.

    Raises `Refused` for a row that cannot be predicted.
    """
    row, feature_flags, broken = take_in(model, stated)
    branches = encode(model, row)
    margins, outputs = [], []
    for member in model["members"]:
        own_margins, own_outputs = members_of.predict(member["member"], *branches[member["branch"]])
        margins.append(own_margins)
        outputs.append(own_outputs)
    combined, is_exact = combine(model["combiner"], outputs, margins)
    if model["calibrator"] is not None:
        combined, is_exact = calibrate(model["calibrator"], combined, is_exact)
    flags = RULE_BROKEN if any(broken) else 0
    for own in feature_flags:
        flags |= own
    is_of_classes = "Classes" in model["target"]
    uncertain = uncertainty.NOTHING
    if model["uncertainty"] is not None:
        own_outputs = [own for own, _ in outputs]
        uncertain = uncertainty.answer(model["uncertainty"], combined, own_outputs, row, branches)
    return {
        **uncertain,
        "outputs": [(value, is_exact) for value in combined],
        "members": [(value, exact) for own, exact in outputs for value in own],
        "margins": [(value, exact) for own, exact in margins for value in own],
        "class": [most_probable(combined)] if is_of_classes else [],
        "flags": [flags],
        "feature-flags": feature_flags,
        "rules-broken": [int(own) for own in broken],
        "cutoffs-reached": [
            int(combined[cutoff["class"]] >= cutoff["probability"]) for cutoff in model["cutoffs"]
        ],
    }
