"""Tables that lack something: every detector ends in a finding that says so, never in a traceback or a quiet number."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from detector_worlds import KIN, SETTINGS, lineages

from firsthand.evaluate.audit.affinity_findings import affinity_findings
from firsthand.evaluate.audit.detectors.ceiling import ceiling_findings
from firsthand.evaluate.audit.detectors.crossover import crossover_findings
from firsthand.evaluate.audit.detectors.disagreement import disagreement_findings
from firsthand.evaluate.audit.detectors.lineage import lineage_findings
from firsthand.evaluate.audit.detectors.mediation import mediation_findings
from firsthand.evaluate.audit.detectors.panel import panel_findings
from firsthand.evaluate.audit.detectors.position import position_findings
from firsthand.evaluate.audit.detectors.proxy import proxy_findings
from firsthand.evaluate.audit.finding import Finding, Verdict, finding_json
from firsthand.evaluate.audit.table import NEITHER, AuditTable
from firsthand.evaluate.simulate import Judge, World, simulate

DETECTORS = (
    affinity_findings,
    lineage_findings,
    ceiling_findings,
    position_findings,
    disagreement_findings,
    proxy_findings,
    crossover_findings,
    mediation_findings,
    panel_findings,
)
WORLD = simulate(World(own_pairs=120, other_pairs=80, judges=(Judge(affinity=0.5), Judge())), 1)


def nobody(table: AuditTable) -> AuditTable:
    return replace(table, people=table.people.where(np.zeros(len(table.people), bool)))


def one_rater(table: AuditTable) -> AuditTable:
    return replace(table, people=table.people.where(table.people.voter == 0))


def all_ties(table: AuditTable) -> AuditTable:
    people, judged = (replace(votes, outcome=np.full(len(votes), NEITHER)) for votes in (table.people, table.judged))
    return replace(table, people=people, judged=judged)


def judges_tie(table: AuditTable) -> AuditTable:
    return replace(table, judged=replace(table.judged, outcome=np.full(len(table.judged), NEITHER)))


def always_first(table: AuditTable) -> AuditTable:
    first = np.where(np.arange(len(table.judged)) % 2, 1, -1)
    return replace(table, judged=replace(table.judged, first=first, outcome=1 - first))


def never_compared(table: AuditTable) -> AuditTable:
    early = np.arange(len(table)) < 100
    return replace(
        table, people=table.people.where(early[table.people.pair]), judged=table.judged.where(~early[table.judged.pair])
    )


def no_judge(table: AuditTable) -> AuditTable:
    return replace(table, judged=table.judged.where(np.zeros(len(table.judged), bool)), judges=())


def nameless(table: AuditTable) -> AuditTable:
    return replace(table, author=np.full_like(table.author, -1), authors=())


def half_nameless(table: AuditTable) -> AuditTable:
    missing = np.arange(len(table)) % 2 == 0
    return replace(table, author=np.where(missing[:, None] & np.array([[True, False]]), -1, table.author))


def one_author(table: AuditTable) -> AuditTable:
    return replace(table, author=np.zeros_like(table.author))


def one_prompt(table: AuditTable) -> AuditTable:
    return replace(table, prompt=np.zeros_like(table.prompt))


def no_lengths(table: AuditTable) -> AuditTable:
    return replace(table, length=np.full_like(table.length, np.nan))


def own_once(table: AuditTable) -> AuditTable:
    own = (table.author == 0).any(axis=1)
    return table.part(~own | (np.arange(len(table)) == np.flatnonzero(own)[0]))


def empty(table: AuditTable) -> AuditTable:
    return table.part(np.zeros(len(table), bool))


TROUBLES = (
    nobody,
    one_rater,
    all_ties,
    judges_tie,
    always_first,
    never_compared,
    no_judge,
    nameless,
    half_nameless,
    one_author,
    one_prompt,
    no_lengths,
    own_once,
    empty,
)
UNTOLD: dict[Callable[[AuditTable], AuditTable], tuple[str, ...]] = {
    nobody: ("ceiling", "disagreement", "style", "mediation", "proxy", "panel"),
    one_rater: ("ceiling", "disagreement", "style", "mediation", "proxy", "panel"),
    all_ties: ("ceiling", "disagreement", "style", "mediation", "panel"),
    always_first: ("affinity", "style", "mediation", "proxy"),
    never_compared: ("ceiling", "disagreement", "style", "mediation", "proxy", "panel", "crossover"),
    nameless: ("lineage", "mediation", "proxy", "crossover"),
    one_author: ("mediation", "proxy", "crossover"),
    one_prompt: ("ceiling", "disagreement", "style", "mediation", "proxy", "panel", "crossover"),
    no_lengths: ("style", "mediation"),
    own_once: ("mediation", "proxy", "crossover"),
}
"""What can't be told of the judge whose own kind is `own`, by trouble."""


def findings_on(table: AuditTable) -> list[Finding]:
    known = lineages(table, KIN)
    return [finding for detector in DETECTORS for finding in detector(table, known, SETTINGS)]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
def test_a_trouble_ends_in_findings(trouble: Callable[[AuditTable], AuditTable]) -> None:
    findings = findings_on(trouble(WORLD))
    for finding in findings:
        numbers = [finding.estimate, finding.points, finding.p, *(finding.ci or ()), *(finding.points_ci or ())]
        assert all(np.isfinite(number) for number in numbers if number is not None), finding
        assert finding.why.endswith(".")
        assert finding.verdict is Verdict.RULED_OUT or finding.next_step.endswith(".")
        assert finding_json(finding)["detector"] == finding.detector
    for detector in UNTOLD.get(trouble, ()):
        told = [finding for finding in findings if finding.detector == detector]
        verdicts = {finding.verdict for finding in told if finding.judge.startswith("judge-0")}
        assert verdicts == {Verdict.NOT_TESTABLE}, detector
        if trouble is nameless and detector in ("mediation", "proxy"):
            assert all("Import author_a and author_b" in finding.next_step for finding in told), detector
        if trouble in (nobody, one_rater, never_compared) and detector != "crossover":
            assert all(finding.needed for finding in told if finding.judge.startswith("judge-0")), detector


def test_a_sound_table_is_testable_throughout() -> None:
    world = World(own_pairs=900, other_pairs=900, others=3, judges=(Judge(both_orders=True), Judge(both_orders=True)))
    findings = findings_on(simulate(world, 2))
    verdicts = {finding.detector: finding.verdict for finding in findings if finding.judge.startswith("judge-0")}
    del verdicts["position"]  # nobody asked again, so that flips of the order stay untold
    assert Verdict.NOT_TESTABLE not in verdicts.values()
