"""Measuring the two ways to train: what they cost, and how they agree with people on the mix's anchor."""

from pathlib import Path

import numpy as np

from firsthand.bootstrap import FloatArray, IntArray, ratio, resample_prompts
from firsthand.estimates import Estimate
from firsthand.evaluate.accuracy import Accuracy, measure_accuracy
from firsthand.evaluate.held_out import HeldOut, read_held_out
from firsthand.evaluate.policies.config import PoliciesConfig, RewardOrDPO
from firsthand.evaluate.policies.costs import answering_cost, training_cost
from firsthand.evaluate.policies.drift import best_of_kl, policy_kl
from firsthand.evaluate.policies.journal import check_picks, prompts_of, written_by
from firsthand.evaluate.policies.strengths import BoolArray
from firsthand.evaluate.policies.ways import Trained, Way, Ways
from firsthand.evaluate.scoring import score_rows
from firsthand.evaluate.trained_model import TrainedModel
from firsthand.rewards import weights_version
from firsthand.score_gaps import correct
from firsthand.store import Store


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


def _accuracy(gap: FloatArray, rows: HeldOut, both: BoolArray, config: PoliciesConfig) -> Accuracy | None:
    if not both.any():
        return None
    chosen, rejected = rows.lengths()
    return measure_accuracy(gap[both], (chosen - rejected)[both], rows.prompt_number[both], config.draws, config.seed)


def _difference(gaps: list[FloatArray], prompt: IntArray, both: BoolArray, config: PoliciesConfig) -> Estimate:
    reward, dpo = (correct(gap[both], np.zeros(int(both.sum()))) for gap in gaps)
    sums = {"more": reward - dpo, "rows": np.ones(len(reward))}
    drawn = resample_prompts(sums, prompt[both], draws=config.draws, seed=config.seed)
    return drawn.estimate(
        lambda s: ratio(s["more"], s["rows"]), "the mix has no human anchor that both models can read"
    )
