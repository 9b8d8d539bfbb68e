from dataclasses import replace

import pytest

from firsthand.evaluate.audit.affinity_findings import headline_findings
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.audit.planning import Plan, make_plan, plan_json, plan_text
from firsthand.evaluate.simulate import simulate
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
