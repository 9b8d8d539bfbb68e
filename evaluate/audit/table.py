"""What an audit reads: comparisons, people's votes and judges' votes as arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firsthand.evaluate.bootstrap import FloatArray, IntArray

A, NEITHER, B = 0, 1, 2
"""Outcomes of a vote: `tie` and `both_bad` are NEITHER."""
P_A = np.array([1.0, 0.5, 0.0])


@dataclass(frozen=True, slots=True)
class Votes:
    """V votes: pair (V,) is the comparison, voter (V,) an index into the names of raters or judges.

    outcome: (V,), A, NEITHER or B. first: (V,), +1 where A was shown first, -1 where B was, 0 where unknown or both.
    p_a: (V,), the probability that A is better, NaN where none was given.
    """

    pair: IntArray
    voter: IntArray
    outcome: IntArray
    first: IntArray
    p_a: FloatArray

    def __len__(self) -> int:
        return len(self.pair)

    def of(self, voter: int) -> "Votes":
        """The votes of one voter."""
        return self.where(self.voter == voter)

    def where(self, chosen: npt.NDArray[np.bool_]) -> "Votes":
        """The chosen votes."""
        return Votes(self.pair[chosen], self.voter[chosen], self.outcome[chosen], self.first[chosen], self.p_a[chosen])


@dataclass(frozen=True, slots=True)
class AuditTable:
    """N comparisons with the votes on them.

    prompt: (N,), the prompt of each. author: (N, 2), indices into `authors` of who wrote A and B, -1 where unknown.
    length: (N, 2), characters, NaN where unknown. people, judged: the votes of people and of judges.
    """

    prompt: IntArray
    author: IntArray
    length: FloatArray
    authors: tuple[str, ...]
    raters: tuple[str, ...]
    judges: tuple[str, ...]
    people: Votes
    judged: Votes

    def __len__(self) -> int:
        return len(self.prompt)
