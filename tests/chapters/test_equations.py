"""Every numbered equation computes what it says: its LaTeX against nll or a line of NumPy.

To add an equation, add a line to MEANING: its label, and a function of the letters on its right
(vectors as arrays, subscripts counted from 0) that computes the same some other way.
"""

import inspect
import math
import re

import latex
import numpy as np
import pytest
from scipy.integrate import quad

import nll


def gradient(z, t):
    """Return the gradient of the loss of logits `z`, targets `t`."""
    return nll.softmax_cross_entropy_value_and_grad(z, t)[1]


def slope(function, x, h=1e-6):
    """Return the central difference of `function` at `x`."""
    return (function(x + h) - function(x - h)) / (2 * h)


MEANING = {
    # likelihood
    "eq-likelihood-bernoulli": lambda theta, y: math.exp(-nll.BERNOULLI.nll(logit(theta), y)),
    "eq-likelihood-product": lambda P, N: np.prod(P),
    "eq-likelihood-coin": lambda theta: math.prod([theta] * 9 + [1 - theta] * 4),
    "eq-likelihood-log": lambda P, N: np.log(P).sum(),
    "eq-likelihood-estimate": lambda h, N: nll.sigmoid(logit(h / N)),
    "eq-likelihood-mean": lambda theta, h, N: -nll.BERNOULLI.nll(logit(theta), h / N),
    "eq-likelihood-softmax": lambda z, K, k: nll.softmax(z)[k],
    "eq-likelihood-logits": lambda z, K, k: nll.log_softmax(z)[k],
    "eq-likelihood-slope": lambda q, y: -gradient(np.log(q), y)[y],
    # information
    "eq-information-surprise": lambda q: -nll.log_sigmoid(logit(q)),
    "eq-information-entropy": lambda p, K: nll.entropy(p),
    "eq-information-cross-entropy": lambda p, q, K: nll.cross_entropy(p, q),
    "eq-information-kl": lambda p, q, K: nll.kl_divergence(p, q),
    "eq-information-split": lambda p, q, K: nll.kl_divergence(p, q) + nll.entropy(p),
    "eq-information-terms": lambda p, x, K: p @ x - p @ np.log1p(x),
    "eq-information-kernel": lambda p, q, K: nll.kl_divergence(p, q),
    # one_hot_examples
    "eq-one-hot-examples-two-classes": lambda p, q: p[0] * -np.log(q[0]) + p[1] * -np.log(q[1]),
    "eq-one-hot-examples-one-hot": lambda q, y: nll.softmax_cross_entropy(np.log(q), y),
    "eq-one-hot-examples-ceiling": lambda epsilon: np.log(1 / epsilon),
    "eq-one-hot-examples-lead": lambda m: nll.softmax_cross_entropy([m, 0], 0),
    "eq-one-hot-examples-gap": lambda d: nll.softmax_cross_entropy([d, 0], 1),
    "eq-one-hot-examples-soft": lambda p, q: nll.cross_entropy([p, 1 - p], [q, 1 - q]),
    "eq-one-hot-examples-twice": lambda K: nll.softmax_cross_entropy(np.eye(int(K))[0], 0),
    # output_units
    "eq-output-units-gaussian": lambda y, eta, sigma: (
        nll.GAUSSIAN.nll(eta / sigma, y / sigma) + np.log(sigma)
    ),
    "eq-output-units-bernoulli": lambda y, mu: nll.BERNOULLI.nll(logit(mu), y),
    "eq-output-units-sigmoid": lambda y, eta: nll.BERNOULLI.nll(eta, y),
    "eq-output-units-categorical": lambda y, eta, K: nll.CATEGORICAL.nll(eta, y),
    "eq-output-units-gradient": lambda mu, y: nll.GAUSSIAN.gradient(mu, y),
    "eq-output-units-poisson": lambda eta, y: math.exp(eta) - eta * y + math.lgamma(y + 1),
    # softmax_gradient
    "eq-softmax-gradient-softmax": lambda z, K, k: nll.softmax(z)[k],
    "eq-softmax-gradient-loss": lambda t, y, K: nll.softmax_cross_entropy(np.log(y), t),
    "eq-softmax-gradient-third-class": [
        lambda y: gradient(np.log(y), 2)[0],
        lambda y: gradient(np.log(y), 2)[1],
        lambda y: gradient(np.log(y), 2)[2],
    ],
    "eq-softmax-gradient-jacobian": lambda y, j, k: slope(
        lambda h: nll.softmax(np.log(y) + h * np.eye(len(y))[j])[k], 0
    ),
    "eq-softmax-gradient-gradient": lambda y, t, j: gradient(np.log(y), t)[j],
    "eq-softmax-gradient-hessian": lambda y, j, k: slope(
        lambda h: gradient(np.log(y) + h * np.eye(len(y))[j], 0)[k], 0
    ),
    "eq-softmax-gradient-curvature": lambda y, v, m, K: y @ v**2 - 2 * m * (y @ v) + m**2,
    "eq-softmax-gradient-label": lambda o, e, c: gradient(np.log([e[c], o]), 0)[0],
    # gradients_that_survive
    "eq-gradients-that-survive-squared-error": lambda y, t: slope(
        lambda z: (nll.sigmoid(z) - t) ** 2 / 2, logit(y)
    ),
    "eq-gradients-that-survive-cross-entropy": lambda y, t: nll.BERNOULLI.gradient(logit(y), t),
    "eq-gradients-that-survive-softmax-squared-error": [
        lambda y, t, K: y @ y - y @ t,
        lambda y, t, s, k: y[k] ** 2 - y[k] * (t[k] + s),
    ],
    "eq-gradients-that-survive-hidden": lambda y, t, v, h, x: (
        slope(lambda w: nll.BERNOULLI.nll(v * nll.sigmoid(w) + logit(y) - v * h, t), logit(h)) * x
    ),
    "eq-gradients-that-survive-expected": lambda p, y: np.average(
        [(y - 1) ** 2 / 2, y**2 / 2], weights=[p, 1 - p]
    ),
    "eq-gradients-that-survive-curvature": lambda y: slope(
        lambda z: nll.sigmoid(z) ** 2 * nll.sigmoid(-z), logit(y)
    ),
    # stable_kernels
    "eq-stable-kernels-shift": [lambda z, K: nll.logsumexp(z), lambda z, m, K: nll.logsumexp(z)],
    "eq-stable-kernels-loss": lambda z, a, t, o, e: z[a] - z[t] + np.logaddexp(*np.log([o, e[t]])),
    "eq-stable-kernels-condition": lambda g, z, ell, K: np.abs(g) @ np.abs(z) / ell,
    "eq-stable-kernels-bar": lambda K, Delta, u: 4 * u + np.log(K) * u + Delta * u,
    "eq-stable-kernels-softplus": [lambda z: nll.softplus(z), lambda z: -nll.log_sigmoid(-z)],
    # softmax_collapse
    "eq-softmax-collapse-loss": [
        lambda K, m: np.exp(nll.logsumexp(np.full(K - 1, -m))),
        lambda s: nll.softplus(np.log(s)),
    ],
    "eq-softmax-collapse-lead": lambda K, u: np.log((K - 1) / u),
    "eq-softmax-collapse-stretch": lambda m, c, N: slope(lambda c: nll.softplus(-c * m).sum(), c),
    "eq-softmax-collapse-log-law": lambda m, r: quad(lambda lead: (1 + np.exp(lead)) / r, 0, m)[0],
    # fast_kernels
    "eq-fast-kernels-roofline": lambda W, P, Q, B: np.max([W / P, Q / B]),
    "eq-fast-kernels-merge": lambda s, m, M: np.exp(nll.logsumexp(np.log(s[:2]) + m[:2] - M)),
}

