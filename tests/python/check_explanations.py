"""Checks tests/data/explanations against explanations that are worked out by their definition.

    python3 tests/python/check_explanations.py [folder of other explanations]

Values of groups and closed forms are Shapley values over every coalition; sampled values are those of
the permutations that the library draws. Sums are added in another order than the library's, so numbers
may differ by TOLERANCE.
"""

import math
import sys
from pathlib import Path

import corpus
from reference import members as members_of
from reference.elementary import ln
from reference.ensemble import combine
from reference.pipeline import encode

TOLERANCE = 1e-12
N_PAIRS = 4
MASK = 2**64 - 1


def requests(path):
    """Each request with its rows: a dictionary of the numbers of each line."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        word, _, rest = line.partition(" ")
        if word == "request":
            found.append((rest.split(), []))
        elif word == "row":
            found[-1][1].append({})
        if word in ("row", "base", "explained", "values", "std-errors"):
            found[-1][1][-1][word] = [corpus.of_bits(int(bits, 16)) for bits in rest.split()]
    return found


def margins(model, row):
    """The margins of each member, and its outputs, with whether they are exact."""
    branches = encode(model, list(row))
    return [members_of.predict(own["member"], *branches[own["branch"]]) for own in model["members"]]


def function(model, kind, index):
    """What is explained, as a function of a row."""
    if kind == "member":
        return lambda row: margins(model, row)[index][0][0]

    def outputs(row):
        found = margins(model, row)
        own = [own for own, _ in found], [own for _, own in found]
        return combine(model["combiner"], own[1], own[0])[0]

    if kind == "outputs":
        return outputs

    def logarithms(row):
        found = outputs(row)
        if "Number" in model["target"]:
            return found
        return ln(found[1]) - ln(found[0]) if len(found) == 2 else [ln(own) for own in found]

    return logarithms


def as_list(value):
    return value if isinstance(value, list) else [value]


def shapley(n_players, value_of):
    """The base, and each player's value of each number, over all coalitions."""
    known = {mask: value_of(mask) for mask in range(2**n_players)}
    values = []
    for number in range(len(known[0])):
        for player in range(n_players):
            total = 0.0
            for mask in range(2**n_players):
                if mask >> player & 1:
                    continue
                size = mask.bit_count()
                share = math.factorial(size) * math.factorial(n_players - size - 1) / math.factorial(n_players)
                total += share * (known[mask | 1 << player][number] - known[mask][number])
            values.append(total)
    return known[0], values


def background_rows(model):
    """The background rows, each with its share of the weight; a missing value is NaN."""
    rows, weights = model["explanation"]["background"], model["explanation"]["weights"]
    filled = [[math.nan if value is None else value for value in row] for row in rows]
    return [(row, weight / sum(weights)) for row, weight in zip(filled, weights)]


def against_background(model, explained, row, players):
    """The mean over background rows in which the features of the players of a coalition are replaced."""
    background = background_rows(model)

    def value_of(mask):
        total = None
        for own, weight in background:
            hybrid = [new if mask >> players[at] & 1 else old for at, (new, old) in enumerate(zip(row, own))]
            numbers = [weight * number for number in as_list(explained(hybrid))]
            total = numbers if total is None else [a + b for a, b in zip(total, numbers)]
        return total

    return shapley(max(players) + 1, value_of)


def origins(model, branch):
    """The feature from which each value of an encoded row comes."""
    own = model["branches"][branch]
    found = list(range(len(model["features"]))) if own["source"] is None else origins(model, own["source"])
    for (kind, step), in map(dict.items, own["steps"]):
        if kind == "Impute" and step["has_indicators"]:
            found += [found[at] for at in step["inputs"]]
        elif kind == "OneHot":
            n_levels = dict(zip(step["inputs"], step["n_levels"]))
            found = [feature for at, feature in enumerate(found) for _ in range(n_levels.get(at, 1))]
        elif kind not in ("Impute", "StandardScale"):
            raise ValueError(f"unknown step {kind}")
    return found


def path_dependent(model, index, row):
    """Shapley values of a forest in which unknown features follow the shares of the training rows."""
    member = model["members"][index]
    (forest,) = member["member"].values()
    (own,) = [own for own in model["explanation"]["left_shares"] if own["member"] == index]
    encoded, _ = encode(model, list(row))[member["branch"]]
    features = origins(model, member["branch"])
    n_margins = len(forest["base_margins"])

    def expected(tree, shares, mask, at):
        """The values of the leaves below a node."""
        (kind, node), = tree["nodes"][at].items()
        if kind == "Leaf":
            width = n_margins if tree["margin"] is None else 1
            return tree["leaves"][node["leaf"] * width :][:width]
        left, right = (expected(tree, shares, mask, node[side]) for side in ("left", "right"))
        if mask >> features[node["input"]] & 1:
            return left if goes_left(kind, node, encoded[node["input"]]) else right
        return [shares[at] * a + (1.0 - shares[at]) * b for a, b in zip(left, right)]

    def value_of(mask):
        sums, n_trees, first = [0.0] * n_margins, [0] * n_margins, 0
        for tree in forest["trees"]:
            splits = [at for at, node in enumerate(tree["nodes"]) if "Leaf" not in node]
            shares = dict(zip(splits, own["shares"][first:]))
            first += len(splits)
            margins = range(n_margins) if tree["margin"] is None else [tree["margin"]]
            for margin, value in zip(margins, expected(tree, shares, mask, 0)):
                sums[margin] += value
                n_trees[margin] += 1
        if forest["aggregate"] == "Mean":
            sums = [total / max(n, 1) for total, n in zip(sums, n_trees)]
        return [base + total for base, total in zip(forest["base_margins"], sums)]

    return shapley(len(row), value_of)


