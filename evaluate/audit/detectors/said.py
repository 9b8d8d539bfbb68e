"""What people and a judge said of each comparison."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import FloatArray, IntArray, ratio
from firsthand.evaluate.audit.config import LENGTH
from firsthand.evaluate.audit.table import NEITHER, P_A, A, AuditTable, B, Votes


def people_counts(table: AuditTable) -> FloatArray:
    """People's votes by outcome: (N, 3)."""
    return _counts(table.people, len(table))


def judge_counts(table: AuditTable, judge: int) -> FloatArray:
    """A judge's verdicts by outcome, its orders and repeats together: (N, 3)."""
    return _counts(table.judged.of(judge), len(table))


def people_votes(table: AuditTable, judge: int) -> int:
    """Votes of people on comparisons that the judge judged."""
    return int(np.isin(table.people.pair, table.judged.of(judge).pair).sum())


def judge_score(table: AuditTable, judge: int) -> FloatArray:
    """The mean verdict for A, 1 for A and 1/2 for neither: (N,), NaN where the judge gave none."""
    return score(judge_counts(table, judge))


def score(counts: FloatArray) -> FloatArray:
    """The mean vote for A from counts (..., 3); NaN where nobody voted."""
    return ratio(counts @ P_A, counts.sum(axis=-1))


def outcome_of(score_a: FloatArray) -> IntArray:
    """The outcome that a mean verdict amounts to."""
    return np.where(score_a > 0.5, A, np.where(score_a < 0.5, B, NEITHER)).astype(np.int64)


def by_any(table: AuditTable, names: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Whether each response is by one of the authors: (N, 2)."""
    return np.isin(table.author, [table.authors.index(name) for name in names])


def length_column(table: AuditTable) -> FloatArray:
    """log(length of A / length of B) over its root mean square: (N,), 0 where a length is unknown."""
    return _scaled(np.log(np.where(table.length > 0, table.length, np.nan)))


def style_columns(table: AuditTable, names: Sequence[str]) -> dict[str, FloatArray]:
    """Length, and each other style among `names` that the table counts, A minus B over the root mean square.

    (N,) each, 0 where unknown; a style that is nowhere known, or everywhere equal on both sides, is left out.
    """
    columns = {LENGTH: length_column(table)}
    columns |= {name: _scaled(table.styles[name]) for name in names if name in table.styles}
    return {name: column for name, column in columns.items() if column.any() and np.ptp(column) > 0}


def _scaled(logs: FloatArray) -> FloatArray:
    """Logs of both responses (N, 2) to their differences over the root mean square: (N,), 0 where one is NaN."""
    difference = logs[:, 0] - logs[:, 1]
    known = np.isfinite(difference)
    spread = np.sqrt((difference[known] ** 2).mean()) if known.any() else 0.0
    return np.where(known, difference, 0.0) / (spread if spread > 0 else 1.0)


def with_authors(table: AuditTable) -> AuditTable:
    """The comparisons whose two authors are known; all of them where none names both."""
    known = np.logical_and(table.author[:, 0] >= 0, table.author[:, 1] >= 0)
    return table.part(known) if known.any() else table


def prompts_of(table: AuditTable, rows: npt.NDArray[np.bool_]) -> int:
    """On how many prompts these comparisons are."""
    return len(np.unique(table.prompt[rows]))


def _counts(votes: Votes, comparisons: int) -> FloatArray:
    cells = np.bincount(votes.pair * 3 + votes.outcome, minlength=3 * comparisons)
    return cells.reshape(comparisons, 3).astype(np.float64)
