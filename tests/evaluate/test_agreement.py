import json
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from statsmodels.stats.inter_rater import cohens_kappa

from firsthand.evaluate.agreement import (
    ac1_rows,
    alpha_nominal,
    alpha_ordinal,
    cohen_kappa,
    coincidences,
    gwet_ac1,
    ordered_counts,
    pair_agreement,
    pair_counts,
    unit_rows,
)
from firsthand.evaluate.raters import joint_counts

# The four observers and twelve units of Krippendorff (2011), section C; 0 is a missing value.
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
)
COUNTS = np.stack([np.equal(OBSERVERS, value).sum(axis=0) for value in range(1, 6)], axis=1).astype(float)

small_counts = arrays.arrays(np.float64, st.tuples(st.integers(1, 12), st.just(4)), elements=st.integers(0, 4))


def test_nominal_alpha_of_krippendorffs_published_example():
    # Unit 12 has one value and pairs with nothing, so n = 40 values, n_c = 9, 13, 10, 5, 3.
    # Matching coincidences: 7 + 10 + 8 + 4 + 3 = 32. sum n_c (n_c - 1) = 72 + 156 + 90 + 20 + 6 = 344.
    # alpha = (39 x 32 - 344) / (40 x 39 - 344) = 904 / 1216 = 0.743.
    matrix = coincidences(COUNTS).sum(axis=0)
    assert matrix.sum(axis=1) == pytest.approx([9, 13, 10, 5, 3])
    assert np.diag(matrix) == pytest.approx([7, 10, 8, 4, 3])
    assert alpha_nominal(matrix) == pytest.approx(904 / 1216)


def test_ordinal_alpha_of_krippendorffs_published_example():
    # Off the diagonal: o_12 = 4/3, o_13 = o_14 = 1/3, o_23 = 4/3, o_24 = o_34 = 1/3. Distances, from
    # n_c = 9, 13, 10, 5, 3: d_12 = (22 - 11)^2 = 121, d_13 = (32 - 9.5)^2 = 506.25, d_14 = (37 - 7)^2 = 900,
    # d_23 = (23 - 11.5)^2 = 132.25, d_24 = (28 - 9)^2 = 361, d_34 = (15 - 7.5)^2 = 56.25; to 5: 1156, 529, 132.25, 16.
    # Observed: (4 x 121 + 506.25 + 900 + 4 x 132.25 + 361 + 56.25) / 3 = 2836.5 / 3 = 945.5.
    # Expected: 117 x 121 + 90 x 506.25 + 45 x 900 + 27 x 1156 + 130 x 132.25 + 65 x 361 + 39 x 529
    #           + 50 x 56.25 + 30 x 132.25 + 15 x 16 = 199,740. alpha = 1 - 39 x 945.5 / 199,740 = 0.815.
    assert alpha_ordinal(coincidences(COUNTS).sum(axis=0)) == pytest.approx(1 - 39 * 945.5 / 199_740)
    assert alpha_ordinal(coincidences(COUNTS).sum(axis=0)) == pytest.approx(0.815, abs=5e-4)


def test_ac1_of_the_same_example_by_hand():
    # Eleven units have two values or more; nine agree wholly but for units 2 and 8 (3 of 4: 6/12) and 6 (0):
    # p_a = (8 + 2 x 0.5) / 11 = 9/11. Shares over all 12 units: value 1: 1 + 1/4 + 3/4 + 1 = 3;
    # 2: 3/4 + 1 + 1/4 + 1/4 + 1 = 3.25; 3: 1/4 + 1 + 1 + 1/4 + 1 = 3.5; 4: 1/4 + 1 = 1.25; 5: 1.
    # p_e = (1 - (9 + 10.5625 + 12.25 + 1.5625 + 1) / 144) / 4 = (1 - 34.375 / 144) / 4 = 0.190321.
    # AC1 = (0.818182 - 0.190321) / (1 - 0.190321) = 0.77544, the figure of the R package irrCAC for these data.
    rows = ac1_rows(COUNTS)
    assert rows["ac1_agreement"].sum(axis=0) == pytest.approx([9, 11])
    assert rows["ac1_shares"].sum(axis=0) == pytest.approx([3, 3.25, 3.5, 1.25, 1])
    found = gwet_ac1(rows["ac1_agreement"].sum(axis=0), rows["ac1_shares"].sum(axis=0), 5)
    assert found == pytest.approx(0.77544, abs=5e-6)