def goes_left(kind, node, value):
    """Whether a row takes the left child of a split in double precision."""
    if math.isnan(value):
        return node["default_child"] == "Left"
    return value in node["levels"] if kind == "SplitLevels" else value <= node["threshold"]


def shuffled(n, seed):
    """Fisher and Yates's shuffle with SplitMix64."""
    order, state = list(range(n)), seed
    for last in range(n - 1, 0, -1):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        bits = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & MASK
        bits = ((bits ^ bits >> 27) * 0x94D049BB133111EB) & MASK
        bits ^= bits >> 31
        other = (bits >> 32) * (last + 1) >> 32
        order[last], order[other] = order[other], order[last]
    return order


def pair(explained, background, row, order):
    """What each feature moved, the mean over an order and its reverse."""
    moved = None
    for own in (order, order[::-1]):
        hybrid = list(background)
        before = as_list(explained(hybrid))
        moved = moved or [[0.0] * len(row) for _ in before]
        for feature in own:
            hybrid[feature] = row[feature]
            after = as_list(explained(hybrid))
            for number, (a, b) in enumerate(zip(before, after)):
                moved[number][feature] += 0.5 * (b - a)
            before = after
    return sum(moved, [])


def sampled(model, explained, row):
    """The values of all pairs, and their standard errors; the base is exact."""
    base, _ = against_background(model, explained, row, [0] * len(row))
    n_values = len(base) * len(row)
    values, variances = [0.0] * n_values, [0.0] * n_values
    for index, (background, weight) in enumerate(background_rows(model)):
        orders = [shuffled(len(row), index << 32 | nth) for nth in range(N_PAIRS)]
        pairs = [pair(explained, background, row, order) for order in orders]
        for at, estimates in enumerate(zip(*pairs)):
            mean = sum(estimates) / N_PAIRS
            squares = sum((estimate - mean) ** 2 for estimate in estimates)
            values[at] += weight * mean
            variances[at] += weight * weight * squares / (N_PAIRS * (N_PAIRS - 1))
    return base, values, [math.sqrt(variance) for variance in variances]


def answer(model, words, row):
    """Base, explained numbers, values and standard errors of a request."""
    kind, index, method = words[0], int(words[1]), words[2]
    explained = function(model, kind, index)
    each = [{"features": [feature]} for feature in range(len(row))]
    groups = model["explanation"].get("groups") or each
    group_of = [next(at for at, own in enumerate(groups) if i in own["features"]) for i in range(len(row))]
    errors = None
    if method == "groups":
        base, values = against_background(model, explained, row, group_of)
    elif method == "interventional":
        base, values = against_background(model, explained, row, list(range(len(row))))
    elif method == "path_dependent":
        base, values = path_dependent(model, index, row)
    elif method == "permutations":
        base, values, errors = sampled(model, explained, row)
    else:
        raise ValueError(f"unknown method {method}")
    return {
        "base": base, "explained": as_list(explained(row)), "values": values,
        "std-errors": errors or [0.0] * len(values),
    }  # fmt: skip


def main():
    here = Path(__file__).resolve().parent.parent / "data" / "explanations"
    folder = Path(sys.argv[1]) if sys.argv[1:] else here
    n_numbers = n_wrong = 0
    corpus.folder = here
    for path in sorted(folder.glob("*.cases")):
        model = corpus.model(path.stem)
        for words, rows in requests(path):
            for number, expected in enumerate(rows, start=1):
                found = answer(model, words, expected["row"])
                for line, numbers in found.items():
                    n_numbers += len(numbers)
                    pairs = zip(numbers, expected[line])
                    is_same = all(math.isclose(a, b, rel_tol=0.0, abs_tol=TOLERANCE) for a, b in pairs)
                    if len(numbers) != len(expected[line]) or not is_same:
                        n_wrong += 1
                        print(f"{path.name}: {' '.join(words)}: row {number}: {line}: {numbers}, "
                              f"expected {expected[line]}")
    print(f"{n_numbers} numbers, {n_wrong} lines wrong")
    return int(n_wrong > 0 or n_numbers == 0)


if __name__ == "__main__":
    sys.exit(main())
