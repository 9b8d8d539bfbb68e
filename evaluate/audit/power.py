"""How small an effect the votes can show, and how many more would settle it."""

import math

from scipy.stats import norm

POWER = 0.8
MOST_VOTES = 1_000_000
"""More than that nobody collects to settle one effect."""


def mde(error: float, margin: float, alpha: float) -> float:
    """The smallest true effect that is detected with a chance of POWER, in the unit of `error`.

    max((z_(alpha/2) + z_power) e, m + z_power e): the interval must leave 0 and the estimate the margin m.
    """
    wide, power = _z(alpha / 2), _z(1 - POWER)
    return max((wide + power) * error, margin + power * error)


def needed_votes(points: float, error: float, margin: float, alpha: float, votes: int, tests: int = 1) -> int | None:
    """Further human votes for a clear verdict, on further comparisons of the same mix, with as many votes each.

    An error falls with the root of the votes, so that e must become e*. To detect an effect beyond the margin m, the
    interval must leave 0, at alpha / tests, and the estimate m: min(|points| / (z_(alpha/tests/2) + z_power),
    (|points| - m) / z_power). To rule one out where there is none: m / (z_(alpha/2) + z_((1 - power)/2)).
    None where the effect is so close to the margin that no number would tell, or more than MOST_VOTES.
    """
    beyond = abs(points) - margin
    if beyond > 0:
        enough = min(abs(points) / (_z(alpha / tests / 2) + _z(1 - POWER)), beyond / _z(1 - POWER))
    else:
        enough = ruling_out_error(margin, alpha)
    growth = (error / enough) ** 2
    further = math.ceil((growth - 1) * votes)
    return further if 0 < further <= MOST_VOTES else None


def out_of_reach(error: float, margin: float, alpha: float, votes: int) -> bool:
    """Whether not even an effect of 0 would be ruled out by MOST_VOTES further votes: the error is too large."""
    return ((error / ruling_out_error(margin, alpha)) ** 2 - 1) * votes > MOST_VOTES


def ruling_out_error(margin: float, alpha: float) -> float:
    """The standard error at which an effect of 0 is ruled out with a chance of POWER.

    P(|estimate| < m - z_(alpha/2) e) = power, hence e = m / (z_(alpha/2) + z_((1 - power)/2)).
    """
    return margin / (_z(alpha / 2) + _z((1 - POWER) / 2))


def _z(tail: float) -> float:
    return float(norm.isf(tail))
