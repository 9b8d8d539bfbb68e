"""How fast `evaluate agreement` makes its intervals, beside resampling with the `krippendorff` package.

python benchmarks/agreement_speed.py [--votes 100000] [--draws 2000]

Ours makes all five figures from weighted sums. The peer makes one of them (alpha, nominal) and counts again in every
draw; it is timed on a few draws, interleaved with ours, and scaled to all of them.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable

import krippendorff
import numpy as np

from firsthand.evaluate.agreement_report import agreement_figures

VOTES_A_COMPARISON = 3
COMPARISONS_A_PROMPT = 2
PEER_DRAWS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--votes", type=int, default=100_000)
    parser.add_argument("--draws", type=int, default=2_000)
    args = parser.parse_args()
    counts, prompts = simulate(args.votes)
    ours, peer = [], []
    for seed in range(3):
        ours.append(seconds(lambda seed=seed: agreement_figures(counts, prompts, args.draws, seed)))
        per_draw = seconds(lambda seed=seed: peer_draws(counts, seed)) / PEER_DRAWS
        peer.append(per_draw * args.draws)
    result = {
        "votes": args.votes,
        "draws": args.draws,
        "ours_seconds_five_figures": round(float(np.median(ours)), 2),
        "krippendorff_seconds_one_figure": round(float(np.median(peer)), 2),
        "ratio": round(float(np.median(np.divide(peer, ours))), 1),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(result, indent=2))


def simulate(votes: int) -> tuple[np.ndarray, np.ndarray]:
    """Counts of verdicts by comparison, and each comparison's prompt."""
    generator = np.random.default_rng(13)
    comparisons = votes // VOTES_A_COMPARISON
    truth = generator.integers(0, 3, comparisons)
    shape = (VOTES_A_COMPARISON, comparisons)
    cast = np.where(generator.random(shape) < 0.7, truth, generator.integers(0, 3, shape))
    counts = np.stack([(cast == verdict).sum(axis=0) for verdict in range(4)], axis=1).astype(np.float64)
    return counts, np.arange(comparisons) // COMPARISONS_A_PROMPT


def peer_draws(counts: np.ndarray, seed: int) -> None:
    """A few draws of prompts, alpha of each by the package."""
    generator = np.random.default_rng(seed)
    total = len(counts) // COMPARISONS_A_PROMPT
    for _ in range(PEER_DRAWS):
        drawn = generator.integers(0, total, total)
        rows = (drawn[:, None] * COMPARISONS_A_PROMPT + np.arange(COMPARISONS_A_PROMPT)).ravel()
        krippendorff.alpha(value_counts=counts[rows], level_of_measurement="nominal")


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
