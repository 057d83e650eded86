"""What the quantities in the display of use_it are worth."""

import numpy as np

NAMES = {("eq-use-it-odds", "x"): lambda p: np.log((1 - p) / p)}
CONSTANTS = {
    "2024": "huggingface2024fixing",
    "28/64": "1500 rows in batches of 64 leave 28",
    "50257": "the vocabulary of GPT-2, in test_half_precision_thresholds",
    "16.5": "test_half_precision_thresholds",
}
