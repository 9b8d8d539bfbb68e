import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from firsthand.evaluate.raters import MOST_PAIRED_RATERS, first_position_share, pair_figures, rater_figures
from firsthand.evaluate.ratings import human_ratings


@pytest.fixture
def three_raters(fill):
    """Verdicts on five prompts; "." is no vote."""
    columns = {"ann": "aabtt", "ben": "abb.t", "cat": "aab.."}
    words = {"a": "a", "b": "b", "t": "tie"}
    store = fill(
        {"prompt": f"prompt {number}", "annotator": name, "verdict": words[letter], "seconds": number + 1}
        for name, letters in columns.items()
        for number, letter in enumerate(letters)
        if letter != "."
    )
    return human_ratings(store.vote_frames())


def test_each_raters_agreement_leaves_the_rater_out(three_raters):
    # ann meets ben on 1, 2, 3, 5 and cat on 1, 2, 3: seven votes of others, all the same but ben's on 2: 6/7.
    # ben meets ann four times and cat three times, and is alone on 2: 5/7. cat: 5/6.
    ann, ben, cat = rater_figures(three_raters)
    assert [rater.name for rater in (ann, ben, cat)] == ["ann", "ben", "cat"]
    assert [rater.agreement.value for rater in (ann, ben, cat)] == pytest.approx([6 / 7, 5 / 7, 5 / 6])
    assert [rater.votes for rater in (ann, ben, cat)] == [5, 4, 3]
    assert [rater.overlap for rater in (ann, ben, cat)] == [4, 4, 3]
    low, high = ann.agreement.ci
    assert low < 6 / 7 <= high


def test_ties_and_time_of_each_rater(three_raters):
    ann, ben, cat = rater_figures(three_raters)
    assert [rater.ties for rater in (ann, ben, cat)] == pytest.approx([2 / 5, 1 / 4, 0])
    assert [rater.median_seconds for rater in (ann, ben, cat)] == [3, 2.5, 2]


def test_pairs_of_raters(three_raters):
    # ann and ben share prompts 1, 2, 3, 5 and differ on 2. Neither side of the store's order enters the agreement.
    pairs = {tuple(pair["raters"]): pair for pair in pair_figures(three_raters)}
    assert pairs["ann", "ben"]["comparisons"] == 4
    assert pairs["ann", "ben"]["agreement"] == 0.75
    assert pairs["ann", "cat"]["agreement"] == 1


def test_pairs_are_not_listed_for_a_crowd(fill):
    store = fill({"prompt": "p", "annotator": f"r{number}", "verdict": "a"} for number in range(MOST_PAIRED_RATERS + 1))
    assert pair_figures(human_ratings(store.vote_frames())) is None


def test_a_rater_alone_has_no_agreement(fill):
    store = fill([{"prompt": "p", "annotator": "r", "verdict": "a"}])
    (rater,) = rater_figures(human_ratings(store.vote_frames()))
    assert rater.agreement.value is None
    assert "no other rater" in rater.agreement.why
    assert rater.median_seconds is None


def test_pull_to_the_first_position():
    chose_first = np.array([1.0] * 30 + [0.0] * 10 + [np.nan] * 5)
    found = first_position_share(chose_first)
    assert found.value == 0.75
    assert found.ci == pytest.approx(proportion_confint(30, 40, method="beta"))


def test_an_unknown_position_is_undefined():
    found = first_position_share(np.array([np.nan]))
    assert found.value is None
    assert "shown first" in found.why
