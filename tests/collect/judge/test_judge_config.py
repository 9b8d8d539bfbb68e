from typing import Any

import pytest

from firsthand.collect.judge.config import JudgeJob
from firsthand.config import check_config
from firsthand.errors import ConfigError

MODEL: dict[str, Any] = {"endpoint": {"url": "http://localhost:1/v1"}, "template": "t.txt"}
REWARD = {"reward_model": "runs/reward"}


def job(**keys: Any) -> JudgeJob:
    return check_config({"judges": {"one": MODEL, "two": REWARD}, **keys}, JudgeJob)


def test_a_cost_budget_takes_judges_with_prices_and_reward_models() -> None:
    priced = {**MODEL, "endpoint": {**MODEL["endpoint"], "price": {"prompt": 1.0, "completion": 2.0}}}
    assert job(judges={"one": priced, "two": REWARD}, budget={"cost": 5.0}).budget.cost == 5.0
    assert job(budget={"tokens": 100}).budget.tokens == 100


def test_judges_and_panels_are_named() -> None:
    loaded = job(panels={"both": {"members": ["one", "two"], "quorum": 2}})
    assert list(loaded.judges) == ["one", "two"]
    assert loaded.judges["one"].orders == "both"
    assert loaded.panels["both"].quorum == 2


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"judges": {}}, "judges: "),
        ({"judges": {"one": {}}}, "give endpoint and template, or reward_model"),
        ({"judges": {"one": {**MODEL, **REWARD}}}, "give endpoint and template, or reward_model"),
        ({"judges": {"one": {"endpoint": MODEL["endpoint"]}}}, "template is missing"),
        ({"judges": {"one": {**REWARD, "repeats": 2}}}, "a reward model is not asked anything; remove repeats"),
        ({"judges": {"one": {**MODEL, "answers": {"first": "A", "second": "A"}}}}, "two answers are the same word"),
        ({"judges": {"one": {**MODEL, "answers": {"first": " A"}}}}, "neither starts nor ends with a space"),
        ({"judges": {"one": {**MODEL, "answers": {"first": "[[A]]"}}}}, "neither starts nor ends with a space"),
        ({"judges": {"one": {**MODEL, "answers": {"tie": "AB"}}}}, "'AB' begins with 'A', .* verdict: samples"),
        ({"judges": {"one": {**MODEL, "parameters": {"model": "m"}}}}, "model is not to be given here"),
        ({"judges": {"one": {**MODEL, "parameters": {"seed": 1}}}}, "seed is not to be given here"),
        ({"judges": {"one": {**MODEL, "api_key": "sk-secret"}}}, "api_key: unknown key"),
        ({"budget": {"cost": 5.0}}, "budget.cost needs judges.one.endpoint.price"),
        ({"panels": {"p": {"members": ["one"], "quorum": 1}}}, "members"),
        ({"panels": {"p": {"members": ["one", "two"], "quorum": 3}}}, "quorum is 3, but there are 2 members"),
        ({"panels": {"p": {"members": ["one", "one"], "quorum": 1}}}, "a judge is listed twice"),
        ({"panels": {"p": {"members": ["one", "twoo"], "quorum": 1}}}, "no judge 'twoo', did you mean 'two'"),
        ({"panels": {"one": {"members": ["one", "two"], "quorum": 1}}}, "a judge has this name"),
        (
            {
                "judges": {"one": {**MODEL, "orders": "one"}, "two": REWARD},
                "panels": {"p": {"members": ["one", "two"], "quorum": 1}},
            },
            "'one' is asked in one order; a panel needs both",
        ),
    ],
)
def test_a_wrong_configuration_says_what_to_change(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        job(**keys)
