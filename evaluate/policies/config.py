"""What `firsthand evaluate policies` is told."""

from pathlib import Path

from pydantic import Field, model_validator

from firsthand.bootstrap import DRAWS, SEED
from firsthand.config import Config


class RewardRoute(Config):
    """A reward model and the policy that it picks for.

    model: its folder. author: of the responses. best_of: of how many each was picked.
    """

    model: Path
    author: str
    best_of: int = Field(ge=2)


class DPORoute(Config):
    """A DPO model. model: its folder; author: the name its responses have in the store."""

    model: Path
    author: str


class RewardOrDPO(Config):
    """Two ways to train on one mix.

    base: the author that both started from, where people compared it too. mix: its folder, where that has moved.
    """

    reward: RewardRoute
    dpo: DPORoute
    base: str | None = None
    mix: Path | None = None

    @model_validator(mode="after")
    def _authors_differ(self) -> "RewardOrDPO":
        names = [self.reward.author, self.dpo.author, *([self.base] if self.base is not None else [])]
        if len(set(names)) < len(names):
            raise ValueError(f"the authors have to differ; they are {', '.join(map(repr, names))}")
        return self


class PoliciesConfig(Config):
    """A configuration of `evaluate policies`.

    authors: whose responses are compared, null for all. by: `people`, or the name of a judge. tags: only comparisons
    whose tags have one of these values. reward_or_dpo: which way to train pays. margin_points: the smallest difference
    of a win rate that matters, in percentage points. alpha: the chance of calling any two equal policies different,
    over all pairs together. draws, seed: resamples of prompts.
    """

    authors: list[str] | None = Field(default=None, min_length=2)
    by: str = "people"
    tags: dict[str, list[str]] = Field(default_factory=dict)
    reward_or_dpo: RewardOrDPO | None = None
    margin_points: float = Field(default=5.0, gt=0, lt=50)
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    draws: int = Field(default=DRAWS, ge=100)
    seed: int = SEED

    @model_validator(mode="after")
    def _both_ways_are_compared(self) -> "PoliciesConfig":
        if self.authors is not None and self.reward_or_dpo is not None:
            for name in (self.reward_or_dpo.reward.author, self.reward_or_dpo.dpo.author):
                if name not in self.authors:
                    raise ValueError(f"authors lacks {name!r}, which reward_or_dpo is about")
        return self
