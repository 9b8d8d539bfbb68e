"""Correcting for many tests at once."""

import numpy as np

from firsthand.evaluate.bootstrap import FloatArray


def holm(p_values: FloatArray) -> FloatArray:
    """Adjusted p-values (N,): with p sorted upwards, max_{i <= k} min(1, (N - i + 1) p_i) (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    scaled = np.minimum(1.0, p_values[order] * np.arange(len(p_values), 0, -1))
    adjusted = np.empty_like(scaled)
    adjusted[order] = np.maximum.accumulate(scaled)
    return adjusted
