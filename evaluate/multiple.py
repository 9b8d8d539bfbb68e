"""Correcting for many tests at once."""

from collections.abc import Sequence

import numpy as np


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values (N,): with p sorted upwards, max_{i <= k} min(1, (N - i + 1) p_i) (Holm 1979)."""
    values = np.asarray(p_values, np.float64)
    order = np.argsort(values, kind="stable")
    scaled = np.minimum(1.0, values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty_like(scaled)
    adjusted[order] = np.maximum.accumulate(scaled)
    found: list[float] = adjusted.tolist()
    return found
