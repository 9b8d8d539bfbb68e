"""What a person's label on a comparison is worth, and why: how far the word of the judges on it can be taken.

The score is `information` (information.py): how uncertain it is which response is better. Judges make it more certain
only as far as there is no reason to doubt them, so that the labels that tell most are those where they can't be taken
at their word. The rating page's queue (policy `informative`) and `firsthand collect status --next` rank by it alike.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from statistics import fmean
from typing import Any

import sqlalchemy as sa

from firsthand.admission import Admission
from firsthand.collect.work.information import P_A
from firsthand.lineage import Lineage, Relation, relation
from firsthand.records import Annotator, Source
from firsthand.store import schema

OWN_FAMILY = (Relation.SAME_MODEL, Relation.INHERITED, Relation.SAME_SERIES, Relation.SAME_FAMILY)
NEAR = 0.05
"""A confidence so close to the threshold of an admission rule is near it."""
BETWEEN = "\n"
"""What stands between the templates of a judge's verdicts."""
UNSURE = 0.2
"""Judges whose joint P(A is better) is so close to 1/2 are unsure."""


class Reason(StrEnum):
    """Why a label is worth having."""

    SECOND_LABEL = "second label"
    UNCOVERED_TAG = "uncovered tag"
    DISAGREE = "judges disagree"
    FLIPPED = "order-inconsistent"
    NOT_ADMITTED = "judge not admitted"
    THRESHOLD = "near a threshold"
    OWN_FAMILY = "own family"
    UNSURE = "judges unsure"
    PEOPLE = "people disagree"
    UNJUDGED = "no judge"
    UNSEEN = "no person"


@dataclass(frozen=True, slots=True)
class Because:
    """A reason, and what it rests on, in words."""

    reason: Reason
    text: str


@dataclass(frozen=True, slots=True)
class Judgment:
    """What a judge said of a comparison: P(A is better), the mean over the orders of the mean within each.

    flipped: the answer changed with the order. templates: the prompt_sha256 of all that it was asked with, "" for none.
    """

    judge: str
    p_a: float
    flipped: bool
    templates: frozenset[str] = frozenset({""})

    @property
    def word(self) -> float:
        """P(A is better) as it counts: a flipped answer says nothing."""
        return 0.5 if self.flipped else self.p_a


@dataclass(frozen=True, slots=True)
class Pair:
    """What doubts depend on: a comparison's authors and tags."""

    author_a: str | None
    author_b: str | None
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Doubts:
    """When a judge's word does not count: annotators and stated families by name, and an admission file, if any."""

    annotators: Mapping[str, Annotator]
    families: Mapping[str, str]
    admission: Admission | None = None
    _known: dict[tuple[str, str], bool] = field(default_factory=dict)

    def of(self, judgment: Judgment, pair: Pair) -> list[Because]:
        """Why the judge's word on `pair` does not count; empty where it does."""
        return [*self._own_family(judgment, pair), *self._rule(judgment, pair)]

    def has_own_family(self, pair: Pair) -> bool:
        """Whether an author is a judge of the store, or of a judge's family."""
        judges = (name for name, one in self.annotators.items() if one.source is Source.SYNTHETIC)
        return any(self.is_own(judge, author) for judge in judges for author in (pair.author_a, pair.author_b))

    def is_own(self, judge: str, author: str | None) -> bool:
        """Whether an author is a judge's own model or family."""
        if author is None:
            return False
        if (judge, author) not in self._known:
            judging, descent = self.annotators[judge], Lineage(author, self.families.get(author))
            family = judging.family or self.families.get(judge)
            lineages = [Lineage(name, family) for name in {judge, judging.model or judge}]
            self._known[judge, author] = any(relation(one, descent) in OWN_FAMILY for one in lineages)
        return self._known[judge, author]

    def _own_family(self, judgment: Judgment, pair: Pair) -> Iterator[Because]:
        own = [author for author in (pair.author_a, pair.author_b) if self.is_own(judgment.judge, author)]
        if len(own) == 1:
            yield Because(Reason.OWN_FAMILY, f"{judgment.judge} judged its own kind: {own[0]}")

    def _rule(self, judgment: Judgment, pair: Pair) -> Iterator[Because]:
        rule = self.admission.rule_for(judgment.judge, dict(pair.tags)) if self.admission else None
        if rule is None:
            return
        where = "".join(f" on {name}={value}" for name, value in (rule.tag or {}).items())
        if not rule.admitted or rule.threshold is None:
            needed = f"; {rule.more_labels:,} more labels needed" if rule.more_labels else ""
            yield Because(Reason.NOT_ADMITTED, f"{judgment.judge} is not admitted{where}{needed}")
            return
        if not rule.tested_on(judgment.templates):
            said = f"{judgment.judge} was asked with a template that its rule{where} was not tested on"
            yield Because(Reason.NOT_ADMITTED, said)
            return
        confidence = max(judgment.p_a, 1 - judgment.p_a)
        if abs(confidence - rule.threshold) <= NEAR:
            said = f"{judgment.judge}'s confidence {confidence:.2f} is near its threshold {rule.threshold:.2f}{where}"
            yield Because(Reason.THRESHOLD, said)


