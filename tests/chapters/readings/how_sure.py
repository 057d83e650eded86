"""What the quantities in the displays of how_sure are worth."""

import numpy as np
from derivatives import slope

import nll

NAMES = {
    r"\operatorname{se}(\hat\eta)": lambda h: h**-0.5,
    r"L''(\eta)": lambda eta, N: slope(lambda e: N * nll.BERNOULLI.gradient(e, 1), eta),
    "z": lambda k: (np.log(k) - np.log(100 - k)) / np.sqrt(0.04 + 100 / (k * (100 - k))),
    r"\operatorname{se}(\overline{a} - \overline{b})": lambda d, g, rho, N: np.sqrt(
        np.array([1, -1]) @ [[d**2, rho * d * g], [rho * d * g, g**2]] @ [1, -1] / N
    ),
}
DRAWS = {"k": lambda rng: int(rng.integers(51, 99)), "N": lambda rng: int(rng.integers(5, 50))}
CONSTANTS = {
    "8.1": "printed as -8.1 standard errors",
    "1.96": "standard errors to each side that hold 95 % of a normal law",
    "95": "what 1.96 standard errors to each side of a normal law hold, in percent",
    "1.140": "a loss that is given, in the question that the page answers",
    "1.143": "another",
    "9/13": "the share of heads, as given",
}
INLINE = {r"\sqrt{h} / h = 1 / \sqrt{h}": None}
