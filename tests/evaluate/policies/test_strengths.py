import numpy as np
import pytest
from scipy.optimize import minimize
from statsmodels.discrete.conditional_models import ConditionalLogit

from firsthand.evaluate.policies.strengths import fit_strengths


def counts(pairs, authors):
    """Wins and ties from {(i, j): (wins of i, ties, wins of j)}."""
    wins, ties = np.zeros((authors, authors)), np.zeros((authors, authors))
    for (i, j), (won, tied, lost) in pairs.items():
        wins[i, j], wins[j, i] = won, lost
        ties[i, j] = ties[j, i] = tied
    return wins, ties


def test_two_policies_without_ties_have_the_log_odds():
    # 30 of 40: theta_1 - theta_2 = ln(30 / 10) = 1.0986, each half of it from 0.
    found = fit_strengths(*counts({(0, 1): (30, 0, 10)}, 2), prior=0)
    assert found.theta == pytest.approx([np.log(3) / 2, -np.log(3) / 2])
    assert found.nu == 0
    assert found.points() == pytest.approx([0.75, 0.25])


def test_two_policies_with_ties_are_fitted_exactly():
    # 50, 30 and 20 of 100: three chances, two free parameters, so that the fit meets the shares. P(1) / P(2) =
    # exp(theta_1 - theta_2) = 5/2; P(tie) / sqrt(P(1) P(2)) = nu = 0.3 / sqrt(0.5 x 0.2) = 0.9487.
    found = fit_strengths(*counts({(0, 1): (50, 30, 20)}, 2), prior=0)
    assert found.theta[0] - found.theta[1] == pytest.approx(np.log(2.5))
    assert found.nu == pytest.approx(0.3 / np.sqrt(0.1))
    win, tie = found.chances()
    assert (win[0, 1], tie[0, 1], win[1, 0]) == pytest.approx((0.5, 0.3, 0.2))
    assert found.points() == pytest.approx([0.65, 0.35])  # 0.5 + 0.3 / 2


PAIRS = {(0, 1): (14, 6, 5), (0, 2): (20, 3, 4), (1, 2): (11, 9, 8), (1, 3): (17, 2, 3), (2, 3): (9, 4, 7)}


def test_ties_are_those_of_a_conditional_logit():
    # Davidson's model is a choice among win, tie and loss, of utilities theta_i, log nu + (theta_i + theta_j) / 2 and
    # theta_j: statsmodels' conditional logit fits the same parameters, policy 3 being its zero.
    chosen, features, group = [], [], []
    for (i, j), outcomes in PAIRS.items():
        sides = np.eye(4)[[i, j]]
        rows = np.array([[*sides[0], 0], [*sides.mean(axis=0), 1], [*sides[1], 0]])
        for outcome, times in enumerate(outcomes):
            for _ in range(times):
                chosen += np.eye(3)[outcome].tolist()
                features += rows[:, [0, 1, 2, 4]].tolist()
                group += [len(group) // 3] * 3
    reference = ConditionalLogit(np.array(chosen), np.array(features), groups=np.array(group)).fit(disp=False).params
    found = fit_strengths(*counts(PAIRS, 4), prior=0)
    assert found.theta[:3] - found.theta[3] == pytest.approx(reference[:3], abs=1e-4)
    assert np.log(found.nu) == pytest.approx(reference[3], abs=1e-4)


def test_half_a_win_each_way_keeps_a_policy_that_wins_everything_finite():
    # 10 of 10 become 10.5 of 11: theta_1 - theta_2 = ln(10.5 / 0.5) = ln 21.
    found = fit_strengths(*counts({(0, 1): (10, 0, 0)}, 2))
    assert found.theta[0] - found.theta[1] == pytest.approx(np.log(21))


def test_many_draws_are_fitted_at_once_each_as_by_itself():
    generator = np.random.default_rng(5)
    draws = [
        counts({pair: generator.poisson(np.array(outcomes) / 3) for pair, outcomes in PAIRS.items()}, 4)
        for _ in range(40)
    ]
    draws[7][1][:] = 0  # a draw without a tie
    wins, ties = (np.stack(each) for each in zip(*draws, strict=True))
    found = fit_strengths(wins, ties)
    # Policies 0 and 3 have two opponents, 1 and 2 have three: 1/4 and 1/6 of a win each; a pair gets their mean.
    sixth, between = 1 / 6, 5 / 24
    given = [[0, between, between, 0], [between, 0, sixth, between], [between, sixth, 0, between]]
    given = np.array([*given, [0, between, between, 0]])
    for number, (won, tied) in enumerate(draws):
        best = _by_scipy(won + given, tied)
        assert found.theta[number] == pytest.approx(best, abs=2e-3)
    assert found.nu[7] == 0
    assert (np.delete(found.nu, 7) > 0).all()


def test_strengths_far_apart_neither_overflow_nor_stop_short():
    found = fit_strengths(*counts({(0, 1): (1e9, 0, 1), (1, 2): (1e9, 0, 1)}, 3))
    assert found.theta[0] - found.theta[1] == pytest.approx(
        np.log((1e9 + 0.375) / 1.375), abs=1e-6
    )  # 1/2 and 1/4 of a win: 3/8
    assert np.isfinite(found.theta).all()


def _by_scipy(wins, ties):
    """Strengths by a general optimiser of the log-likelihood as it is written in Davidson's paper."""

    def cost(parameters):
        theta, nu = np.append(parameters[:-1], -parameters[:-1].sum()), np.exp(parameters[-1]) if ties.any() else 0.0
        worth = np.exp(theta)
        total = worth[:, None] + worth[None, :] + nu * np.sqrt(np.outer(worth, worth))
        chance, tie = worth[:, None] / total, nu * np.sqrt(np.outer(worth, worth)) / total
        of_ties = (np.triu(ties) * np.log(np.maximum(tie, 1e-300))).sum() if ties.any() else 0.0
        return -(wins * np.log(chance)).sum() - of_ties

    best = minimize(cost, np.zeros(len(wins)), method="BFGS").x
    return np.append(best[:-1], -best[:-1].sum())
