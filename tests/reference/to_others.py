"""Linear models and naive Bayes of scikit-learn as members of ours."""

import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, GaussianNB


def data(n_classes, n_rows=240):
    """Two numbers and three categories of 4, 3 and 2 levels."""
    rng = np.random.default_rng(90 + n_classes)
    y = rng.integers(0, n_classes, n_rows)
    numbers = rng.normal(size=(n_rows, 2)) * [2.0, 50.0] + np.outer(y, [1.5, 20.0])
    levels = [(rng.integers(0, n, n_rows) + y * rng.integers(0, 2, n_rows)) % n for n in (4, 3, 2)]
    return numbers, np.column_stack(levels), y


def linear_case(model, link, n_classes):
    x, _, y = data(n_classes)
    x = x / [1.0, 20.0]
    model.fit(x, y)
    rows = x[:12]
    is_value = link == "Identity"
    margins = model.predict(rows) if is_value else model.decision_function(rows)
    outputs = margins if is_value else model.predict_proba(rows)
    return {
        "name": f"scikit-learn {type(model).__name__}, {n_classes} classes", "link": link,
        "intercepts": np.ravel(model.intercept_), "weights": np.ravel(model.coef_), "rows": rows,
        "margins": np.reshape(margins, (len(rows), -1)),
        "probabilities": np.reshape(outputs, (len(rows), -1)),
    }


def linear_cases():
    return [
        linear_case(LogisticRegression(), "Logit", 2),
        linear_case(LogisticRegression(), "Softmax", 3),
        linear_case(LinearRegression(), "Identity", 3),
    ]


def gaussian(model, at):
    return {"Gaussian": {"means": model.theta_[:, at], "variances": model.var_[:, at]}}


def categorical(table):
    return {"Categorical": {"log_probabilities": np.ravel(table)}}


def naive_bayes_case(name, log_priors, likelihoods, rows, margins, probabilities):
    return {
        "name": name, "log_priors": log_priors, "likelihoods": likelihoods, "rows": rows,
        "margins": margins, "probabilities": probabilities,
    }


def gaussian_case(n_classes):
    x, _, y = data(n_classes)
    model = GaussianNB().fit(x, y)
    rows = np.vstack([x[:12], [[1e6, -1e6]]])
    return naive_bayes_case(
        f"scikit-learn GaussianNB, {n_classes} classes", np.log(model.class_prior_),
        [gaussian(model, at) for at in range(2)], rows, model.predict_joint_log_proba(rows),
        model.predict_proba(rows),
    )


def categorical_case():
    _, x, y = data(2)
    model = CategoricalNB().fit(x, y)
    rows = x[:12]
    return naive_bayes_case(
        "scikit-learn CategoricalNB", model.class_log_prior_,
        [categorical(table) for table in model.feature_log_prob_], rows,
        model.predict_joint_log_proba(rows), model.predict_proba(rows),
    )


def categorical_case_with_missing():
    """A missing or unseen level: the model of the other inputs alone."""
    _, x, y = data(2)
    model, others = CategoricalNB().fit(x, y), CategoricalNB().fit(x[:, 1:], y)
    rows = x[:12].astype(float)
    rows[::2, 0], rows[1::2, 0] = np.nan, 4.0
    return naive_bayes_case(
        "scikit-learn CategoricalNB of the other inputs", model.class_log_prior_,
        [categorical(table) for table in model.feature_log_prob_], rows,
        others.predict_joint_log_proba(x[:12, 1:]), others.predict_proba(x[:12, 1:]),
    )


def bernoulli_case():
    _, x, y = data(3)
    x = (x > 0).astype(float)
    model = BernoulliNB().fit(x, y)
    tables = [
        np.column_stack([np.log(1.0 - np.exp(ones)), ones]) for ones in model.feature_log_prob_.T
    ]
    return naive_bayes_case(
        "scikit-learn BernoulliNB, 3 classes", model.class_log_prior_,
        [categorical(table) for table in tables], x[:12], model.predict_joint_log_proba(x[:12]),
        model.predict_proba(x[:12]),
    )


def mixed_case():
    """Numbers and categories together: the sum of both logarithms, priors counted once."""
    numbers, levels, y = data(3)
    of_numbers, of_levels = GaussianNB().fit(numbers, y), CategoricalNB().fit(levels, y)
    log_priors = np.log(of_numbers.class_prior_)
    margins = (
        of_numbers.predict_joint_log_proba(numbers[:12])
        + of_levels.predict_joint_log_proba(levels[:12])
        - log_priors
    )
    shares = np.exp(margins - margins.max(axis=1, keepdims=True))
    likelihoods = [gaussian(of_numbers, at) for at in range(2)]
    likelihoods += [categorical(table) for table in of_levels.feature_log_prob_]
    return naive_bayes_case(
        "scikit-learn GaussianNB and CategoricalNB together", log_priors, likelihoods,
        np.column_stack([numbers, levels])[:12], margins,
        shares / shares.sum(axis=1, keepdims=True),
    )


def naive_bayes_cases():
    return [
        gaussian_case(2),
        gaussian_case(3),
        categorical_case(),
        categorical_case_with_missing(),
        bernoulli_case(),
        mixed_case(),
    ]
