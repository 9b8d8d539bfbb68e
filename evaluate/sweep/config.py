"""What a sweep may be told."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, PositiveInt, field_validator

from firsthand.config import Config, check_config
from firsthand.errors import ConfigError
from firsthand.evaluate.sweep.settings import AnalysisConfig
from firsthand.train.mix_config import Anchor, HumanRules, MixConfig, Ratio, Share, SyntheticRules, Weights

if TYPE_CHECKING:
    from firsthand.train.jobs import DPOJob, RewardJob

Engine = Literal["fast", "full"]
RATIOS = tuple(number / 10 for number in range(11))
LEARNS_FROM_ANCHOR = (
    "it makes the training follow the human anchor, which the sweep measures its models on; leave it out here"
)
ARM_NAME = r"[\w.-]{1,40}"
FEWEST_REFITS = 20
CURVE = (0.1, 0.2, 0.35, 0.5, 0.7, 1.0)


class FeatureRules(Config):
    """What the fast engine knows of a response.

    model: whose hidden states, `smollm2`, a hub name or a folder; None for the style features alone. layer: after which
    of its layers, the middle one where None: there a state tells more of quality than at the end. max_length: tokens
    read of a conversation. components: how many principal components of the states. cache: folder to keep states in,
    the user's cache folder where None.
    """

    model: str | None = "smollm2"
    layer: PositiveInt | None = None
    max_length: Annotated[int, Field(ge=16)] = 512
    components: PositiveInt = 64
    cache: Path | None = None


class FullRules(Config):
    """What the full engine trains.

    kind: which command's job. job: its keys, the trainer's seed aside, which is the draw's. keep_models: leave the
    trained models on disk.
    """

    kind: Literal["reward", "dpo"] = "reward"
    job: dict[str, Any] = Field(default_factory=lambda: {"model": "smollm2"})
    keep_models: bool = False

    def job_for(self, seed: int) -> "RewardJob | DPOJob":
        """The job of one seed; raises ConfigError where `job` is none, or learns from the anchor."""
        from firsthand.train.jobs import DPOJob, RewardJob  # they load TRL, which the fast engine does without

        values = {**self.job, "trainer": {**self.job.get("trainer", {}), "seed": seed}}
        job: RewardJob | DPOJob
        if self.kind == "reward":
            job = check_config(values, RewardJob, "full.job")
        else:
            job = check_config(values, DPOJob, "full.job")
        asked = {
            "grounding.keep_best": job.grounding.keep_best,
            "grounding.stop": job.grounding.stop,
            "trainer.load_best_model_at_end": job.trainer.get("load_best_model_at_end"),
            "trainer.lr_scheduler_type": job.trainer.get("lr_scheduler_type") == "reduce_lr_on_plateau",
        }
        wrong = [(key, LEARNS_FROM_ANCHOR) for key, value in asked.items() if value]
        if wrong:
            raise ConfigError("full.job", wrong)
        return job

    def base_version(self, seed: int) -> str:
        """Which model the job trains; raises InputError where there is none."""
        from firsthand.evaluate.model_version import model_version  # it loads transformers

        return model_version(self.job_for(seed).model)


class SweepConfig(Config):
    """A sweep, as configs/sweep.yaml explains it key by key; human, conflict, weights, anchor, stratify are a mix's."""

    judge: str | None = None
    ratios: Annotated[tuple[Share, ...], Field(min_length=2)] = RATIOS
    seeds: Annotated[int, Field(ge=1, le=1000)] = 5
    seed: Annotated[int, Field(ge=0)] = 13
    arms: Annotated[dict[str, SyntheticRules], Field(min_length=1)] = Field(
        default_factory=lambda: {"all": SyntheticRules()}
    )
    designs: Annotated[tuple[Literal["replace", "add", "permuted"], ...], Field(min_length=1)] = (
        "replace",
        "add",
        "permuted",
    )
    curve: tuple[Share, ...] = CURVE
    rows: Literal["max"] | PositiveInt = "max"
    human_rows: Literal["max"] | PositiveInt = "max"
    human: HumanRules = HumanRules()
    conflict: Literal["human_wins", "keep_both", "drop"] = "keep_both"
    weights: Weights = Weights()
    anchor: Anchor = Anchor(fraction=0.3)
    stratify: str | None = None
    tag: str | None = None
    soft_labels: bool = False
    engine: Engine = "fast"
    features: FeatureRules = FeatureRules()
    full: FullRules = FullRules()
    analysis: AnalysisConfig = AnalysisConfig()
    lineage: Path | None = None

    @field_validator("ratios")
    @classmethod
    def _from_zero(cls, ratios: tuple[float, ...]) -> tuple[float, ...]:
        if list(ratios) != sorted(set(ratios)) or ratios[0] != 0:
            raise ValueError("the ratios must rise from 0, the model of people's rows alone that others are held to")
        return ratios

    @field_validator("designs")
    @classmethod
    def _comparable(cls, designs: tuple[str, ...]) -> tuple[str, ...]:
        if "permuted" in designs and "replace" not in designs:
            raise ValueError("permuted is the control of replace, and needs it; add replace, or leave permuted out")
        return designs

    @field_validator("curve")
    @classmethod
    def _rises(cls, curve: tuple[float, ...]) -> tuple[float, ...]:
        if list(curve) != sorted(set(curve)) or 0 in curve:
            raise ValueError("shares of the human rows must rise, and none is 0")
        return curve

    @field_validator("arms")
    @classmethod
    def _named(cls, arms: Mapping[str, SyntheticRules]) -> Mapping[str, SyntheticRules]:
        if "human" in arms:
            raise ValueError("the name human is that of the learning curve; give this arm another")
        odd = [name for name in arms if not re.fullmatch(ARM_NAME, name)]
        if odd:
            raise ValueError(
                f"{odd[0]!r} is no name for an arm: up to 40 letters, digits and . _ - (folders are named by it)"
            )
        judges = [name for name, rules in arms.items() if rules.judges is not None]
        if judges:
            raise ValueError(f"a sweep is of one judge; name it as judge, not as arms.{judges[0]}.judges")
        return arms

    @field_validator("analysis")
    @classmethod
    def _trained_again(cls, analysis: AnalysisConfig) -> AnalysisConfig:
        if analysis.refits < FEWEST_REFITS:
            raise ValueError(
                f"refits is {analysis.refits}; with fewer than {FEWEST_REFITS}, what other training prompts would "
                "change can't be told, and differences are called real that are none"
            )
        return analysis

    def all_seeds(self) -> tuple[int, ...]:
        """The seeds of the draws."""
        return tuple(range(self.seed, self.seed + self.seeds))

    def mix(self, arm: str, judge: str) -> MixConfig:
        """The mix of an arm, its ratio still to be set."""
        return MixConfig(
            ratio=Ratio(human=1.0, synthetic=0.0),
            human=self.human,
            synthetic=self.arms[arm].model_copy(update={"judges": [judge]}),
            conflict=self.conflict,
            weights=self.weights,
            anchor=self.anchor,
            stratify=self.stratify,
            seed=self.seed,
        )
