"""How far people have come with a store: what is labelled, how often they agree, how many verdicts are still wanted."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from firsthand.collect.work.renewing import remembered_assignment
from firsthand.collect.work.turns import skips_left
from firsthand.store import Store, schema

CHOICES = {"first": ("a",), "second": ("b",), "neither": ("tie", "both_bad")}
"""The answers that are told apart, by the verdicts that give them."""


@dataclass(frozen=True, slots=True)
class Overview:
    """How far people have come; skips and second looks are no verdicts here.

    rateable: comparisons that people shall label; labelled: those of them that someone has. wanted: the verdicts they
    shall have together; needed: those still missing. pairs: pairs of people's verdicts on one comparison; agreeing:
    those that say the same, a tie and both_bad being one answer.
    """

    rateable: int
    labelled: int
    wanted: int
    needed: int
    pairs: int
    agreeing: int

    @property
    def agreement(self) -> float | None:
        """The share of pairs that say the same, as `evaluate agreement` gives it; None where there is no pair."""
        return self.agreeing / self.pairs if self.pairs else None


def overview(store: Store) -> Overview:
    """Count what people have done and shall do; one pass over their verdicts, done by the database.

    What they shall do is the plan of the site that rates from this store; without one, a verdict on each comparison
    with both texts.
    """
    said, shall = _said(), _shall(planned=remembered_assignment(store) is not None)
    missing = shall.c.target - sa.func.coalesce(said.c.people, 0)
    query = sa.select(
        sa.func.count(),
        sa.func.count(said.c.comparison_id),
        sa.func.sum(shall.c.target),
        sa.func.sum(sa.case((missing > 0, missing), else_=0)),
        sa.select(sa.func.sum(_pairs(said.c.votes))).scalar_subquery(),
        sa.select(sa.func.sum(sum(_pairs(said.c[name]) for name in CHOICES))).scalar_subquery(),
    ).select_from(shall.outerjoin(said, said.c.comparison_id == shall.c.comparison_id))
    with store.engine.connect().execution_options(read_only=True) as connection:
        counts = connection.execute(query).one()
    return Overview(*(int(count or 0) for count in counts))


def _said() -> sa.CTE:
    """Each comparison that people labelled: how many did, and their votes in all and by choice.

    A person who gave two different verdicts on one comparison has none of them counted as a vote.
    """
    preferences, annotators = schema.preferences, schema.annotators
    lowest, highest = sa.func.min(preferences.c.verdict), sa.func.max(preferences.c.verdict)
    of_each = (
        sa.select(preferences.c.comparison_id, sa.case((lowest == highest, lowest)).label("verdict"))
        .join(annotators, annotators.c.name == preferences.c.annotator)
        .where(
            preferences.c.is_current,
            preferences.c.verdict != "skip",
            preferences.c.repeat == 0,
            annotators.c.source == "human",
        )
        .group_by(preferences.c.comparison_id, preferences.c.annotator)
        .subquery()
    )
    chosen = [
        sa.func.count(sa.case((of_each.c.verdict.in_(verdicts), 1))).label(name) for name, verdicts in CHOICES.items()
    ]
    return (
        sa.select(
            of_each.c.comparison_id,
            sa.func.count().label("people"),
            sa.func.count(of_each.c.verdict).label("votes"),
            *chosen,
        )
        .group_by(of_each.c.comparison_id)
        .cte()
    )


def _shall(*, planned: bool) -> sa.Subquery:
    """Each comparison that people shall label, and how many of them."""
    if planned:
        work = schema.work.c
        return sa.select(work.comparison_id, work.target).where(work.target > 0, skips_left(work)).subquery()
    comparisons = schema.comparisons.c
    has_texts = sa.and_(comparisons.response_a.is_not(None), comparisons.response_b.is_not(None))
    return sa.select(comparisons.id.label("comparison_id"), sa.literal(1).label("target")).where(has_texts).subquery()


def _pairs(votes: Any) -> Any:
    return votes * (votes - 1) / 2
