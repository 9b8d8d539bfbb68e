"""What an audit reads: comparisons, people's votes and judges' votes as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import FloatArray, IntArray

A, NEITHER, B = 0, 1, 2
"""Outcomes of a vote: `tie` and `both_bad` are NEITHER."""
P_A = np.array([1.0, 0.5, 0.0])


@dataclass(frozen=True, slots=True)
class Votes:
    """V votes: pair (V,) is the comparison, voter (V,) an index into the names of raters or judges.

    outcome: (V,), A, NEITHER or B. first: (V,), +1 where A was shown first, -1 where B was, 0 where unknown or both.
    p_a: (V,), the probability that A is better, NaN where none was given. consistent: (V,), for a verdict that stands
    for both orders, 1 where the two agreed and 0 where not, else NaN; None: NaN for all. both: (V,), whether it is said
    to stand for both orders; None: none is.
    """

    pair: IntArray
    voter: IntArray
    outcome: IntArray
    first: IntArray
    p_a: FloatArray
    consistent: FloatArray | None = None
    both: npt.NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.pair)

    def of(self, voter: int) -> "Votes":
        """The votes of one voter."""
        return self.where(self.voter == voter)

    def where(self, chosen: npt.NDArray[np.bool_]) -> "Votes":
        """The chosen votes."""
        return Votes(
            self.pair[chosen],
            self.voter[chosen],
            self.outcome[chosen],
            self.first[chosen],
            self.p_a[chosen],
            None if self.consistent is None else self.consistent[chosen],
            None if self.both is None else self.both[chosen],
        )


def without_order(votes: Votes) -> npt.NDArray[np.bool_]:
    """Which votes neither say which response came first nor stand for both orders: (V,)."""
    unknown: npt.NDArray[np.bool_] = votes.first == 0
    if votes.consistent is not None:
        unknown = unknown & np.isnan(votes.consistent)
    return unknown if votes.both is None else unknown & ~votes.both


def for_first(votes: Votes) -> FloatArray:
    """How much each vote gives to the response shown first, to A where that is unknown: (V,)."""
    for_a = np.where(np.isnan(votes.p_a), P_A[votes.outcome], votes.p_a)
    return np.where(votes.first < 0, 1 - for_a, for_a)


def one_position(votes: Votes) -> int:
    """+1 where every vote chose the response shown first, -1 where every one chose the other, else 0."""
    sides = votes.first * np.array([1, 0, -1])[votes.outcome]
    return int(sides[0]) if len(sides) and (sides == sides[0]).all() else 0


@dataclass(frozen=True, slots=True)
class AuditTable:
    """N comparisons with the votes on them.

    prompt: (N,), the prompt of each. author: (N, 2), indices into `authors` of who wrote A and B, -1 where unknown.
    length: (N, 2), characters, NaN where unknown. people, judged: the votes of people and of judges. ids: (N,), the
    comparisons' ids, None in a simulated world. models: judge -> the model it asks, where known. families: name of a
    judge or an author -> the family stated for it. simulated: raters that scripts stand for. left_out: reason -> votes.
    styles: what is held constant beside length -> (N, 2), log(1 + count) of the responses, NaN without their texts.
    tags: name -> (N,), the value of each comparison, None where it does not carry the tag.
    """

    prompt: IntArray
    author: IntArray
    length: FloatArray
    authors: tuple[str, ...]
    raters: tuple[str, ...]
    judges: tuple[str, ...]
    people: Votes
    judged: Votes
    ids: npt.NDArray[np.object_] | None = None
    models: Mapping[str, str] = field(default_factory=dict)
    families: Mapping[str, str] = field(default_factory=dict)
    simulated: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    styles: Mapping[str, FloatArray] = field(default_factory=dict)
    tags: Mapping[str, npt.NDArray[np.object_]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.prompt)

    def attributed(self) -> "AuditTable":
        """The comparisons whose authors are both known."""
        known: npt.NDArray[np.bool_] = np.logical_and(self.author[:, 0] >= 0, self.author[:, 1] >= 0)
        return self.part(known)

    def part(self, chosen: npt.NDArray[np.bool_]) -> "AuditTable":
        """The chosen comparisons (N,) with the votes on them; the names stay."""
        number = np.cumsum(chosen) - 1

        def kept(votes: Votes) -> Votes:
            votes = votes.where(chosen[votes.pair])
            return replace(votes, pair=number[votes.pair])

        return replace(
            self,
            prompt=self.prompt[chosen],
            author=self.author[chosen],
            length=self.length[chosen],
            people=kept(self.people),
            judged=kept(self.judged),
            ids=None if self.ids is None else self.ids[chosen],
            styles={name: counts[chosen] for name, counts in self.styles.items()},
            tags={name: values[chosen] for name, values in self.tags.items()},
        )
