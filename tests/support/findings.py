"""Hand-made findings and votes for pages."""

import numpy as np

from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.table import AuditTable, Votes
from firsthand.lineage import Relation


def finding(**keys: object) -> Finding:
    """A detected affinity of judge-1 for own, with what `keys` says instead."""
    known = {
        "detector": "affinity",
        "judge": "judge-1",
        "target": "own",
        "relation": Relation.SAME_MODEL,
        "verdict": Verdict.DETECTED,
        "direction": "favours",
        "estimate": 1.07,
        "unit": "logit",
        "ci": (0.42, 1.67),
        "points": 20.0,
        "points_ci": (5.0, 35.0),
        "p_adjusted": 0.004,
        "n": 4,
        "n_prompts": 4,
        "needed": 0,
        "why": "judge-1 favours own.",
        "caveats": ("Relative to these people.",),
        "next_step": "Ask people.",
    }
    return Finding(**{**known, **keys})


def votes(pair: list[int], voter: list[int], outcome: list[int]) -> Votes:
    """Votes without sides and probabilities."""
    unknown = np.zeros(len(pair), np.int64)
    columns = (np.array(column, np.int64) for column in (pair, voter, outcome))
    return Votes(*columns, unknown, np.full(len(pair), np.nan))


def small_table() -> AuditTable:
    """Four comparisons of own with other, sides exchanged in the last two; two people, one judge.

    The judge chose own in all four; people in comparison 0 both, in 1 one of two, in 2 one and a tie, in 3 neither.
    """
    return AuditTable(
        prompt=np.arange(4),
        author=np.array([[1, 0], [1, 0], [0, 1], [0, 1]]),
        length=np.full((4, 2), 100.0),
        authors=("other", "own"),
        raters=("ann", "bo"),
        judges=("judge-1",),
        people=votes([0, 0, 1, 1, 2, 2, 3, 3], [0, 1] * 4, [0, 0, 0, 2, 2, 1, 0, 0]),
        judged=votes([0, 1, 2, 3], [0] * 4, [0, 0, 2, 2]),
        ids=np.array(["c0", "c1", "c2", "c3"], dtype=object),
    )
