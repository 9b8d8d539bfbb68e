"""The statistics find what a simulated world holds; tests/calibration has the long form."""

from dataclasses import replace

import numpy as np
import pytest
from loop_worlds import tally

from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.audit.picture import shares
from firsthand.evaluate.audit.table import Votes
from firsthand.evaluate.generations.agreement import agreement
from firsthand.evaluate.generations.analysis import analyse, analysis_json
from firsthand.evaluate.generations.collapse import diversity
from firsthand.evaluate.generations.config import GenerationsConfig, World
from firsthand.evaluate.generations.outcome import TWIN
from firsthand.evaluate.generations.sampled import simulated_loops

SMALL = {"rows": 400, "comparisons": 120, "probes": 60}


def test_worlds_without_affinity_are_hardly_ever_flagged():
    found = tally(World(affinity=0.0, **SMALL), worlds=6, seeds=3)
    assert found.amplified <= 1
    assert found.collapsed == 0
    assert found.closed == 0
    assert np.mean(found.slope) >= 0.75


def test_worlds_with_affinity_are_found_and_intervals_hold_the_truth():
    found = tally(World(affinity=1.5, step=1.5, **SMALL), worlds=4, seeds=4)
    assert found.amplified >= 3
    assert found.collapsed >= 3
    assert found.closed == 4
    assert np.mean(found.slope) >= 0.75
    assert np.mean(found.kept) >= 0.75


def test_a_loop_on_the_verge_of_collapse_is_not_said_to_collapse():
    # With endless data it keeps 81.1 % of the twin's diversity, and 80 % is the bound: about half of the estimates are
    # below it, and none is shown to be.
    world = World(affinity=1.0, step=1.0, probes=20, samples=4, rows=200, comparisons=60)
    said = []
    for number in range(8):
        seeds = [10 * number + seed for seed in range(3)]
        config = GenerationsConfig(generations=4, ratios=[0.9], seeds=seeds, world=world)
        (found,) = diversity(simulated_loops(config, world), config).findings
        assert found.verdict is not Verdict.DETECTED or found.ci[1] < config.keeps
        said.append((found.estimate < config.keeps, found.verdict))
    assert any(below for below, _ in said)
    assert sum(verdict is Verdict.DETECTED for _, verdict in said) <= 1


@pytest.fixture(scope="module")
def config():
    return GenerationsConfig(
        generations=3, ratios=[0.1, 1.0], seeds=[1, 2, 3], world=World(step=1.5, affinity=1.5, comparisons=150)
    )


@pytest.fixture(scope="module")
def loops(config):
    return simulated_loops(config, config.world)


def test_it_says_where_the_loop_collapses_and_at_which_ratio_it_does_not(config, loops):
    found = analyse(loops, config)
    by_ratio = {one.ratio: one for one in found.ratios}
    assert by_ratio[1.0].collapsed is Verdict.DETECTED
    assert by_ratio[0.1].collapsed is Verdict.RULED_OUT
    first = found.sentences()[0]
    assert first.startswith("The loop collapses at ratio 1; it does not at ratio 0.1 (after 3 generations")
    assert 0.1 < loops.collapses_at < 1
    assert "affinity for judge's kin grows" in " ".join(found.sentences())


def test_equal_runs_give_equal_figures(config, loops):
    again = simulated_loops(config, config.world)
    assert analysis_json(analyse(again, config)) == analysis_json(analyse(loops, config))


def test_one_seed_shows_figures_and_no_verdict():
    config = GenerationsConfig(generations=2, ratios=[1.0], seeds=[1], world=World(step=2.0, affinity=2.0, **SMALL))
    found = analyse(simulated_loops(config, config.world), config)
    assert {one.verdict for one in found.findings} == {Verdict.INCONCLUSIVE}
    assert all(one.ci is not None and "more seeds" in one.next_step for one in found.findings)


def test_closure_is_the_last_generations_agreement_with_the_judge_less_that_with_people_against_the_twin(config, loops):
    (found,) = [
        one for one in agreement(loops, config).findings if (one.detector, one.target) == ("closure", "ratio 1")
    ]
    judge, people = shares(loops.anchor.judged, len(loops.anchor)), shares(loops.anchor.people, len(loops.anchor))
    gaps = []
    for ratio in (1.0, TWIN):
        last = np.stack([np.where(loops.of(ratio, seed)[-1].gap > 0, 1.0, 0.0) for seed in config.seeds])
        with_judge = (last == (judge > 0.5)).mean()
        gaps.append(with_judge - (last * people + (1 - last) * (1 - people)).mean())
    assert found.points == pytest.approx(100 * (gaps[0] - gaps[1]))
    assert found.verdict is Verdict.DETECTED
    assert "the loop closes" in found.why


def test_one_trained_generation_has_no_slope():
    config = GenerationsConfig(generations=1, ratios=[1.0], seeds=[1, 2], world=World(**SMALL))
    found = analyse(simulated_loops(config, config.world), config)
    refused = {one.detector: one.why for one in found.findings if one.verdict is Verdict.NOT_TESTABLE}
    assert set(refused) == {"amplification"}
    assert all("one trained generation" in why for why in refused.values())


def test_single_votes_are_refused(config):
    single = GenerationsConfig(generations=2, ratios=[1.0], seeds=[1, 2], world=World(votes=1, **SMALL))
    found = analyse(simulated_loops(single, single.world), single)
    (refusal,) = [one for one in found.findings if one.detector == "amplification"]
    assert refusal.verdict is Verdict.NOT_TESTABLE
    assert "votes of two people" in refusal.why


def test_what_is_missing_is_said(config, loops):
    nobody = np.zeros(0, np.int64)
    anchor = replace(loops.anchor, people=Votes(nobody, nobody, nobody, nobody, np.zeros(0)))
    models = tuple(
        replace(one, diversity={name: np.full_like(each, np.nan) for name, each in one.diversity.items()})
        for one in loops.models
    )
    found = analyse(replace(loops, anchor=anchor, own=None, models=models), config)
    assert {one.verdict for one in found.findings} == {Verdict.NOT_TESTABLE}
    assert {one.detector for one in found.findings} == {"diversity", "amplification", "anchor", "closure"}
    assert found.sentences() == [
        "Collapse could not be tested at ratios 0.1 and 1 (after 3 generations; collapse: keeping less than 80% of the "
        "human-only twin's diversity)."
    ]
