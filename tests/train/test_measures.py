import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import brier_score_loss

from firsthand.train.measures import measure


def test_the_figures_of_four_pairs_by_hand() -> None:
    rewards = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    found = measure(rewards, np.array([0, 0, 1, 2]))
    assert found["accuracy"] == (1 + 1 + 0.5 + 0) / 4
    assert found["reward_gap"] == (1 + 2 + 0 - 1) / 4
    assert (found["reward_chosen"], found["reward_rejected"]) == (0.75, 0.25)
    claims = expit([1.0, 2.0, 0.0, -1.0])
    assert found["brier"] == pytest.approx(brier_score_loss([1, 1, 1, 1], claims, labels=[0, 1]))
    # bins of confidence: .731 right, .881 right, .5 half right, .731 wrong; the first and the last share a bin
    assert found["ece"] == pytest.approx((abs(1 - 2 * 0.7310586) + (1 - 0.8807971) + 0) / 4, abs=1e-6)
    for name in ("accuracy", "reward_gap", "brier"):
        assert found[f"{name}_low"] < found[name] < found[f"{name}_high"]


def test_one_prompt_has_no_interval() -> None:
    found = measure(np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([0, 0]))
    assert found["accuracy"] == 0.5
    assert not [name for name in found if name.endswith(("_low", "_high"))]
