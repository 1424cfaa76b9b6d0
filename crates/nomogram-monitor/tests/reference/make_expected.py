"""Makes expected.json: performance without outcomes, as NannyML estimates it (CBPE).

    pip install nannyml==0.13.1
    python make_expected.py > expected.json

All rows of a bin are at its mean. NannyML takes them row by row, and rounds sums to five decimals.
"""

import json

import nannyml
import numpy
from nannyml.performance_estimation.confidence_based.metrics import estimate_roc_auc

random = numpy.random.default_rng(3)
rows = []
for _ in range(40):
    means = numpy.unique(random.uniform(0.01, 0.99, int(random.integers(2, 11))))
    n = random.integers(1, 80, len(means))
    p = numpy.repeat(means, n)
    rows.append({
        "bins": [[int(k), float(mean)] for k, mean in zip(n, means)],
        "auc": float(estimate_roc_auc(p, p)),
    })  # fmt: skip
print(json.dumps({"versions": {"nannyml": nannyml.__version__, "numpy": numpy.__version__}, "rows": rows}))
