"""How often the 95 % intervals of corrected win rates hold the truth; docs/winrate.md tells the figures found here."""

import numpy as np
import pytest
from worlds import judged_world, share_of_wins

from firsthand.evaluate.winrate.corrected import corrected_mean

WORLDS = 2_000
BOUNDS = ("both", "lower", "upper")
LEAST = {20: 0.87, 40: 0.91, 100: 0.92, 400: 0.925}
"""By labelled prompts: a bound on the side where wins are rare is short of 95 % with few of them."""


@pytest.mark.calibration
@pytest.mark.parametrize("labelled", LEAST)
@pytest.mark.parametrize("wins", [0.5, 0.8, 0.92])
def test_intervals_hold_the_truth(labelled: int, wins: float, capsys: pytest.CaptureFixture[str]) -> None:
    truth = share_of_wins(wins)
    held, gain = np.zeros(3), []
    for world in range(WORLDS):
        label, score, prompt = judged_world(np.random.default_rng(world), labelled * 6, labelled, wins)
        found = corrected_mean(label, score, prompt)
        for place, bound in enumerate(BOUNDS):
            interval = found.mean.estimate(bound).ci
            held[place] += interval is not None and interval[0] <= truth <= interval[1]
        gain.append(found.worth / found.labelled)
    shares = dict(zip(BOUNDS, held / WORLDS, strict=True))
    with capsys.disabled():
        said = ", ".join(f"{bound} {share:.3f}" for bound, share in shares.items())
        print(f"\nwins {truth:.2f}, {labelled} labelled prompts: {said}; a label is worth {np.median(gain):.2f}")
    assert shares["both"] >= min(LEAST[labelled] + 0.015, 0.935)
    assert min(shares.values()) >= LEAST[labelled]
    assert max(shares.values()) <= 0.985