def test_pairs_of_votes_by_hand():
    # b, neither, a. Votes a a b: 1 pair of 3 agrees; neither neither: 1 of 1; a: none. 2 of 4.
    counts = np.array([[1.0, 0, 2], [0, 2, 0], [0, 0, 1]])
    assert pair_counts(counts).tolist() == [[1, 3], [1, 1], [0, 0]]
    assert pair_agreement(pair_counts(counts).sum(axis=0)) == 0.5


def test_both_bad_is_its_own_verdict_but_in_order_stands_with_ties():
    counts = np.array([[1.0, 2, 3, 4]])
    assert ordered_counts(counts).tolist() == [[2, 7, 1]]
    assert unit_rows(counts)["nominal"].shape == (1, 4, 4)


@pytest.mark.parametrize("alpha", [alpha_nominal, alpha_ordinal])
def test_alpha_of_identical_ratings_is_undefined_and_not_one(alpha):
    constant = np.array([[3.0, 0, 0], [2, 0, 0]])
    assert np.isnan(alpha(coincidences(constant).sum(axis=0)))
    assert np.isnan(alpha(np.zeros((3, 3))))


def test_ac1_of_one_category_is_undefined():
    assert np.isnan(gwet_ac1(np.array([2.0, 2.0]), np.array([2.0, 0.0]), 1))


@given(counts=small_counts, level=st.sampled_from(["nominal", "ordinal"]))
def test_alpha_agrees_with_the_krippendorff_package(counts, level):
    pairable = counts[counts.sum(axis=1) >= 2]
    found = {"nominal": alpha_nominal, "ordinal": alpha_ordinal}[level](coincidences(counts).sum(axis=0))
    if (pairable.sum(axis=0) > 0).sum() < 2:
        assert np.isnan(found)
    else:
        expected = krippendorff.alpha(value_counts=counts, level_of_measurement=level)
        assert found == pytest.approx(expected, abs=1e-9)


@given(counts=small_counts)
def test_ac1_agrees_with_a_computation_vote_by_vote(counts):
    votes = [[value for value, times in enumerate(unit) for _ in range(int(times))] for unit in counts]
    votes = [unit for unit in votes if unit]
    used = {value for unit in votes for value in unit}
    paired = [unit for unit in votes if len(unit) > 1]
    rows = ac1_rows(counts)
    rated = counts.sum(axis=1) > 0
    found = gwet_ac1(rows["ac1_agreement"].sum(axis=0), rows["ac1_shares"][rated].sum(axis=0), len(used))
    if len(used) < 2 or not paired:
        assert np.isnan(found)
        return
    observed = np.mean([np.mean([a == b for i, a in enumerate(u) for j, b in enumerate(u) if i != j]) for u in paired])
    prevalence = [np.mean([np.mean([vote == value for vote in unit]) for unit in votes]) for value in used]
    expected = sum(share * (1 - share) for share in prevalence) / (len(used) - 1)
    assert found == pytest.approx((observed - expected) / (1 - expected), abs=1e-9)


@given(table=arrays.arrays(np.float64, (3, 3), elements=st.integers(0, 9)))
def test_kappa_agrees_with_statsmodels(table):
    margins = np.outer(table.sum(axis=1), table.sum(axis=0))
    if not table.sum() or np.trace(margins) == table.sum() ** 2:
        assert np.isnan(cohen_kappa(table))
    else:
        assert cohen_kappa(table) == pytest.approx(float(cohens_kappa(table, return_results=False)), abs=1e-9)


def test_the_statistics_take_any_leading_axes():
    matrices = np.stack([coincidences(COUNTS).sum(axis=0), coincidences(COUNTS[:6]).sum(axis=0)])
    for alpha in (alpha_nominal, alpha_ordinal):
        assert alpha(matrices) == pytest.approx([alpha(matrices[0]), alpha(matrices[1])])


def test_pandalm_raters_agree_as_published(shared_data: Path):
    rows = json.loads((shared_data / "pandalm/data/testset-v1.json").read_text(encoding="utf-8"))
    one, two, three = (np.array([row[f"annotator{number}"] for row in rows]) for number in (1, 2, 3))
    tables = [joint_counts(one, two), joint_counts(one, three), joint_counts(two, three)]
    assert [table.sum() for table in tables] == [999, 999, 999]
    shares = [np.trace(table) / table.sum() for table in tables]
    assert shares == pytest.approx([0.913, 0.929, 0.918], abs=5e-4)
    assert [float(cohen_kappa(table)) for table in tables] == pytest.approx([0.852, 0.879, 0.862], abs=5e-4)
