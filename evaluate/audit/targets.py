"""Whom a judge may favour: the authors of its own kind, and the others to set beside them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.evaluate.audit.table import AuditTable
from firsthand.lineage import Lineage, Relation, relation

OWN = (Relation.SAME_MODEL, Relation.INHERITED, Relation.SAME_SERIES, Relation.SAME_FAMILY)
"""The relations of a judge to its own kind, closest first."""
FEWEST_OWN = 30
"""Comparisons of the target with others that people and the judge both voted on; intervals need about as many."""
MOST_ALONE = 10
"""Other authors; more are taken family by family."""


@dataclass(frozen=True, slots=True)
class Target:
    """Authors, as indices into a table's, that a judge may favour together, and its relation to them."""

    name: str
    authors: tuple[int, ...]
    relation: Relation

    def sign(self, table: AuditTable) -> FloatArray:
        """+1 where A is one of theirs and B is not, -1 where B is and A is not, else 0: (N,)."""
        theirs = np.isin(table.author, self.authors).astype(np.float64)
        sign: FloatArray = theirs[:, 0] - theirs[:, 1]
        return sign


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a judge and people share: n comparisons of the target, of n_prompts prompts; judged: of the judge in all.

    effective_prompts: how many prompts with equally many comparisons they are worth, (sum_c n_c)^2 / sum_c n_c^2 (Kish
    1965, section 8.2; 0 where there are none).
    """

    n: int
    n_prompts: int
    judged: int
    effective_prompts: float


def overlap(table: AuditTable, judge: int, target: Target) -> Overlap:
    """How much there is to test the target on."""
    theirs = target.sign(table) != 0
    judged = voted(table, table.judged.of(judge).pair)
    both = theirs & judged & voted(table, table.people.pair)
    _, each = np.unique(table.prompt[both], return_counts=True)
    effective = float(both.sum() ** 2 / (each**2).sum()) if len(each) else 0.0
    return Overlap(int(both.sum()), len(each), int((theirs & judged).sum()), effective)


def without(table: AuditTable, authors: Iterable[int]) -> AuditTable:
    """The comparisons with no response of these authors (indices)."""
    theirs = np.isin(table.author, list(authors))
    return table.part(~np.logical_or(theirs[:, 0], theirs[:, 1]))


def voted(table: AuditTable, pairs: IntArray) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Which comparisons are among `pairs`, the comparisons of votes: (N,)."""
    return np.bincount(pairs, minlength=len(table)) > 0


def own_target(table: AuditTable, judge: str, lineages: Mapping[str, Lineage]) -> Target | None:
    """The authors to which the judge is related most closely, or None where it is related to none.

    Those with fewer than FEWEST_OWN comparisons that people and the judge voted on are passed over where authors less
    closely related have more.
    """
    kin = own_targets(table, judge, lineages)
    if judge not in table.judges:
        return kin[0] if kin else None
    number = table.judges.index(judge)
    enough = (target for target in kin if overlap(table, number, target).n >= FEWEST_OWN)
    return next(enough, kin[0] if kin else None)


def own_targets(table: AuditTable, judge: str, lineages: Mapping[str, Lineage]) -> list[Target]:
    """The authors of the judge's own kind by their relation to it, closest first."""
    relations = _relations(table, judge, lineages)
    found = []
    for closest in OWN:
        authors = tuple(number for number, there in enumerate(relations) if there is closest)
        if authors:
            found.append(Target(", ".join(table.authors[number] for number in authors), authors, closest))
    return found


def other_targets(table: AuditTable, judge: str, lineages: Mapping[str, Lineage]) -> list[Target]:
    """The other authors, each alone, or by family where there are more than MOST_ALONE."""
    own = own_target(table, judge, lineages)
    relations = _relations(table, judge, lineages)
    others = [number for number in range(len(table.authors)) if own is None or number not in own.authors]
    groups: dict[tuple[str, Relation], list[int]] = {}
    for number in others:
        name = table.authors[number]
        family = lineages[name].family if len(others) > MOST_ALONE else None
        groups.setdefault((family or name, relations[number]), []).append(number)
    return [Target(name, tuple(authors), found) for (name, found), authors in groups.items()]


def _relations(table: AuditTable, judge: str, lineages: Mapping[str, Lineage]) -> list[Relation]:
    return [relation(lineages[judge], lineages[author]) for author in table.authors]
