"""Where a model comes from, and how a judge is related to the author of a response."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Lineage:
    """A model's descent; None is unknown, and unknown stays unknown.

    family: who trained it ("openai"); series: its line of releases ("gpt-4"); base: the model it was tuned from;
    trained_on: names of the models whose outputs or judgments it was trained on.
    """

    name: str
    family: str | None = None
    series: str | None = None
    base: str | None = None
    trained_on: tuple[str, ...] = ()


class Relation(StrEnum):
    """How a judge is related to an author, closest first (preference leakage, arXiv 2502.01534)."""

    SAME_MODEL = "same model"
    INHERITED = "inherited"
    SAME_SERIES = "same series"
    SAME_FAMILY = "same family"
    UNRELATED = "unrelated"
    UNKNOWN = "unknown"


def relation(judge: Lineage, author: Lineage) -> Relation:
    """The closest relation that the two lineages state; `unknown` unless both families are known."""
    if judge.name == author.name:
        return Relation.SAME_MODEL
    if author.name in _ancestors(judge) or judge.name in _ancestors(author):
        return Relation.INHERITED
    if judge.family is None or author.family is None:
        return Relation.UNKNOWN
    if judge.family != author.family:
        return Relation.UNRELATED
    if judge.series is not None and judge.series == author.series:
        return Relation.SAME_SERIES
    return Relation.SAME_FAMILY


def _ancestors(model: Lineage) -> set[str]:
    return set(model.trained_on) | ({model.base} if model.base else set())
