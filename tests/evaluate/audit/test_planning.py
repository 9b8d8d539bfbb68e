from dataclasses import replace

import pytest
from audit_worlds import lineages

from firsthand.evaluate.audit import planning
from firsthand.evaluate.audit.affinity_findings import headline_findings
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.audit.planning import Plan, make_plan, plan_json, plan_text
from firsthand.evaluate.simulate import World, simulate
from firsthand.lineage import Lineage

WIDE = AuditConfig(margin_points=20.0)
AUDITS = 20


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(None, {}, WIDE)


def test_other_audits_of_the_planned_size_rule_the_margin_out_as_often_as_promised(plan: Plan) -> None:
    world = replace(
        plan.world,
        votes=plan.best.votes_each,
        own_pairs=plan.best.own,
        other_pairs=plan.best.comparisons - plan.best.own,
    )
    known = {name: Lineage(name, name) for name in simulate(world, 0).authors} | {"judge-0": Lineage("own", "own")}
    verdicts = [headline_findings(simulate(world, 1_000 + seed), known, WIDE)[0].verdict for seed in range(AUDITS)]
    # 0.8 of 20 is 16; 11 or fewer would happen in 1 of 100 such series.
    assert verdicts.count(Verdict.RULED_OUT) >= 12


def test_the_cheapest_design_is_the_one_that_was_played(plan: Plan) -> None:
    assert plan.best == min(plan.options, key=lambda option: option.votes)
    assert plan.best.votes == plan.best.votes_each * plan.best.comparisons
    printed = plan_json(plan)
    assert printed["best"]["votes_each"] == plan.best.votes_each
    assert printed["like"] is None
    assert "by 20 points or more" in plan_text(plan)
    assert "of 10 simulated audits" in plan_text(plan)


def test_a_plan_that_is_too_large_to_be_played_is_reckoned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "BASE_PAIRS", 300)
    monkeypatch.setattr(planning, "WORLDS", 2)
    # At a hundredth of 20 points it takes 10,000 times as many comparisons.
    table = simulate(World(apart=2.0, others=6), seed=1)
    plan = make_plan(table, lineages(table), AuditConfig(margin_points=0.2))
    assert plan.like == "judge-0"
    # Six authors' strengths, sd 2: their standard deviation is 1.2 to 2.8 in 8 of 10 draws.
    assert 1.0 < plan.world.apart < 3.0
    assert plan.best.comparisons > 100_000
    assert plan_json(plan)["best"]["ruled_out"] is None
    assert "none of more than 50,000 was played" in plan_text(plan)
