"""Makes monitor.json: values of mpmath and scipy, and run lengths of Markov chains in numpy.

    python make.py > monitor.json

Made with Python 3, mpmath, scipy and numpy of the versions that the file states.
"""

import json
import math

import mpmath
import numpy
import scipy
import scipy.special
import scipy.stats

mpmath.mp.dps = 60


def ln_gamma():
    """Arguments as parameters and counts of bins have them, with the value to the nearest double."""
    arguments = [0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 7.75]
    arguments += [n + half for n in (3, 5, 10, 43, 100, 427, 1000, 5000, 10**5, 10**7) for half in (0.0, 0.5)]
    random = numpy.random.default_rng(1)
    arguments += [float(x) for x in numpy.exp(random.uniform(math.log(0.5), math.log(1e6), 2000))]
    return [[x, float(mpmath.loggamma(mpmath.mpf(x)))] for x in arguments]


def sequences():
    """Log probabilities of scipy's Dirichlet-multinomial, without its multinomial coefficient."""
    random = numpy.random.default_rng(2)
    rows = []
    for _ in range(200):
        n_bins = int(random.integers(2, 12))
        alphas = [0.5] * n_bins if random.random() < 0.3 else [float(x) for x in random.uniform(0.05, 60, n_bins)]
        n = int(random.integers(1, 3000))
        counts = [int(x) for x in random.multinomial(n, random.dirichlet([1.0] * n_bins))]
        of_counts = scipy.stats.dirichlet_multinomial.logpmf(counts, alphas, n)
        ways = scipy.special.gammaln(n + 1) - sum(scipy.special.gammaln(c + 1) for c in counts)
        rows.append({"counts": counts, "alphas": alphas, "ln": float(of_counts - ways)})
    return rows


def intervals():
    """Garwood's exact intervals of a Poisson mean, by quantiles of the chi-square distribution."""
    rows = []
    for observed in (0, 1, 2, 5, 10, 37, 100, 1000):
        low = 0.0 if observed == 0 else scipy.stats.chi2.ppf(0.025, 2 * observed) / 2
        rows.append([observed, float(low), float(scipy.stats.chi2.ppf(0.975, 2 * observed + 2) / 2)])
    return rows


def normal_run_lengths():
    """One-sided CUSUM of normal steps with reference k: the integral equation by Gauss-Legendre
    quadrature, as R's spc solves it (xcusum.arl(k, h, mu, sided = "one"))."""
    rows = []
    for k, h, mu in ((0.5, 4.0, 0.0), (0.5, 5.0, 0.0), (0.5, 4.0, 1.0), (0.25, 8.0, 0.0)):
        nodes, weights = numpy.polynomial.legendre.leggauss(120)
        x, w = h / 2 * (nodes + 1), h / 2 * weights
        density = scipy.stats.norm.pdf
        below = scipy.stats.norm.cdf
        matrix = numpy.zeros((121, 121))
        points = numpy.concatenate([[0.0], x])
        for i, at in enumerate(points):
            matrix[i, 0] = below(k - mu - at)
            matrix[i, 1:] = w * density(x + k - mu - at)
        lengths = numpy.linalg.solve(numpy.eye(121) - matrix, numpy.ones(121))
        rows.append([k, h, mu, float(lengths[0])])
    return rows


print(
    json.dumps(
        {
            "versions": {"mpmath": mpmath.__version__, "scipy": scipy.__version__, "numpy": numpy.__version__},
            "ln_gamma": ln_gamma(),
            "sequences": sequences(),
            "intervals": intervals(),
            "normal_run_lengths": normal_run_lengths(),
        }
    )
)
