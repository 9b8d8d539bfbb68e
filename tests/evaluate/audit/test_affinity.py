"""The affinity model: it finds what a simulated world holds, whichever side a response stands on."""

from dataclasses import replace

import numpy as np
import pytest

from firsthand.evaluate.audit.affinity import Fit, around, design, fit
from firsthand.evaluate.audit.table import AuditTable, Votes
from firsthand.evaluate.simulate import Judge, World, simulate


def fitted(table: AuditTable) -> Fit:
    length = np.log(table.length[:, 0] / table.length[:, 1])
    own = (table.author[:, 0] == 0).astype(float) - (table.author[:, 1] == 0)
    return fit(design(table, 0, {"own": own}, {"length": length / np.sqrt((length**2).mean())}))


def mirrored(table: AuditTable) -> AuditTable:
    """The same votes with A and B exchanged everywhere."""

    def turned(votes: Votes) -> Votes:
        return Votes(votes.pair, votes.voter, 2 - votes.outcome, -votes.first, 1 - votes.p_a)

    return replace(
        table,
        author=table.author[:, ::-1],
        length=table.length[:, ::-1],
        people=turned(table.people),
        judged=turned(table.judged),
    )


LARGE = World(
    own_pairs=6_000,
    other_pairs=4_000,
    advantage=0.6,
    spread=1.2,
    tie_width=0.3,
    rater_order_pull=0.25,
    length_value=0.2,
    own_longer=0.5,
    judges=(Judge(sharpness=1.5, affinity=0.7, length_taste=0.4, order_pull=0.5, tie_width=0.2, both_orders=True),),
)


def test_a_large_world_gives_its_numbers_back() -> None:
    found = fitted(simulate(LARGE, seed=1))
    assert found.converged
    truth = {
        "affinity for own": 0.7,
        "sharpness": 1.5,
        "taste for length": 0.4,
        "order_pull": 0.5,
        "rater_pull": 0.25,
        "value of length": 0.2,
        "log_spread": np.log(1.2),
        "log_width": np.log(0.3),
        "log_judge_width": np.log(0.2),
    }
    for name, value in truth.items():
        estimate, error = found.of(name)
        assert abs(estimate - value) < 4 * error, name
        assert error < 0.15, name


def test_exchanging_the_sides_changes_nothing() -> None:
    table = simulate(replace(LARGE, own_pairs=300, other_pairs=200), seed=2)
    one, other = fitted(table), fitted(mirrored(table))
    assert one.value == pytest.approx(other.value, abs=1e-5)
    assert one.of("affinity for own")[1] == pytest.approx(other.of("affinity for own")[1], abs=1e-5)


def test_asking_a_judge_the_same_twice_is_no_more_evidence() -> None:
    table = simulate(World(own_pairs=200, other_pairs=150, judges=(Judge(affinity=0.5),)), seed=3)
    votes = table.judged
    twice = Votes(*(np.tile(getattr(votes, name), 2) for name in ("pair", "voter", "outcome", "first", "p_a")))
    once, again = fitted(table), fitted(replace(table, judged=twice))
    assert again.value == pytest.approx(once.value, abs=1e-6)
    assert again.covariance == pytest.approx(once.covariance, abs=1e-8)


def test_a_soft_label_is_the_mean_of_the_labels_it_stands_for() -> None:
    # p_a = 0.75 four times over says the same as three verdicts for A and one for B.
    table = simulate(World(own_pairs=150, other_pairs=100, judges=(Judge(affinity=0.5),)), seed=4)
    pairs = np.arange(len(table))
    verdicts = np.where(table.judged.outcome == 0, 0.75, 0.25)
    soft = Votes(pairs, np.zeros_like(pairs), table.judged.outcome, np.zeros_like(pairs), verdicts)
    repeated = np.repeat(pairs, 4)
    share = np.tile([0, 0, 0, 1], len(table))
    outcome = np.where((share == 0) == np.repeat(table.judged.outcome == 0, 4), 0, 2)
    hard = Votes(repeated, np.zeros_like(repeated), outcome, np.zeros_like(repeated), np.full(len(repeated), np.nan))
    one, other = fitted(replace(table, judged=soft)), fitted(replace(table, judged=hard))
    assert one.value == pytest.approx(other.value, abs=1e-6)
    assert one.covariance == pytest.approx(other.covariance, abs=1e-8)


def test_a_judge_that_is_noisier_than_people_is_not_taken_for_biased() -> None:
    world = World(advantage=0.8, judges=(Judge(sharpness=0.5),))
    scores = [np.divide(*fitted(simulate(world, seed)).of("affinity for own")) for seed in range(40)]
    # Of 40 nulls at 5 %, more than 6 come with a chance of 1 %.
    assert sum(abs(score) > 1.96 for score in scores) <= 6


def test_first_steps_on_some_of_many_votes_lead_to_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    table = simulate(World(own_pairs=500, other_pairs=300, judges=(Judge(affinity=0.5),)), seed=3)
    whole = fitted(table)
    monkeypatch.setattr("firsthand.evaluate.audit.affinity.FIRST_ROWS", 100)
    assert fitted(table).value == pytest.approx(whole.value, abs=1e-5)


def test_a_step_from_a_related_fit_leads_to_the_same_place() -> None:
    table = simulate(World(own_pairs=400, other_pairs=400, advantage=0.5, judges=(Judge(affinity=0.5),)), seed=4)
    signs = {
        name: (table.author[:, 0] == place).astype(float) - (table.author[:, 1] == place)
        for place, name in enumerate(table.authors[:2])
    }
    own, other = (design(table, 0, {name: signs[name]}, {}) for name in signs)
    top = around(design(table, 0, signs, {}), fit(own)).top(other.names)
    cold, near = fit(other), fit(other, top)
    assert "affinity for own" not in top
    assert list(top.values()) == pytest.approx([cold.of(name)[0] for name in top], abs=0.2)
    assert near.value == pytest.approx(cold.value, abs=1e-5)
    assert np.diag(near.covariance) == pytest.approx(np.diag(cold.covariance), rel=1e-4)


def test_where_people_hardly_disagree_the_climb_ends_on_no_lesser_top() -> None:
    # With xi free from the start, the climb ended below the top with one slope, at an affinity of -5.9, error 1.9.
    table = simulate(World(200, 150, advantage=5.0, spread=9.0, votes=2, judges=(Judge(sharpness=0.15),)), seed=2)
    own = {"own": (table.author == 0) @ np.array([1.0, -1.0])}
    found = fit(design(table, 0, own, {}))
    assert found.log_likelihood > fit(design(table, 0, own, {}, one_slope=True)).log_likelihood
    estimate, error = found.of("affinity for own")
    assert abs(estimate) < 2 * error
