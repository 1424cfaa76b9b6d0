"""The description of a model, copied from the library when the model is opened.

Named tuples, since other classes take longer to import.
"""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

from ._library import check, ffi, lib, new, optional_text, text
from ._outputs import Output, outputs_of

Kind = Literal["number", "integer", "boolean", "category"]
Action = Literal["refuse", "impute", "clamp", "take"]
Task = Literal["classes", "number"]

_KINDS: dict[int, Kind] = {
    lib.NOMO_KIND_NUMBER: "number",
    lib.NOMO_KIND_INTEGER: "integer",
    lib.NOMO_KIND_BOOLEAN: "boolean",
    lib.NOMO_KIND_CATEGORY: "category",
}
_ACTIONS: dict[int, Action] = {
    lib.NOMO_POLICY_REFUSE: "refuse",
    lib.NOMO_POLICY_IMPUTE: "impute",
    lib.NOMO_POLICY_CLAMP: "clamp",
    lib.NOMO_POLICY_TAKE: "take",
}
_TASKS: dict[int, Task] = {lib.NOMO_TASK_CLASSES: "classes", lib.NOMO_TASK_NUMBER: "number"}


class Unit(NamedTuple):
    """An alternative unit: ``(value - offset) * multiplier / divisor`` is in the feature's unit."""

    code: str
    """Its UCUM code."""
    offset: float
    multiplier: float
    divisor: float


class Policy(NamedTuple):
    """The actions for values that are not plausible.

    ``refuse``: the row is refused; ``impute``: the value counts as missing, and the model imputes
    it; ``clamp``: it is moved to the nearest end of the range; ``take``: it is used and flagged.
    """

    unset: Action
    """When the feature was not set."""
    missing: Action
    """For a missing value; in a matrix, NaN."""
    nan: Action
    """For NaN as a value."""
    infinite: Action
    out_of_range: Action
    unseen_level: Action
    wrong_type: Action


class Feature(NamedTuple):
    """One input of a row."""

    name: str
    position: int
    """Its index in a row, counted from 0."""
    kind: Kind
    unit: str | None
    """The UCUM code of its unit, or None."""
    range: tuple[float, float] | None
    """The lowest and the highest plausible value, in that unit."""
    levels: tuple[str, ...]
    """The names of a category's levels, in the order of their indices."""
    units: tuple[Unit, ...]
    """Alternative units of the feature."""
    policy: Policy


class Target(NamedTuple):
    """The target: what is predicted."""

    name: str
    unit: str | None
    """The UCUM code of the unit of a predicted number, or None."""
    classes: tuple[str, ...]
    """The names of the classes; empty if a number is predicted."""


class Rule(NamedTuple):
    """A condition between features that every plausible row fulfils."""

    name: str
    action: Action
    """The action for a row that breaks it: ``refuse``, or ``take`` (and flag)."""
    features: tuple[str, ...]
    """The features that it reads."""


class Schema(NamedTuple):
    """The features, the rules between them, and the target."""

    features: tuple[Feature, ...]
    rules: tuple[Rule, ...]
    target: Target


class Cutoff(NamedTuple):
    """A named operating point."""

    name: str
    class_name: str
    """The class whose probability is compared."""
    probability: float
    """The lowest probability that reaches it."""


class Member(NamedTuple):
    """A member of the ensemble."""

    name: str
    n_margins: int


class Uncertainty(NamedTuple):
    """What is known of the uncertainty of predictions."""

    levels: tuple[float, ...]
    """The levels of coverage of prediction sets and intervals, ascending."""
    ambiguous_rule: str | None
    """When a row is ambiguous: ``not one class``, ``too wide``, or None for never."""
    ambiguous_level: float | None
    """The level by which a row is ambiguous."""
    max_width: float
    """The widest interval that is not ambiguous."""
    unlike_p_value: float
    """A row is unlike the training rows when its distance has at most this p-value; 0 is never."""
    n_scores: int
    """The number of held-out rows behind a p-value; of classes, that of the rarest one."""
    n_distance_scores: int
    """The number of held-out rows behind the p-value of the distance."""


class Description(NamedTuple):
    """The description of a model."""

    task: Task
    format: int
    n_golden_cases: int
    name: str
    version: str
    digest: str
    manifest: str
    card: str | None
    schema: Schema
    cutoffs: tuple[Cutoff, ...]
    members: tuple[Member, ...]
    feature_names: tuple[str, ...]
    feature_indices: dict[str, int]
    categories: frozenset[int]
    """The indices of the features with levels."""
    outputs: dict[str, Output]
    uncertainty: Uncertainty | None


def describe(model: Any) -> Description:
    """Reads the description of a model from the library."""
    return _Inspection(model).description()


