"""How uncertain a prediction is: p-values, sets, intervals, distance, verdict."""

import math

PREDICTED, AMBIGUOUS, UNLIKE = 0, 1, 2

#: The lines of a model without uncertainty.
NOTHING = {
    name: []
    for name in (
        "verdict", "p-values", "sets", "intervals", "distance-p-value", "furthest-feature",
        "furthest-times",
    )
}  # fmt: skip


def every_score(ranks):
    """The score of each held-out row: a list without counts."""
    counts = ranks["at_least"] + [0]
    own = [counts[i] - counts[i + 1] for i in range(len(ranks["scores"]))]
    return [score for score, n in zip(ranks["scores"], own) for _ in range(n)]


def p_value(ranks, score):
    """The share of the scores that are as strange, with the row itself."""
    scores = every_score(ranks)
    return (sum(a >= score for a in scores) + 1) / (len(scores) + 1)


def is_within(p, level):
    """Whether something with this p-value is within a level of coverage."""
    return 1.0 - p < level


def largest(ranks, level):
    """The largest score that is within a level."""
    if is_within(1 / (len(every_score(ranks)) + 1), level):
        return math.inf
    within = [score for score in ranks["scores"] if is_within(p_value(ranks, score), level)]
    return max(within) if within else 0.0


def difficulty(kind, members):
    """What the error of a row is divided by."""
    if kind == "Constant":
        return 1.0
    values = [own[0] for own in members]
    return (max(values) - min(values)) / 2.0 + kind["MemberRange"]["offset"]


def venn_abers(fitted, probability):
    """The ends of the interval of a probability."""
    step = int(probability * fitted["resolution"])
    known = list(zip(fitted["steps"], fitted["lows"], fitted["highs"]))
    lows = [low for own, low, _ in known if own <= step]
    highs = [high for own, _, high in known if own >= step]
    return [lows[-1] if lows else 0.0, highs[0] if highs else 1.0]


def distance(fitted, encoded):
    """The root of the summed squares of whitened differences."""
    total, at = 0.0, 0
    for n in range(1, len(fitted["means"]) + 1):
        weighted = 0.0
        for weight, mean, value in zip(fitted["whitening"][at : at + n], fitted["means"], encoded):
            weighted += weight * (value - mean)
        total += weighted * weighted
        at += n
    return math.sqrt(total)


def furthest(spreads, row):
    """The feature that is the furthest from its middle, and how many times as far as usual."""
    times = []
    for spread, value in zip(spreads, row):
        usual = spread["below"] if value < spread["middle"] else spread["above"]
        far = abs(value - spread["middle"])
        times.append(-1.0 if usual == 0.0 else 0.0 if math.isnan(far) else far / usual)
    at = times.index(max(times)) if times else None
    return None if at is None or times[at] < 0.0 else (at, times[at])


def answer(fitted, outputs, members, row, branches):
    """The lines of a case: numbers are exact, since only comparisons use what may not be."""
    (kind, scores), = fitted["scores"].items()
    p_values, sets, intervals = [], [], []
    if kind == "Classes":
        p_values = [p_value(own, 1.0 - p) for own, p in zip(scores["ranks"], outputs)]
        if fitted["venn_abers"] is not None:
            intervals = venn_abers(fitted["venn_abers"], outputs[1])
    for level in fitted["levels"]:
        sets.append([int(is_within(p, level)) for p in p_values])
        if kind == "Number":
            width = largest(scores["ranks"], level) * difficulty(scores["difficulty"], members)
            intervals += [outputs[0] - width, outputs[0] + width]
    far = []
    if fitted["distance"] is not None:
        encoded, _ = branches[fitted["distance"]["branch"]]
        far = [p_value(fitted["distance"]["ranks"], distance(fitted["distance"], encoded))]
    most = furthest(fitted["spreads"], row)
    return {
        "verdict": [verdict(fitted["referral"], sets, intervals, far)],
        "p-values": [(p, True) for p in p_values],
        "sets": sum(sets, []),
        "intervals": [(end, kind == "Classes") for end in intervals],
        "distance-p-value": [(p, True) for p in far],
        "furthest-feature": [] if most is None else [most[0]],
        "furthest-times": [] if most is None else [(most[1], True)],
    }


def verdict(referral, sets, intervals, far):
    """Whether a rule refers the row."""
    if referral["unlike"] is not None and far[0] <= referral["unlike"]:
        return UNLIKE
    if referral["ambiguous"] is not None:
        (rule, own), = referral["ambiguous"].items()
        level = own["level"]
        if rule == "NotOneClass" and sum(sets[level]) != 1:
            return AMBIGUOUS
        low, high = intervals[2 * level : 2 * level + 2] if rule == "TooWide" else (0.0, 0.0)
        if rule == "TooWide" and high - low > own["max_width"]:
            return AMBIGUOUS
    return PREDICTED
