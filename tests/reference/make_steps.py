"""What scikit-learn's transformers make of some rows, for src/pipeline/reference.rs.

    python3 tests/reference/make_steps.py > tests/reference/steps.json

with numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1 (and R's Hmisc formula written out in numpy).
"""

import json
import sys

import numpy
import sklearn
import scipy
from scipy import interpolate
from sklearn import decomposition, impute, preprocessing

random = numpy.random.default_rng(7)
rows = numpy.column_stack([
    random.normal(3.0, 2.0, 40),
    random.lognormal(0.5, 0.8, 40),
    random.uniform(-4.0, 4.0, 40),
])
codes = random.integers(0, 4, (40, 2)).astype(float)
target = (random.uniform(size=40) < 0.3 + 0.1 * codes[:, 0]).astype(int)
with_gaps = rows.copy()
with_gaps[random.uniform(size=rows.shape) < 0.15] = numpy.nan


def numbers(array):
    return [[None if numpy.isnan(v) else float(v) for v in row] for row in numpy.asarray(array)]


def case(name, inputs, outputs, **parameters):
    parameters = {k: numpy.asarray(v).tolist() if not isinstance(v, list) else v
                  for k, v in parameters.items()}
    return {"step": name, "inputs": numbers(inputs), "outputs": numbers(outputs), **parameters}


def rcspline(x, knots):
    """Hmisc::rcspline.eval(x, knots, inclx=TRUE, norm=2)."""
    kd = (knots[-1] - knots[0]) ** (2 / 3)
    power = lambda u: numpy.maximum(u / kd, 0) ** 3
    columns = [x]
    for knot in knots[:-2]:
        columns.append(power(x - knot) + ((knots[-2] - knot) * power(x - knots[-1])
                       - (knots[-1] - knot) * power(x - knots[-2])) / (knots[-1] - knots[-2]))
    return numpy.column_stack(columns)


cases = []
for strategy in ["mean", "median", "most_frequent"]:
    imputer = impute.SimpleImputer(strategy=strategy, add_indicator=True).fit(with_gaps)
    cases.append(case("impute", with_gaps, imputer.transform(with_gaps), values=imputer.statistics_))
cases.append(case("log1p", rows[:, 1:2], numpy.log1p(rows[:, 1:2])))
cases.append(case("signed_power", rows, numpy.sign(rows) * numpy.abs(rows) ** 0.3, exponent=0.3))
power = preprocessing.PowerTransformer(standardize=False).fit(rows)
cases.append(case("yeo_johnson", rows, power.transform(rows), lambdas=power.lambdas_))
standard = preprocessing.StandardScaler().fit(with_gaps)
cases.append(case("standard", with_gaps, standard.transform(with_gaps),
                  means=standard.mean_, scales=standard.scale_))
minmax = preprocessing.MinMaxScaler((-1, 1)).fit(with_gaps)
cases.append(case("min_max", with_gaps, minmax.transform(with_gaps),
                  scales=minmax.scale_, shifts=minmax.min_))
robust = preprocessing.RobustScaler().fit(with_gaps)
cases.append(case("robust", with_gaps, robust.transform(with_gaps),
                  centers=robust.center_, scales=robust.scale_))
unseen = numpy.vstack([codes, [[4, 4]]])
for drop in [None, "first"]:
    onehot = preprocessing.OneHotEncoder(drop=drop, sparse_output=False,
                                         handle_unknown="ignore").fit(codes)
    cases.append(case("one_hot", unseen, onehot.transform(unseen), drops_first=drop is not None))
encoder = preprocessing.TargetEncoder(target_type="binary", smooth=2.0).fit(codes, target)
cases.append(case("target", unseen, encoder.transform(unseen),
                  numbers=[e.tolist() for e in encoder.encodings_],
                  unseen=[encoder.target_mean_] * 2))
binner = preprocessing.KBinsDiscretizer(5, encode="ordinal", strategy="quantile",
                                        quantile_method="linear").fit(rows)
on_edges = numpy.vstack([rows, numpy.column_stack([e[1:-1] for e in binner.bin_edges_])])
cases.append(case("bin", on_edges, binner.transform(on_edges),
                  edges=[e[1:-1].tolist() for e in binner.bin_edges_]))
for degree, interactions, bias in [(3, False, True), (2, True, False)]:
    poly = preprocessing.PolynomialFeatures(degree, interaction_only=interactions,
                                            include_bias=bias).fit(rows)
    cases.append(case("polynomial", rows, poly.transform(rows), degree=degree,
                      interactions_only=interactions, has_bias=bias))
knots = numpy.quantile(rows[:, 0], [0.05, 0.35, 0.65, 0.95])
cases.append(case("spline", rows[:, :1], rcspline(rows[:, 0], knots), knots=knots))
# Each basis function of a cubic spline, which is level beyond the outer knots.
splines = preprocessing.SplineTransformer(n_knots=4, degree=3, extrapolation="constant").fit(rows[:30, :1])
(spline,) = splines.bsplines_
low, high = spline.t[3], spline.t[-4]
breaks = [float(knot) for knot in spline.t if low <= knot <= high]
pieces = []
for own in range(splines.n_features_out_):
    basis = interpolate.PPoly.from_spline(
        interpolate.BSpline(spline.t, numpy.eye(splines.n_features_out_)[own], 3)
    )
    inner = [[float(c) for c in reversed(basis.c[:, list(basis.x).index(start)])] for start in breaks[:-1]]
    pieces.append([[float(basis(low))], *inner, [float(basis(high))]])
cases.append({**case("curves", rows[:, :1], splines.transform(rows[:, :1])),
              "breaks": [breaks] * len(pieces), "pieces": pieces})
for whiten in [False, True]:
    pca = decomposition.PCA(2, whiten=whiten).fit(rows)
    scales = numpy.sqrt(pca.explained_variance_) if whiten else numpy.ones(2)
    cases.append(case("project", rows, pca.transform(rows), means=pca.mean_,
                      components=pca.components_, scales=scales))

json.dump({"numpy": numpy.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__, "cases": cases},
          sys.stdout, indent=None)