_AMBIGUOUS = {
    lib.NOMO_AMBIGUOUS_NEVER: None,
    lib.NOMO_AMBIGUOUS_NOT_ONE_CLASS: "not one class",
    lib.NOMO_AMBIGUOUS_TOO_WIDE: "too wide",
}


def _uncertainty(found: Any) -> Uncertainty:
    levels = tuple(found.levels[nth] for nth in range(found.n_levels))
    rule = _AMBIGUOUS[found.ambiguous_rule]
    return Uncertainty(
        levels=levels,
        ambiguous_rule=rule,
        ambiguous_level=None if rule is None else levels[found.ambiguous_level],
        max_width=found.max_width,
        unlike_p_value=found.unlike_p_value,
        n_scores=found.n_scores,
        n_distance_scores=found.n_distance_scores,
    )


class _Inspection:
    """Calls the functions that describe a model; their structs are reused."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._error = new("nomo_error")
        self._name = ffi.new("const char **")
        self._structs = {
            name: new(f"nomo_{name}") for name in ("feature", "unit", "rule", "cutoff", "member")
        }

    def description(self) -> Description:
        info = new("nomo_model_info")
        self._ask(lib.nomo_model_describe, info)
        uncertainty = new("nomo_uncertainty")
        self._ask(lib.nomo_model_uncertainty, uncertainty)
        features = tuple(self._feature(index) for index in range(info.n_features))
        names = tuple(feature.name for feature in features)
        classes = tuple(self._text(lib.nomo_model_class, nth) for nth in range(info.n_classes))
        return Description(
            task=_TASKS[info.task],
            format=info.format,
            n_golden_cases=info.n_golden_cases,
            name=text(info.name),
            version=text(info.version),
            digest=text(info.digest),
            manifest=text(info.manifest),
            card=optional_text(info.card),
            schema=Schema(
                features=features,
                rules=tuple(self._rule(index, names) for index in range(info.n_rules)),
                target=Target(text(info.target), optional_text(info.target_unit), classes),
            ),
            cutoffs=tuple(self._cutoff(index, classes) for index in range(info.n_cutoffs)),
            members=tuple(self._member(index) for index in range(info.n_members)),
            feature_names=names,
            feature_indices={feature.name: feature.position for feature in features},
            categories=frozenset(f.position for f in features if f.kind == "category"),
            outputs=outputs_of(info, uncertainty),
            uncertainty=_uncertainty(uncertainty) if uncertainty.n_verdicts else None,
        )

    def _ask(self, function: Any, *arguments: Any) -> None:
        check(function(self._model, *arguments, self._error), self._error)

    def _text(self, function: Any, *indices: int) -> str:
        self._ask(function, *indices, self._name)
        return text(self._name[0])

    def _struct(self, name: str, *indices: int) -> Any:
        struct = self._structs[name]
        self._ask(getattr(lib, f"nomo_model_{name}"), *indices, struct)
        return struct

    def _feature(self, index: int) -> Feature:
        found = self._struct("feature", index)
        has_range = math.isfinite(found.low) or math.isfinite(found.high)
        n_levels, n_units = found.n_levels, found.n_units
        return Feature(
            name=text(found.name),
            position=index,
            kind=_KINDS[found.kind],
            unit=optional_text(found.unit),
            range=(found.low, found.high) if has_range else None,
            levels=tuple(self._text(lib.nomo_model_level, index, nth) for nth in range(n_levels)),
            units=tuple(self._unit(index, nth) for nth in range(n_units)),
            policy=Policy(
                unset=_ACTIONS[found.on_unset],
                missing=_ACTIONS[found.on_missing],
                nan=_ACTIONS[found.on_nan],
                infinite=_ACTIONS[found.on_infinite],
                out_of_range=_ACTIONS[found.on_out_of_range],
                unseen_level=_ACTIONS[found.on_unseen_level],
                wrong_type=_ACTIONS[found.on_wrong_type],
            ),
        )

    def _unit(self, feature: int, index: int) -> Unit:
        found = self._struct("unit", feature, index)
        return Unit(text(found.code), found.offset, found.multiplier, found.divisor)

    def _rule(self, index: int, names: tuple[str, ...]) -> Rule:
        found = self._struct("rule", index)
        read = tuple(names[found.features[nth]] for nth in range(found.features_len))
        return Rule(text(found.name), _ACTIONS[found.action], read)

    def _cutoff(self, index: int, classes: tuple[str, ...]) -> Cutoff:
        found = self._struct("cutoff", index)
        return Cutoff(text(found.name), classes[found.class_index], found.probability)

    def _member(self, index: int) -> Member:
        found = self._struct("member", index)
        return Member(text(found.name), found.n_margins)
