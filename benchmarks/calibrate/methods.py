"""Ours: the affinity of judge-0 for `own`, with two slopes (what the audit's verdict rests on) and with one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.audit.affinity import design, fit
from firsthand.evaluate.audit.table import AuditTable

CRITICAL = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a method says of one world: its estimate, 0 meaning no effect, with an interval.

    error: its standard error, where it tells one. flagged: whether it says that there is an effect; None: where the
    interval excludes 0. verdict: in its own words, where it has any.
    """

    estimate: float
    low: float = np.nan
    high: float = np.nan
    error: float | None = None
    flagged: bool | None = None
    verdict: str = ""

    @property
    def side(self) -> int:
        """+1 where it flags an effect above 0, -1 below, 0 where it flags none."""
        flagged = self.low > 0 or self.high < 0 if self.flagged is None else self.flagged
        return int(np.sign(self.estimate)) if flagged else 0


Method = Callable[[AuditTable], Outcome | None]
"""From a world to what it says of it, None where it refuses or its fit did not converge."""


def two_slopes(table: AuditTable) -> Outcome | None:
    """The fit with xi free."""
    return _affinity(table, one_slope=False)


def one_slope(table: AuditTable) -> Outcome | None:
    """The fit with xi = 0."""
    return _affinity(table, one_slope=True)


OURS: Mapping[str, Method] = {"two slopes": two_slopes, "one slope": one_slope}


def own_side(table: AuditTable) -> np.ndarray:
    """+1 where `own` is recorded as the author of A, -1 where of B, 0 where of neither: (N,)."""
    return (table.author[:, 0] == 0).astype(float) - (table.author[:, 1] == 0)


def covariates_of(table: AuditTable) -> dict[str, FloatArray]:
    """Length, and what else the table counts of the responses' style, A minus B, of mean square 1: (N,) each."""
    counts = {"length": np.log(table.length), **table.styles}
    columns = {name: count[:, 0] - count[:, 1] for name, count in counts.items()}
    return {name: column / np.sqrt(np.mean(column**2)) for name, column in columns.items()}


def _affinity(table: AuditTable, one_slope: bool) -> Outcome | None:
    found = fit(design(table, 0, {"own": own_side(table)}, covariates_of(table), one_slope=one_slope))
    estimate, error = found.of("affinity for own")
    if not found.converged or not np.isfinite(error):
        return None
    return Outcome(estimate, estimate - CRITICAL * error, estimate + CRITICAL * error, error)
