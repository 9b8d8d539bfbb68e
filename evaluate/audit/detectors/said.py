"""What people and a judge said of each comparison."""

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import FloatArray, IntArray, ratio
from firsthand.evaluate.audit.table import NEITHER, P_A, A, AuditTable, B, Votes


def people_counts(table: AuditTable) -> FloatArray:
    """People's votes by outcome: (N, 3)."""
    return _counts(table.people, len(table))


def judge_counts(table: AuditTable, judge: int) -> FloatArray:
    """A judge's verdicts by outcome, its orders and repeats together: (N, 3)."""
    return _counts(table.judged.of(judge), len(table))


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
    known = (table.length > 0).all(axis=1)
    log_ratio = np.zeros(len(table))
    log_ratio[known] = np.log(table.length[known, 0] / table.length[known, 1])
    spread = np.sqrt((log_ratio[known] ** 2).mean()) if known.any() else 0.0
    return log_ratio / spread if spread > 0 else log_ratio


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
