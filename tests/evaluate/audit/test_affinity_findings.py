from dataclasses import replace

import numpy as np
import pytest
from audit_worlds import lineages
from scipy.stats import norm

from firsthand.evaluate.audit.affinity_findings import affinity_findings, headline_findings
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.audit.sentences import Said, sentence
from firsthand.evaluate.audit.targets import Overlap, Target
from firsthand.evaluate.multiple import holm
from firsthand.evaluate.simulate import Judge, World, simulate
from firsthand.lineage import Lineage, Relation

SETTINGS = AuditConfig()
BIASED = World(own_pairs=800, other_pairs=600, judges=(Judge(affinity=1.0), Judge()))


@pytest.fixture(scope="module")
def biased():
    table = simulate(BIASED, seed=7)
    return table, affinity_findings(table, lineages(table), SETTINGS)


def test_a_biased_judge_is_detected_and_its_twin_is_not(biased):
    _, findings = biased
    one, other = findings[:2]
    assert (one.judge, one.target, one.relation, one.verdict) == (
        "judge-0",
        "own",
        Relation.SAME_MODEL,
        Verdict.DETECTED,
    )
    assert one.direction == "favours"
    assert one.ci[0] < 1.0 < one.ci[1]
    assert one.points_ci[0] > 0
    assert other.verdict is not Verdict.DETECTED
    assert one.why.startswith("Do not let judge-0 judge pairs that contain own: it chooses own")
    assert "800 comparisons" in one.next_step


def test_labels_flipped_are_the_points_on_its_own_comparisons(biased):
    _, findings = biased
    # 800 of 1,400 labels are on its own comparisons.
    assert findings[0].flipped_per_1000 == pytest.approx(10 * findings[0].points * 800 / 1400)


def test_an_inconclusive_finding_says_how_many_votes_are_missing(biased):
    _, findings = biased
    open_ones = [one for one in findings if one.verdict is Verdict.INCONCLUSIVE and one.needed]
    assert open_ones
    for one in open_ones:
        assert f"{one.needed:,} further human vote" in one.next_step
        assert one.mde_points > 3.0


def test_an_estimate_at_the_margin_is_not_called_the_effect():
    target, shared = Target("own", (0,), Relation.SAME_MODEL), Overlap(100, 50, 100, 50.0)
    said = Said(Verdict.INCONCLUSIVE, "judge-0", target, 3.01, (-5.0, 11.0), shared, None, False, 3.0, False)
    assert sentence(said).next_step.startswith("The estimate is so close to the margin of 3 points that it can't be ")


def test_headlines_are_adjusted_for_each_other_and_controls_for_all(biased):
    _, findings = biased
    assert [one.p_adjusted for one in findings[:2]] == pytest.approx(holm([one.p for one in findings[:2]]))
    assert len(findings) == 2 + 2 * 4
    adjusted = holm([one.p for one in (*findings[2:], *findings[:2])])
    assert [one.p_adjusted for one in findings[2:]] == pytest.approx(adjusted[:8])


def test_controls_are_not_favoured_where_another_is_disliked():
    table = simulate(replace(BIASED, own_pairs=400, judges=(Judge(),)), seed=3)
    # The judge turns against other-1: it never chooses it where it would have.
    turned = table.judged.outcome.copy()
    one = (table.author == 1) @ np.array([1, -1])
    flip = np.random.default_rng(1).random(len(turned)) < 0.5
    turned[(one > 0) & (turned == 0) & flip] = 2
    turned[(one < 0) & (turned == 2) & flip] = 0
    findings = affinity_findings(
        replace(table, judged=replace(table.judged, outcome=turned)), lineages(table), SETTINGS
    )
    by_target = {finding.target: finding for finding in findings}
    assert by_target["other-1"].verdict is Verdict.DETECTED
    assert by_target["other-1"].direction == "disfavours"


def test_an_affinity_without_an_estimate_is_not_taken_for_a_dislike_of_the_others():
    # It chooses its own every time, which says nothing of how it likes the others: they are told among themselves.
    table = simulate(World(own_pairs=200, other_pairs=300, judges=(Judge(),)), seed=3)
    sign = (table.author == table.authors.index("own")) @ np.array([1, -1])
    of = sign[table.judged.pair]
    always = replace(table.judged, outcome=np.where(of > 0, 0, np.where(of < 0, 2, table.judged.outcome)))
    headline, *controls = affinity_findings(replace(table, judged=always), lineages(table), SETTINGS)
    assert headline.verdict is Verdict.NOT_TESTABLE
    assert sum(control.n for control in controls) == 2 * 300
    for control in controls:
        assert control.verdict is not Verdict.DETECTED
        assert control.caveats[-1].startswith("Without the comparisons of own, of the judge's own kind: its affinity")


