"""From what a case states to the row that the model gets: policies and rules."""

import math

from .elementary import divide

IMPUTED, CLAMPED, UNSEEN_LEVEL, OUT_OF_RANGE, RULE_BROKEN = 1, 2, 4, 8, 16
GOOGOL, MAX_WHOLE = 1e100, 2.0**53

REASONS = """unknown asked-unknown temp-unknown not-asked asked-declined masked not-applicable
unsupported as-text error not-a-number negative-infinity positive-infinity not-performed
not-permitted""".split()

STATUS = {
    "unset": "NOMO_EVALUE_UNSET",
    "missing": "NOMO_EVALUE_MISSING",
    "not_a_number": "NOMO_EVALUE_NAN",
    "infinite": "NOMO_EVALUE_INFINITE",
    "out_of_range": "NOMO_EVALUE_RANGE",
    "unseen_level": "NOMO_EVALUE_LEVEL",
    "wrong_type": "NOMO_EVALUE_TYPE",
}

#: Every kind, condition and action that came up.
met = set()


class Refused(Exception):
    """A row that cannot be predicted: status, and the feature that is named."""

    def __init__(self, status, feature=None):
        super().__init__(status)
        self.status, self.feature = status, feature


def kind_of(feature):
    return feature["kind"] if isinstance(feature["kind"], str) else "Category"


def levels(feature):
    return [] if isinstance(feature["kind"], str) else feature["kind"]["Category"]["levels"]


def kind_range(feature):
    """What values of the kind there are, whatever is plausible."""
    return {
        "Number": (-GOOGOL, GOOGOL),
        "Integer": (-MAX_WHOLE, MAX_WHOLE),
        "Boolean": (0.0, 1.0),
        "Category": (0.0, len(levels(feature)) - 1.0),
    }[kind_of(feature)]


def convert(feature, value, code):
    """A number in another unit: (value - offset) * multiplier / divisor."""
    if feature["unit"] == code:
        return value
    for unit in feature["alternative_units"]:
        if unit["code"] == code:
            return (value - unit["offset"]) * unit["multiplier"] / unit["divisor"]
    raise Refused("NOMO_EARGUMENT_UNIT", feature["name"])


def read(feature, stated):
    """A number, or the condition that what was stated is in."""
    kind, value = kind_of(feature), stated.value
    if stated.kind == "unset":
        return None, "unset"
    if stated.kind == "missing":
        if value is not None and value not in REASONS:
            raise Refused("NOMO_EARGUMENT_REASON", feature["name"])
        return None, "missing"
    if stated.kind == "text":
        if kind != "Category":
            return None, "wrong_type"
        if value not in levels(feature):
            return None, "unseen_level"
        return float(levels(feature).index(value)), None
    if stated.kind == "boolean":
        return (float(value), None) if kind == "Boolean" else (None, "wrong_type")
    if stated.kind == "integer":
        return (float(value), None) if abs(value) <= 2**53 else (None, "wrong_type")
    number = convert(feature, value, stated.unit) if stated.kind == "number-in" else value
    return number, None


def condition_of(feature, number):
    """What is wrong with a number; None when nothing is."""
    kind = kind_of(feature)
    low, high = kind_range(feature)
    if math.isnan(number):
        return "not_a_number"
    if math.isinf(number):
        return "infinite"
    if kind != "Number" and number != math.floor(number):
        return "wrong_type"
    if feature["range"] is not None:
        low, high = feature["range"]["low"], feature["range"]["high"]
    if low <= number <= high:
        return None
    return {"Boolean": "wrong_type", "Category": "unseen_level"}.get(kind, "out_of_range")


def admit(feature, number, condition):
    """The value that the model gets, and its flags."""
    condition = condition or condition_of(feature, number)
    if condition is None:
        return number, 0
    action = feature["policy"][condition]
    met.add((kind_of(feature), condition, action))
    flags = {"out_of_range": OUT_OF_RANGE, "infinite": OUT_OF_RANGE, "unseen_level": UNSEEN_LEVEL}
    flag = flags.get(condition, 0)
    low, high = kind_range(feature)
    if action == "Impute":
        return math.nan, flag | IMPUTED
    if action == "Clamp":
        end = feature["range"]["low"] if number < 0.0 else feature["range"]["high"]
        if math.isfinite(number):
            end = min(max(number, feature["range"]["low"]), feature["range"]["high"])
        return end, flag | CLAMPED
    if action == "Take" and condition == "unseen_level":
        return float(len(levels(feature))), flag
    if action == "Take" and low <= number <= high:
        return number, flag
    status = STATUS[condition]
    if condition == "out_of_range" and not low <= number <= high:
        status = "NOMO_EVALUE_MAGNITUDE"
    raise Refused(status, feature["name"])


def is_broken(rule, row):
    """Whether a row breaks a rule; a row without one of its features does not."""
    (kind, quantity), = rule["quantity"].items()
    if kind == "Ratio":
        read_by = quantity["factors"] + quantity["divisors"]
    else:
        read_by = [quantity["minuend"], quantity["subtrahend"]]
    if any(math.isnan(row[at]) for at in read_by):
        return False, read_by
    if kind == "Ratio":
        above, below = 1.0, quantity["constant"]
        for at in quantity["factors"]:
            above *= row[at]
        for at in quantity["divisors"]:
            below *= row[at]
        value = divide(above, below)
    else:
        value = row[quantity["minuend"]] - row[quantity["subtrahend"]]
    low = -math.inf if rule["low"] is None else rule["low"]
    high = math.inf if rule["high"] is None else rule["high"]
    return not low <= value <= high, read_by


def take_in(model, stated):
    """The row that the model gets, its flags, and which rules it breaks."""
    features = model["features"]
    cells = [read(feature, stated(feature["name"])) for feature in features]
    admitted = [admit(feature, *cell) for feature, cell in zip(features, cells)]
    row = [value for value, _ in admitted]
    broken = []
    for rule in model["rules"]:
        is_rule_broken, read_by = is_broken(rule, row)
        if is_rule_broken and rule["action"] == "Refuse":
            raise Refused("NOMO_EVALUE_RULE", features[read_by[0]]["name"])
        broken.append(is_rule_broken)
    return row, [flags for _, flags in admitted], broken
