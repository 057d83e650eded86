"""What the formulas of the front page are worth."""

import numpy as np
from scipy import stats

INLINE = {
    r"-\log q": lambda q: -stats.bernoulli.logpmf(1, q),
    r"-\log_2 q": lambda q: -stats.bernoulli.logpmf(1, q) / np.log(2),
}
