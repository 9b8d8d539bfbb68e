"""What is trained: rows by arm, ratio and seed; and what no model sees."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import fill, human, synthetic
from sweep_stores import sweep_store

from firsthand.config import check_config
from firsthand.errors import ConfigError, InputError
from firsthand.evaluate.sweep.config import SweepConfig
from firsthand.evaluate.sweep.fast import tally_of
from firsthand.evaluate.sweep.plan import Planned, check_ratios, left_out, plan
from firsthand.evaluate.sweep.points import run_identity
from firsthand.evaluate.sweep.read import Material, read_material
from firsthand.evaluate.sweep.run import run_sweep
from firsthand.lineage import Relation
from firsthand.store import Store
from firsthand.train.mix import in_anchor

Plan = tuple[Material, list[Planned], SweepConfig]


def config(**keys: Any) -> SweepConfig:
    return check_config({"ratios": [0, 0.25, 0.5, 1], "seeds": 2, "features": {"model": None}, **keys}, SweepConfig)


@pytest.fixture
def planned(store: Store) -> Callable[..., Plan]:
    def make(**keys: Any) -> Plan:
        given = config(**keys)
        material = read_material(sweep_store(store), given)
        return material, list(plan(material, given)), given

    return make


def of(models: list[Planned], design: str, seed: int = 13) -> list[Planned]:
    return [each for each in models if each.arm.design == design and each.seed == seed]


def test_twins_have_the_same_number_of_rows_at_every_ratio(planned: Callable[..., Plan]) -> None:
    material, models, _ = planned()
    size = min(len(material.pools["all"].human), len(material.pools["all"].synthetic))
    for design in ("replace", "permuted"):
        rows = [(each.human_rows, each.synthetic_rows) for each in of(models, design)]
        assert rows == [(size - round(ratio * size), round(ratio * size)) for ratio in (0, 0.25, 0.5, 1)]


def test_adding_keeps_every_human_row_and_ends_with_all_synthetic_ones(planned: Callable[..., Plan]) -> None:
    material, models, _ = planned(human_rows=80)
    rows = [(each.human_rows, each.synthetic_rows) for each in of(models, "add")]
    assert rows == [(80, 0), (80, 27), (80, 80), (80, len(material.pools["all"].synthetic))]
    first = [set(each.rows().loc[each.rows()["source"] == "human", "comparison_id"]) for each in of(models, "add")]
    assert all(people == first[0] for people in first)


def test_a_ratio_that_gives_no_row_of_its_own_is_left_out_and_said(planned: Callable[..., Plan]) -> None:
    material, models, given = planned(ratios=[0, 0.005, 0.5, 0.505, 0.9], rows=40, human_rows=40)
    for design in ("replace", "permuted"):
        assert [each.synthetic_rows for each in of(models, design)] == [0, 20, 36]
    judged = len(material.pools["all"].synthetic)
    # 40 x 0.505 / 0.495 = 40.8: add tells 50 % from 50.5 %. 90 % would take 360 labels.
    assert [each.synthetic_rows for each in of(models, "add")] == [0, 40, 41, judged]
    assert left_out(material.pools["all"], given) == [
        "replace leaves out 0.5%, 50.5%: as many synthetic rows as a smaller ratio",
        "add leaves out 0.5%: as many synthetic rows as a smaller ratio",
        f"add leaves out 90%: the judge has only {judged} labels to train on",
    ]


def test_ratios_that_all_give_no_synthetic_row_are_refused_before_anything_is_trained(
    store: Store, tmp_path: Path
) -> None:
    # 1 % of 40 rows, and 40 x 0.01 / 0.99, round to 0.
    given = config(ratios=[0, 0.01], rows=40, human_rows=40)
    with pytest.raises(InputError, match=r"the ratios 0%, 1% give no model with synthetic rows"):
        run_sweep(sweep_store(store), given, tmp_path)
    # In place of people, 30 of the 40 rows are synthetic.
    check_ratios(read_material(store, given), config(ratios=[0, 0.75], rows=40, human_rows=40))


def test_engines_are_compared_on_runs_of_the_same_labels_and_settings(planned: Callable[..., Plan]) -> None:
    material, _, given = planned()
    of_fast, of_full = (run_identity(material, given, engine) for engine in ("fast", "full"))
    fewer = config(seeds=1, ratios=[0, 1], designs=["add"], curve=[], analysis={"refits": 30})
    assert run_identity(material, fewer, "full") == of_full
    soft = config(soft_labels=True)
    assert (run_identity(material, soft, "fast") == of_fast, run_identity(material, soft, "full") == of_full) == (
        False,
        True,
    )
    for keys in ({"rows": 40}, {"human_rows": 40}, {"full": {"kind": "dpo"}}):
        assert run_identity(material, config(**keys), "full") != of_full
    weighed, _, _ = planned(weights={"human": 1, "synthetic": 0.5})
    assert run_identity(weighed, given, "full") != of_full


def test_a_larger_share_only_adds_rows_to_what_a_smaller_one_took(planned: Callable[..., Plan]) -> None:
    _, models, _ = planned()
    for design, source in (("replace", "synthetic"), ("human", "human")):
        drawn = [set(each.rows().loc[each.rows()["source"] == source, "comparison_id"]) for each in of(models, design)]
        assert all(smaller <= larger for smaller, larger in pairwise(drawn))


def test_seeds_draw_other_rows_and_one_seed_the_same(planned: Callable[..., Plan]) -> None:
    material, models, given = planned()
    again = list(plan(material, given))
    assert all(one.rows().equals(other.rows()) for one, other in zip(models, again, strict=True))
    half = {seed: set(of(models, "human", seed)[2].rows()["comparison_id"]) for seed in (13, 14)}
    assert half[13] != half[14]


def test_no_model_trains_on_a_prompt_of_the_anchor_and_ties_of_people_are_in_the_anchor(
    planned: Callable[..., Plan],
) -> None:
    material, models, given = planned()
    prompts = {name for each in models for name in each.rows()["prompt_id"]}
    assert prompts
    assert not any(in_anchor(name, given.anchor.fraction) for name in prompts)
    table = material.table
    anchored = material.comparisons.loc[list(table.comparison_id)]
    assert all(in_anchor(name, given.anchor.fraction) for name in anchored["prompt_id"])
    assert (anchored["prompt"] == -1).all()
    assert 0 < (table.p_human == 0.5).sum() < len(table)
    assert set(table.votes.tolist()) == {2}


def test_the_anchor_is_that_of_the_mix(store: Store) -> None:
    sweep_store(store)
    compared = list(store.comparisons())

    def say(each: Any, rater: str, verdict: str, **keys: Any) -> dict[str, Any]:
        texts = {"prompt": each.prompt, "response_a": each.a.content, "response_b": each.b.content}
        authors = {"author_a": each.a.author, "author_b": each.b.author}
        return {**texts, **authors, "source": "human", "annotator": rater, "verdict": verdict, **keys}

    # Of each third comparison a gold verdict is for A; on each next one two new ties stand beside two equal verdicts;
    # on each third one somebody votes for A and then, in the other order, for B.
    fill(store, [say(each, "expert", "a", gold=True) for each in compared[::3]])
    fill(store, [say(each, rater, "tie") for each in compared[1::3] for rater in ("cem", "dan")])
    orders = (("a", "a"), ("b", "b"))
    fill(store, [say(each, "eli", side, shown_first=first) for each in compared[2::3] for side, first in orders])
    material = read_material(store, config())
    said = pd.DataFrame({"p": material.table.p_human, "n": material.table.votes}, list(material.table.comparison_id))
    decided = said["p"][said["p"] != 0.5]
    mixed = material.pools["all"].anchor.set_index("comparison_id")["chosen"]
    assert decided.gt(0.5).map({True: "a", False: "b"}).to_dict() == mixed.to_dict()
    gold, tied = (said[said.index.isin([each.id for each in compared[start::3]])] for start in (0, 1))
    assert set(gold.itertuples(index=False, name=None)) == {(1.0, 1)}
    assert set(tied.itertuples(index=False, name=None)) == {(0.5, 4)}
    assert set(said["n"][said.index.isin([each.id for each in compared[2::3]])]) == {2}


def test_permuting_leaves_people_alone_and_changes_the_judges_labels(planned: Callable[..., Plan]) -> None:
    _, models, _ = planned()
    for twin, control in zip(of(models, "replace"), of(models, "permuted"), strict=True):
        assert twin.rows()["comparison_id"].equals(control.rows()["comparison_id"])
        judged = twin.rows()["source"] == "synthetic"
        assert twin.rows().loc[~judged, "chosen"].equals(control.rows().loc[~judged, "chosen"])
    assert not of(models, "replace")[-1].rows()["chosen"].equals(of(models, "permuted")[-1].rows()["chosen"])


def test_the_judges_own_kind_and_the_tags_are_in_the_table(planned: Callable[..., Plan]) -> None:
    material, _, _ = planned(tag="domain")
    table = material.table
    assert [table.authors[number] for number in material.own] == ["judge-1"]
    assert material.relation is Relation.SAME_MODEL
    assert table.tags == ("even", "odd")
    assert set(table.tag.tolist()) == {0, 1}
    assert (
        material.training_prompts == material.comparisons.loc[material.comparisons["prompt"] >= 0, "prompt"].nunique()
    )
    np.testing.assert_array_equal(table.length, table.length.round())


def test_a_label_counts_by_its_weight_and_softly_where_asked(planned: Callable[..., Plan]) -> None:
    material, models, _ = planned(weights={"human": 1, "synthetic": 0.5})
    rows = of(models, "replace")[2].rows()
    row = {name: number for number, name in enumerate(material.comparisons.index)}
    hard, soft = (tally_of(rows.assign(p_chosen=0.75), row, each) for each in (False, True))
    first = rows.iloc[[0, -1]]
    assert first["source"].tolist() == ["human", "synthetic"]
    places = [row[name] for name in first["comparison_id"]]
    for_a = (first["chosen"] == "a").to_numpy()
    np.testing.assert_array_equal(hard.weight[places], [1, 0.5])
    np.testing.assert_array_equal(hard.target[places], np.where(for_a, 1, 0) * [1, 0.5])
    np.testing.assert_array_equal(soft.target[places], np.where(for_a, 0.75, 0.25) * [1, 0.5])


def test_rounded_shares_lose_no_row(store: Store) -> None:
    material = read_material(sweep_store(store), config())
    pools = material.pools["all"]
    for size in range(30, len(pools.human), 7):
        given = config(rows=size, ratios=[0, 1 / 3, 2 / 3, 0.9], designs=["replace"], seeds=1, curve=[])
        for each in plan(material, given):
            rows = each.rows()["source"].value_counts()
            assert (rows.get("human", 0), rows.get("synthetic", 0)) == (each.human_rows, each.synthetic_rows)
            assert each.human_rows + each.synthetic_rows == size


@pytest.mark.parametrize(
    ("votes", "keys", "message"),
    [
        ([human(0)], {}, "no verdict of a judge"),
        ([synthetic(0, judge="x"), synthetic(0, judge="y")], {}, "2 judges: x, y; name one"),
        ([synthetic(0, judge="judge-one")], {"judge": "judge-on"}, "did you mean 'judge-one'"),
        ([synthetic(number, verdict="tie") for number in range(40)], {}, "never preferred a response"),
        (
            [
                *[synthetic(number, verdict=side, shown_first=side) for number, side in enumerate("ab" * 20)],
                synthetic(40),  # shown in an order that nobody noted
            ],
            {},
            "all 40 it preferred the response shown first",
        ),
        (
            [vote for number in range(40) for vote in (human(number), synthetic(number, verdict="ab"[number % 2]))],
            {"anchor": {"fraction": 0}},
            "the human anchor holds 0 comparisons",
        ),
        (
            [vote for number in range(60) for vote in (human(number), synthetic(number, verdict="ab"[number % 2]))],
            {"anchor": {"fraction": 0.8}},
            "no claim is possible",
        ),
        (
            [vote for number in range(150) for vote in (human(number), synthetic(number, verdict="ab"[number % 2]))],
            {"human_rows": 29},
            "human_rows is 29; below 30 rows no claim is possible",
        ),
        (
            [
                *[human(number) for number in range(150)],
                *[synthetic(number, verdict="ab"[number % 2]) for number in range(20)],
            ],
            {},
            r"labels? of judge-1 to train on, 30 are needed \(left out: .* prompt held out in the anchor",
        ),
    ],
)
def test_a_store_that_can_not_carry_a_sweep_is_refused_with_what_is_missing(
    store: Store, votes: list[dict[str, Any]], keys: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_material(fill(store, votes), config(**keys))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"ratios": [0.1, 0.5]}, "rise from 0"),
        ({"ratios": [0, 0.5, 0.2]}, "rise from 0"),
        ({"curve": [0, 0.5]}, "none is 0"),
        ({"designs": ["permuted"]}, "designs: permuted is the control of replace, and needs it"),
        ({"designs": ["permuted", "add"]}, "designs: permuted is the control of replace, and needs it"),
        ({"arms": {"human": {}}}, "give this arm another"),
        ({"arms": {"all": {"judges": ["x"]}}}, "one judge"),
        ({"arms": {"all": {"min_confidence": 2}}}, "min_confidence"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config(**keys)
