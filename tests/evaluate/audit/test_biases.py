"""Biases, and those that hold beside everything that was tested: what --fail-on counts."""

import pytest
from findings import finding

from firsthand.evaluate.audit.biases import detected, holding
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.run import Audit
from firsthand.evaluate.audit.text import fail_on_lines
from firsthand.lineage import Relation


def audit(*findings: Finding) -> Audit:
    return Audit(list(findings), {}, AuditConfig(), {})


def other(detector: str, p: float, verdict: Verdict = Verdict.DETECTED) -> Finding:
    return finding(detector=detector, target="it", relation=Relation.UNRELATED, p=p, verdict=verdict)


@pytest.mark.parametrize(
    ("own", "position", "counted"),
    [
        # One judge's own kind: 1 x .02 is below half of 5 %. Three others: 3 x .012 = .036 is not, 3 x .008 = .024 is.
        (0.02, 0.012, ["affinity"]),
        (0.02, 0.008, ["affinity", "position"]),
        (0.03, 0.008, ["position"]),
        (0.03, 0.012, []),
    ],
)
def test_half_of_the_level_is_for_judges_own_kind(own: float, position: float, counted: list[str]) -> None:
    found = audit(
        finding(p=own),
        other("position", position),
        other("style", 0.03),
        other("panel", 0.5, Verdict.INCONCLUSIVE),
        other("proxy", 1e-6),
        finding(detector="lineage"),
    )
    assert [one.detector for one in holding(found.findings, 0.05)] == counted
    assert [one.detector for one in detected(found.findings)] == ["affinity", "position", "style"]
    told = fail_on_lines(found)
    assert [line.split(": ")[1].split(",")[0] for line in told if not line.startswith("not")] == counted
    assert len(told) == 3
    together = finding(detector="panel", judge="a-judge-of-a-long-name, another", target="independence", p=1e-6)
    assert fail_on_lines(audit(together)) == [
        "counted by --fail-on: panel, a-judge-of-a-long-name, another: independence"
    ]


def test_several_judges_share_the_half_for_their_own_kinds() -> None:
    # Sorted .01, .02 times 2, 1: both .02, below .025; .014 times 2 is .028.
    for p, counted in ((0.01, 2), (0.014, 0)):
        found = audit(finding(p=p), finding(judge="judge-2", p=0.02))
        assert len(holding(found.findings, 0.05)) == counted


def test_what_is_small_is_not_counted_however_sure() -> None:
    assert holding([finding(p=1e-6, verdict=Verdict.RULED_OUT)], 0.05) == []
