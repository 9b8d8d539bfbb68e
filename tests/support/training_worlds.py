"""Training runs with a known answer: which prompts a model gets right at each evaluation."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import norm

from firsthand.bootstrap import FloatArray

ABILITY = 1.2
"""Spread of what prompts share over the whole run, against 1 of what changes from look to look."""


def run_of(
    agreement: Sequence[float], prompts: int, alike: float, generator: np.random.Generator, rows: int = 1
) -> FloatArray:
    """right (looks, prompts) with the true agreement of each look.

    alike: correlation of what changes between neighbouring looks. rows: at most so many rows of a prompt, averaged.
    """
    looks = len(agreement)
    shared = ABILITY * generator.normal(size=(prompts, 1))
    moving = np.empty((looks, prompts, rows))
    moving[0] = generator.normal(size=(prompts, rows))
    for look in range(1, looks):
        moving[look] = alike * moving[look - 1] + np.sqrt(1 - alike**2) * generator.normal(size=(prompts, rows))
    level = norm.ppf(agreement)[:, None, None] * np.sqrt(ABILITY**2 + 1)
    right = (shared + moving + level > 0).astype(np.float64)
    counted = np.arange(rows) < generator.integers(1, rows + 1, size=(prompts, 1))
    shares: FloatArray = (right * counted).sum(axis=2) / counted.sum(axis=1)
    return shares


def rise_then_fall(top: float, fall: float, looks: int) -> list[float]:
    """Agreement that rises by ten points to `top` in the first half of the run, then falls by `fall`."""
    half = looks // 2
    return [*np.linspace(top - 0.1, top, half), *np.linspace(top, top - fall, looks - half)]
