"""What an affinity changes: the judge's verdicts with it, less those without it.

With u the judge's log-odds for A in a verdict, and v = u - c s what they would be without the affinity (s = +1 where A
is the target's, -1 where B is, c the affinity), the target gains

    D = E[s (F(u) - F(v))],   F(u) = (s(u - w) + s(u + w)) / 2,

the share of A with half of the ties, w being the half-width of indifference, the mean being over qualities
delta ~ Normal(m, tau^2) (the average marginal effect; Cameron and Trivedi 2005, section 15.5). Its standard error is
that of the delta method, sqrt(g' V g) with g the derivative of the mean of D by all parameters and V their covariance.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.audit.affinity import SHARED, Design, Fit, shared_numbers

MOST_ROWS = 20_000
"""Verdicts that the mean is taken over; of more, evenly spaced ones."""
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


@dataclass(frozen=True, slots=True)
class Effect:
    """An affinity in logits, in percentage points of the verdicts on the target's comparisons, and as labels flipped.

    flipped_per_1000: of the judge's verdicts on all comparisons, 1000 mean |F(u) - F(v)|. bend: (P,), the derivative
    of the points by the parameters.
    """

    logits: float
    error: float
    points: float
    points_error: float
    flipped_per_1000: float
    bend: FloatArray


def effect(given: Design, found: Fit, contrast: FloatArray, sign: FloatArray) -> Effect:
    """The effect of the affinity `contrast` (P,), a weighted sum of the parameters, where `sign` (C,) is not 0."""
    logits = float(contrast @ found.value)
    error = float(np.sqrt(contrast @ found.covariance @ contrast))
    judged = given.given.judge.any(axis=1)
    rows = np.flatnonzero(judged & (sign != 0))
    whole = float(given.given.weight[judged].sum())
    share = float(given.given.weight[rows].sum()) / whole
    rows = rows[:: max(1, -(-len(rows) // MOST_ROWS))]
    weight = given.given.weight[rows] / given.given.weight[rows].sum() * sign[rows]
    value, slope = _gain(given, found, rows, weight, np.zeros_like(contrast), sign)
    other, other_slope = _gain(given, found, rows, weight, contrast, sign)
    bend = 100 * (slope - other_slope)
    points = 100 * (value - other)
    return Effect(
        logits=logits,
        error=error,
        points=points,
        points_error=float(np.sqrt(bend @ found.covariance @ bend)),
        flipped_per_1000=10 * abs(points) * share,
        bend=bend,
    )


def _gain(
    given: Design,
    found: Fit,
    rows: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    weight: FloatArray,
    removed: FloatArray,
    sign: FloatArray,
) -> tuple[float, FloatArray]:
    """The weighted sum of F over `rows` without the affinity `removed`, and its derivative by all parameters."""
    by_mean, by_offset = given.by_mean[rows], given.by_offset[rows]
    means = by_mean.shape[1]
    number = shared_numbers(given, found.value)
    kappa, xi, tau, width = number.sharpness, number.between, number.spread, number.judge_width
    mean = (by_mean @ found.value[:means])[:, None]
    offset = by_offset @ found.value[means + len(SHARED) :] - (removed @ found.value) * sign[rows]
    delta = mean + tau * _NODES
    log_odds = kappa * delta + xi * mean + offset[:, None]
    high, low = expit(log_odds + width), expit(log_odds - width)
    rise_high, rise_low = high * (1 - high), low * (1 - low)
    rise = (rise_high + rise_low) / 2
    by_node = weight[:, None] * _WEIGHTS
    along = (rise * by_node).sum(axis=1)
    shared = {
        "log_spread": (rise * by_node * _NODES).sum() * kappa * tau,
        "sharpness": (rise * by_node * delta).sum(),
        "between": float(along @ mean[:, 0]),
        "log_judge_width": ((rise_high - rise_low) / 2 * by_node).sum() * width,
    }
    slope = np.concatenate(
        [(kappa + xi) * (along @ by_mean), [shared.get(name, 0.0) for name in SHARED], along @ by_offset]
    )
    slope -= removed * float(along @ sign[rows])
    return float(((high + low) / 2 * by_node).sum()), slope