def joint_word(
    judgments: Sequence[Judgment], doubts: Doubts, pair: Pair, uncovered: bool
) -> tuple[float | None, float]:
    """What the judges say together, P(A is better), and how far it counts.

    The mean word of those who count, and their share of all; None and 0 where none does, or where no person has
    confirmed any judge on such comparisons.
    """
    counted = [] if uncovered else [one.word for one in judgments if not doubts.of(one, pair)]
    return (fmean(counted), len(counted) / len(judgments)) if counted else (None, 0.0)


def doubts_on(judgments: Sequence[Judgment], doubts: Doubts, pair: Pair) -> list[Because]:
    """What speaks against taking the judges at their word, in words."""
    if not judgments:
        return [Because(Reason.UNJUDGED, "no judge has said anything")]
    found = []
    decided = [one for one in judgments if one.word != 0.5]
    sides = {one.word > 0.5 for one in decided}
    if len(sides) == 2:
        said = ", ".join(f"{one.judge} {one.word:.2f}" for one in decided)
        found.append(Because(Reason.DISAGREE, f"judges disagree on P(A is better): {said}"))
    flipped = [one.judge for one in judgments if one.flipped]
    if flipped:
        found.append(Because(Reason.FLIPPED, f"the order changed the answer of {', '.join(flipped)}"))
    for one in judgments:
        found += doubts.of(one, pair)
    joint = fmean(one.word for one in judgments)
    if abs(joint - 0.5) < UNSURE and len(sides) == 1 and not flipped:
        found.append(Because(Reason.UNSURE, f"judges are unsure: P(A is better) = {joint:.2f}"))
    return found


def all_judgments(connection: sa.Connection, recorded_until: str | None = None) -> Iterator[tuple[str, list[Judgment]]]:
    """What judges said, comparison by comparison: their current verdicts but skips, those recorded until then."""
    asked = _JUDGED
    if recorded_until is not None:
        asked = asked.where(schema.preferences.c.recorded_at <= recorded_until)
    for comparison, rows in groupby(connection.execute(asked), key=lambda row: row.comparison_id):
        by_judge = groupby(rows, key=lambda row: row.annotator)
        yield comparison, [_judgment(judge, list(orders)) for judge, orders in by_judge]


def _judgment(judge: str, orders: Sequence[Any]) -> Judgment:
    said = [float(row.p) for row in orders]
    turned = (min(said) - 0.5) * (max(said) - 0.5) < 0
    templates = frozenset(template for row in orders for template in row.templates.split(BETWEEN))
    return Judgment(judge, fmean(said), turned or any(row.inconsistent for row in orders), templates)


def _judged_query() -> sa.Select[Any]:
    preferences, annotators = schema.preferences.c, schema.annotators.c
    p_a = sa.func.coalesce(preferences.p_a, sa.case(P_A, value=preferences.verdict))
    keys = (preferences.comparison_id, preferences.annotator)
    return (
        sa.select(
            *keys,
            sa.func.avg(p_a).label("p"),
            sa.func.max(sa.case((preferences.swap_consistent.is_(False), 1), else_=0)).label("inconsistent"),
            sa.func.aggregate_strings(preferences.prompt_sha256, BETWEEN).label("templates"),
        )
        .join(schema.annotators, annotators.name == preferences.annotator)
        .where(preferences.is_current, annotators.source == "synthetic", preferences.verdict != "skip")
        .group_by(*keys, preferences.shown_first)
        .order_by(*keys)
    )


_JUDGED = _judged_query()