UNREAD = {
    "eq-likelihood-conditional": "sums over sets, x and y, have no bounds to read",
    "eq-softmax-gradient-family": "the functions h and A are any functions",
}
"""Numbered equations that no value can be given to, each with the reason."""


def logit(p):
    """Return the logit whose sigmoid is `p`."""
    return np.log(p) - np.log1p(-p)


ALL = {label: (stem, text) for stem, label, text in latex.equations()}
READ = [
    (label, line, side)
    for label, (_, text) in ALL.items()
    if label in MEANING
    for line, side in enumerate(latex.right_hand_sides(text))
]


def meaning(label, line):
    """Return the function that computes the `line`-th right-hand side of an equation."""
    found = MEANING[label]
    return found[line] if isinstance(found, list) else found


def draw(expression, rng, size=4):
    """Return random values for the letters of the expression, subscripts among them."""
    values = {"K": size, "N": size, "pi": math.pi}
    for name, subscripted in sorted(latex.letters(expression).items()):
        if subscripted:
            logits = rng.normal(size=size)
            values[name] = logits if name in ("z", "eta", "v") else nll.softmax(logits)
        elif name not in values:
            values[name] = rng.uniform(0.1, 0.9)
    return values | {name: rng.integers(size) + 1 for name in sorted(latex.subscripts(expression))}


def agrees(side, function, tolerance):
    """Tell whether `side`, read as LaTeX, is what `function` computes, at five random points."""
    rng = np.random.default_rng(0)
    try:
        expression = latex.parse(side)
    except Exception:
        return False
    for _ in range(5):
        values = draw(expression, rng)
        counted = {name: values[name] - 1 for name in latex.subscripts(expression)}
        try:
            arguments = [
                (values | counted)[name] for name in inspect.signature(function).parameters
            ]
        except KeyError:
            return False  # a letter that the meaning needs does not occur
        expected = function(*arguments)
        if not np.isclose(latex.evaluate(expression, values), expected, rtol=tolerance, atol=0):
            return False
    return True


@pytest.mark.parametrize(("label", "line", "side"), READ, ids=lambda value: str(value)[:60])
def test_equation_computes_what_it_says(label, line, side):
    # Central differences are right to about 1e-8, everything else to rounding.
    where = f"{ALL[label][0]}.ipynb, {label}"
    assert agrees(side, meaning(label, line), 1e-7), f"{where} does not compute its meaning: {side}"


def test_every_numbered_equation_is_read_or_has_its_reason():
    unknown = [label for label in ALL if label not in MEANING and label not in UNREAD]
    assert not unknown, f"add a line to MEANING for {unknown}"
    assert len(UNREAD) <= 0.1 * len(ALL)
    assert not [label for label in {**MEANING, **UNREAD} if label not in ALL]


SLIPS = {
    "a plus for a minus": (r"-(?!\d\})", "+"),
    "a minus for a plus": (r"\+", "-"),
    "no exp": (r"\\exp", ""),
    "no minus": (r"^-|(?<=\()-", ""),
    "log to base 10": (r"\\log(?!_)", r"\\log_{10}"),
    "p for q": (r"(?<![\\a-z])q\b|(?<![\\a-z])q(?=_)", "p"),
    "a factor lost": (r"\S+ \\cdot (?=[^\d])", ""),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_the_latex_is_seen(slip):
    pattern, replacement = SLIPS[slip]
    tried = 0
    for label, line, side in READ:
        wrong = re.sub(pattern, replacement, side, count=1)
        if wrong != side:
            tried += 1
            assert not agrees(wrong, meaning(label, line), 1e-7), f"{label}: {wrong} passes"
    assert tried >= 3
