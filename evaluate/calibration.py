"""Whether a model that says 80 % is right 80 % of the time.

A score difference d = s(chosen) - s(rejected) claims P(chosen is better) = sigmoid(d) (Bradley and Terry 1952). The
claim is read from the side the model prefers: confidence c = sigmoid(|d|) from 0.5 to 1, right where d > 0.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from firsthand.bootstrap import DRAWS, SEED, FloatArray, IntArray, Sums, ratio, resample_prompts
from firsthand.estimates import Estimate
from firsthand.score_gaps import BINS, bin_number, bin_rows, correct, expected_error, log_loss

FLOOR_DRAWS = 200


@dataclass(frozen=True, slots=True)
class Bin:
    """The rows whose confidence lies from low to high: how confident the model was, and how often right."""

    low: float
    high: float
    rows: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """Expected calibration error, the same of a perfectly calibrated model on these rows, log loss, and the bins.

    ece_if_calibrated: even a calibrated model shows an error above 0, since each bin has few rows.
    A coin's log loss is ln 2 = 0.693.
    """

    ece: Estimate
    ece_if_calibrated: float
    log_loss: Estimate
    bins: list[Bin]


def measure_calibration(difference: FloatArray, prompts: IntArray, draws: int = DRAWS, seed: int = SEED) -> Calibration:
    """Calibration of N rows from their score differences and prompts: (N,) each, N at least 1."""
    confidence = expit(np.abs(difference))
    right = correct(difference, np.zeros_like(difference))
    cells = bin_rows(confidence, right)
    rows = {"cells": cells, "loss": log_loss(difference), "rows": np.ones_like(difference)}
    resampled = resample_prompts(rows, prompts, draws=draws, seed=seed)
    return Calibration(
        ece=resampled.estimate(lambda s: expected_error(s["cells"])),
        ece_if_calibrated=_error_if_calibrated(confidence, seed),
        log_loss=resampled.estimate(_mean_loss),
        bins=_bins(cells.sum(axis=0)),
    )


def _error_if_calibrated(confidence: FloatArray, seed: int) -> float:
    """Mean expected error where each row is right with exactly its confidence, by simulation."""
    generator = np.random.default_rng(seed)
    number = bin_number(confidence)
    gaps = [
        np.abs(np.bincount(number, (generator.random(len(confidence)) < confidence) - confidence, BINS)).sum()
        for _ in range(FLOOR_DRAWS)
    ]
    return float(np.mean(gaps) / len(confidence))


def _mean_loss(sums: Sums) -> FloatArray:
    return ratio(sums["loss"], sums["rows"])


def _bins(totals: FloatArray) -> list[Bin]:
    edges = np.linspace(0.5, 1.0, BINS + 1)
    return [
        Bin(
            low=round(float(low), 4),
            high=round(float(high), 4),
            rows=int(rows),
            confidence=float(confidence / rows) if rows else None,
            accuracy=float(right / rows) if rows else None,
        )
        for low, high, (rows, confidence, right) in zip(edges[:-1], edges[1:], totals, strict=True)
    ]
