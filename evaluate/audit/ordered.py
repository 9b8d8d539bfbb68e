"""Verdicts as ordered categories: the chance of A, neither and B at a given log-odds, with its derivatives.

With u the log-odds in favour of A and c >= 0 the half-width of the indifference zone (the ordered logit of
Agresti 2010, section 3.2, with thresholds symmetric around 0),

    P(A) = s(u - c),   P(B) = s(-u - c),   P(neither) = s(u + c) - s(u - c) = s(u + c) s(c - u) (1 - e^(-2c)),

where s is the logistic function. With p = s(u + c) and q = s(c - u), counts (a, n, b) of the three verdicts have the
log-likelihood

    (a + n) log q + (b + n) log p + a (u - c) - b (u + c) + n log(1 - e^(-2c)).
"""

from dataclasses import dataclass

import numpy as np

from firsthand.bootstrap import FloatArray


@dataclass(frozen=True, slots=True)
class Slopes:
    """A log-likelihood of counts and its derivatives with respect to u and c, each of the shape of u."""

    value: FloatArray
    u: FloatArray
    c: FloatArray
    uu: FloatArray
    uc: FloatArray
    cc: FloatArray


def slopes(u: FloatArray, c: float, counts: FloatArray) -> Slopes:
    """The log-likelihood of `counts` (N, 3), of A, neither and B, at log-odds `u` (N, Q).

    `c` may be 0 where no count of `neither` is positive.
    """
    a, neither, b = (counts[:, [column]] for column in range(3))
    for_a, for_b = a + neither, b + neither
    p, log_p = _chance(u + c)
    # Without ties c is 0, and q is the rest of p.
    q, log_q = _chance(c - u) if c > 0 else (1 - p, log_p - u)
    value = for_a * log_q + for_b * log_p + (a - b) * u - (a + b) * c
    gap_slope = gap_curve = 0.0
    if c > 0:
        value = value + neither * np.log(-np.expm1(-2 * c))
        grown = np.expm1(2 * c)
        gap_slope, gap_curve = 2 / grown, -4 * (grown + 1) / grown**2
    towards_a, towards_b = for_a * q, for_b * p
    bend_a, bend_b = towards_a * (1 - q), towards_b * (1 - p)
    return Slopes(
        value,
        u=towards_a - towards_b,
        c=neither * (2 + gap_slope) - towards_a - towards_b,
        uu=-bend_a - bend_b,
        uc=bend_a - bend_b,
        cc=neither * gap_curve - bend_a - bend_b,
    )


def _chance(log_odds: FloatArray) -> tuple[FloatArray, FloatArray]:
    """s(x) and log s(x), from one exponential."""
    small = np.exp(-np.abs(log_odds))
    chance = np.where(log_odds >= 0, 1.0, small) / (1 + small)
    return chance, np.minimum(log_odds, 0) - np.log1p(small)
