"""Properties of the draw: exact shares, no repeated row, nested, strata kept."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firsthand.errors import InputError
from firsthand.train.draw import draw
from firsthand.train.labels import LABEL_COLUMNS
from firsthand.train.mix_config import MixConfig

SHARES = st.integers(0, 20).map(lambda twentieths: twentieths / 20)


def pool(source: str, rows: int, first: int = 0) -> pd.DataFrame:
    ids = [f"{number:032x}" for number in range(first, first + rows)]
    row = dict.fromkeys(LABEL_COLUMNS, "") | {"source": source, "annotator": "x", "p_chosen": 1.0, "margin": 0.0}
    return pd.DataFrame([{**row, "comparison_id": comparison_id} for comparison_id in ids], columns=LABEL_COLUMNS)


def config(synthetic: float, **keys: object) -> MixConfig:
    return MixConfig.model_validate({"ratio": {"human": 1 - synthetic, "synthetic": synthetic}, **keys})


def drawn_ids(human: pd.DataFrame, synthetic: pd.DataFrame, setting: MixConfig) -> dict[str, list[str]]:
    rows = draw(human, synthetic, None, setting).rows
    return {source: rows.loc[rows["source"] == source, "comparison_id"].tolist() for source in ("human", "synthetic")}


@given(share=SHARES, humans=st.integers(1, 200), synthetics=st.integers(1, 200), seed=st.integers(-5, 5))
def test_the_largest_mix_holds_the_ratio_within_one_row_and_repeats_none(
    share: float, humans: int, synthetics: int, seed: int
) -> None:
    setting = config(share, seed=seed)
    ids = drawn_ids(pool("human", humans), pool("synthetic", synthetics, first=1000), setting)
    size = len(ids["human"]) + len(ids["synthetic"])
    assert abs(len(ids["synthetic"]) - share * size) <= 0.5
    assert len(set(ids["human"])) == len(ids["human"])
    assert len(set(ids["synthetic"])) == len(ids["synthetic"])
    one_more = size + 1
    assert share * one_more > synthetics or (1 - share) * one_more > humans, (
        "a larger mix would have held the ratio too"
    )


@given(low=SHARES, high=SHARES, size=st.sampled_from(["max", 40]), seed=st.integers(0, 3))
def test_raising_the_synthetic_share_only_swaps_rows_at_the_margin(
    low: float, high: float, size: object, seed: int
) -> None:
    low, high = sorted((low, high))
    human, synthetic = pool("human", 50), pool("synthetic", 60, first=1000)
    few, many = (drawn_ids(human, synthetic, config(share, size=size, seed=seed)) for share in (low, high))
    for source in ("human", "synthetic"):
        smaller, larger = sorted((few[source], many[source]), key=len)
        assert set(smaller) <= set(larger)
    if size == 40:
        assert set(few["synthetic"]) <= set(many["synthetic"])
        assert set(many["human"]) <= set(few["human"])


@given(share=SHARES)
def test_at_one_size_a_comparison_labelled_by_both_is_drawn_once_and_only_its_label_changes(share: float) -> None:
    ids = drawn_ids(pool("human", 80), pool("synthetic", 80), config(share, size=80))
    assert sorted(ids["human"] + ids["synthetic"]) == sorted(pool("human", 80)["comparison_id"])


@given(share=SHARES, size=st.integers(4, 60), tags=st.lists(st.sampled_from("xyz"), min_size=60, max_size=60))
def test_strata_keep_their_share_of_the_pool_within_one_row(share: float, size: int, tags: list[str]) -> None:
    human, synthetic = pool("human", 60), pool("synthetic", 60, first=1000)
    strata = pd.Series(tags * 2, index=[*human["comparison_id"], *synthetic["comparison_id"]])
    rows = draw(human, synthetic, strata, config(share, size=size)).rows
    for source in ("human", "synthetic"):
        drawn = rows.loc[rows["source"] == source, "comparison_id"].map(strata)
        for tag in "xyz":
            expected = len(drawn) * tags.count(tag) / 60
            assert abs((drawn == tag).sum() - expected) <= 1.0 + 1e-9


def test_shortage_shrink_keeps_the_ratio_and_reports_what_was_asked() -> None:
    result = draw(pool("human", 10), pool("synthetic", 100, first=1000), None, config(0.5, size=60))
    assert result.rows["source"].value_counts().to_dict() == {"human": 10, "synthetic": 10}
    assert result.requested == {"human": 30, "synthetic": 30}


def test_shortage_repeat_begins_the_short_source_anew() -> None:
    setting = config(0.5, size=60, shortage="repeat")
    rows = draw(pool("human", 10), pool("synthetic", 100, first=1000), None, setting).rows
    people = rows[rows["source"] == "human"]
    assert len(people) == 30
    assert people["comparison_id"].value_counts().unique().tolist() == [3]
    assert sorted(people["repetition"].unique()) == [0, 1, 2]
    assert rows.loc[rows["source"] == "synthetic", "repetition"].max() == 0


def test_shortage_error_names_the_numbers() -> None:
    setting = config(0.5, size=60, shortage="error")
    with pytest.raises(
        InputError, match=r"needs 30 human and 30 synthetic but the store gives 10 human and 100 synthetic"
    ):
        draw(pool("human", 10), pool("synthetic", 100, first=1000), None, setting)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_ratio_of_0_or_1_uses_one_source_whole(share: float) -> None:
    ids = drawn_ids(pool("human", 7), pool("synthetic", 5, first=1000), config(share))
    assert (len(ids["human"]), len(ids["synthetic"])) == ((0, 5) if share else (7, 0))


def test_seeds_draw_differently() -> None:
    human, synthetic = pool("human", 50), pool("synthetic", 50, first=1000)
    first, second = (set(drawn_ids(human, synthetic, config(0.5, size=20, seed=seed))["human"]) for seed in (1, 2))
    assert first != second
