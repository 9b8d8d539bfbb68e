"""How much a run may use."""

from collections.abc import Mapping

from pydantic import Field

from firsthand.config import Config
from firsthand.endpoint.config import EndpointConfig


class BudgetConfig(Config):
    """What a run may use: tokens, asked and answered; cost in US dollars. Absent: no limit."""

    tokens: int | None = Field(default=None, ge=1)
    cost: float | None = Field(default=None, gt=0)

    def check_prices(self, endpoints: Mapping[str, EndpointConfig | None]) -> None:
        """Raise ValueError where a cost is set and an endpoint has no price, by whose place in the YAML it is named."""
        for place, endpoint in endpoints.items():
            if self.cost is not None and endpoint and endpoint.price is None:
                raise ValueError(f"budget.cost needs {place}.endpoint.price: {{prompt: ..., completion: ...}}")


class Budget:
    """What a run has used of its budget.

    A call is started while what was used, and what the calls under way will use if they are like those so far, is below
    the limit. The limit is passed only by as much as answers are longer than the earlier ones, and by the first calls,
    of which nothing is known. exhausted: a call was refused.
    """

    def __init__(self, limits: BudgetConfig) -> None:
        self.limits = limits
        self.tokens = 0
        self.cost = 0.0
        self.calls = 0
        self.exhausted = False

    def spend(self, tokens: int, cost: float) -> None:
        """Count what one call used; nothing, where an attempt failed before it cost anything."""
        self.tokens += tokens
        self.cost += cost
        self.calls += tokens > 0

    def allows_another(self, under_way: int) -> bool:
        """Whether one more call fits beside those `under_way`; where not, the budget is exhausted from then on."""
        expected = (under_way + 1) / max(self.calls, 1)
        for used, limit in ((self.tokens, self.limits.tokens), (self.cost, self.limits.cost)):
            if limit is not None and used * (1 + expected) > limit:
                self.exhausted = True
        return not self.exhausted

    def used(self) -> str:
        """What was used, for people."""
        cost = f", ${self.cost:.4f}" if self.cost else ""
        return f"{self.tokens:,} tokens{cost}"
