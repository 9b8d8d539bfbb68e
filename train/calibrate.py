"""Judges' probabilities as people bear them out: how often people prefer what a judge so sure of it prefers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import isotonic_regression

from firsthand.errors import InputError
from firsthand.train.drops import Drops
from firsthand.train.labels import P_A, outweighed

LEAST = 50
"""Comparisons that people and a judge both labelled, below which its probabilities are not calibrated."""
CHANCE = "calibration: people agree with a judge so sure no more often than by chance"
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """A step function: from the confidence `starts[k]` on, people agree with probability `p[k]`; both rise."""

    starts: FloatArray
    p: FloatArray

    def at(self, confidence: FloatArray) -> FloatArray:
        """The probability at each confidence; below the first step that of the first."""
        steps = np.searchsorted(self.starts, confidence, side="right") - 1
        return self.p[np.maximum(steps, 0)]


def people_prefer(votes: pd.DataFrame) -> "pd.Series[float]":
    """Share of the votes for A of each comparison, of gold ones alone where there are some, ties half, by its id."""
    votes = votes[~outweighed(votes)]
    return votes["verdict"].map(P_A).groupby(votes["comparison_id"]).mean()


def calibrated(
    train: pd.DataFrame, heldout: pd.DataFrame, people: "pd.Series[float]", drops: Drops
) -> tuple[pd.DataFrame, pd.DataFrame, list[dict[str, Any]]]:
    """Both tables of judges' labels with p_chosen replaced by what people bear out, and each judge's curve.

    The curves are fitted on `train` alone. Labels whose probability is 0.5 or less leave. Raises InputError for a judge
    of whom fewer than LEAST comparisons on training prompts were labelled by people.
    """
    curves: dict[str, Curve] = {}
    facts = []
    for judge in sorted({*train["annotator"], *heldout["annotator"]}):
        rows = train[train["annotator"] == judge]
        share = rows["comparison_id"].map(people).to_numpy(np.float64)
        known = ~np.isnan(share)
        if known.sum() < LEAST:
            raise InputError(
                f"synthetic.calibrate needs {LEAST} comparisons on training prompts that people and {judge!r} both "
                f"labelled, and there are {known.sum()}; collect people's preferences on what it judged, leave it out "
                "of synthetic.judges, or set calibrate: false"
            )
        rows, share = rows[known], share[known]
        claimed = rows["p_chosen"].to_numpy(np.float64)
        agreed = np.where(rows["chosen"] == "a", share, 1 - share)
        curves[judge] = curve = fit_curve(claimed, agreed)
        facts.append(
            {
                "judge": judge,
                "comparisons": len(rows),
                "prompts": int(rows["prompt_id"].nunique()),
                "claimed": float(claimed.mean()),
                "agreed": float(agreed.mean()),
                "steps": [{"from": start, "p_chosen": p} for start, p in zip(curve.starts, curve.p, strict=True)],
            }
        )
    return _with_curves(train, curves, drops), _with_curves(heldout, curves, drops), facts


def fit_curve(confidence: FloatArray, agreed: FloatArray) -> Curve:
    """The rising step function nearest to `agreed` (0 to 1), by least squares, over `confidence`; both of shape (n,).

    Isotonic regression (Zadrozny and Elkan 2002, doi 10.1145/775047.775151) finds the steps; each is then (k + 1) /
    (n + 2), with k of its n labels agreed to (Laplace's rule of succession), so that a few labels never make a
    certainty, and put into rising order once more.
    """
    levels, place = np.unique(confidence, return_inverse=True)
    n = np.bincount(place).astype(np.float64)
    k = np.bincount(place, weights=agreed)
    starts = isotonic_regression(k / n, weights=n).blocks[:-1]
    n, k = np.add.reduceat(n, starts), np.add.reduceat(k, starts)
    smoothed = isotonic_regression((k + 1) / (n + 2), weights=n)
    first = smoothed.blocks[:-1]
    return Curve(levels[starts[first]], smoothed.x[first])


def _with_curves(labels: pd.DataFrame, curves: dict[str, Curve], drops: Drops) -> pd.DataFrame:
    p = labels["p_chosen"].to_numpy(np.float64, copy=True)
    for judge, curve in curves.items():
        its = (labels["annotator"] == judge).to_numpy()
        p[its] = curve.at(p[its])
    labels = labels.assign(p_chosen=p)
    return drops.keep(labels, labels["p_chosen"] > 0.5, CHANCE)
