"""D7: a taste for length, and what it carries."""

from dataclasses import replace

import numpy as np
import pytest
from detector_worlds import SETTINGS, lineages

from firsthand.evaluate.audit.detectors.mediation import mediated, mediation_findings, styled
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.audit.targets import own_target
from firsthand.evaluate.simulate import Judge, World, simulate

CARRIED = World(own_pairs=400, other_pairs=300, own_longer=0.8, judges=(Judge(length_taste=0.6),))


def found(table: AuditTable) -> tuple[Finding, Finding]:
    taste, carried = mediation_findings(table, lineages(table), SETTINGS)
    return taste, carried


def test_a_taste_that_carries_an_affinity_is_found() -> None:
    taste, carried = found(simulate(CARRIED, 1))
    assert (taste.detector, taste.verdict, taste.direction) == ("style", Verdict.DETECTED, "favours")
    assert (carried.detector, carried.verdict) == ("mediation", Verdict.DETECTED)
    assert carried.target == "own"


def test_an_affinity_that_cannot_be_measured_is_not_taken_for_a_taste() -> None:
    # The judge chooses its own every time, whose responses are longer; among the others length does not matter to it.
    given = simulate(World(own_pairs=300, other_pairs=300, own_longer=1.0, judges=(Judge(),)), 1)
    sign = ((given.author == 0) @ np.array([1, -1]))[given.judged.pair]
    outcome = np.where(sign != 0, 1 - sign, given.judged.outcome)
    taste, carried = found(replace(given, judged=replace(given.judged, outcome=outcome)))
    assert taste.verdict is not Verdict.DETECTED
    assert (taste.n, carried.verdict) == (300, Verdict.NOT_TESTABLE)
    assert taste.caveats[-1].startswith("Without the comparisons of own: the judge's affinity")


def test_each_style_that_is_named_has_a_finding_and_together_they_carry_the_affinity() -> None:
    world = World(own_styled=1.0, style_counted=True, judges=(Judge(style_taste=1.0),))
    table = simulate(world, 1)
    named = SETTINGS.model_copy(update={"covariates": ("length", "bold", "code")})
    longer, bold, code, carried = mediation_findings(table, lineages(table), named)
    assert [one.target for one in (longer, bold, code)] == ["longer responses", "more bold", "more code"]
    assert (bold.verdict, bold.direction) == (Verdict.DETECTED, "favours")
    assert "chooses responses with more bold more often" in bold.why
    assert longer.verdict is not Verdict.DETECTED
    assert (code.verdict, "code is unknown" in code.why) == (Verdict.NOT_TESTABLE, True)
    assert (carried.verdict, carried.direction) == (Verdict.DETECTED, "favours")
    assert carried.why.startswith("A taste for length, bold carries +")


def test_people_who_like_length_too_leave_nothing_to_carry() -> None:
    world = World(own_longer=0.8, length_value=0.4, judges=(Judge(sharpness=1.5),))
    pairs = [found(simulate(world, seed)) for seed in range(12)]
    for finding in zip(*pairs, strict=True):
        # Of 12 nulls at 5 %, more than 3 come with a chance of 0.2 %.
        assert sum(one.p is not None and one.p < 0.05 for one in finding) <= 3


def test_a_taste_without_longer_own_responses_carries_nothing() -> None:
    taste, carried = found(simulate(World(own_pairs=600, judges=(Judge(length_taste=0.6),)), 2))
    assert taste.verdict is Verdict.DETECTED
    assert carried.verdict is Verdict.RULED_OUT


def test_a_taste_left_out_flattens_the_affinity_and_still_carries_nothing() -> None:
    world = World(own_pairs=400, other_pairs=200, judges=(Judge(affinity=1.2, length_taste=1.2),))
    carried = [found(simulate(world, seed))[1] for seed in range(12)]
    # Of 12 nulls at 5 %, more than 3 come with a chance of 0.2 %; by the difference of the logits, all 12 would.
    assert sum(one.p is not None and one.p < 0.05 for one in carried) <= 3
    assert all(abs(one.points or 0) < 3 for one in carried)


def test_the_paired_error_is_that_of_leaving_prompts_out() -> None:
    table = simulate(replace(CARRIED, own_pairs=160, other_pairs=120, per_prompt=7), 3)
    own = own_target(table, "judge-0", lineages(table))
    assert own is not None

    def difference(part: AuditTable) -> tuple[float, float]:
        result = mediated(part, 0, styled(part, 0, own, SETTINGS), own)
        assert result is not None
        return result.value, result.error

    # The jackknife: (C - 1) / C times the squared deviations of the values without each of the C = 40 prompts.
    prompts = np.unique(table.prompt)
    left = np.array([difference(table.part(table.prompt != prompt))[0] for prompt in prompts])
    jackknife = np.sqrt((len(prompts) - 1) / len(prompts) * ((left - left.mean()) ** 2).sum())
    assert difference(table)[1] == pytest.approx(jackknife, rel=0.25)


def test_what_is_missing_is_said() -> None:
    table = simulate(World(), 1)
    alike = replace(table, length=np.full_like(table.length, 50.0))
    assert all("no different from one comparison to another" in finding.why for finding in found(alike))
    unknown = replace(table, length=np.full_like(table.length, np.nan))
    assert all(finding.verdict is Verdict.NOT_TESTABLE for finding in found(unknown))
    taste, carried = mediation_findings(table, lineages(table, {}), SETTINGS)
    assert taste.verdict is not Verdict.NOT_TESTABLE
    assert carried.why == "No author of a comparison is known to be related to judge-0."
    for finding in found(simulate(World(votes=1), 1)):
        assert finding.verdict is Verdict.NOT_TESTABLE
        assert "has votes of two people or more" in finding.why