def test_the_estimate_and_its_interval_hold_what_the_world_holds():
    # 40 worlds: coverage of 95 % gives at least 34 hits with a chance of 99.7 %.
    settings = AuditConfig()
    hits, scores = 0, []
    for seed in range(40):
        table = simulate(World(own_pairs=300, other_pairs=200, judges=(Judge(affinity=0.5),)), seed)
        finding = headline_findings(table, lineages(table), settings)[0]
        hits += finding.ci[0] < 0.5 < finding.ci[1]
        scores.append(finding.estimate)
    assert hits >= 34
    assert abs(np.mean(scores) - 0.5) < 4 * np.std(scores) / np.sqrt(40)


def test_two_other_authors_leave_one_slope_and_say_so():
    table = simulate(World(others=2, judges=(Judge(),)), seed=1)
    finding = headline_findings(table, lineages(table), SETTINGS)[0]
    assert any("can't tell whether the judge follows differences between authors" in one for one in finding.caveats)
    table = simulate(World(own_pairs=600, other_pairs=600, others=6, judges=(Judge(),)), seed=1)
    finding = headline_findings(table, lineages(table), SETTINGS)[0]
    assert not any("follows differences" in one for one in finding.caveats)


def test_people_who_hardly_disagree_are_a_caveat():
    table = simulate(World(spread=8.0, judges=(Judge(sharpness=0.15),)), seed=1)
    finding = headline_findings(table, lineages(table), SETTINGS)[0]
    assert any("People hardly disagree here" in one for one in finding.caveats)


@pytest.mark.parametrize("dropped", [0.0, 0.7])
def test_data_filtered_for_agreement_are_a_caveat(dropped):
    table = simulate(World(advantage=0.8, disagreeing_dropped=dropped, judges=(Judge(sharpness=2.0),)), seed=1)
    finding = headline_findings(table, lineages(table), SETTINGS)[0]
    assert any("Do not filter by agreement" in one for one in finding.caveats) == (dropped > 0)


def test_kin_among_the_others_make_the_affinity_look_smaller_and_it_is_said():
    # The judge is of the family of other-1 as well.
    table = simulate(World(judges=(Judge(affinity=1.0),)), seed=1)
    of_judge = lineages(table)["judge-0"]
    family = {**lineages(table), "other-1": Lineage("other-1", of_judge.family)}
    finding = headline_findings(table, family, SETTINGS)[0]
    assert finding.target == "own"
    favoured = (
        "if judge-0 favours them as well, its affinity for own is larger than this, and smaller if it is set against "
        "them."
    )
    assert f"Of judge-0's own kind, but among the others here: other-1; {favoured}" in finding.caveats
    unknown = {**lineages(table), "other-2": Lineage("other-2"), "other-3": Lineage("other-3")}
    finding = headline_findings(table, unknown, SETTINGS)[0]
    assert f"Of unknown kind, and among the others here: other-2, other-3; {favoured}" in finding.caveats
    assert not any("among the others" in one for one in headline_findings(table, lineages(table), SETTINGS)[0].caveats)


def test_the_closest_kin_that_can_be_tested_is_the_target():
    # The judge's own model wrote one response to three comparisons; its family many.
    table = simulate(World(judges=(Judge(affinity=1.0),)), seed=1)
    author = table.author.copy()
    rare = len(table.authors)
    author[np.flatnonzero((author == 1).any(axis=1))[:3]] = np.array([rare, 2])
    with_rare = replace(table, author=author, authors=(*table.authors, "judge-0"))
    known = {**lineages(table), "judge-0": Lineage("judge-0", "me", "me-1")}
    known |= {"own": Lineage("own", "me", "me-0")}
    finding = headline_findings(with_rare, known, SETTINGS)[0]
    assert (finding.target, finding.relation) == ("own", Relation.SAME_FAMILY)
    assert finding.verdict is Verdict.DETECTED
    assert any("among the others here: judge-0;" in one for one in finding.caveats)


def test_authors_that_are_nowhere_named_are_what_is_missing():
    table = simulate(World(judges=(Judge(),)), seed=1)
    nameless = replace(table, author=np.full_like(table.author, -1), authors=())
    one_side = table.author.copy()
    one_side[:, 1] = -1
    for missing in (nameless, replace(table, author=one_side)):
        (finding,) = affinity_findings(missing, lineages(table), SETTINGS)
        assert (finding.verdict, finding.relation) == (Verdict.NOT_TESTABLE, Relation.UNKNOWN)
        assert finding.next_step == "Import author_a and author_b: which model wrote each response."


def test_comparisons_without_an_author_are_left_out_and_counted():
    table = simulate(World(judges=(Judge(),)), seed=1)
    author = table.author.copy()
    author[:100, 1] = -1
    missing = replace(table, author=author)
    finding = headline_findings(missing, lineages(table), SETTINGS)[0]
    assert "100 comparisons without the name of an author could not be used." in finding.caveats
    known = headline_findings(table.part(np.arange(len(table)) >= 100), lineages(table), SETTINGS)[0]
    assert finding.estimate == pytest.approx(known.estimate)


