import pytest

from firsthand.collect.admin.figures import Conduct, Measured, RaterFigures
from firsthand.collect.serve_config import Rule, Rules
from firsthand.estimates import Estimate
from firsthand.evaluate.conduct import share
from firsthand.evaluate.rules import decide

NOTHING = Measured(Estimate(None), 0)
FINE = {"gold": share(18, 20), "consistency": share(9, 10), "first_side": share(20, 40)}


def rater(seconds: float | None = 20.0, **measured: Measured) -> RaterFigures:
    timed = Measured(Estimate(seconds), 40)
    conduct = Conduct(**{**FINE, "seconds": timed, "fast": NOTHING, **measured})
    clean = Conduct(**FINE, seconds=timed, fast=NOTHING)
    return RaterFigures("ann", False, 40, 0, None, clean, conduct, NOTHING, NOTHING)


def test_good_work_crosses_nothing():
    assert decide(rater(), Rules()) == []


def test_gold_accuracy_warns_then_pauses_with_the_evidence():
    # Limits: below 70 % warns, below 50 % pauses, from 10 observations on.
    (warned,) = decide(rater(gold=share(12, 20)), Rules())
    assert (warned.rule, warned.level) == ("gold_accuracy", "warn")
    (paused,) = decide(rater(gold=share(8, 20)), Rules())
    assert paused.level == "pause"
    assert paused.evidence == "40 % (95 % interval 19 % to 64 %) of 20 gold verdicts are right; below 50 % pauses"


def test_a_limit_is_crossed_beyond_it_and_after_enough_observations():
    assert decide(rater(gold=share(14, 20)), Rules()) == []  # 70 % is not below 70 %
    assert decide(rater(gold=share(0, 9)), Rules()) == []  # 10 are asked for


@pytest.mark.parametrize(("chosen", "side"), [(46, "first"), (4, "second")])
def test_a_pull_to_either_side_counts(chosen: int, side: str):
    (found,) = decide(rater(first_side=share(chosen, 50)), Rules())
    assert (found.rule, found.level) == ("first_side_share", "pause")
    assert found.evidence.startswith("92 % ")
    assert f"shown {side}; above 90 % pauses" in found.evidence


def test_speed_and_consistency():
    (fast,) = decide(rater(seconds=2.0), Rules())
    assert fast.evidence == "half of 40 verdicts took 2.0 s or less; below 3.0 s warns"
    (erratic,) = decide(rater(consistency=share(3, 10)), Rules())
    assert (erratic.rule, erratic.level) == ("self_consistency", "pause")


def test_pauses_come_first_and_rules_can_be_left_out():
    figures = rater(gold=share(13, 20), consistency=share(1, 10))
    assert [(found.rule, found.level) for found in decide(figures, Rules())] == [
        ("self_consistency", "pause"),
        ("gold_accuracy", "warn"),
    ]
    assert decide(figures, Rules(self_consistency=None, gold_accuracy=None)) == []
    assert decide(figures, Rules(gold_accuracy=Rule(warn=0.6, pause=0.5), self_consistency=None)) == []
