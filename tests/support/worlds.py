"""Simulated votes with a known answer."""

import numpy as np
import numpy.typing as npt


def simulated_counts(
    generator: np.random.Generator, prompts: int = 80, comparisons: int = 4, raters: int = 3
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Verdict counts (U, 4) of simulated raters on prompts of two difficulties, and each unit's prompt."""
    prompt = np.repeat(np.arange(prompts), comparisons)
    reliability = generator.choice([0.3, 0.95], prompts)[prompt]
    truth = generator.integers(0, 3, len(prompt))
    informed = generator.random((raters, len(prompt))) < reliability
    votes = np.where(informed, truth, generator.integers(0, 3, informed.shape))
    return np.stack([(votes == verdict).sum(axis=0) for verdict in range(4)], axis=1).astype(float), prompt
