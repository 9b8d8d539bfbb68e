"""Strengths of policies from pairwise outcomes: Bradley and Terry's model with Davidson's ties.

Davidson 1970, "On extending the Bradley-Terry model to accommodate ties": with strengths theta and a tie rate nu,

    P(i beats j) = exp(theta_i) / Z,   P(tie) = nu exp((theta_i + theta_j) / 2) / Z,   P(j beats i) = exp(theta_j) / Z,

Z the sum of the three numerators. It is a multinomial logit, so that its log-likelihood is concave in (theta, log nu).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import FloatArray

BoolArray = npt.NDArray[np.bool_]

HALF_A_WIN = 0.5
"""Wins, and losses, that each policy is given beside those it has, so that who wins everything stays finite."""
STEPS = 60
CLOSE = 1e-9
"""Of the largest step; strengths are logits."""
LONGEST_STEP = 2.0


@dataclass(frozen=True, slots=True)
class Strengths:
    """A fit for each of any leading axes: theta (..., P), logits that sum to 0; nu (...), the tie rate, 0 without."""

    theta: FloatArray
    nu: FloatArray

    def chances(self) -> tuple[FloatArray, FloatArray]:
        """What the model says of every pair: the chance that the first wins, and of a tie, (..., P, P) each."""
        win, tie = _chances(_differences(self.theta), self.nu[..., None, None])
        return win, tie

    def points(self) -> FloatArray:
        """Each policy's chance to be preferred to another one drawn at random, ties half: (..., P)."""
        win, tie = self.chances()
        count = self.theta.shape[-1]
        against = (win + tie / 2) * (1 - np.eye(count))
        points: FloatArray = against.sum(axis=-1) / (count - 1)
        return points


def fit_strengths(wins: FloatArray, ties: FloatArray, prior: float = HALF_A_WIN) -> Strengths:
    """Fit wins (..., P, P), of the first over the second, and ties (..., P, P), symmetric, each tie once a triangle.

    prior: wins and losses given to each policy, shared out over those it was compared with anywhere on the leading axes
    (of two policies each gets Haldane's and Anscombe's half); a pair gets the mean of its two policies' shares.
    Newton's method with steps that are halved where they would lower the likelihood. With u the outcome (+1/2, 0, -1/2)
    and t the chance of a tie, a pair of n comparisons adds n Var(u) to the information on theta_i - theta_j,
    n t (1 - t) to that on log nu, and n Cov(u, tie) = -n t (P(i) - P(j)) / 2 between them.
    """
    count = wins.shape[-1]
    lead = wins.shape[:-2]
    wins, ties = wins.reshape(-1, count, count), ties.reshape(-1, count, count)
    compared = (wins + wins.swapaxes(1, 2) + ties).sum(axis=0) > 0
    part = prior / np.maximum(compared.sum(axis=1), 1)
    wins = wins + compared * (part[:, None] + part) / 2
    tied = ties.sum(axis=(1, 2)) > 0
    theta, eta = np.zeros((len(wins), count)), np.full(len(wins), -1.0)
    best = _log_likelihood(theta, eta, tied, wins, ties)
    for _ in range(STEPS):
        step = _newton_step(theta, eta, tied, wins, ties)
        size = np.abs(step).max(axis=1, keepdims=True)
        step = step * np.minimum(1.0, LONGEST_STEP / np.maximum(size, CLOSE))
        if float(size.max(initial=0.0)) < CLOSE:
            break
        theta, eta, best = _ascend(theta, eta, best, step, tied, wins, ties)
    nu = np.where(tied, np.exp(eta), 0.0)
    return Strengths((theta - theta.mean(axis=1, keepdims=True)).reshape(*lead, count), nu.reshape(lead))


def _newton_step(theta: FloatArray, eta: FloatArray, tied: BoolArray, wins: FloatArray, ties: FloatArray) -> FloatArray:
    """The step (D, P + 1) for the strengths and the log of the tie rate."""
    draws, count = theta.shape
    total = wins + wins.swapaxes(1, 2) + ties
    win, tie = _chances(_differences(theta), _rate(eta, tied))
    lose = win.swapaxes(1, 2)
    gradient, information = np.zeros((draws, count + 1)), np.zeros((draws, count + 1, count + 1))
    gradient[:, :count] = (wins + ties / 2 - total * (win + tie / 2)).sum(axis=2)
    gradient[:, count] = (ties - total * tie).sum(axis=(1, 2)) / 2
    spread = total * ((win + lose) / 4 - ((win - lose) / 2) ** 2)
    information[:, :count, :count] = -spread
    diagonal = np.arange(count)
    information[:, diagonal, diagonal] = spread.sum(axis=2)
    # The strengths are known up to a constant; this holds their sum where it is.
    information[:, :count, :count] += 1.0
    crossed = -(total * tie * (win - lose)).sum(axis=2) / 2
    information[:, :count, count] = information[:, count, :count] = crossed
    information[:, count, count] = np.where(tied, (total * tie * (1 - tie)).sum(axis=(1, 2)) / 2, 1.0)
    step: FloatArray = np.linalg.solve(information, gradient[..., None])[..., 0]
    return step


def _ascend(
    theta: FloatArray,
    eta: FloatArray,
    best: FloatArray,
    step: FloatArray,
    tied: BoolArray,
    wins: FloatArray,
    ties: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Take the step, halved up to ten times where it would lower the log-likelihood."""
    length = np.ones((len(theta), 1))
    for _ in range(10):
        moved, rate = theta + length * step[:, :-1], eta + length[:, 0] * step[:, -1]
        found = _log_likelihood(moved, rate, tied, wins, ties)
        worse = found < best - 1e-9 * np.abs(best)
        if not worse.any():
            return moved, rate, found
        length[worse] /= 2
    return np.where(worse[:, None], theta, moved), np.where(worse, eta, rate), np.where(worse, best, found)


def _log_likelihood(
    theta: FloatArray, eta: FloatArray, tied: BoolArray, wins: FloatArray, ties: FloatArray
) -> FloatArray:
    win, tie = _chances(_differences(theta), _rate(eta, tied))
    chance = np.log(np.maximum(win, np.finfo(float).tiny))
    of_ties = np.where(ties > 0, ties * np.log(np.maximum(tie, np.finfo(float).tiny)), 0.0) / 2
    found: FloatArray = (wins * chance + of_ties).sum(axis=(1, 2))
    return found


def _chances(difference: FloatArray, nu: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Win and tie for differences of strength; exponents are taken from the larger side, so that none overflows."""
    larger = np.abs(difference) / 2
    first, second, middle = np.exp(difference / 2 - larger), np.exp(-difference / 2 - larger), nu * np.exp(-larger)
    whole = first + second + middle
    return first / whole, middle / whole


def _differences(theta: FloatArray) -> FloatArray:
    return theta[..., :, None] - theta[..., None, :]


def _rate(eta: FloatArray, tied: BoolArray) -> FloatArray:
    return np.where(tied, np.exp(eta), 0.0)[:, None, None]
