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


def judged_world(
    generator: np.random.Generator, prompts: int, labelled: int, wins: float = 0.7, comparisons: int = 2
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Labels (NaN but on the first `labelled` prompts), a biased judge's scores and prompts, (N,) each.

    A prompt's comparisons share half of the variance of the chance that people prefer the author; one in ten is a tie.
    """
    prompt = np.repeat(np.arange(prompts), comparisons)
    shared = generator.standard_normal(prompts)[prompt]
    latent = np.log(wins / (1 - wins)) + shared + generator.standard_normal(len(prompt))
    label = (generator.random(len(prompt)) < 1 / (1 + np.exp(-latent))).astype(float)
    label[generator.random(len(prompt)) < 0.1] = 0.5
    label[prompt >= labelled] = np.nan
    score = 1 / (1 + np.exp(-(latent + 0.6 + 0.7 * generator.standard_normal(len(prompt)))))
    return label, score, prompt


def share_of_wins(wins: float = 0.7) -> float:
    """What the labels of `judged_world` are in the mean: by Gauss-Hermite quadrature over its latent normal."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    latent = np.log(wins / (1 - wins)) + np.sqrt(2) * nodes
    return float(0.9 * (weights @ (1 / (1 + np.exp(-latent)))) / weights.sum() + 0.05)
