"""How often grounding calls runs falling that do not fall, and those that do; docs/grounding.md tells the figures."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy.stats import beta
from training_worlds import rise_then_fall, run_of

from firsthand.bootstrap import FloatArray
from firsthand.train.falls import find_falls

ALPHA = 0.05
GATE = 0.065
RUNS = 2_000
DRAWS = 2_000
WORLDS = {
    # name: prompts, looks, how alike neighbouring looks are, rows a prompt, agreement
    "30 prompts": (30, 10, 0.9, 1, 0.8),
    "100 prompts": (100, 10, 0.9, 1, 0.7),
    "100 prompts, agreement 0.95": (100, 10, 0.9, 1, 0.95),
    "100 prompts, looks alike": (100, 10, 0.99, 1, 0.7),
    "400 prompts": (400, 10, 0.9, 1, 0.7),
    "400 prompts, to 5 rows each": (400, 10, 0.9, 5, 0.7),
    "400 prompts, 40 looks": (400, 40, 0.97, 1, 0.7),
}


@pytest.mark.calibration
@pytest.mark.parametrize("world", WORLDS)
def test_false_alarms_and_power(world: str, capsys: pytest.CaptureFixture[str]) -> None:
    prompts, looks, alike, rows, level = WORLDS[world]
    flat, falling = [level] * looks, rise_then_fall(level, 0.1, looks)
    alarms = _alarms(flat, prompts, alike, rows, RUNS)
    power = _alarms(falling, prompts, alike, rows, RUNS // 5)
    bound = float(beta.ppf(0.95, alarms["test"] + 1, RUNS - alarms["test"]))
    with capsys.disabled():
        said = ", ".join(
            f"{rule} {count / RUNS:.3f} / {power[rule] / (RUNS // 5):.2f}" for rule, count in alarms.items()
        )
        print(f"\n{world}: false alarms / seen at 10 points: {said}; upper bound {bound:.3f}")
    assert bound <= GATE


def _alarms(agreement: Sequence[float], prompts: int, alike: float, rows: int, runs: int) -> dict[str, int]:
    """Of `runs` runs, how many each rule calls falling at any look."""
    generator = np.random.default_rng(prompts * len(agreement))
    rules: dict[str, Callable[[FloatArray], bool]] = {
        "test": lambda right: any(fall.shown for fall in find_falls(right, len(right), ALPHA, DRAWS)),
        "below the best": _below_the_best,
        "below the best's interval": _below_by_interval,
    }
    counts = dict.fromkeys(rules, 0)
    for _ in range(runs):
        right = run_of(agreement, prompts, alike, generator, rows)
        for rule, says in rules.items():
            counts[rule] += says(right)
    return counts


def _below_the_best(right: FloatArray) -> bool:
    """What two curves on a screen say: agreement is below its best so far."""
    means = right.mean(axis=1)
    return any(means[look] < means[:look].max() for look in range(1, len(means)))


def _below_by_interval(right: FloatArray) -> bool:
    """What one interval at each look says: the paired difference to the best look so far, one-sided at 5 %."""
    means = right.mean(axis=1)
    for look in range(1, len(means)):
        differences = right[means[:look].argmax()] - right[look]
        error = differences.std() / np.sqrt(len(differences))
        if error > 0 and differences.mean() > 1.645 * error:
            return True
    return False
