"""The configuration of a mix: which preferences enter it, and in what shares."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt, model_validator

from firsthand.config import Config
from firsthand.errors import InputError
from firsthand.records import Source

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Ratio(Config):
    """Shares of the training rows after every filter; they add up to 1."""

    human: Share
    synthetic: Share

    @model_validator(mode="after")
    def _adds_up(self) -> "Ratio":
        if abs(self.human + self.synthetic - 1) > 1e-9:
            raise ValueError(f"human {self.human:g} and synthetic {self.synthetic:g} must add up to 1")
        return self

    def of(self, source: Source) -> float:
        """The share of `source`."""
        return self.human if source is Source.HUMAN else self.synthetic


class HumanRules(Config):
    """How several people's votes on one comparison become training rows."""

    aggregate: Literal["majority", "dawid-skene", "each-vote"] = "majority"
    trust: bool = False


class SyntheticRules(Config):
    """Which synthetic preferences are used, and how far."""

    judges: list[str] | None = None
    swap_consistent: bool = False
    min_confidence: Annotated[float, Field(ge=0.5, le=1)] = 0.5
    validated: bool = False
    admission: Path | None = None
    calibrate: bool = False
    weights: dict[str, Weight] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_its_file(self) -> "SyntheticRules":
        if self.validated and self.admission is None:
            raise ValueError(
                "validated is true but there is no admission file; make one with "
                "`firsthand evaluate judges --rules FILE` and name it as admission: FILE"
            )
        if self.admission is not None and not self.validated:
            raise ValueError("admission names a file that is not used; set validated: true, or remove it")
        return self


class Weights(Config):
    """How much a training row of each source counts in the loss."""

    human: Weight = 1.0
    synthetic: Weight = 1.0


class Anchor(Config):
    """How large a share of the prompts is kept away from training."""

    fraction: Annotated[float, Field(ge=0, lt=1)] = 0.2


class MixConfig(Config):
    """A mix, as configs/mix.yaml explains it key by key."""

    ratio: Ratio
    size: Literal["max"] | PositiveInt = "max"
    shortage: Literal["shrink", "repeat", "error"] = "shrink"
    human: HumanRules = HumanRules()
    synthetic: SyntheticRules = SyntheticRules()
    conflict: Literal["human_wins", "keep_both", "drop"] = "human_wins"
    weights: Weights = Weights()
    anchor: Anchor = Anchor()
    stratify: str | None = None
    seed: int = 13


def parse_ratio(text: str) -> dict[str, float]:
    """Read `human=0.7,synthetic=0.3`; a share that is left out is what the other leaves.

    Raises InputError with the text received.
    """
    expected = f"the ratio is {text!r}; expected shares such as human=0.7,synthetic=0.3"
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        if name.strip() not in ("human", "synthetic") or name.strip() in shares:
            raise InputError(expected)
        try:
            shares[name.strip()] = float(value)
        except ValueError:
            raise InputError(expected) from None
    for name, other in (("human", "synthetic"), ("synthetic", "human")):
        shares.setdefault(name, 1 - shares.get(other, 0.0))
    return shares
