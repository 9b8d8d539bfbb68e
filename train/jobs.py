"""The configurations of `train reward` and `train dpo`."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from firsthand.config import Config
from firsthand.train.arguments import check_dpo_arguments, check_lora_arguments, check_reward_arguments


class TrainingJob(Config):
    """What both jobs share.

    model: `smollm2`, a hub name or a folder. lora: arguments of peft's LoraConfig; null trains every weight.
    preset: `fast` changes how the work is done, not what is learned.
    """

    model: str = Field(min_length=1)
    lora: Annotated[dict[str, Any] | None, AfterValidator(check_lora_arguments)] = None
    preset: Literal["none", "fast"] = "none"


class RewardJob(TrainingJob):
    """`train reward`.

    margins: the chosen response has to win by the mix's margin. trainer: arguments of TRL's RewardConfig.
    """

    margins: bool = True
    trainer: Annotated[dict[str, Any], AfterValidator(check_reward_arguments)] = Field(default_factory=dict)


class DPOJob(TrainingJob):
    """`train dpo`; trainer: arguments of TRL's DPOConfig."""

    trainer: Annotated[dict[str, Any], AfterValidator(check_dpo_arguments)] = Field(default_factory=dict)
