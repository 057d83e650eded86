"""Negative log-likelihoods and what belongs to them, right to the last digits.

Everything public is here: ``from nll import softmax_cross_entropy``. Losses are per example and in
nats, `axis` is the last one by default, float32 stays float32, and no input is written to.
"""

from nll.families import (
    BERNOULLI,
    CATEGORICAL,
    GAUSSIAN,
    POISSON,
    Family,
    negative_binomial,
    negative_log_likelihood,
)
from nll.information import cross_entropy, entropy, kl_divergence
from nll.softmax_loss import softmax_cross_entropy, softmax_cross_entropy_value_and_grad
from nll.special import log_sigmoid, log_softmax, logsumexp, sigmoid, softmax, softplus

__version__ = "0.2.0"

__all__ = [
    "BERNOULLI",
    "CATEGORICAL",
    "GAUSSIAN",
    "POISSON",
    "Family",
    "cross_entropy",
    "entropy",
    "kl_divergence",
    "log_sigmoid",
    "log_softmax",
    "logsumexp",
    "negative_binomial",
    "negative_log_likelihood",
    "sigmoid",
    "softmax",
    "softmax_cross_entropy",
    "softmax_cross_entropy_value_and_grad",
    "softplus",
]
