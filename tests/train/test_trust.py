"""Trusted raters: the posterior by hand and by crowd-kit, and what it does to a mix."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import fill, human, synthetic
from crowdkit.aggregation import DawidSkene

from firsthand.config import check_config
from firsthand.errors import InputError
from firsthand.store import Store
from firsthand.train import trust
from firsthand.train.mix import draw_mix
from firsthand.train.mix_config import MixConfig
from firsthand.train.trust import DOUBTED, SIGNS, Raters, beliefs, rate_raters

ACCURACY = {"ann": 0.95, "bob": 0.9, "cleo": 0.85, "dora": 0.8, "eli": 0.7}


def config(**human_rules: Any) -> MixConfig:
    keys = {"ratio": {"human": 1, "synthetic": 0}, "anchor": {"fraction": 0}}
    return check_config({**keys, "human": {"trust": True, **human_rules}}, MixConfig)


def votes(count: int = 500) -> pd.DataFrame:
    """Five raters of known accuracy on `count` comparisons, and `dan`, who rated one that nobody else did."""
    draw = np.random.default_rng(5)
    truth = draw.choice([-1, 1], count)
    parts = [
        pd.DataFrame(
            {
                "comparison_id": [f"c{number:04d}" for number in range(count)],
                "annotator": name,
                "sign": np.where(draw.random(count) < right, truth, -truth),
                "gold": False,
            }
        )
        for name, right in ACCURACY.items()
    ]
    alone = pd.DataFrame({"comparison_id": ["d"], "annotator": ["dan"], "sign": [1], "gold": [False]})
    return pd.concat([*parts, alone]).sort_values(["comparison_id", "annotator"], ignore_index=True)


def test_the_posterior_by_hand() -> None:
    # P(A) ~ 0.5 * 0.9 * 0.4 = 0.18 and P(B) ~ 0.5 * 0.1 * 0.6 = 0.03: P(A) = 6/7, a weight of 6/7 - 1/7 = 5/7
    index = pd.MultiIndex.from_product([["r1", "r2"], SIGNS], names=["worker", "label"])
    rows = [[0.9, 0, 0.1], [0, 1, 0], [0.1, 0, 0.9], [0.6, 0, 0.4], [0, 1, 0], [0.4, 0, 0.6]]
    raters = Raters(pd.Series([0.5, 0.0, 0.5], SIGNS), pd.DataFrame(rows, index, SIGNS), 1, 0)
    said = pd.DataFrame({"comparison_id": ["c", "c"], "annotator": ["r1", "r2"], "sign": [1, -1]})
    belief = beliefs(said, ["comparison_id"], raters)
    assert belief.loc["c", [-1, 0, 1]].tolist() == pytest.approx([1 / 7, 0, 6 / 7], abs=1e-9)


def test_the_tables_are_near_the_raters_accuracies_and_a_stranger_gets_the_average_one() -> None:
    raters = rate_raters(votes())
    for name, right in ACCURACY.items():
        assert raters.errors.loc[(name, 1), 1] == pytest.approx(right, abs=0.05)
    average = np.mean([raters.errors.loc[(name, 1), 1] for name in ACCURACY])
    assert raters.errors.loc[("dan", 1), 1] == pytest.approx(average, abs=0.01)
    assert (raters.n_compared, raters.n_unknown) == (500, 1)


def test_without_shrinkage_the_posterior_is_crowd_kits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "SHRINKAGE", 1e-9)
    shared = votes().query("annotator != 'dan'")
    answers = shared.rename(columns={"comparison_id": "task", "annotator": "worker", "sign": "label"})
    reference = DawidSkene(n_iter=100).fit_predict_proba(answers)
    ours = beliefs(shared, ["comparison_id"], rate_raters(shared))
    np.testing.assert_allclose(ours[1], reference[1].reindex(ours.index), atol=5e-3)


@pytest.fixture
def rated(store: Store) -> Store:
    """Forty comparisons on which ann and bob agree and cleo answers at random; then one by each of them alone."""
    draw = np.random.default_rng(3)
    lines = []
    for number in range(40):
        right = "ab"[number % 2]
        lines += [human(number, 0, right, rater) for rater in ("ann", "bob")]
        lines.append(human(number, 0, "ab"[draw.integers(2)], "cleo"))
    lines += [human(100 + place, 0, "a", rater) for place, rater in enumerate(("ann", "bob", "cleo"))]
    return fill(store, lines)


def test_a_row_counts_by_how_far_its_raters_can_be_believed(rated: Store) -> None:
    mix = draw_mix(rated, config())
    rows = mix.splits["train"].set_index("annotator")["weight"]
    assert rows.mean() == pytest.approx(1.0)
    assert rows["ann"] == pytest.approx(rows["bob"], rel=1e-6)
    assert rows.get("cleo", 0.0) < 0.4 * rows["ann"]
    assert rows["ann+bob+cleo"].min() > rows["ann"]
    facts = {"raters": 3, "raters_never_compared": 0, "comparisons_with_several_raters": 40}
    assert mix.facts["trust"] == facts
    assert mix.facts["weights"]["human"]["effective_rows"] == pytest.approx(rows.sum() ** 2 / (rows**2).sum())


def test_each_vote_counts_by_its_rater_alone(rated: Store) -> None:
    mix = draw_mix(rated, config(aggregate="each-vote"))
    rows = mix.splits["train"]
    of = rows.groupby("annotator")["weight"].mean()
    assert of["ann"] == pytest.approx(of["bob"], rel=1e-6)
    assert of.get("cleo", 0.0) < 0.4 * of["ann"]
    dropped = mix.facts["drops"].get(DOUBTED, {}).get("human", 0)
    assert len(rows) + dropped == 123


def test_what_the_raters_records_contradict_is_dropped_and_counted(store: Store) -> None:
    lines = [human(number, 0, "ab"[number % 2], rater) for number in range(30) for rater in ("ann", "bob")]
    lines += [human(number, 0, "ba"[number % 2], "eve") for number in range(30)]  # always the opposite
    lines += [human(200, 0, "a", "eve"), human(201, 0, "a", "ann")]
    mix = draw_mix(fill(store, lines), config())
    assert mix.facts["drops"] == {DOUBTED: {"human": 1}}
    assert len(mix.splits["train"]) == 31


def test_a_row_weighs_the_same_at_every_ratio(rated: Store) -> None:
    fill(rated, [synthetic(number) for number in range(300, 400)])
    weights = []
    for share in (0.2, 0.8):
        keys = {"ratio": {"human": 1 - share, "synthetic": share}, "anchor": {"fraction": 0}, "size": 40}
        setting = check_config({**keys, "human": {"trust": True}, "weights": {"synthetic": 0.5}}, MixConfig)
        rows = draw_mix(rated, setting).splits["train"]
        weights.append(rows.set_index(["comparison_id", "source"])["weight"])
    shared = weights[0].index.intersection(weights[1].index)
    assert {"human", "synthetic"} == set(shared.get_level_values("source"))
    assert weights[0][shared].equals(weights[1][shared])


def test_the_anchor_is_neither_weighed_nor_used(rated: Store) -> None:
    whole = check_config({"ratio": {"human": 1, "synthetic": 0}, "human": {"trust": True}}, MixConfig)
    mix = draw_mix(rated, whole)
    assert set(mix.splits["anchor"]["weight"]) == {1.0}
    shared = mix.splits["train"]["annotator"].eq("ann+bob+cleo").sum()
    assert mix.facts["trust"]["comparisons_with_several_raters"] == shared < 40


def test_raters_who_never_saw_the_same_can_not_be_compared(store: Store) -> None:
    lines = [human(number, 0, "a", f"r{number % 3}") for number in range(9)] + [synthetic(1)]
    with pytest.raises(InputError, match=r"human\.trust needs comparisons that two people or more rated"):
        draw_mix(fill(store, lines), config())