def test_a_style_is_held_constant_as_length_is():
    # The judge likes what its own kind writes more of, and nothing else.
    world = World(own_longer=1.0, judges=(Judge(length_taste=1.0),))
    table = simulate(world, seed=2)
    lists = replace(table, length=np.full((len(table), 2), 80.0), styles={"list items": np.log1p(table.length)})
    by_length, blind = (
        headline_findings(one, lineages(table), AuditConfig(covariates=("length",)))[0] for one in (table, lists)
    )
    by_lists = headline_findings(lists, lineages(table), AuditConfig(covariates=("list items",)))[0]
    assert (by_lists.estimate, by_lists.ci) == (by_length.estimate, by_length.ci)
    assert by_lists.ci[0] < 0 < by_lists.ci[1]
    assert blind.verdict is Verdict.DETECTED
    half = {"list items": np.where(np.arange(len(table))[:, None] < 100, np.nan, np.log1p(table.length))}
    told = headline_findings(replace(lists, styles=half), lineages(table), AuditConfig(covariates=("list items",)))[0]
    assert "List items is unknown for 100 comparisons, taken as equal there." in told.caveats


def test_lengths_that_say_nothing_are_left_out_and_told():
    table = simulate(World(judges=(Judge(),)), seed=1)
    alike = headline_findings(replace(table, length=np.full((600, 2), 80.0)), lineages(table), SETTINGS)[0]
    unknown = headline_findings(replace(table, length=np.full((600, 2), np.nan)), lineages(table), SETTINGS)[0]
    none = headline_findings(table, lineages(table), AuditConfig(covariates=()))[0]
    assert alike.estimate == unknown.estimate == none.estimate
    assert any("Length is the same on both sides everywhere" in one for one in alike.caveats)
    assert any("Length is not known here" in one for one in unknown.caveats)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"judge-0": Lineage("unheard-of")}, "The lineage of judge-0 is unknown"),
        ({"judge-0": Lineage("o1", "openai")}, "No response here is by an author of the kind of judge-0 (openai)."),
        (
            {"judge-0": Lineage("o1", "openai"), "other-1": Lineage("other-1")},
            "the lineage of 1 author is unknown (other-1)",
        ),
    ],
)
def test_a_judge_without_its_own_kind_is_not_testable(changed, said):
    table = simulate(World(judges=(Judge(),)), seed=1)
    finding = headline_findings(table, {**lineages(table), **changed}, SETTINGS)[0]
    assert finding.verdict is Verdict.NOT_TESTABLE
    assert said in finding.why
    assert finding.points is None


def test_a_fit_that_does_not_converge_is_inconclusive(monkeypatch):
    monkeypatch.setattr("firsthand.evaluate.audit.affinity.STEPS", 1)
    table = simulate(World(judges=(Judge(),)), seed=1)
    findings = affinity_findings(table, lineages(table), SETTINGS)
    assert {finding.verdict for finding in findings} == {Verdict.INCONCLUSIVE}
    assert "did not converge" in findings[0].why
    assert all(finding.estimate is None for finding in findings)


def test_a_family_that_appears_once_is_not_testable(biased):
    table, _ = biased
    once = np.flatnonzero((table.author == 4).any(axis=1))[1:]
    kept = np.ones(len(table), bool)
    kept[once] = False
    findings = affinity_findings(table.part(kept), lineages(table), SETTINGS)
    lonely = [finding for finding in findings if finding.target == "other-4"]
    assert [finding.verdict for finding in lonely] == [Verdict.NOT_TESTABLE] * 2


def test_the_interval_is_wider_at_a_lower_level():
    table = simulate(World(judges=(Judge(),)), seed=1)
    wide, narrow = (headline_findings(table, lineages(table), AuditConfig(alpha=alpha))[0] for alpha in (0.01, 0.1))
    # The ratio of the normal quantiles, nearly that of Student's t on 599 degrees of freedom.
    ratio = (wide.ci[1] - wide.ci[0]) / (narrow.ci[1] - narrow.ci[0])
    assert ratio == pytest.approx(norm.isf(0.005) / norm.isf(0.05), rel=0.01)


def test_a_style_that_judges_share_is_affinity_until_it_is_held_constant():
    world = World(own_styled=1.0, style_counted=True, judges=(Judge(style_taste=1.0),) * 2)
    table = simulate(world, seed=4)
    known = lineages(table) | {"judge-1": Lineage("judge-1", "another")}
    unseen = affinity_findings(table, known, SETTINGS)[0]
    assert (unseen.verdict, unseen.direction) == (Verdict.DETECTED, "favours")
    assert any(caveat.startswith("Held constant: length. Any other style") for caveat in unseen.caveats)
    assert any(caveat.startswith("judge-1, no kin of own, leans to it as well") for caveat in unseen.caveats)
    held = affinity_findings(table, known, AuditConfig(covariates=("length", "bold")))[0]
    assert held.verdict is not Verdict.DETECTED
    assert held.ci[0] < 0 < held.ci[1]
    assert any(caveat.startswith("Held constant: length, bold. ") for caveat in held.caveats)
