"""How often the verdicts on loops are wrong and their intervals hold the truth; docs/calibration.md tells the figures.

The default suite runs a reduced form (tests/evaluate/generations/test_loops_with_a_known_answer.py).
"""

import numpy as np
import pytest
from loop_worlds import tally

from firsthand.evaluate.generations.config import World

WORLDS = 200


@pytest.mark.calibration
@pytest.mark.parametrize(("affinity", "seeds"), [(0.0, 3), (0.0, 5), (0.5, 3), (0.5, 5), (1.0, 3), (1.0, 5)])
def test_slopes_growth_and_diversity(affinity, seeds, capsys):
    found = tally(World(affinity=affinity, comparisons=300, step=1.0), WORLDS, seeds)
    shares = [np.mean(each) if each else np.nan for each in (found.slope, found.growth, found.kept)]
    with capsys.disabled():
        print(
            f"\naffinity {affinity:g}, {seeds} seeds, {WORLDS} worlds: amplified {found.amplified / WORLDS:.3f}, "
            f"collapsed {found.collapsed / WORLDS:.3f}, closed {found.closed / WORLDS:.3f}; intervals hold the slope "
            f"{shares[0]:.3f}, the growth {shares[1]:.3f} (refused {found.refused}), the diversity kept {shares[2]:.3f}"
        )
    assert shares[0] >= 0.9  # three seeds hardly tell the error between seeds
    assert shares[2] >= 0.92
    if affinity == 0:
        assert found.amplified / WORLDS <= 0.08
        assert found.collapsed / WORLDS <= 0.03
        assert found.closed / WORLDS <= 0.03
