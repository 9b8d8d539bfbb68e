import numpy as np
import pytest
from scipy.stats import ttest_1samp
from statsmodels.stats.multitest import multipletests

from firsthand.evaluate.judges.alternative import alternative_test, passing_level, winning_rate


def run_test(votes, choice):
    """votes: (people, items), choices 0 to 2."""
    votes, choice = np.array(votes), np.array(choice)
    people, items = votes.shape
    counts = np.stack([(votes == value).sum(axis=0) for value in range(3)], axis=1).astype(float)
    unit, rater = np.tile(np.arange(items), people), np.repeat(np.arange(people), items)
    return alternative_test(counts, choice, unit, rater, votes.ravel())


def by_the_paper(votes, choice, epsilon):
    """The test as the paper words it, person by person and item by item."""
    p_values, rho = [], []
    for person in range(len(votes)):
        judge_wins, difference = [], []
        for item in range(len(votes[0])):
            others = [votes[other][item] for other in range(len(votes)) if other != person]
            judge = np.mean([choice[item] == vote for vote in others])
            own = np.mean([votes[person][item] == vote for vote in others])
            judge_wins.append(float(judge >= own))
            difference.append(float(own >= judge) - float(judge >= own))
        p_values.append(ttest_1samp(difference, epsilon, alternative="less").pvalue)
        rho.append(np.mean(judge_wins))
    return multipletests(p_values, 0.05, method="fdr_by")[0].mean(), np.mean(rho)


@pytest.mark.parametrize("skill", [0.4, 0.75, 0.9])
def test_the_test_is_the_papers(skill: float) -> None:
    generator = np.random.default_rng(int(skill * 100))
    truth = generator.integers(0, 3, 80)
    votes = np.where(generator.random((4, 80)) < 0.75, truth, generator.integers(0, 3, (4, 80)))
    choice = np.where(generator.random(80) < skill, truth, generator.integers(0, 3, 80))
    found = run_test(votes, choice)
    assert found.omega is not None
    for word, epsilon in (("crowd", 0.1), ("skilled", 0.15), ("expert", 0.2)):
        omega, rho = by_the_paper(votes.tolist(), choice.tolist(), epsilon)
        assert found.omega[word] == omega
        assert found.rho == pytest.approx(rho)
        assert (found.p[word] <= 0.05) == (omega >= 0.5)
    assert found.passes("expert") == (found.omega["expert"] >= 0.5)


def test_a_judge_that_is_one_of_them_is_never_worse() -> None:
    votes = np.random.default_rng(1).integers(0, 3, (3, 40))
    always_right = np.zeros(40, int)
    found = run_test(np.zeros((3, 40), int), always_right)
    assert found.rho == 1
    # Everyone agrees on everything: d is 0 on every item, below every epsilon without any spread.
    assert found.omega == {"crowd": 1.0, "skilled": 1.0, "expert": 1.0}
    assert run_test(votes, always_right).rho < 1


def test_too_few_people_or_items_are_refused_with_what_is_missing() -> None:
    few = run_test(np.zeros((2, 40), int), np.zeros(40, int))
    assert few.omega is None
    assert few.passes("crowd") is None
    assert few.refused == (
        "needs 3 people with 30 comparisons each that others rated too; 2 have so many; the 3 with most have 40, 40"
    )
    assert "0 have so many" in run_test(np.zeros((3, 29), int), np.zeros(29, int)).refused
    assert run_test(np.zeros((1, 40), int), np.zeros(40, int)).refused.endswith("0 have so many")


def test_equal_differences_decide_by_their_mean() -> None:
    assert winning_rate([np.zeros(30), np.ones(30)], 0.1) == 0.5


def test_the_test_passes_from_its_passing_level_on() -> None:
    # Half of two people: the smaller p counts, 0. Of three people two have to be beaten, and the second has p = 1.
    assert passing_level([np.zeros(30), np.ones(30)], 0.1) == 0
    assert passing_level([np.zeros(30), np.ones(30), np.ones(30)], 0.1) == 1
