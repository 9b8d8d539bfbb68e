"""What the statistics of a sweep may be told."""

from typing import Annotated

from pydantic import Field

from firsthand.bootstrap import SEED
from firsthand.config import Config


class AnalysisConfig(Config):
    """The keys of `analysis:` in a sweep's YAML.

    margin_points: the inherited skew that matters, in percentage points; the tolerance ratio is where it is reached.
    refits: how often the whole sweep is trained again, on halves of its prompts, where the engine can. least_rows:
    fewer rows than this decide nothing. probe_margin: a comparison is a probe where the share of people for A is no
    farther from one half. largest_n: of best-of-n.
    """

    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    margin_points: Annotated[float, Field(gt=0, lt=50)] = 3.0
    refits: Annotated[int, Field(ge=0, le=10_000)] = 100
    least_rows: Annotated[int, Field(ge=10)] = 30
    probe_margin: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    largest_n: Annotated[int, Field(ge=2, le=64)] = 8
    seed: Annotated[int, Field(ge=0)] = SEED
