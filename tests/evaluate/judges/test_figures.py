import numpy as np
import pytest
from krippendorff import alpha
from sklearn.metrics import cohen_kappa_score

from firsthand.evaluate.judges.bench import CHANGED, NEITHER, SPLIT, A, B, leader
from firsthand.evaluate.judges.figures import judge_figures


def measured(counts, choice):
    counts = np.array(counts, float)
    choice = np.array(choice)
    return judge_figures(counts, leader(counts), choice, np.arange(len(counts)), draws=50, seed=1)


def test_the_majority_is_the_only_leader() -> None:
    counts = np.array([[2, 0, 1], [1, 0, 1], [0, 1, 0], [1, 1, 1], [0, 0, 0], [0, 1, 2]], float)
    assert leader(counts).tolist() == [B, SPLIT, NEITHER, SPLIT, SPLIT, A]


def test_a_worked_example() -> None:
    # Votes for b, neither, a; three people each.
    #   item 1: a a a       judge a        majority a: right. Pairs with the votes: 3 of 3.
    #   item 2: a a b       judge b        majority a: wrong. 1 of 3.
    #   item 3: - - b       judge neither  majority neither: right. 2 of 3.
    #   item 4: b b b       changed        majority b: wrong. 0 of 3.
    judge, people = measured([[0, 0, 3], [1, 0, 2], [1, 2, 0], [3, 0, 0]], [A, B, NEITHER, CHANGED])
    assert judge["accuracy"].value == pytest.approx(2 / 4)
    assert judge["accuracy_decisive"].value == pytest.approx(1 / 2)
    assert judge["agreement"].value == pytest.approx(6 / 12)
    # Both decisive: item 1, 3 of 3; item 2, 1 of 3.
    assert judge["agreement_decisive"].value == pytest.approx(4 / 6)
    # Of one person by the majority of the other two: item 1 three right; item 2: the two who said a face a and b, no
    # majority, and the one who said b faces a a, wrong; item 3 alike, one wrong; item 4 three right. 6 of 8.
    assert people["accuracy"].value == pytest.approx(6 / 8)
    # Pairs of people: 3 + 1 + 1 + 3 of 12.
    assert people["agreement"].value == pytest.approx(8 / 12)


def test_figures_match_other_peoples_packages() -> None:
    generator = np.random.default_rng(8)
    truth = generator.integers(0, 3, 300)
    votes = np.where(generator.random((3, 300)) < 0.7, truth, generator.integers(0, 3, (3, 300)))
    choice = np.where(generator.random(300) < 0.6, truth, generator.integers(0, 4, 300))
    counts = np.stack([(votes == value).sum(axis=0) for value in range(3)], axis=1).astype(float)
    judge, people = measured(counts, choice)
    settled = leader(counts) != SPLIT
    kappa = cohen_kappa_score(choice[settled], leader(counts)[settled])
    assert judge["kappa"].value == pytest.approx(kappa)
    assert people["alpha"].value == pytest.approx(alpha(votes, level_of_measurement="nominal"))
    assert judge["agreement"].value == pytest.approx((votes == choice).mean())


def test_alpha_with_one_person_is_alpha_of_the_two_where_one_person_voted() -> None:
    generator = np.random.default_rng(9)
    vote = generator.integers(0, 3, 200)
    choice = np.where(generator.random(200) < 0.5, vote, generator.integers(0, 3, 200))
    judge, people = measured(np.eye(3)[vote], choice)
    assert judge["alpha"].value == pytest.approx(alpha([vote, choice], level_of_measurement="nominal"))
    assert people["alpha"].value is None
    assert "votes of two people" in people["accuracy"].why
    # Gwet's AC1: p_a = share of equal pairs, p_e = sum pi (1 - pi) / (q - 1), pi the mean share of each of 3 choices.
    shares = np.array([((vote == v).mean() + (choice == v).mean()) / 2 for v in range(3)])
    expected = (shares * (1 - shares)).sum() / 2
    assert judge["ac1"].value == pytest.approx(((vote == choice).mean() - expected) / (1 - expected))
