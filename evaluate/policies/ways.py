"""Reward model and best of n, or DPO? What two ways to train on one mix cost, and how they agree with people."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from firsthand.errors import InputError
from firsthand.estimates import Estimate
from firsthand.evaluate.accuracy import Accuracy, correct, measure_accuracy
from firsthand.evaluate.bootstrap import FloatArray, IntArray, ratio, resample_prompts
from firsthand.evaluate.held_out import HeldOut, read_held_out
from firsthand.evaluate.policies.config import PoliciesConfig, RewardOrDPO
from firsthand.evaluate.policies.costs import Answering, Training, answering_cost, training_cost
from firsthand.evaluate.policies.drift import best_of_kl, policy_kl
from firsthand.evaluate.policies.journal import check_picks, prompts_of, written_by
from firsthand.evaluate.scoring import score_rows
from firsthand.evaluate.trained_model import TrainedModel, mix_of, read_model
from firsthand.rewards import weights_version
from firsthand.store import Store


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


def measure_ways(store: Store, trained: Trained, asked: RewardOrDPO, config: PoliciesConfig) -> Ways:
    """Measure both ways: what they cost, and how they agree with people on the mix's anchor.

    Raises InputError where a model can't be loaded, or where the journal says that best_of is another number.
    """
    written = written_by(store, (asked.reward.author, asked.dpo.author))
    of_reward, of_dpo = written.get(asked.reward.author), written.get(asked.dpo.author)
    if of_reward is not None:
        version = weights_version(asked.reward.model)
        check_picks(asked.reward.author, of_reward, asked.reward.best_of, version)
    answers = of_dpo.answers if of_dpo is not None else []
    prompts = prompts_of(store, {answer.prompt_id for answer in answers})
    rows = _anchor(trained.mix)
    gaps = [_gaps(model, rows) for model in (trained.reward, trained.dpo)]
    both = np.isfinite(gaps[0]) & np.isfinite(gaps[1])
    accuracies = [_accuracy(gap, rows, both, config) for gap in gaps]
    n = asked.reward.best_of
    return Ways(
        reward=Way(
            asked.reward.author,
            trained.reward,
            n,
            training_cost(trained.reward.folder),
            answering_cost(of_reward, n),
            accuracies[0],
            Estimate(best_of_kl(n), None, "an upper bound, by its formula"),
        ),
        dpo=Way(
            asked.dpo.author,
            trained.dpo,
            1,
            training_cost(trained.dpo.folder),
            answering_cost(of_dpo, 1),
            accuracies[1],
            policy_kl(trained.dpo, answers, prompts, config),
        ),
        base=asked.base,
        mix=trained.mix,
        more_accurate=_difference(gaps, rows.prompt_number, both, config),
        anchor=len(rows),
        too_long=int((~both).sum()),
        simulated=bool(rows.simulated.any()),
    )


def _anchor(mix: Path) -> HeldOut:
    """The held-out rows that people labelled; where scripts labelled some, these only if there are no others."""
    rows = read_held_out(mix)
    human = rows.part(rows.split == "anchor")
    real = human.part(~human.simulated)
    return real if len(real) else human


def _gaps(model: TrainedModel, rows: HeldOut) -> FloatArray:
    """The scores of the chosen responses less those of the rejected: (N,), NaN for rows that are too long."""
    if not len(rows):
        return np.zeros(0)
    scores = score_rows(model, rows)
    return scores.chosen - scores.rejected


def _accuracy(gap: FloatArray, rows: HeldOut, both: Any, config: PoliciesConfig) -> Accuracy | None:
    if not both.any():
        return None
    chosen, rejected = rows.lengths()
    return measure_accuracy(gap[both], (chosen - rejected)[both], rows.prompt_number[both], config.draws, config.seed)


def _difference(gaps: list[FloatArray], prompt: IntArray, both: Any, config: PoliciesConfig) -> Estimate:
    reward, dpo = (correct(gap[both], np.zeros(int(both.sum()))) for gap in gaps)
    sums = {"more": reward - dpo, "rows": np.ones(len(reward))}
    drawn = resample_prompts(sums, prompt[both], draws=config.draws, seed=config.seed)
    return drawn.estimate(
        lambda s: ratio(s["more"], s["rows"]), "the mix has no human anchor that both models can read"
    )
