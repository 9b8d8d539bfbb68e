"""D5: own responses beside equally good ones of others."""

from dataclasses import replace

import numpy as np
import pytest
from detector_worlds import SETTINGS, lineages

from firsthand.evaluate.audit.detectors.proxy import match, matched_gap, proxy_findings
from firsthand.evaluate.audit.detectors.quality import posterior_quality
from firsthand.evaluate.audit.detectors.said import people_counts
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.table import NEITHER
from firsthand.evaluate.audit.targets import own_target
from firsthand.evaluate.simulate import Judge, World, simulate


def found(world: World, seed: int) -> Finding:
    table = simulate(world, seed)
    return proxy_findings(table, lineages(table), SETTINGS)[0]


def test_a_worked_example() -> None:
    # By cell: own n, sum y, sum q; others n, sum c, sum r, sum r^2, sum r c.
    # Cell 1: own 4, chosen 3, quality 1 each; others 2 of quality 0 and 2, of which the better one was chosen:
    # c = 1/2, r = 1. Cell 2: own 2, chosen 1, quality 0; others 2 of quality -2 and 0, the better one chosen: r = -1.
    # Slope in cells: (2 - 2/2 + 0 - -2 * 1/2) / (4 - 4/2 + 4 - 4/2) = 2/4. Gaps: 3 - 2 - 0 and 1 - 1 - 1/2 * (0 - -2).
    cells = np.array([[4.0, 3, 4, 2, 1, 2, 4, 2], [2, 1, 0, 2, 1, -2, 4, 0]])
    assert float(matched_gap({"cells": cells})) == pytest.approx((1 - 1) / 6)
    # A cell without others adds nothing.
    alone = np.vstack([cells, [5.0, 5, 9, 0, 0, 0, 0, 0]])
    assert float(matched_gap({"cells": alone})) == pytest.approx(0)


def test_people_alone_say_how_good_a_response_is() -> None:
    table = simulate(World(own_pairs=1500, other_pairs=1500, advantage=1.0, votes=4), 1)
    found = posterior_quality(table)
    assert found is not None
    quality = found.mean
    assert np.isfinite(quality).all()
    own = (table.author[:, 0] == 0).astype(float) - (table.author[:, 1] == 0)
    counts = people_counts(table)
    split = (own == 1) & (counts[:, 0] == 2) & (counts[:, 2] == 2)
    # Two votes for each: the author's strength still speaks for its response; votes for it say more.
    assert 0.1 < quality[split].mean() < 0.9
    assert quality[(own == 1) & (counts[:, 0] == 4)].min() > quality[split].max()


def test_both_ways_round_are_one_comparison() -> None:
    table = simulate(World(own_pairs=200, other_pairs=150), 2)
    own = own_target(table, "judge-0", lineages(table))
    quality = posterior_quality(table)
    assert own is not None
    assert quality is not None
    matched = match(table, 0, own, quality)
    assert (matched.own, matched.others) == (200, 150)
    total = matched.sums.sum(axis=(0, 1))
    assert total[[0, 3]] == pytest.approx([200, 150])
    # Turned both ways, others' verdicts are 1/2 and their qualities 0 on average.
    assert total[[4, 5]] == pytest.approx([75, 0])


@pytest.mark.parametrize(
    "world",
    [
        World(own_pairs=300, other_pairs=400, advantage=0.4, judges=(Judge(sharpness=0.5),)),
        World(own_pairs=300, other_pairs=400, advantage=0.4, judges=(Judge(sharpness=2.0),)),
        World(own_pairs=300, other_pairs=400, own_longer=0.5, judges=(Judge(length_taste=0.5),)),
    ],
    ids=["noisier", "sharper", "length"],
)
def test_better_or_longer_responses_are_not_taken_for_affinity(world: World) -> None:
    p = [found(world, seed).p for seed in range(16)]
    tested = [value for value in p if value is not None]
    assert len(tested) >= 6
    # Of 16 nulls at 5 %, more than 4 come with a chance of 0.9 %.
    assert sum(value < 0.05 for value in tested) <= 4


def test_affinity_is_found() -> None:
    world = World(own_pairs=800, other_pairs=400, judges=(Judge(affinity=0.6),))
    verdicts = [found(world, seed).verdict for seed in range(5)]
    assert verdicts.count(Verdict.DETECTED) >= 4


@pytest.mark.parametrize(
    ("world", "said"),
    [
        (World(votes=1), "No comparison that judge-0 judged has votes of two people"),
        (World(own_pairs=40), "judged 40 comparisons of own with others and 200 among other authors; 50"),
        (World(other_pairs=0), "with others and 0 among other authors"),
        (World(advantage=4.0, spread=0.5), "of the same quality and length beside them"),
    ],
)
def test_what_is_missing_is_said(world: World, said: str) -> None:
    finding = found(world, 1)
    assert finding.verdict is Verdict.NOT_TESTABLE
    assert said in finding.why


def test_a_judge_that_always_ties_is_told_so() -> None:
    table = simulate(World(), 1)
    table = replace(table, judged=replace(table.judged, outcome=np.full_like(table.judged.outcome, NEITHER)))
    (finding,) = proxy_findings(table, lineages(table), SETTINGS)
    assert finding.why == "judge-0 called every comparison that people rated a tie."


def test_a_judge_without_kin_is_refused() -> None:
    table = simulate(World(), 1)
    (finding,) = proxy_findings(table, lineages(table, {}), SETTINGS)
    assert finding.why == "No author of a comparison is known to be related to judge-0."
