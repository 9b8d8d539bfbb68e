"""Where a model comes from, and how a judge is related to the author of a response."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Lineage:
    """A model's descent; None is unknown, and unknown stays unknown.

    family: who trained it ("openai"); series: its line of releases ("gpt-4"); base: the model or series it was tuned
    from; trained_on: names of the models or series whose outputs or judgments it was trained on.
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
    """The closest relation that the two lineages state; `unknown` unless both families are known.

    Two models tuned from the same base, or one from what the other was trained on, are of the same family.
    """
    if judge.name == author.name:
        return Relation.SAME_MODEL
    of_judge, of_author = _ancestors(judge), _ancestors(author)
    if of_judge & _names(author) or of_author & _names(judge):
        return Relation.INHERITED
    same_family = judge.family is not None and judge.family == author.family
    if same_family and judge.series is not None and judge.series == author.series:
        return Relation.SAME_SERIES
    if same_family or judge.base in of_author or author.base in of_judge:
        return Relation.SAME_FAMILY
    if judge.family is None or author.family is None:
        return Relation.UNKNOWN
    return Relation.UNRELATED


def _ancestors(model: Lineage) -> set[str]:
    return {*model.trained_on, *((model.base,) if model.base else ())}


def _names(model: Lineage) -> set[str]:
    return {model.name, *((model.series,) if model.series else ())}
