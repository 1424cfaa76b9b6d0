"""The files of tests/data/corpus: models as JSON, cases as text.

Reads them and nothing more: tests/data/corpus/README.md describes them. Standard library
only, since every program in this folder begins here.
"""

import json
import struct
from dataclasses import dataclass
from dataclasses import field as default
from pathlib import Path

#: Where the files lie; a program may look elsewhere.
folder = Path(__file__).resolve().parent.parent / "data" / "corpus"

EXPECTED = {
    "status", "at", "outputs", "class", "flags", "feature-flags", "rules-broken",
    "cutoffs-reached", "members", "margins", "verdict", "p-values", "sets", "intervals",
    "distance-p-value", "furthest-feature", "furthest-times",
}  # fmt: skip

CONDITIONS = [
    "unset", "missing", "not_a_number", "infinite", "out_of_range", "unseen_level", "wrong_type",
]  # fmt: skip

FEATURE = {
    "kind": "Number",
    "unit": None,
    "alternative_units": [],
    "range": None,
    "policy": {condition: "Refuse" for condition in CONDITIONS},
}


@dataclass
class Stated:
    """What a case states of one feature: `kind` is the word of the file."""

    kind: str = "unset"
    value: object = None
    unit: str | None = None


@dataclass
class Case:
    """One row and the answer that it should get, line by line."""

    name: str
    stated: dict[str, Stated]
    expected: dict[str, str] = default(default_factory=dict)

    def bits(self, name):
        """The numbers of an expected line, as bits; an absent line has none."""
        return [int(word, 16) for word in self.expected.get(name, "").split()]

    def whole(self, name):
        """The whole numbers of an expected line; an absent line has none."""
        return [int(word) for word in self.expected.get(name, "").split()]


def names():
    """The names of all models."""
    return sorted(path.stem for path in folder.glob("*.json"))


def bundle(name):
    """Where the sealed bundle of a model lies."""
    return folder / f"{name}.nomo"


def model(name):
    """A model, with what its features leave out."""
    model = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    defaults = {"rules": [], "calibrator": None, "cutoffs": [], "uncertainty": None, "profile": None}
    for key, default in defaults.items():
        model.setdefault(key, default)
    model["features"] = [
        {**FEATURE, **feature, "policy": {**FEATURE["policy"], **feature.get("policy", {})}}
        for feature in model["features"]
    ]
    return model


def counts(name):
    """The counts of all cases of a model with a profile."""
    text = (folder / f"{name}.counts").read_text(encoding="utf-8")
    return [int(word) for word in text.split()]


def cases(name):
    """The cases of a model, in the order of the file."""
    text = (folder / f"{name}.cases").read_text(encoding="utf-8")
    base, found, case = {}, [], None
    for number, line in enumerate(text.split("\n"), start=1):
        word, _, rest = line.partition(" ")
        if word == "case" and case is None:
            case = Case(rest, dict(base))
            found.append(case)
        elif word == "set" and case is not None:
            state(rest, case.stated)
        elif word in EXPECTED and case is not None:
            case.expected[word] = rest.partition("  #")[0]
        elif word == "base" and not found:
            state(rest, base)
        elif not line or line.startswith("#"):
            case = None
        else:
            raise ValueError(f"{name}.cases, line {number}: `{line}` does not belong here")
    return found


def state(text, stated):
    """Reads the name of a feature and what is stated of it."""
    feature, _, text = text.partition(" ")
    kind, _, rest = text.partition(" ")
    value, unit = rest, None
    if kind == "number":
        value = number(rest)
    elif kind == "number-in":
        value, _, unit = rest.partition(" ")
        value = number(value)
    elif kind == "integer":
        value = int(rest)
    elif kind == "boolean":
        value = {"false": False, "true": True}[rest]
    elif kind == "missing":
        value = rest or None
    elif kind not in ("text", "unset"):
        raise ValueError(f"`{kind}` is not a kind of value")
    stated[feature] = Stated(kind, value, unit)


def number(text):
    """A decimal number, inf, -inf, nan, or 16 hexadecimal digits of bits after 0x."""
    return of_bits(int(text, 16)) if text.startswith("0x") else float(text)


def of_bits(bits):
    """The double with these bits."""
    return struct.unpack(">d", struct.pack(">Q", bits))[0]


def to_bits(value):
    """The bits of a double."""
    return struct.unpack(">Q", struct.pack(">d", value))[0]
