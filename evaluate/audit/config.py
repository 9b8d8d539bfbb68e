"""What an audit may be told."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from firsthand.bootstrap import DRAWS, SEED
from firsthand.config import Config

LENGTH = "length"
Covariate = Literal["length", "headers", "list items", "bold", "code", "paragraphs"]
"""What people or a judge may like of a response whoever wrote it: the log of its characters, or of 1 + how many of
these it holds (evaluate/style.py), which takes the texts."""


class AuditConfig(Config):
    """The keys of an audit's YAML.

    judges: names, all where None. tags: name -> values; only comparisons that carry one of the values of every tag.
    margin_points: the smallest bias that matters, in percentage points of the judge's verdicts. draws: of bootstraps.
    lineage: YAML of lineages that come before the shipped table.
    """

    judges: Annotated[list[str], Field(min_length=1)] | None = None
    tags: dict[str, list[str]] = Field(default_factory=dict)
    margin_points: Annotated[float, Field(ge=0.01, lt=50)] = 3.0
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    draws: Annotated[int, Field(ge=100, le=100_000)] = DRAWS
    seed: Annotated[int, Field(ge=0)] = SEED
    covariates: tuple[Covariate, ...] = ("length",)
    lineage: Path | None = None
