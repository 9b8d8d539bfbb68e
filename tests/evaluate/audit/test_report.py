"""report.html: the verdict first, every finding with its evidence, nothing that runs or loads."""

import re
from dataclasses import replace

import numpy as np
import pytest
from findings import finding, small_table

from firsthand.evaluate.audit.affinity_findings import affinity_findings
from firsthand.evaluate.audit.cards import pictures_of, summary
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.audit.report import report_page
from firsthand.evaluate.audit.site.listing import ranked
from firsthand.evaluate.audit.words import headlines, p_words, points_words
from firsthand.evaluate.simulate import Judge, World, simulate
from firsthand.lineage import Lineage, Relation

LINEAGES = {"judge-1": Lineage("own", "us"), "own": Lineage("own", "us"), "other": Lineage("other", "them")}
CONFIG = AuditConfig(draws=100)


def page(*findings, table=None) -> str:
    return report_page(findings, table or small_table(), LINEAGES, CONFIG)


def test_the_verdict_comes_first_and_a_finding_has_its_picture_evidence_caveat_and_next_step() -> None:
    shown = page(finding())
    parts = ("■ Detected", "judge-1 favours own.", "people chose own", "judge-1 chose own")
    parts += ("judge-1 without the affinity",)
    places = [shown.index(part) for part in parts]
    assert places == sorted(places)
    for figure in ("56.2 %", "100.0 %", "80.0 %", "+20.0 points (+5.0 to +35.0)", "+1.07 logit (+0.42 to +1.67)"):
        assert figure in shown
    assert shown.index("Ask people.") < shown.index("Relative to these people.") < shown.index("Methods")
    assert "<math" in shown


def test_scripts_that_stood_for_people_are_told_first() -> None:
    given = small_table()
    some = page(finding(), table=replace(given, raters=("r0", "r1"), simulated=("r1",)))
    assert "1 of 2 raters are scripts" in some
    assert "All raters are scripts" in page(finding(), table=replace(given, raters=("r0",), simulated=("r0",)))


@pytest.mark.parametrize(
    ("verdicts", "tone", "word"),
    [
        ((Verdict.RULED_OUT, Verdict.DETECTED), "bad", "■ Detected"),
        ((Verdict.RULED_OUT, Verdict.RULED_OUT), "good", "□ Ruled out"),
        ((Verdict.RULED_OUT, Verdict.INCONCLUSIVE), "open", "● Inconclusive"),
        ((Verdict.RULED_OUT, Verdict.NOT_TESTABLE), "open", "? Not testable"),
        ((Verdict.NOT_TESTABLE, Verdict.NOT_TESTABLE), "open", "? Not testable"),
    ],
)
def test_nothing_is_called_clean_while_a_judge_is_not(verdicts, tone, word) -> None:
    found = summary(
        [finding(judge=f"judge-{number}", verdict=verdict) for number, verdict in enumerate(verdicts)], 0.05
    )
    assert (found.tone, found.word) == (tone, word)


def test_another_bias_that_holds_is_told_at_once_and_nothing_looks_clean() -> None:
    clean = finding(verdict=Verdict.RULED_OUT)
    position = finding(detector="position", target="the response shown first", p=1e-6)
    found = summary([clean, position], 0.05)
    assert (found.tone, found.word) == ("open", "□ Ruled out")
    assert found.sentences[-1] == "Other biases detected: judge-1: the response shown first (position)."
    weak = finding(detector="position", target="the response shown first", p=0.03)  # above half of 5 %
    assert summary([clean, weak], 0.05).tone == "good"


def test_an_audit_without_an_affinity_says_that_none_could_be_looked_for() -> None:
    assert summary([], 0.05).word == "? Not testable"
    assert "No affinity could be measured." in page()


