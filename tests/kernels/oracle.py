"""What is true, to 50 digits, and how far a kernel is from it in units roundoff."""

import mpmath
import numpy as np

mpmath.mp.dps = 50


def unit_roundoff(dtype):
    """Return u, half the distance from 1 to the next number."""
    return float(np.finfo(dtype).eps) / 2


def exact(values):
    """Return an object array of exact numbers; ufuncs such as `+` work on it, slowly."""
    return np.vectorize(lambda v: mpmath.mpf(float(v)), otypes=[object])(values)


exp = np.vectorize(mpmath.exp, otypes=[object])
log = np.vectorize(mpmath.log, otypes=[object])
log1p = np.vectorize(mpmath.log1p, otypes=[object])
log_factorial = np.vectorize(lambda y: mpmath.loggamma(y + 1), otypes=[object])


def softmax(logits):
    """Return log-sum-exp, log-probabilities and probabilities, by the textbook, digits to spare."""
    z = exact(logits)
    with mpmath.workdps(50 + int(np.ptp(np.asarray(logits, dtype=np.float64)))):
        total = mpmath.log(mpmath.fsum(exp(z)))
        log_probs = z - total
        return total, log_probs, exp(log_probs)


def loss_and_gradient(logits, label):
    """Return the softmax cross-entropy of a class and its gradient, without a cancellation."""
    z = exact(logits)
    terms = exp(z - z.max())
    others = mpmath.fsum(np.delete(terms, label))
    gradient = terms / (others + terms[label])
    gradient[label] = -others / (others + terms[label])
    return mpmath.log1p(others / terms[label]), gradient


def errors(actual, true, scale=None):
    """Return |actual - true| over |scale|, the truth itself by default, in units roundoff."""
    size = true if scale is None else scale
    ratio = abs(exact(actual) - true) / abs(size)
    return np.asarray(ratio, dtype=np.float64) / unit_roundoff(np.asarray(actual).dtype)
