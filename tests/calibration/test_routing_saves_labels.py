"""How many human labels the routing saves, against random choice, on the way to a given accuracy on the anchor.

The accuracy aimed at lies halfway between the mix of judges alone and the mix of people alone. docs/routing.md tells
the figures found here, those of the settings without a saving too.
"""

import numpy as np
import pytest
from routed_worlds import Setting, anchor_accuracy, make_world, routed_order, worth

COMPARISONS, WORLDS, DRAWS = 1_200, 100, 2_000
LABELS = np.array([0, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 720, 840, 960, 1_080, 1_200])
SETTINGS = {
    "one judge for its own kind": Setting(kin=(2.0,), order=0.4),
    "the same, no probabilities, one order": Setting(kin=(2.0,), order=0.4, probabilities=False, both_orders=False),
    "three judges, each for its own kind": Setting(3, (3.0, 3.0, 3.0), (0.0, 0.0, 0.0), order=0.4),
    "three judges with one taste": Setting(3, (0.0, 0.0, 0.0), (1.5, 1.5, 1.5), order=0.4),
    "one unbiased, noisy judge": Setting(kin=(0.0,), order=0.4, noise=1.5),
    "one unbiased judge, no probabilities, one order": Setting(probabilities=False, both_orders=False),
}
BIASED = tuple(SETTINGS)[:4]
NO_GAP = 0.01
"""Where judges alone come so near to people alone, there is nothing that labels could win."""


def labels_needed(accuracy: np.ndarray, target: float) -> float:
    """The labels at which a curve first reaches the target, between the points of LABELS."""
    reached = np.maximum.accumulate(accuracy)
    return float(np.interp(target, reached, LABELS))


@pytest.mark.calibration
@pytest.mark.parametrize("name", SETTINGS)
def test_routing_saves_labels_where_judges_are_biased(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    curves = np.zeros((2, WORLDS, len(LABELS)))
    for number in range(WORLDS):
        generator = np.random.default_rng(number)
        world = make_world(generator, SETTINGS[name], COMPARISONS)
        orders = generator.permutation(COMPARISONS), routed_order(generator, worth(world))
        for way, order in enumerate(orders):
            curves[way, number] = [anchor_accuracy(world, order[:count]) for count in LABELS]
    generator = np.random.default_rng(13)
    judges, people = curves[0, :, 0].mean(), curves[0, :, -1].mean()
    saved, needed = [], []
    for draw in range(DRAWS):
        picked = np.arange(WORLDS) if draw == 0 else generator.integers(0, WORLDS, WORLDS)
        mean = curves[:, picked].mean(axis=1)
        target = (mean[0, 0] + mean[0, -1]) / 2
        needed.append([labels_needed(one, target) for one in mean])
        saved.append(1 - needed[-1][1] / max(needed[-1][0], 1.0))
    low, high = np.quantile(saved[1:], [0.025, 0.975])
    routed = curves[1].mean(axis=0) - curves[0].mean(axis=0)
    with capsys.disabled():
        print(f"\n{name}: judges alone {100 * judges:.2f} %, people alone {100 * people:.2f} %")
        print(
            "  routed - random, points:", dict(zip(LABELS[2::3].tolist(), (100 * routed[2::3]).round(2), strict=True))
        )
        if people - judges < NO_GAP:
            print("  nothing to win: judges alone are as good as people alone")
        else:
            print(f"  halfway: random {needed[0][0]:.0f} labels, routed {needed[0][1]:.0f}", end="; ")
            print(f"saved {100 * saved[0]:.0f} % (95 % interval {100 * low:.0f} to {100 * high:.0f})")
    assert (people - judges > NO_GAP) == (name in BIASED)
    assert name not in BIASED or low > 0
    assert routed.min() > -0.005
