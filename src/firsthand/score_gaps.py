"""Figures of score differences d = s(chosen) - s(rejected): how often they are right, and how sure they were.

A difference claims P(chosen is better) = sigmoid(d) (Bradley and Terry 1952). Read from the side that the model
prefers, that is a confidence c = sigmoid(|d|) from 0.5 to 1, right where d > 0.
"""

import numpy as np
from scipy.special import expit

from firsthand.bootstrap import FloatArray, IntArray, ratio

BINS = 10


def correct(chosen: FloatArray, rejected: FloatArray) -> FloatArray:
    """1 where the chosen response scores higher, 0 where the rejected one does, 1/2 where they are equal: (N,)."""
    return 0.5 * (1.0 + np.sign(chosen - rejected))


def log_loss(difference: FloatArray) -> FloatArray:
    """-ln sigmoid(d) of each row, computed as ln(1 + exp(-d)) so that no d overflows: (N,)."""
    return np.logaddexp(0.0, -difference)


def brier(difference: FloatArray) -> FloatArray:
    """(1 - sigmoid(d))^2 of each row, from 0 to 1; always saying 50 % gives 1/4 (Brier 1950): (N,)."""
    return np.asarray(expit(-difference) ** 2, np.float64)


def bin_rows(confidence: FloatArray, right: FloatArray) -> FloatArray:
    """What each row adds to its bin: (N, BINS, 3), rows, confidence, rightness; bins of equal width from 0.5 to 1."""
    cells = np.zeros((len(confidence), BINS, 3))
    cells[np.arange(len(confidence)), bin_number(confidence)] = np.stack(
        [np.ones_like(confidence), confidence, right], axis=1
    )
    return cells


def bin_number(confidence: FloatArray) -> IntArray:
    """The bin of each confidence from 0.5 to 1, counted from 0: (N,)."""
    return np.minimum(((confidence - 0.5) * 2 * BINS).astype(np.int64), BINS - 1)


def expected_error(cells: FloatArray) -> FloatArray:
    """Expected calibration error sum_b n_b / n |accuracy_b - confidence_b| from sums (..., BINS, 3) of `bin_rows`.

    n_b cancels: sum_b |right_b - confidence_b| / n with the bins' sums (Naeini et al. 2015, equation 3).
    """
    gaps = np.abs(cells[..., 2] - cells[..., 1]).sum(axis=-1)
    return ratio(gaps, cells[..., 0].sum(axis=-1))
