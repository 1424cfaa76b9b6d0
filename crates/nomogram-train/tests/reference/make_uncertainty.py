"""Writes uncertainty.json and uncertainty_covariance.in: what other libraries compute from the same rows.

    pip install numpy==2.3.5 scikit-learn==1.9.1 crepes==0.9.1 MAPIE==1.6.0 venn-abers==1.5.4
    python make_uncertainty.py

- p-values: crepes, class-conditional, without smoothing; scores are 1 - probability of the class
- sets: MAPIE, least ambiguous set-valued classifiers (`lac`), calibrated with the rows of one class at
  a time, which makes them class-conditional
- intervals of a number: crepes, normalised by a difficulty, and MAPIE without one
- intervals of a probability: venn-abers, of probabilities on a grid of 512 steps
- p-values of three classes, of probabilities that are on no grid: crepes
- covariance: scikit-learn's `ledoit_wolf`
- distances: the square root of scikit-learn's `LedoitWolf.mahalanobis`; their p-values among held-out
  distances, rounded up to multiples of 1/16: crepes
"""

import json
from pathlib import Path

import numpy as np
from crepes import ConformalClassifier, ConformalRegressor
from crepes.extras import hinge
from mapie.classification import SplitConformalClassifier
from mapie.regression import SplitConformalRegressor
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.covariance import LedoitWolf, ledoit_wolf
from venn_abers import VennAbers

HERE = Path(__file__).parent
RESOLUTION = 512


class Stated(ClassifierMixin, BaseEstimator):
    """Predicts the probability of class 1 that is the only column."""

    def fit(self, x, y):
        self.classes_, self.is_fitted_ = np.array([0, 1]), True
        return self

    def predict_proba(self, x):
        return np.column_stack([1 - x[:, 0], x[:, 0]])

    def predict(self, x):
        return (x[:, 0] > 0.5).astype(int)


class Same(RegressorMixin, BaseEstimator):
    """Predicts the only column."""

    def fit(self, x, y):
        self.is_fitted_ = True
        return self

    def predict(self, x):
        return x[:, 0]


def of_classes(seed, n, n_new):
    random = np.random.default_rng(seed)
    # On a grid, so that scores tie and 1 - p is exact.
    p = random.integers(0, RESOLUTION + 1, n + n_new) / RESOLUTION
    y = (random.random(n + n_new) < p).astype(int)
    known, new = np.column_stack([1 - p[:n], p[:n]]), np.column_stack([1 - p[n:], p[n:]])
    classes = np.array([0, 1])
    model = ConformalClassifier()
    model.fit(hinge(known, classes, y[:n]), bins=y[:n])
    p_values = np.column_stack([
        model.predict_p(hinge(new), bins=np.full(n_new, k), smoothing=False)[:, k] for k in classes
    ])
    levels = [0.8, 0.9, 0.95]
    sets = np.zeros((len(levels), n_new, 2), int)
    for k in classes:
        mapie = SplitConformalClassifier(
            Stated().fit(None, None), confidence_level=levels, conformity_score="lac", prefit=True
        )
        mapie.conformalize(p[:n, None][y[:n] == k], y[:n][y[:n] == k])
        _, own = mapie.predict_set(p[n:, None])
        sets[:, :, k] = own[:, k, :].T
    venn = VennAbers()
    venn.fit(known, y[:n])
    _, p0_p1 = venn.predict_proba(new)
    return {
        "probabilities": p[:n].tolist(), "classes": y[:n].tolist(), "new": p[n:].tolist(),
        "p_values": p_values.tolist(), "levels": levels, "sets": sets.tolist(),
        "venn_abers": p0_p1.tolist(),
    }  # fmt: skip


def of_three_classes(seed, n, n_new):
    random = np.random.default_rng(seed)
    p = random.dirichlet([0.8, 0.5, 0.3], n + n_new)
    y = np.array([random.choice(3, p=row) for row in p[:n]])
    model = ConformalClassifier()
    model.fit(hinge(p[:n], np.arange(3), y), bins=y)
    p_values = np.column_stack([
        model.predict_p(hinge(p[n:]), bins=np.full(n_new, k), smoothing=False)[:, k] for k in range(3)
    ])
    return {
        "probabilities": p[:n].tolist(), "classes": y.tolist(), "new": p[n:].tolist(),
        "p_values": p_values.tolist(),
    }  # fmt: skip


def of_distances(seed, n, n_held_out, n_new):
    random = np.random.default_rng(seed)
    mix = random.normal(size=(5, 5))
    rows = random.normal(size=(n + n_held_out + n_new, 5)) @ mix + 3
    # Some are far.
    rows[-5:] += 4
    training, held_out, new = np.split(rows, [n, n + n_held_out])
    fitted = LedoitWolf().fit(training)
    distances = [np.sqrt(fitted.mahalanobis(part)) for part in (held_out, new)]
    ranks = ConformalClassifier()
    ranks.fit(np.ceil(16 * distances[0]) / 16)
    p_values = ranks.predict_p(distances[1][:, None], smoothing=False)[:, 0]
    return {
        "training": training.tolist(), "held_out": held_out.tolist(), "new": new.tolist(),
        "distances": distances[1].tolist(), "p_values": p_values.tolist(),
    }  # fmt: skip


def of_numbers(seed, n, n_new):
    random = np.random.default_rng(seed)
    # Numbers of few bits, so that sums and halves are exact.
    predicted = random.integers(-512, 512, n + n_new) / 16
    difficulty = random.integers(1, 64, n + n_new) / 16
    errors = random.integers(-64, 65, n) / 8
    levels = [0.8, 0.9, 0.95]
    model = ConformalRegressor()
    model.fit(errors * difficulty[:n], sigmas=difficulty[:n])
    normalised = [model.predict_int(predicted[n:], sigmas=difficulty[n:], confidence=c).tolist() for c in levels]
    mapie = SplitConformalRegressor(Same().fit(None, None), confidence_level=levels, prefit=True)
    mapie.conformalize(predicted[:n, None], predicted[:n] + errors)
    _, plain = mapie.predict_interval(predicted[n:, None])
    return {
        "errors": errors.tolist(), "predicted": predicted[n:].tolist(),
        "difficulty": difficulty[n:].tolist(), "levels": levels, "normalised": normalised,
        "plain": np.moveaxis(plain, 2, 0).tolist(),
    }  # fmt: skip


def covariance():
    of = lambda row, step: row * step % 17 / 4 - 2
    rows = np.array([[of(r, 5), of(r, 11), of(r, 5) + of(r, 11)] for r in range(24)])
    return ledoit_wolf(rows)[0]


def main():
    reference = {
        "classes": [of_classes(seed, n, 40) for seed, n in [(1, 120), (2, 151), (3, 307)]],
        "three_classes": [of_three_classes(seed, n, 40) for seed, n in [(6, 90), (7, 200)]],
        "distances": of_distances(8, 60, 39, 25),
        "numbers": [of_numbers(seed, n, 20) for seed, n in [(4, 43), (5, 200)]],
    }
    (HERE / "uncertainty.json").write_text(json.dumps(reference) + "\n")
    rows = ", ".join(repr(float(value)) for value in covariance().ravel())
    (HERE / "uncertainty_covariance.in").write_text(f"[{rows}]\n")


if __name__ == "__main__":
    main()
