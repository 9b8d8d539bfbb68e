"""Whether agreement has fallen since an earlier checkpoint: a test at every evaluation, with one error rate for all.

The same held-out prompts are read at every evaluation ("look"). a_t is the agreement of look t, averaged over prompts;
the hypothesis is that it never falls, so that every contrast a_s - a_t with s < t is at most 0. Comparing with the best
earlier look by its interval would not do: the best is best partly by luck, and every look is another chance to err.

Look t compares itself with every earlier look at once, by M_t = max_s T_st with the score statistic

    T_st = sum_g D_g / sqrt(sum_g D_g^2),   D_g = right_g(s) - right_g(t) of prompt g,

and the looks share alpha evenly, as Lan and DeMets (1983) spend it: of all runs without a fall, at most alpha t / (T-1)
may have been called falling by look t of 0 to T-1. The critical value c_t is the one that leaves so few of 10,000
simulated runs above it: their agreements come from the normal law with the second moments of the looks so far, as
observed over prompts, so that T_st has variance 1 and neighbouring looks are as alike as they are. That law is one of
many prompts; tests/calibration/test_false_alarms_of_grounding.py measures what it gives for few.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import SEED, FloatArray

DRAWS = 10_000
TINY = 1e-12
"""Added to the looks' own moments: two looks may be equal, and their matrix must still have a root."""


@dataclass(frozen=True, slots=True)
class Fall:
    """What one look says.

    since: the earlier look from which the fall is clearest. drop: the fall in agreement since then, a share of one; at
    least `low` of it is real, for all looks at once. visible: the smallest drop this look could have shown. shown: the
    drop is beyond chance. low and visible are None where no verdict changed, or where alpha is spent.
    """

    since: int
    drop: float
    low: float | None
    visible: float | None
    shown: bool


def find_falls(right: FloatArray, planned: int, alpha: float, draws: int = DRAWS, seed: int = SEED) -> list[Fall]:
    """What each look but the first says, from right (looks, prompts), the share of each prompt's rows that were right.

    planned: how many looks the run will have, fixed beforehand; what a look says does not depend on later ones. A look
    beyond that number can show nothing.
    """
    looks, prompts = right.shape
    moments = right @ right.T / prompts + TINY * np.eye(looks)
    simulated = np.linalg.cholesky(moments) @ np.random.default_rng(seed).standard_normal((looks, draws))
    crossed = np.zeros(draws, np.bool_)
    found = []
    for look in range(1, looks):
        differences = right[:look] - right[look]
        spread = np.sqrt(np.mean(differences**2, axis=1))
        changed = spread > 0
        if not changed.any():
            found.append(Fall(look - 1, 0.0, None, None, False))
            continue
        statistic = np.full(look, -np.inf)
        statistic[changed] = np.sqrt(prompts) * differences[changed].mean(axis=1) / spread[changed]
        reached = ((simulated[:look] - simulated[look])[changed] / spread[changed, None]).max(axis=0)
        share = alpha * min(1.0, look / max(planned - 1, 1))
        critical = _critical_value(reached, crossed, int(share * draws))
        crossed |= reached >= critical
        since = look - 1 - int(statistic[::-1].argmax())  # the latest of equals
        found.append(_fall(since, float(differences[since].mean()), critical, float(spread[since]) / prompts**0.5))
    return found


def rise_shown(earlier: FloatArray, later: FloatArray, alpha: float) -> bool:
    """Whether agreement rose from one look to another, by the score statistic of one pair: (prompts,) each."""
    from scipy.stats import norm

    differences = later - earlier
    squares = float(np.sum(differences**2))
    return squares > 0 and float(differences.sum()) / np.sqrt(squares) > float(norm.isf(alpha))


def _critical_value(reached: FloatArray, crossed: npt.NDArray[np.bool_], allowed: int) -> float:
    """What so many of the draws reach that, with those which crossed at an earlier look, `allowed` have crossed."""
    more = allowed - int(crossed.sum())
    return float(np.sort(reached[~crossed])[-more]) if more > 0 else np.inf


def _fall(since: int, drop: float, critical: float, error: float) -> Fall:
    if not np.isfinite(critical):
        return Fall(since, drop, None, None, False)
    visible = critical * error
    return Fall(since, drop, drop - visible, visible, drop > visible)
