"""What the votes on one comparison say together: whether people contradict each other, and what one more would tell."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from firsthand.collect.work.turns import IS_CURRENT
from firsthand.store import schema
from firsthand.store.driver import run
from firsthand.store.engine import among

P_A = {"a": 1.0, "b": 0.0, "tie": 0.5, "both_bad": 0.5}
"""Chance that A is better, where an annotator gave none."""


@dataclass(frozen=True, slots=True)
class Votes:
    """Votes that count on one comparison: people's for A, for B and for neither, and the judges' mean P(A is better).

    people: how many persons gave them, checks against gold left out. judges_weight: how far the judges' word counts,
    0 to 1 (worth.py). gold: a trusted verdict came with the data. decided: an expert settled it.
    """

    for_a: int = 0
    for_b: int = 0
    neither: int = 0
    people: int = 0
    judges_p_a: float | None = None
    judges_weight: float = 1.0
    gold: bool = False
    decided: bool = False

    @property
    def disputed(self) -> bool:
        """Whether people contradict each other and nobody trusted has said who is right."""
        return self.for_a > 0 and self.for_b > 0 and not (self.decided or self.gold)


def information(votes: Votes) -> int:
    """What one more verdict would tell, in tenths: how uncertain it is which response is the better one.

    With t the chance that a person prefers A, a uniform prior, w_A people for A, w_B for B (neither counts half for
    each) and all judges together as one vote p (their mean P(A is better)) of weight w,

        t ~ Beta(1 + w_A + w p, 1 + w_B + w (1 - p)),   information = 2 min(P(t < 1/2), P(t > 1/2)),

    from 0 (certain) to 1 (nothing known, or judges and people disagree). P(t < 1/2) is the regularised incomplete beta
    function I_1/2.
    """
    from scipy.special import betainc  # It takes a while to load, and an import mostly has no use for it.

    half, p, weight = votes.neither / 2, votes.judges_p_a, votes.judges_weight
    for_a = 1 + votes.for_a + half + (0 if p is None else weight * p)
    for_b = 1 + votes.for_b + half + (0 if p is None else weight * (1 - p))
    below = float(betainc(for_a, for_b, 0.5))
    return round(20 * min(below, 1 - below))


def counted_votes(connection: sa.Connection, comparison_id: str | None = None) -> Iterable[tuple[str, Votes]]:
    """People's votes on each comparison that has any vote, or on one; what judges said is for worth.py.

    People's are the current verdicts of persons (no scripted annotators) but skips, repeats and trusted verdicts.
    """
    if comparison_id is None:
        rows: Iterable[Any] = connection.execute(_VOTES)
    else:
        rows = run(connection, _VOTES_ON_ONE, {"comparison": comparison_id}).rows
    for row in rows:
        yield row.comparison_id, _votes(row)


def votes_on(connection: sa.Connection, comparisons: Sequence[str]) -> Iterable[tuple[str, Votes]]:
    """`counted_votes` on some comparisons."""
    chosen = _VOTES.where(among(connection, schema.preferences.c.comparison_id, comparisons))
    for row in connection.execute(chosen):
        yield row.comparison_id, _votes(row)


def _votes_query() -> sa.Select[Any]:
    preferences, annotators = schema.preferences.c, schema.annotators.c
    says, is_human = preferences.verdict, annotators.source == "human"
    by_people = sa.and_(is_human, ~annotators.simulated, preferences.repeat == 0, ~preferences.gold)
    decided = sa.and_(preferences.gold, _asked_as("adjudication"))
    took_place = sa.and_(by_people, ~_asked_as("gold"))
    return (
        sa.select(
            preferences.comparison_id,
            _count(sa.and_(by_people, says == "a")).label("for_a"),
            _count(sa.and_(by_people, says == "b")).label("for_b"),
            _count(sa.and_(by_people, sa.or_(says == "tie", says == "both_bad"))).label("neither"),
            sa.func.count(sa.case((took_place, preferences.annotator)).distinct()).label("people"),
            _count(sa.and_(preferences.gold, ~decided)).label("gold"),
            _count(decided).label("decided"),
        )
        .join(schema.annotators, annotators.name == preferences.annotator)
        .where(IS_CURRENT, says != "skip")
        .group_by(preferences.comparison_id)
    )


def _asked_as(kind: str) -> sa.ColumnElement[bool]:
    """Whether a preference answered an item of `kind`: its detail says so, in the compact JSON of records.dump."""
    return schema.preferences.c.detail.contains(f'"kind":"{kind}"')


def _count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((condition, 1), else_=0))


def _votes(row: Any) -> Votes:
    return Votes(row.for_a, row.for_b, row.neither, row.people, gold=row.gold > 0, decided=row.decided > 0)


_VOTES = _votes_query()
_VOTES_ON_ONE = _VOTES.where(schema.preferences.c.comparison_id == sa.bindparam("comparison"))
