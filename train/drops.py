"""Counting what does not enter a mix, and why."""

from collections import Counter, defaultdict

import pandas as pd


class Drops:
    """Rows left out of a mix, counted by reason and source."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)

    def keep(self, rows: pd.DataFrame, wanted: "pd.Series[bool]", reason: str) -> pd.DataFrame:
        """Return the `wanted` rows; the others are counted under `reason`, by their column `source`."""
        kept = wanted.to_numpy(dtype=bool)
        self.count(reason, rows.loc[~kept, "source"])
        return rows.loc[kept]

    def count(self, reason: str, sources: "pd.Series[str]") -> None:
        """Count one dropped row for each element of `sources`."""
        if len(sources):
            self._counts[reason].update(Counter(sources))

    def as_dict(self) -> dict[str, dict[str, int]]:
        """Reason -> source -> count, in alphabetical order."""
        return {reason: dict(sorted(counts.items())) for reason, counts in sorted(self._counts.items())}
