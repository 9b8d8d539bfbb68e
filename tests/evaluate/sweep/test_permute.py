"""The permuted control: labels change places among comparisons that look alike, and only there."""

import numpy as np
import pandas as pd

from firsthand.evaluate.sweep.permute import permuted


def world(rows: int = 400, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Labels of a judge that prefers the own author's response, which is A in half of the comparisons."""
    chance = np.random.default_rng(seed)
    ids = [f"c{number}" for number in range(rows)]
    own_is_a = chance.integers(0, 2, rows) == 1
    comparisons = pd.DataFrame(
        {
            "p_human": chance.choice([0.0, 0.25, 0.5, 0.75, 1.0, np.nan], rows),
            "length_a": chance.integers(100, 400, rows).astype(float),
            "length_b": chance.integers(100, 400, rows).astype(float),
            "own_is_a": own_is_a,
        },
        index=ids,
    )
    labels = pd.DataFrame(
        {
            "comparison_id": ids,
            "chosen": np.where(own_is_a, "a", "b"),
            "p_chosen": chance.uniform(0.5, 1, rows),
            "margin": chance.random(rows),
        }
    )
    return labels, comparisons


def agreement(labels: pd.DataFrame, comparisons: pd.DataFrame) -> pd.Series:
    """How often the judge chose the side people did, by people's share for their side."""
    p = comparisons.loc[labels["comparison_id"], "p_human"].to_numpy()
    known = p != 0.5
    known &= ~np.isnan(p)
    agrees = (labels["chosen"] == "a").to_numpy() == (p > 0.5)
    return pd.Series(agrees[known]).groupby(np.abs(p[known] - 0.5)).sum()


def test_agreement_with_people_stays_at_every_margin_and_favour_for_an_author_goes() -> None:
    labels, comparisons = world()
    found = permuted(labels, comparisons, seed=1)
    assert agreement(found, comparisons).equals(agreement(labels, comparisons))
    chose_own = (found["chosen"] == "a").to_numpy() == comparisons["own_is_a"].to_numpy()
    assert 0.4 < chose_own.mean() < 0.6


def test_probabilities_move_with_their_labels_and_none_is_lost() -> None:
    labels, comparisons = world()
    found = permuted(labels, comparisons, seed=1)
    for name in ("p_chosen", "margin"):
        assert sorted(found[name]) == sorted(labels[name])
        assert not found[name].equals(labels[name])


def test_one_seed_gives_one_permutation() -> None:
    labels, comparisons = world()
    assert permuted(labels, comparisons, 1).equals(permuted(labels, comparisons, 1))
    assert not permuted(labels, comparisons, 1).equals(permuted(labels, comparisons, 2))


def test_longer_stays_as_often_preferred_where_nobody_voted() -> None:
    labels, comparisons = world()
    comparisons["p_human"] = np.nan
    comparisons["length_b"] += 0.5  # so that no two are equally long
    longer = np.where(comparisons["length_a"] > comparisons["length_b"], "a", "b")
    labels["chosen"] = np.where(np.random.default_rng(0).random(len(labels)) < 0.8, longer, labels["chosen"])
    found = permuted(labels, comparisons, 1)
    assert (found["chosen"] == longer).sum() == (labels["chosen"] == longer).sum()
    assert not found.equals(labels)
