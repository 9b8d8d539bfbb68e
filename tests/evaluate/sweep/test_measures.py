import numpy as np
import pytest
import statsmodels.api as sm
from sweep_tables import table_of

from firsthand.evaluate.sweep.measures import Scores, accuracy, gold_gap, longer_side, probes, side_of, skew, style_skew


def scores(*gap, swapped=None):
    return Scores(np.array([gap], float), None if swapped is None else np.array([swapped], float))


def test_accuracy_counts_decided_comparisons_and_an_equal_score_as_half():
    # People: A, B, split, A. The model: A (right), A (wrong), A (not asked), equal (half): (1 + 0 + 1/2) / 3.
    table = table_of([1.0, 0.0, 0.5, 0.75])
    found = accuracy(table)(scores(2.0, 1.0, 1.0, 0.0))
    assert found.value == pytest.approx([1.5 / 3])
    assert (found.rows, found.prompts) == (3, 3)


def test_the_size_of_a_gap_does_not_count():
    table = table_of([1.0, 0.0, 0.5, 0.75])
    gap = np.array([2.0, -1.0, 1.0, -0.5])
    measured = [accuracy(table)(Scores(gap[None] * sharpness)).value for sharpness in (0.01, 1, 100)]
    assert np.ptp(measured) == 0


def test_the_side_of_unknown_or_equal_authors_is_none():
    table = table_of([0.5] * 4, author=[(0, 1), (1, 0), (0, 0), (0, -1)])
    assert side_of(table, (0,)).tolist() == [1, -1, 0, 0]
    assert side_of(table, ()).tolist() == [0, 0, 0, 0]


def test_the_longer_side_is_none_where_both_are_as_long():
    assert longer_side(table_of([0.5] * 3, length=[(2, 1), (1, 2), (1, 1)])).tolist() == [1, -1, 0]


def test_probes_are_split_comparisons_or_nearly():
    table = table_of([0.5, 0.6, 0.4, 1.0])
    assert probes(table, 0.0).tolist() == [True, False, False, False]
    assert probes(table, 0.1).tolist() == [True, True, True, False]


def test_skew_is_how_much_more_often_than_not_the_side_is_preferred():
    # Probes 0 to 3; own is A, A, B, neither. The model prefers A, B, B, A: own 1, 0, 1, not asked: 2/3 - 1/2.
    table = table_of([0.5] * 4 + [1.0], author=[(0, 1), (0, 1), (1, 0), (1, 1), (0, 1)])
    found = skew(table, side_of(table, (0,)), probes(table, 0))(scores(1.0, -1.0, -1.0, 1.0, 1.0))
    assert found.value == pytest.approx([2 / 3 - 1 / 2])
    assert found.rows == 3


def test_style_carries_half_of_what_exchanging_it_takes_away():
    # Own is A everywhere. As they are, own is preferred on 4 of 4; with styles exchanged on 1 of 4: (4/4 - 1/4) / 2.
    table = table_of([0.5] * 4, author=[(0, 1)] * 4)
    side = side_of(table, (0,))
    found = style_skew(table, side, probes(table, 0))(scores(1, 1, 1, 1, swapped=[1, -1, -1, -1]))
    assert found.value == pytest.approx([0.375])


def test_style_is_undefined_where_no_features_were_exchanged():
    table = table_of([0.5] * 4, author=[(0, 1)] * 4)
    assert np.isnan(style_skew(table, side_of(table, (0,)), probes(table, 0))(scores(1, 1, 1, 1)).value).all()


def test_the_gold_gap_shows_what_accuracy_hides():
    # Own is A. People chose own on 0, 1 and against it on 2, 3. The model always prefers own: right 2/2, then 0/2.
    table = table_of([1.0, 1.0, 0.0, 0.0], author=[(0, 1)] * 4)
    leaning = scores(1.0, 1.0, 1.0, 1.0)
    assert gold_gap(table, side_of(table, (0,)))(leaning).value == pytest.approx([1.0])
    assert accuracy(table)(leaning).value == pytest.approx([0.5])


def test_the_variance_over_prompts_is_that_of_the_cluster_robust_regression():
    generator = np.random.default_rng(1)
    prompt = np.repeat(np.arange(40), generator.integers(1, 6, 40))
    right = (generator.random(len(prompt)) < 0.3 + 0.4 * (prompt % 2)).astype(float)
    table = table_of([1.0] * len(prompt), prompt=prompt)
    found = accuracy(table)(Scores(2 * right[None] - 1))
    ours = (found.influence**2).sum() * found.prompts / (found.prompts - 1)
    fitted = sm.OLS(right, np.ones(len(prompt))).fit(
        cov_type="cluster", cov_kwds={"groups": prompt, "use_correction": False}
    )
    assert ours == pytest.approx(fitted.bse[0] ** 2 * 40 / 39)


def test_a_measure_without_rows_is_undefined():
    found = accuracy(table_of([0.5, 0.5]))(scores(1.0, -1.0))
    assert np.isnan(found.value).all()
    assert found.rows == 0
