"""Networks of scikit-learn, and of JAX for what scikit-learn lacks, as networks of ours."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

jax.config.update("jax_enable_x64", True)
warnings.filterwarnings("ignore", category=ConvergenceWarning)


def data(n_classes):
    rng = np.random.default_rng(70 + n_classes)
    x = rng.normal(size=(200, 4)) * 2.0
    signal = x[:, 0] - np.abs(x[:, 1]) + x[:, 2] * x[:, 3]
    return x, np.digitize(signal, np.quantile(signal, np.arange(1, n_classes) / n_classes))


def layer(activation, biases, weights):
    return {"activation": activation, "biases": biases, "weights": np.ravel(weights)}


def sklearn_network(model, link, n_classes, hidden):
    x, y = data(n_classes)
    model.fit(x, y)
    activations = [model.activation] * (len(model.coefs_) - 1) + ["identity"]
    layers = [
        layer(activation, biases, weights)
        for activation, biases, weights in zip(activations, model.intercepts_, model.coefs_)
    ]
    rows = x[:12]
    outputs = model.predict_proba(rows) if link != "Identity" else model.predict(rows)
    # The margins are what the output layer sees: the same network, its last function left out.
    model.out_activation_ = "identity"
    margins = model._forward_pass_fast(rows)
    return {
        "name": f"scikit-learn {type(model).__name__}, {hidden}, {n_classes} classes", "link": link,
        "layers": layers, "rows": rows, "margins": np.reshape(margins, (len(rows), -1)),
        "probabilities": np.reshape(outputs, (len(rows), -1)),
    }


def jax_network(name, activation, function):
    rng = np.random.default_rng(80 + len(name))
    x = rng.normal(size=(12, 3)) * 3.0
    x[0] = [40.0, -40.0, 0.0]
    first, second = rng.normal(size=(3, 5)), rng.normal(size=(5, 2))
    first_biases, second_biases = rng.normal(size=5), rng.normal(size=2)
    hidden = function(jnp.asarray(x) @ first + first_biases)
    margins = hidden @ second + second_biases
    return {
        "name": f"JAX {name}", "link": "Softmax",
        "layers": [layer(activation, first_biases, first), layer("identity", second_biases, second)],
        "rows": x, "margins": np.asarray(margins),
        "probabilities": np.asarray(jax.nn.softmax(margins, axis=1)),
    }


def cases():
    options = {"hidden_layer_sizes": (6, 4), "max_iter": 60, "random_state": 1}
    return [
        sklearn_network(MLPClassifier(activation="relu", **options), "Logit", 2, "relu"),
        sklearn_network(MLPClassifier(activation="tanh", **options), "Softmax", 3, "tanh"),
        sklearn_network(MLPRegressor(activation="logistic", **options), "Identity", 3, "logistic"),
        jax_network("leaky_relu", {"leaky_relu": {"slope": 0.01}}, jax.nn.leaky_relu),
        jax_network("gelu", "gelu", lambda sums: jax.nn.gelu(sums, approximate=False)),
        jax_network("gelu, tanh", "gelu_tanh", lambda sums: jax.nn.gelu(sums, approximate=True)),
        jax_network("softmax", "softmax", lambda sums: jax.nn.softmax(sums, axis=1)),
    ]
