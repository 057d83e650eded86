"""What the quantities in the displays of beyond_the_three are worth."""

import numpy as np
from derivatives import slope
from scipy import optimize, special, stats

import nll


def count(rng):
    """Draw a count."""
    return int(rng.integers(1, 7))


def arrow(rng):
    """Draw an arrow in the plane."""
    return rng.normal(size=2)


def direction(eta):
    """Return the angle of an arrow."""
    return np.angle(eta[0] + 1j * eta[1])


def length(eta):
    """Return the length of an arrow."""
    return np.linalg.norm(eta[:2])


MISES, STABLE = "eq-beyond-the-three-von-mises", "eq-beyond-the-three-von-mises-stable"
NEGATIVE = "eq-beyond-the-three-negative-binomial"
CHORD, MATCHED, SCIPY = r"1 - \cos d = 2 \sin^2(d / 2)", r"\sigma^2 = 2 b^2", r"p = r / (r + \mu)"
NAMES = {
    (MISES, r"p(y \mid \eta)"): lambda y, eta: stats.vonmises.pdf(y, length(eta), direction(eta)),
    (MISES, r"\kappa"): length,
    (MISES, r"I_0(\kappa)"): lambda eta: special.iv(0, length(eta)),
    (MISES, r"\cos y"): lambda y: np.cos(y),
    (MISES, r"\sin y"): lambda y: np.sin(y),
    (STABLE, r"p(y \mid \eta)"): lambda y, kappa, mu: stats.vonmises.pdf(y, kappa, mu),
    (STABLE, r"I_0(\kappa)"): lambda kappa: special.iv(0, kappa),
    (STABLE, r"\sin^2((y - \mu) / 2)"): lambda y, mu: np.sin((y - mu) / 2) ** 2,
    (NEGATIVE, r"P(y \mid \eta)"): lambda y, z, r: stats.nbinom.pmf(y, r, nll.sigmoid(-z)),
    (f"{NEGATIVE}-loss", r"P(y \mid \eta)"): lambda y, z, r: np.exp(
        -nll.negative_binomial(r).nll(z + np.log(r), y)
    ),
    (CHORD, r"\cos d"): lambda d: np.cos(d),
    (CHORD, r"\sin^2(d / 2)"): lambda d: np.sin(d / 2) ** 2,
    (MATCHED, r"\sigma^2"): lambda b: stats.laplace.var(scale=b),
    (SCIPY, "p"): lambda r, mu: optimize.brentq(lambda p: stats.nbinom.mean(r, p) - mu, 1e-9, 1),
    r"\binom{y + r - 1}{y}": lambda y, r: special.binom(y + r - 1, y),
    ("eq-beyond-the-three-laplace", "p(y)"): lambda y, m, b: stats.laplace.pdf(y, m, b),
    ("eq-beyond-the-three-student", "p(y)"): lambda z, s, nu: stats.t.pdf(z, nu) / s,
    ("eq-beyond-the-three-student", "c"): lambda nu: np.log(nu) / 2 + special.betaln(0.5, nu / 2),
    r"\frac{\partial \ell}{\partial z}": lambda z, nu: slope(lambda v: -stats.t.logpdf(v, nu), z),
    r"p(y \mid \mu, s)": lambda z, s: stats.norm.pdf(z) / np.exp(s),
    ("eq-beyond-the-three-mixture", "p(y)"): lambda w, ell: np.exp(nll.logsumexp(np.log(w) - ell)),
    ("eq-beyond-the-three-units", "p(y)"): lambda y: stats.norm.pdf(y),
    r"q(a \cdot y)": lambda y, a: stats.norm.pdf(a * y, scale=a),
    ("eq-beyond-the-three-r-squared", "G"): lambda R: (
        stats.norm(scale=1).entropy() - stats.norm(scale=np.sqrt(1 - R**2)).entropy()
    ),
}
DRAWS = {
    (MISES, "eta_"): arrow,
    (NEGATIVE, "y"): count,
    (NEGATIVE, "z"): lambda rng: rng.normal(),
    (f"{NEGATIVE}-loss", "y"): count,
    (f"{NEGATIVE}-loss", "z"): lambda rng: rng.normal(),
    ("eq-beyond-the-three-laplace", "y"): lambda rng: rng.normal(),
    # vectors even where a slip takes their subscript
    ("eq-beyond-the-three-mixture", "w"): lambda rng: nll.softmax(rng.normal(size=4)),
    ("eq-beyond-the-three-mixture", "ell"): lambda rng: rng.uniform(0.1, 0.9, size=4),
    ("eq-beyond-the-three-student", "nu"): lambda rng: rng.uniform(1.5, 9),
}
INLINE = {"d / d^2 = 1 / d": None, SCIPY: None}
CONSTANTS = {
    "0.25": "1 / (1 + 3), in an example whose means the prose gives",
    "5.6": "a section of a book",
    "359": "degrees of an exercise",
    "7.5": "rutherford1910probability: an eighth of a minute",
}
