from dataclasses import fields

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from firsthand.evaluate.audit.finding import JSON_KEYS, Finding, Verdict, finding_json, verdict_of
from firsthand.evaluate.multiple import holm


def test_holm_by_hand():
    # Sorted .01, .02, .04 times 3, 2, 1 are .03, .04, .04; none may be below one before it.
    assert holm([0.02, 0.01, 0.04]) == pytest.approx([0.04, 0.03, 0.04])
    # .03 * 2 = .06 comes before .04 * 1 = .04, which is raised to it; 0.6 * 2 stays at 1.
    assert holm([0.04, 0.03]) == pytest.approx([0.06, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


def test_holm_is_statsmodels():
    p_values = np.random.default_rng(3).random(40) ** 3
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


@pytest.mark.parametrize(
    ("points", "interval", "p", "verdict"),
    [
        (8.0, (3.0, 13.0), 0.01, Verdict.DETECTED),
        (-8.0, (-13.0, -3.0), 0.01, Verdict.DETECTED),
        (8.0, (0.1, 16.0), 0.08, Verdict.INCONCLUSIVE),  # not after the correction
        (2.0, (1.0, 3.5), 0.01, Verdict.INCONCLUSIVE),  # there, but perhaps too small to matter
        (2.0, (1.0, 2.9), 0.01, Verdict.RULED_OUT),  # there, and too small to matter
        (0.0, (-2.9, 2.9), 1.0, Verdict.RULED_OUT),
        (0.0, (-3.1, 3.1), 1.0, Verdict.INCONCLUSIVE),
    ],
)
def test_verdicts(points, interval, p, verdict):
    assert verdict_of(points, interval, p, margin=3.0, alpha=0.05) is verdict


def test_json_holds_every_field_once():
    assert sorted(JSON_KEYS) == sorted(field.name for field in fields(Finding))
    found = finding_json(Finding(detector="affinity", judge="j", verdict=Verdict.DETECTED, why="w", ci=(1.0, 2.0)))
    assert list(found) == JSON_KEYS
    assert found["ci"] == [1.0, 2.0]
    assert found["verdict"] == "detected"
