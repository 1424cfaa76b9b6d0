"""What a monitor counts: in which bin of the profile each value is, or why it is in none.

The order of the counts is that of docs/bundle-format.md. Probabilities are those that the cases
expect, since their sums are rounded to units of 2^-32.
"""

from .intake import Refused, admit, condition_of, is_broken, read

REASONS = ["INFINITE", "MISSING", "MAGNITUDE", "UNSET", "NAN", "RANGE", "LEVEL", "TYPE", "RULE"]
STATUSES = ["missing", "unset", "out_of_range", "unseen_level", "invalid"]
STATUS = {
    "missing": "missing",
    "unset": "unset",
    "out_of_range": "out_of_range",
    "infinite": "out_of_range",
    "unseen_level": "unseen_level",
    "not_a_number": "invalid",
    "wrong_type": "invalid",
}


def bins_of(bins):
    """The edges, and how many bins there are."""
    ((_, content),) = bins.items()
    return content.get("edges", []), len(content.get("gaps", content.get("counts")))


def bin_of(bins, value):
    """A value equal to an edge is in the bin below it; levels from the last bin on share it."""
    edges, n = bins_of(bins)
    return sum(value > edge for edge in edges) if edges or n == 1 else min(int(value), n - 1)


class Counters:
    """The counts of one model, by place."""

    def __init__(self, model):
        self.model, self.profile = model, model["profile"]
        self.n_rows, self.reasons = 0, [0] * len(REASONS)
        self.rules = [0] * len(model["rules"])
        histograms = [bins_of(feature["bins"])[1] for feature in self.profile["features"]]
        self.bins = [[0] * n for n in histograms]
        self.statuses = [[0] * len(STATUSES) for _ in histograms]
        self.refused = [0] * len(histograms)
        outputs = [bins_of(bins)[1] for bins in self.profile["outputs"]]
        self.outputs, self.sums = [[0] * n for n in outputs], [[0] * n for n in outputs]
        self.classes = [0] * len(self.profile["classes"])

    def add(self, case, stated):
        """Counts a case; one that cannot be stated counts nothing."""
        features = self.model["features"]
        cells = [read(feature, stated(feature["name"])) for feature in features]
        row, why = [], []
        for index, (feature, cell) in enumerate(zip(features, cells)):
            try:
                value, _ = admit(feature, *cell)
            except Refused as refused:
                self.refuse(refused.status)
                self.refused[index] += 1
                return
            row.append(value)
            why.append(cell[1] or condition_of(feature, cell[0]))
        broken = [is_broken(rule, row)[0] for rule in self.model["rules"]]
        for index, (rule, is_rule_broken) in enumerate(zip(self.model["rules"], broken)):
            if is_rule_broken and rule["action"] == "Refuse":
                self.refuse("NOMO_EVALUE_RULE")
                self.rules[index] += 1
                return
        self.n_rows += 1
        self.rules = [n + is_rule_broken for n, is_rule_broken in zip(self.rules, broken)]
        for index, (value, condition) in enumerate(zip(row, why)):
            if condition is None:
                self.bins[index][bin_of(self.profile["features"][index]["bins"], value)] += 1
            else:
                self.statuses[index][STATUSES.index(STATUS[condition])] += 1
        self.predict(case)

    def refuse(self, status):
        self.reasons[REASONS.index(status.removeprefix("NOMO_EVALUE_"))] += 1

    def predict(self, case):
        from corpus import of_bits

        outputs = [of_bits(bits) for bits in case.bits("outputs")]
        outputs = outputs[1:] if len(outputs) == 2 else outputs
        for index, (bins, output) in enumerate(zip(self.profile["outputs"], outputs)):
            at = bin_of(bins, output)
            self.outputs[index][at] += 1
            # Halves away from 0, as C rounds.
            self.sums[index][at] += int(output * 2**32 + 0.5)
        for at in case.whole("class"):
            self.classes[at] += 1

    def cells(self):
        """All counts in their order; no outcomes are known."""
        cells = [self.n_rows, *self.reasons, *self.rules]
        for bins, statuses, refused in zip(self.bins, self.statuses, self.refused):
            cells += [*bins, *statuses, refused]
        for bins, sums in zip(self.outputs, self.sums):
            cells += [*bins, *(sums if self.classes else [])]
        cells += self.classes
        n_outcomes = sum(map(len, self.outputs)) if len(self.classes) == 2 else 0
        return cells + [0] * (3 * n_outcomes)


def counts(model, cases, nothing):
    """The counts of all cases, each predicted once."""
    counters = Counters(model)
    for case in cases:
        try:
            counters.add(case, lambda name: case.stated.get(name, nothing))
        except Refused:
            pass
    return counters.cells()
