"""The Bradley-Terry head: one convex fit of people's and judges' labels to differences of features.

With x_i the features of A minus those of B, w_i the weight of comparison i in a training set and t_i <= w_i the weight
of its labels for A (soft ones counting by their probability), the head beta minimises

    sum_i w_i log(1 + exp(x_i beta)) - t_i x_i beta  +  lambda / 2 |beta|^2,

the penalised log-likelihood of P(A better) = 1 / (1 + exp(-x_i beta)) (Bradley and Terry 1952); no intercept, for A and
B are exchangeable. It is strictly convex for lambda > 0, so that its minimum is the only one: Newton's method with
step halving finds it to the tolerance, whatever it starts from.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.errors import InputError

PENALTIES = tuple(float(10.0**power) for power in np.arange(3.5, -1, -0.5))
"""The lambdas that cross-validation tries, strongest first."""
FOLDS = 5
TOLERANCE = 1e-8
ROUGH = 1e-5
"""Tolerance of the heads that cross-validation compares."""
STEPS = 100
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Tally:
    """A training set over N comparisons: weight (N,), how much each counts; target (N,), how much of it for A."""

    weight: FloatArray
    target: FloatArray

    def times(self, counts: FloatArray) -> "Tally":
        """Each comparison `counts` (N,) times over."""
        return Tally(self.weight * counts, self.target * counts)


def fit_head(
    x: FloatArray, tally: Tally, penalty: float, start: FloatArray | None = None, tolerance: float = TOLERANCE
) -> FloatArray:
    """The head beta: (K,), the gradient's largest entry at most `tolerance` times the weight in all.

    `start` only saves steps. Raises InputError where a feature or a label is not a finite number.
    """
    used = tally.weight > 0
    x, weight, target = x[used], tally.weight[used], tally.target[used]
    if not (np.isfinite(x).all() and np.isfinite(target).all() and np.isfinite(weight).all()):
        raise InputError("a feature or a label is not a finite number; the cached features or the store are damaged")
    beta = np.zeros(x.shape[1]) if start is None else start
    loss = _loss(x, weight, target, penalty, beta)
    for _ in range(STEPS):
        chance = expit(x @ beta)
        gradient = x.T @ (weight * chance - target) + penalty * beta
        if np.abs(gradient).max() <= tolerance * weight.sum():
            return beta
        curvature = np.sqrt(weight * chance * (1 - chance))[:, None] * x
        hessian = curvature.T @ curvature
        hessian[np.diag_indices_from(hessian)] += penalty
        step = cho_solve(cho_factor(hessian, check_finite=False), gradient, check_finite=False)
        beta, loss = _descend(x, weight, target, penalty, beta, loss, step)
    raise InputError(f"the head did not settle in {STEPS} steps; the features are badly scaled")


def choose_penalty(x: FloatArray, tally: Tally, groups: IntArray, seed: int) -> float:
    """The penalty whose heads predict the labels of left-out prompts best, by FOLDS-fold cross-validation.

    groups: (N,), the prompt of each comparison; a prompt is left out as a whole. Judged by the mean log-likelihood of
    left-out labels; of equal ones the strongest penalty. Folds hold as many prompts each, drawn by `seed`.
    """
    used = tally.weight > 0
    x, tally, groups = x[used], Tally(tally.weight[used], tally.target[used]), groups[used]
    prompts, number = np.unique(groups, return_inverse=True)
    if len(prompts) < 2:
        return PENALTIES[0]
    order = np.random.default_rng(seed).permutation(len(prompts))
    fold = (order % min(FOLDS, len(prompts)))[number]
    losses = sum((_left_out(x, tally, fold == each) for each in np.unique(fold)), np.zeros(len(PENALTIES)))
    return PENALTIES[int(np.argmin(losses))]


def _left_out(x: FloatArray, tally: Tally, left_out: Sequence[bool]) -> FloatArray:
    """The negative log-likelihood of the left-out labels under each penalty: (len(PENALTIES),)."""
    kept = ~np.asarray(left_out)
    inside, beta = Tally(tally.weight[kept], tally.target[kept]), None
    losses = []
    for penalty in PENALTIES:
        beta = fit_head(x[kept], inside, penalty, beta, ROUGH)
        losses.append(_loss(x[~kept], tally.weight[~kept], tally.target[~kept], 0.0, beta))
    return np.array(losses)


def _descend(
    x: FloatArray,
    weight: FloatArray,
    target: FloatArray,
    penalty: float,
    beta: FloatArray,
    loss: float,
    step: FloatArray,
) -> tuple[FloatArray, float]:
    """A Newton step, halved until the loss does not rise."""
    size = 1.0
    while True:
        there = beta - size * step
        found = _loss(x, weight, target, penalty, there)
        if found <= loss + ROUNDING * abs(loss) or size < ROUNDING:
            return there, found
        size /= 2


def _loss(x: FloatArray, weight: FloatArray, target: FloatArray, penalty: float, beta: FloatArray) -> float:
    score = x @ beta
    return float(weight @ np.logaddexp(0.0, score) - target @ score + penalty / 2 * beta @ beta)
