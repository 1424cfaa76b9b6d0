"""Makes sizes.json: sizes of changes and expected performance, as other libraries compute them.

    pip install numpy==2.3.5 scipy==1.17.1 scikit-learn==1.9.1 statsmodels==0.15.0
    python make_sizes.py > sizes.json

- PSI: the sum of two divergences by `scipy.stats.entropy`, of counts with 1/2 added to each
- Wasserstein distance: `scipy.stats.wasserstein_distance` of the masses of bins, each at its upper edge;
  the last bin, which has none, is at the last edge
- recalibration: `statsmodels.api.GLM`, binomial, with the logit as an offset or as a column
- Brier score: `sklearn.metrics.brier_score_loss`

`make_expected.py` makes the expected performance.
"""

import json

import numpy
import scipy
import scipy.stats
import sklearn
import statsmodels
import statsmodels.api
from sklearn.metrics import brier_score_loss


def changes():
    """Counts of the training rows and of a window in the same bins."""
    random = numpy.random.default_rng(1)
    rows = []
    for _ in range(60):
        n_bins = int(random.integers(2, 12))
        edges = numpy.sort(random.normal(50.0, 20.0, n_bins - 1))
        reference = random.integers(5, 60, n_bins)
        counts = random.multinomial(int(random.integers(1, 900)), random.dirichlet([1.0] * n_bins))
        q, p = reference + 0.5, counts + 0.5
        psi = scipy.stats.entropy(p, q) + scipy.stats.entropy(q, p)
        at = numpy.append(edges, edges[-1])
        distance = scipy.stats.wasserstein_distance(at, at, counts, reference)
        rows.append({
            "edges": edges.tolist(), "reference": reference.tolist(), "counts": counts.tolist(),
            "psi": float(psi), "wasserstein": float(distance),
        })  # fmt: skip
    return rows


def outcomes():
    """Outcomes in bins of risk, some of them recalibrated."""
    random = numpy.random.default_rng(2)
    rows = []
    for odds, slope in [(1.0, 1.0), (1.5, 1.0), (0.4, 1.0), (1.0, 0.6), (2.0, 1.6)]:
        for _ in range(6):
            means = numpy.sort(random.uniform(0.02, 0.95, int(random.integers(3, 11))))
            n = random.integers(20, 300, len(means))
            logit = numpy.log(means / (1 - means))
            events = random.binomial(n, 1 / (1 + numpy.exp(-(numpy.log(odds) + slope * logit))))
            both = numpy.column_stack([events, n - events])
            binomial = statsmodels.api.families.Binomial()
            ones = numpy.ones((len(means), 1))
            one = statsmodels.api.GLM(both, ones, offset=logit, family=binomial)
            two = statsmodels.api.GLM(both, numpy.column_stack([ones, logit]), family=binomial)
            came_true = numpy.concatenate([[1] * e + [0] * (k - e) for e, k in zip(events, n)])
            rows.append({
                "bins": [[int(k), int(e), float(p)] for k, e, p in zip(n, events, means)],
                "odds_factor": float(numpy.exp(one.fit(tol=1e-14).params[0])),
                "slope": float(two.fit(tol=1e-14).params[1]),
                "brier_score": float(brier_score_loss(came_true, numpy.repeat(means, n))),
            })  # fmt: skip
    return rows


print(
    json.dumps({
        "versions": {
            "numpy": numpy.__version__, "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__, "statsmodels": statsmodels.__version__,
        },
        "changes": changes(),
        "outcomes": outcomes(),
    })
)  # fmt: skip
