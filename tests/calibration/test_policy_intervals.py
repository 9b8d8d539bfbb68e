"""How often the intervals of `evaluate policies` hold the truth, and how often equal policies are told apart.

docs/policies.md tells the figures found here.
"""

import numpy as np
import pytest
from policy_worlds import policy_world, true_points

from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.policies.config import PoliciesConfig
from firsthand.evaluate.policies.ranking import rank_policies

WORLDS = 500
UNEQUAL = [1.0, 0.4, 0.0, -1.4]
LEAST = {20: 0.90, 60: 0.92, 200: 0.93}
"""By prompts: resampling few of them makes intervals that are a little short."""


@pytest.mark.calibration
@pytest.mark.parametrize("prompts", LEAST)
def test_intervals_hold_the_truth_and_equal_policies_stay_together(
    prompts: int, capsys: pytest.CaptureFixture[str]
) -> None:
    config = PoliciesConfig(draws=300)
    truth = dict(zip((f"policy-{number}" for number in range(4)), true_points(UNEQUAL), strict=True))
    held = told = 0
    for world in range(WORLDS):
        for policy in rank_policies(policy_world(np.random.default_rng(world), UNEQUAL, prompts), config).policies:
            assert policy.points.ci is not None
            held += policy.points.ci[0] <= truth[policy.author] <= policy.points.ci[1]
        equal = rank_policies(policy_world(np.random.default_rng(world), [0.0] * 4, prompts), config)
        told += any(pair.verdict is Verdict.DETECTED for pair in equal.pairs)
    with capsys.disabled():
        print(f"\n{prompts} prompts: held {held / WORLDS / 4:.3f}, equal policies told apart {told / WORLDS:.3f}")
    assert held / WORLDS / 4 >= LEAST[prompts]
    assert told / WORLDS <= 0.075  # of 500 at 5 %: more in one of 200 runs
