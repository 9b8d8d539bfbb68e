"""Small audit tables by hand, and the lineages of simulated worlds."""

from collections.abc import Sequence

import numpy as np

from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.table import AuditTable, Votes
from firsthand.lineage import Lineage

SETTINGS = AuditConfig(draws=300)
A, N, B = 0, 1, 2
KIN = {"judge-0": "own", "judge-1": "other-1"}
"""Whose kind the judges of a simulated world are."""


def lineages(table: AuditTable, kin: dict[str, str] = KIN) -> dict[str, Lineage]:
    """Every author of a family of its own; each judge of the family of its kin, others of their own."""
    families = {name: kin.get(name, name) for name in (*table.authors, *table.judges)}
    return {name: Lineage(name, family) for name, family in families.items()}


def votes(rows: Sequence[tuple[int, int, int, int]]) -> Votes:
    """Votes from (comparison, voter, outcome, side first)."""
    pair, voter, outcome, first = np.array(rows, np.int64).reshape(len(rows), 4).T
    return Votes(pair, voter, outcome, first, np.full(len(rows), np.nan))


def table(
    people: Sequence[tuple[int, int, int, int]],
    judged: Sequence[tuple[int, int, int, int]],
    *,
    comparisons: int,
    authors: Sequence[tuple[int, int]] | None = None,
) -> AuditTable:
    """A table in which every comparison has a prompt of its own; authors x, y and z by index."""
    by = [(0, 1)] * comparisons if authors is None else authors
    return AuditTable(
        prompt=np.arange(comparisons),
        author=np.array(by, np.int64).reshape(comparisons, 2),
        length=np.full((comparisons, 2), 100.0),
        authors=("x", "y", "z"),
        raters=tuple(f"rater-{number}" for number in range(5)),
        judges=tuple(f"judge-{number}" for number in range(1 + max((row[1] for row in judged), default=0))),
        people=votes(people),
        judged=votes(judged),
    )
