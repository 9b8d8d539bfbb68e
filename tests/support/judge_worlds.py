"""Simulated judges and people with a known rate of agreement, comparisons of one prompt resembling each other."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firsthand.evaluate.judges.bench import leader

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """N labels: confidence, whether each agrees with the majority of the people asked, and its prompt."""

    confidence: FloatArray
    agrees: FloatArray
    prompts: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Truth:
    """A judge and the people it is held against.

    base, slope: P(the judge names the better response) = base + slope * (confidence - 0.5) on average.
    correlation: within-prompt correlation of being right, 0 to 1. raters, noise, ties: how many
    people vote on a comparison, how often each errs, and how often each says neither. largest: of a prompt's 1 to
    `largest` comparisons, skewed to few.
    """

    base: float
    slope: float = 0.0
    correlation: float = 0.3
    raters: int = 3
    noise: float = 0.05
    ties: float = 0.03
    largest: int = 12

    def draw(self, generator: np.random.Generator, prompts: int) -> World:
        """A world of so many prompts."""
        sizes = np.minimum(generator.geometric(0.25, prompts), self.largest)
        prompt = np.repeat(np.arange(prompts), sizes)
        rows = len(prompt)
        confidence = 0.5 + 0.5 * generator.beta(2, 2, rows)
        shared = generator.random(rows) < np.sqrt(self.correlation)
        luck = np.where(shared, generator.random(prompts)[prompt], generator.random(rows))
        return World(confidence, self._agrees(generator, luck < self._right(confidence)), prompt)

    def agreement(self, threshold: float, rows: int = 400_000) -> float:
        """The true share of labels with this confidence or more that agree, by a large draw."""
        generator = np.random.default_rng(99)
        confidence = 0.5 + 0.5 * generator.beta(2, 2, rows)
        right = generator.random(rows) < self._right(confidence)
        return float(self._agrees(generator, right)[confidence >= threshold].mean())

    def _right(self, confidence: FloatArray) -> FloatArray:
        return np.minimum(self.base + self.slope * (confidence - 0.5), 1.0)

    def _agrees(self, generator: np.random.Generator, right: npt.NDArray[np.bool_]) -> FloatArray:
        """Whether the label, on the better response or not, is what most of the raters say."""
        shape = (self.raters, len(right))
        neither = generator.random(shape) < self.ties
        better = generator.random(shape) >= self.noise
        counts = np.stack(
            [(~neither & ~better).sum(axis=0), neither.sum(axis=0), (~neither & better).sum(axis=0)], axis=1
        )
        majority = leader(counts.astype(np.float64))
        return (majority == np.where(right, 2, 0)).astype(np.float64)
