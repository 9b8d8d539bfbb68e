"""A sweep's verdicts on worlds with a known answer; docs/calibration-sweep.md holds the full run.

The default suite asks a few worlds (tests/evaluate/sweep/test_known_answers.py).
"""

from pathlib import Path

import pytest
from sweep_worlds import KINDS, continue_to

WORLDS, REFITS = 200, 60


@pytest.mark.calibration
@pytest.mark.parametrize("kind", KINDS)
def test_verdicts_are_right_as_often_as_promised(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = continue_to(kind, WORLDS, REFITS, tmp_path / "results.json")
    met = sum(outcome[KINDS[kind].gate] for outcome in kept["outcomes"]) / WORLDS
    with capsys.disabled():
        print(f"\n{kind}, {WORLDS} worlds: {KINDS[kind].gate} {met:.1%}")
    assert met >= KINDS[kind].least
