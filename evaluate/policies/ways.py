"""Reward model and best of n, or DPO: two ways to train on one mix."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from firsthand.errors import InputError
from firsthand.estimates import Estimate
from firsthand.evaluate.accuracy import Accuracy
from firsthand.evaluate.policies.config import RewardOrDPO
from firsthand.evaluate.policies.costs import Answering, Training
from firsthand.evaluate.trained_model import TrainedModel, mix_of, read_model


@dataclass(frozen=True, slots=True)
class Way:
    """One way. best_of: n, 1 for DPO. accuracy: on the human anchor, None without one. kl: nats from the base."""

    author: str
    model: TrainedModel
    best_of: int
    training: Training
    answering: Answering | None
    accuracy: Accuracy | None
    kl: Estimate


@dataclass(frozen=True, slots=True)
class Ways:
    """Both ways on one mix. more_accurate: the reward model's accuracy minus the DPO model's, on the same rows.

    anchor: rows of the human anchor; too_long: of them, those that one of the models can't read. simulated: whether
    scripts labelled some of the anchor.
    """

    reward: Way
    dpo: Way
    base: str | None
    mix: Path
    more_accurate: Estimate
    anchor: int
    too_long: int
    simulated: bool


@dataclass(frozen=True, slots=True)
class Trained:
    """The two models and the mix that both were trained on."""

    reward: TrainedModel
    dpo: TrainedModel
    mix: Path


def read_trained(asked: RewardOrDPO) -> Trained:
    """The two models; raises InputError where one is missing, of another kind, or they come from different mixes."""
    reward, dpo = read_model(asked.reward.model), read_model(asked.dpo.model)
    for model, kind in ((reward, "reward"), (dpo, "dpo")):
        if model.kind != kind:
            raise InputError(f"reward_or_dpo.{kind}.model: {model.folder} is a {model.kind} model")
    if reward.mix_sha256 is None or reward.mix_sha256 != dpo.mix_sha256:
        raise InputError(
            f"{reward.folder} and {dpo.folder} were not trained on one mix (content {reward.mix_sha256} and "
            f"{dpo.mix_sha256}), so that a difference may come from the data; train both on the same --data"
        )
    mix = asked.mix or reward.mix
    if mix is None or mix_of(reward, mix)[2]:
        raise InputError(f"the mix {mix} is not, or no longer, the one of the models; name it in reward_or_dpo.mix")
    return Trained(reward, dpo, mix)


def trained_on(trained: Trained) -> set[str]:
    """The ids of the prompts in the mix's training rows; raises InputError where they can't be read."""
    found: set[str] = set()
    for path in sorted((trained.mix / "data").glob("train-*.parquet")):
        try:
            found.update(pq.read_table(path, columns=["prompt_id"])["prompt_id"].to_pylist())
        except (OSError, ValueError) as error:
            raise InputError(f"can't read {path}: {error}; make the mix again with train mix") from error
    return found
