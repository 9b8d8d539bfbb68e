"""What a sweep measured: one table of comparisons that people judged, and the scores of every trained model on them.

An engine makes it, the statistics read it. M is the number of comparisons in the table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.lineage import Relation

Design: TypeAlias = Literal["add", "replace", "human", "permuted"]
"""How a model's training rows were put together.

add: all human rows, and as many synthetic ones as make the ratio. replace: the same number of rows at every ratio.
human: a share of the human rows alone, for the learning curve. permuted: as `replace`, with the judge's labels
permuted within strata of human margin and style.
"""


@dataclass(frozen=True, slots=True)
class EvalTable:
    """M comparisons that no arm trains on: the human anchor, ties of people included.

    comparison_id: (M,). prompt: (M,), numbers of the prompts. p_human: (M,), the share of people for A, ties half, as
    `train mix` counts: of gold verdicts alone where there are some, and 1/2 where neither response leads. votes: (M,),
    how many count. response: (M, 2), numbers of the responses: equal where two comparisons share one.
    author: (M, 2), indices into `authors`, -1 where unknown. length: (M, 2), characters. tag: (M,), indices into
    `tags`, -1 where there is none.
    """

    comparison_id: tuple[str, ...]
    prompt: IntArray
    p_human: FloatArray
    votes: IntArray
    response: IntArray
    author: IntArray
    authors: tuple[str, ...]
    length: FloatArray
    tag: IntArray
    tags: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.prompt)


@dataclass(frozen=True, slots=True)
class Arm:
    """One way of choosing the rows: `name` says which synthetic ones (`all`, `filtered`), `design` how many.

    The learning curve of human rows is Arm("human", "human").
    """

    name: str
    design: Design


@dataclass(frozen=True, slots=True)
class Point:
    """One trained model.

    ratio: the share of synthetic rows, realised. gap: (M,), the score of A minus the score of B. gap_swapped: (M,),
    the same with the style features of A and B exchanged; None where the engine has no style features.
    """

    arm: Arm
    ratio: float
    seed: int
    human_rows: int
    synthetic_rows: int
    gap: FloatArray
    gap_swapped: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Sweep:
    """All models of a sweep, on one table.

    judge: who gave the synthetic labels. own: indices into `table.authors` of the judge's own kind, and `relation`, the
    closest that one of them stands in to the judge. points: every arm x ratio x seed; the ratios of an arm are the same
    for each seed, and ratio 0 is the human-only model of its design. engine: `fast` or `full`. training_prompts: how
    many prompts the training rows come from: the length of what a Refit takes. mix: name of an arm -> the values of its
    `train mix` config but for the ratio. sized: the config's rows or human_rows left rows out. other, other_engine: the
    points that the other engine made, where it ran. scripted: how many of the votes taken for people's are scripts', of
    how many. facts: label -> value, as the page lists them.
    """

    table: EvalTable
    judge: str
    own: tuple[int, ...]
    points: tuple[Point, ...]
    engine: str
    training_prompts: int
    relation: Relation = Relation.UNKNOWN
    mix: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sized: bool = False
    other: tuple[Point, ...] = ()
    other_engine: str = ""
    scripted: tuple[int, int] = (0, 0)
    facts: Mapping[str, str | int | float] = field(default_factory=dict)


Refit: TypeAlias = Callable[[IntArray], tuple[Point, ...]]
"""Trains the whole sweep of one seed again on a resample of the training prompts.

Takes (training_prompts,), how often each prompt counts, 0 leaving it out; a row counts as often as its prompt. Returns
a point for every arm x ratio of the sweep, on the same table, with the same nominal ratios.
"""
