"""Verdicts as ordered categories: the chance of A, neither and B at a given log-odds, with its derivatives.

With u the log-odds in favour of A and c >= 0 the half-width of the indifference zone (the ordered logit of
Agresti 2010, section 3.2, with thresholds symmetric around 0),

    P(A) = s(u - c),   P(B) = s(-u - c),   P(neither) = s(u + c) - s(u - c) = s(u + c) s(c - u) (1 - e^(-2c)),

where s is the logistic function. With p = s(u + c) = 1 / (1 + e^-u e^-c) and q = s(c - u) = e^-u / (e^-u + e^-c), so
that one exponential does, counts (a, n, b) of the three verdicts have the log-likelihood

    (a + n) log q + (b + n) log p + a (u - c) - b (u + c) + n log(1 - e^(-2c)).
"""

from dataclasses import dataclass

import numpy as np

from firsthand.bootstrap import FloatArray

LOWEST = -700.0
"""Log-odds below which e^-u would not be finite."""


@dataclass(frozen=True, slots=True)
class Slopes:
    """A log-likelihood of counts and its derivatives with respect to u and log c, each of the shape of u.

    Those by log c are 0 where c is 0.
    """

    value: FloatArray
    u: FloatArray
    uu: FloatArray
    c: FloatArray
    uc: FloatArray
    cc: FloatArray


def slopes(u: FloatArray, c: float, counts: FloatArray) -> Slopes:
    """The log-likelihood of `counts` (N, 3), of A, neither and B, at log-odds `u` (Q, N).

    `c` may be 0 where no count of `neither` is positive.
    """
    a, neither, b = np.ascontiguousarray(counts.T)
    against = np.exp(-np.maximum(u, LOWEST))
    if c == 0:
        votes, whole = a + b, 1 + against
        p = 1 / whole
        towards_b = votes * p
        nothing = np.zeros_like(u)
        return Slopes(-votes * np.log(whole) - b * u, a - towards_b, towards_b * (p - 1), nothing, nothing, nothing)
    narrow = np.exp(-c)
    for_a, for_b = a + neither, b + neither
    above, below = 1 + narrow * against, narrow + against
    value = neither * np.log(-np.expm1(-2 * c)) - (a + b) * c - for_a * np.log(below) - for_b * (np.log(above) + u)
    p, q = 1 / above, against / below
    towards_a, towards_b = for_a * q, for_b * p
    bend_a, bend_b = towards_a * (q - 1), towards_b * (p - 1)
    grown = np.expm1(2 * c)
    by_c = neither * (2 + 2 / grown) - towards_a - towards_b
    return Slopes(
        value,
        towards_a - towards_b,
        bend_a + bend_b,
        c=c * by_c,
        uc=c * (bend_b - bend_a),
        cc=c**2 * (bend_a + bend_b - neither * 4 * (grown + 1) / grown**2) + c * by_c,
    )
