"""The configurations of `train reward` and `train dpo`."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from firsthand.config import Config
from firsthand.train.arguments import (
    check_dpo_arguments,
    check_labels_fit_the_losses,
    check_lora_arguments,
    check_reward_arguments,
)


class GroundingConfig(Config):
    """`grounding:`, the watch on agreement with people while training (train/grounding.py).

    alpha: share of runs without a fall of human agreement that may be called falling, over all evaluations together.
    stop: end the run at the first fall that is shown. keep_best: the finished model is the checkpoint that agreed best
    with people, not the last one.
    """

    alpha: float = Field(default=0.05, gt=0, lt=1)
    stop: bool = False
    keep_best: Literal["human"] | None = None


class TrainingJob(Config):
    """What both jobs share.

    model: `smollm2`, a hub name or a folder. lora: arguments of peft's LoraConfig; null trains every weight.
    preset: `fast` changes how the work is done, not what is learned. global_batch: pairs of one step over all
    processes, however many there are; null leaves that to the trainer's own arguments. weights: rows count as much as
    the mix says. soft_labels: labels are as sure as the mix's p_chosen. margins: the chosen response has to win by the
    mix's margin.
    """

    model: str = Field(min_length=1)
    lora: Annotated[dict[str, Any] | None, AfterValidator(check_lora_arguments)] = None
    preset: Literal["none", "fast"] = "none"
    global_batch: int | None = Field(default=None, ge=1)
    grounding: GroundingConfig = GroundingConfig()
    weights: bool = False
    soft_labels: bool = False
    margins: bool = False

    @property
    def labels(self) -> list[str]:
        """The columns of a mix that enter the loss."""
        used = {"weight": self.weights, "p_chosen": self.soft_labels, "margin": self.margins}
        return [name for name, is_used in used.items() if is_used]


class RewardJob(TrainingJob):
    """`train reward`; trainer: arguments of TRL's RewardConfig."""

    margins: bool = True
    trainer: Annotated[dict[str, Any], AfterValidator(check_reward_arguments)] = Field(default_factory=dict)


class DPOJob(TrainingJob):
    """`train dpo`; trainer: arguments of TRL's DPOConfig."""

    trainer: Annotated[dict[str, Any], AfterValidator(check_dpo_arguments)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _labels_fit_the_losses(self) -> "DPOJob":
        check_labels_fit_the_losses(self.labels, self.trainer)
        return self
