"""A figure with its interval: what every statistic gives, and every page shows."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its interval; None is undefined, and `why` then says what is missing."""

    value: float | None
    ci: tuple[float, float] | None = None
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """{"value", "ci"} and, where one of them is null, "why"."""
        found: dict[str, Any] = {"value": self.value, "ci": None if self.ci is None else list(self.ci)}
        return {**found, "why": self.why} if self.why else found