def test_a_headline_is_the_affinity_for_the_closest_kin_that_can_be_tested() -> None:
    # Ten comparisons of the judge's own model, beside 150 of its family: the family is what the page begins with.
    table = simulate(World(own_pairs=160, other_pairs=100, judges=(Judge(affinity=3.0),)), seed=1)
    few = np.flatnonzero((table.author == 0).any(axis=1))[:10]
    author = table.author.copy()
    author[few] = np.where(author[few] == 0, len(table.authors), author[few])
    table = replace(table, author=author, authors=(*table.authors, "judge-0"))
    known = {name: Lineage(name, name) for name in table.authors}
    known |= {"own": Lineage("own", "us"), "judge-0": Lineage("judge-0", "us")}
    findings = affinity_findings(table, known, CONFIG)
    refused = next(one for one in findings if one.target == "judge-0")
    assert (refused.relation, refused.verdict) == (Relation.SAME_MODEL, Verdict.NOT_TESTABLE)
    assert [one.target for one in headlines([*findings, finding(detector="proxy")])] == ["own"]
    assert summary(findings, 0.05).word == "■ Detected"


def test_names_and_sentences_out_of_the_data_are_text() -> None:
    hostile = "<img src=x onerror=alert(1)>\u202e"
    shown = page(finding(judge=hostile, target=hostile, why=hostile, caveats=(hostile,), next_step=hostile))
    assert "<img" not in shown
    assert "\u202e" not in shown
    assert shown.count("&lt;img src=x") > 5


def test_the_page_loads_nothing_and_runs_its_own_script_alone() -> None:
    shown = page(finding())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', shown)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'")
    assert "script-src 'sha256-" in policy[1]
    assert not re.search(r"https?://(?!www.w3.org)", shown)
    assert shown.count("<script") == 1


def test_many_findings_of_one_detector_are_folded_behind_their_chart() -> None:
    many = [finding(detector="disagreement", target=f"stratum {number}", direction="") for number in range(6)]
    assert "All 6, one by one" in page(finding(), *many)


def test_a_target_of_many_authors_is_told_whole() -> None:
    together = ", ".join(f"gpt-4-variant-{number}" for number in range(9))
    assert f"<dd>{together}</dd>" in page(finding(target=together))


def test_pictures_are_of_affinities_whose_target_the_table_knows() -> None:
    found = pictures_of(
        [finding(), finding(target="nobody"), finding(detector="proxy")], small_table(), LINEAGES, CONFIG
    )
    assert set(found) == {("judge-1", "own")}


def test_a_picture_is_of_the_comparisons_that_its_finding_rests_on() -> None:
    # Of every third comparison an author is unknown; the first judge chooses its own every time, so that its controls
    # rest on the others alone.
    given = simulate(World(own_pairs=240, other_pairs=240, judges=(Judge(), Judge())), 3)
    sign = ((given.author == given.authors.index("own")) @ np.array([1, -1]))[given.judged.pair]
    outcome = np.where((sign != 0) & (given.judged.voter == 0), 1 - np.sign(sign), given.judged.outcome)
    author = given.author.copy()
    author[::3, 0] = -1
    given = replace(given, author=author, judged=replace(given.judged, outcome=outcome))
    known = {
        name: Lineage(name, "me" if name in ("own", "judge-0", "judge-1") else f"of-{name}")
        for name in (*given.judges, *given.authors)
    }
    found = affinity_findings(given, known, CONFIG)
    drawn = pictures_of(found, given, known, CONFIG)
    assert {key: picture.n for key, picture in drawn.items()} == {
        (one.judge, one.target): one.n for one in found if one.points is not None
    }
    assert ("judge-0", "own") not in drawn
    assert len(ranked(given, known, next(one for one in found if one.judge == "judge-1")).rows) == found[1].n


def test_intervals_are_of_the_level_that_was_asked_for() -> None:
    for alpha, level in ((0.05, "95 %"), (0.01, "99 %"), (0.001, "99.9 %")):
        shown = report_page([finding()], small_table(), LINEAGES, AuditConfig(draws=100, alpha=alpha))
        assert f"lines: {level} intervals" in shown
        assert f"Intervals of effects: {level}." in shown


def test_figures_in_words() -> None:
    assert p_words(None) == "—"
    assert p_words(0.0004) == "< 0.001"
    assert points_words(finding(points=-0.44, points_ci=None)) == "-0.4 points"
