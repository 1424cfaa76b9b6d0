"""The description of a fitted estimator, which ``nomogram import`` reads."""

from __future__ import annotations

import json
from typing import Any

from . import ensembles
from .rows import Rows
from .walk import Feature, Fill, NotSupported, Place, Walk, class_name, is_missing, level_text

FORMAT = "nomogram scikit-learn description 1"
# Before it, leaves of classifiers hold counts, and trees do not know missing values.
OLDEST = (1, 3)


class Description:
    """A fitted estimator: the text of its description, and the means to let it predict."""

    def __init__(self, estimator: Any, target: str) -> None:
        """Reads fitted attributes.

        :raises NotSupported: With the place, for anything that has no exact counterpart.
        """
        import sklearn

        version = tuple(int(number) for number in sklearn.__version__.split(".")[:2])
        if version < OLDEST:
            raise NotSupported(f"scikit-learn {sklearn.__version__}, expected at least 1.3")
        walk = Walk(_feature_names(estimator))
        model = ensembles.describe(estimator, walk.columns(), walk, Place((class_name(estimator),)))
        walk.check()
        self.rows = Rows(estimator, walk, model)
        self.n_stored_rows = walk.n_stored_rows
        self.mixes_stored = walk.n_stored_rows > 0 and _mixes(model)
        """Whether rows are stored whose values steps compute from several features."""
        classes = getattr(estimator, "classes_", None)
        self.classes = None if classes is None else [level_text(one) for one in classes]
        described_target: dict[str, Any] = {"name": target}
        if self.classes is not None:
            described_target["classes"] = self.classes
        self._document = {
            "format": FORMAT,
            "scikit_learn": sklearn.__version__,
            "estimator": class_name(estimator),
            "adds_in_order": walk.adds_in_order,
            "features": [
                _feature(feature, takes)
                for feature, takes in zip(walk.features, self.rows.takes_missing, strict=True)
            ],
            "target": described_target,
            "cutoffs": walk.cutoffs,
            "notes": walk.notes,
            "model": _filled(model, walk.features),
        }

    def text(self) -> str:
        """The description as JSON; numbers read back to the same bits."""
        return json.dumps(self._document, allow_nan=False)


def _mixes(model: Any) -> bool:
    if isinstance(model, dict):
        is_mixture = model.get("kind") in ("polynomial", "project")
        return is_mixture or any(_mixes(one) for one in model.values())
    return isinstance(model, list) and any(_mixes(one) for one in model if isinstance(one, dict))


def _feature_names(estimator: Any) -> list[str]:
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        return [str(name) for name in names]
    n_features = getattr(estimator, "n_features_in_", None)
    if n_features is None:
        raise NotSupported(f"`{class_name(estimator)}`, which is not fitted or reads no table")
    return [f"x{index}" for index in range(n_features)]


def _feature(feature: Feature, takes_missing: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"name": feature.name, "takes_missing": takes_missing}
    if not feature.is_category:
        low = {} if feature.low is None else {"low": feature.low}
        return {**found, "kind": "number", **low}
    unseen = "refuse" if "refuse" in feature.unseen else next(iter(feature.unseen))
    return {**found, "kind": "category", "levels": list(feature.levels), "unseen": unseen}


def _filled(value: Any, features: list[Feature]) -> Any:
    """The same, with levels or numbers in the place of values that were not known yet."""
    if isinstance(value, Fill):
        if is_missing(value.value):
            return None
        is_level = value.feature is not None and features[value.feature].is_category
        return level_text(value.value) if is_level else float(value.value)
    if isinstance(value, dict):
        return {key: _filled(one, features) for key, one in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], (dict, list, tuple, type(None))):
        return [_filled(one, features) for one in value]
    return value
