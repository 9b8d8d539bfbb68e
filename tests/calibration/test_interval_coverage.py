"""How often the 95 % intervals of agreement hold the truth, at the sizes users have.

The default suite runs a reduced form at 80 prompts (tests/evaluate/test_bootstrap.py). Percentile intervals over few
prompts are known to be a little short; docs/evaluation.md tells the figures found here.
"""

import numpy as np
import pytest
from worlds import simulated_counts

from firsthand.bootstrap import resample_prompts
from firsthand.evaluate.agreement import alpha_nominal, pair_agreement, unit_rows

WORLDS, DRAWS = 2_000, 1_000
ALPHA = (0.3**2 + 0.95**2) / 2
AGREEMENT = ALPHA + (1 - ALPHA) / 3


@pytest.mark.calibration
@pytest.mark.parametrize(("prompts", "least"), [(20, 0.90), (80, 0.93), (320, 0.93)])
def test_intervals_cover_the_truth(prompts: int, least: float, capsys: pytest.CaptureFixture[str]) -> None:
    covered = np.zeros(2)
    for world in range(WORLDS):
        counts, clusters = simulated_counts(np.random.default_rng(world), prompts=prompts)
        resampled = resample_prompts(unit_rows(counts), clusters, draws=DRAWS, seed=world)
        alpha = resampled.estimate(lambda sums: alpha_nominal(sums["nominal"])).ci
        agreement = resampled.estimate(lambda sums: pair_agreement(sums["pairs"])).ci
        assert alpha is not None
        assert agreement is not None
        covered += [alpha[0] <= ALPHA <= alpha[1], agreement[0] <= AGREEMENT <= agreement[1]]
    shares = covered / WORLDS
    with capsys.disabled():
        print(f"\n{prompts} prompts, {WORLDS:,} worlds: alpha {shares[0]:.3f}, agreement {shares[1]:.3f}")
    assert (shares >= least).all()
    assert (shares <= 0.97).all()
