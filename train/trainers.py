"""TRL's reward and DPO trainers, evaluated per source, with each row's own labels in the loss.

TRL's own evaluation of several data sets keeps their names for the loss alone: the accuracies overwrite one another.
Here each evaluation returns the rewards of every pair, and metrics carry the data set's name: eval_human_accuracy.
Training ends where a loss or a gradient is no finite number, before the step that would spoil the model.
Rows may carry a weight, a probability that their label is right and a margin (train/weighted_loss.py). Without weight
and probability, and for DPO without a margin, the loss is TRL's own.
The overridden internals are TRL 1.16's; tests/train/test_trl_contract.py holds what is relied on.
"""

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Sampler, SequentialSampler
from transformers import Trainer
from transformers.trainer_pt_utils import LengthGroupedSampler
from trl import DPOTrainer, RewardTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference as DPOCollator
from trl.trainer.reward_trainer import DataCollatorForPreference as RewardCollator

from firsthand.errors import InputError
from firsthand.train.dpo_losses import ScoredPairs, dpo_losses
from firsthand.train.grounding import Grounding
from firsthand.train.shared_prompt import SharedPrompt, add_pooling
from firsthand.train.weighted_loss import LABELS, RowLabels, reward_losses, weighted_mean

__all__ = ["DPOCollator", "PerSourceDPOTrainer", "PerSourceRewardTrainer", "PromptAndResponses", "WithLabels"]

# TRL 1.16 and peft 0.21 still read this attribute of a model under its older name; no user can change that.
OLDER_NAME = "`is_gradient_checkpointing` is deprecated"
warnings.filterwarnings("ignore", message=OLDER_NAME, category=FutureWarning)


class PromptAndResponses(RewardCollator):
    """TRL's collator of reward models for rows that hold the prompt apart from the responses, as those of DPO do."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """A batch: input_ids, attention_mask of shape (2 * pairs, tokens), chosen first; margin where rows have it."""
        whole = [
            {
                **row,
                "chosen_ids": row["prompt_ids"] + row["chosen_ids"],
                "rejected_ids": row["prompt_ids"] + row["rejected_ids"],
            }
            for row in examples
        ]
        batch: dict[str, Any] = super().torch_call(whole)
        return batch


@dataclass
class WithLabels:
    """A collator that adds the labels of the rows to the batch of `collator`, each of shape (pairs,)."""

    collator: Any

    def __call__(self, examples: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The batch with those of LABELS that the rows have."""
        batch: dict[str, Any] = self.collator(examples)
        for name in LABELS:
            if name in examples[0]:
                batch[name] = torch.tensor([row[name] for row in examples], dtype=torch.float32)
        return batch


class _PerSource(Trainer):
    """What both trainers change: rows are token ids already, metrics are per source, and nothing is sent anywhere.

    grounding: is told the rewards of every evaluation, and gives the figures of each source.
    """

    _signature_columns: list[str]

    def __init__(
        self, *, data_collator: Any, grounding: Grounding, share_prompts: bool = False, **options: Any
    ) -> None:
        self.share_prompts = share_prompts
        self.grounding = grounding
        super().__init__(data_collator=data_collator, **options)
        self.add_callback(grounding)

    def get_eval_dataloader(self, *args: Any, **options: Any) -> Any:
        """All held-out rows, also where training drops its last, smaller batch."""
        drops, self.args.dataloader_drop_last = self.args.dataloader_drop_last, False
        try:
            return super().get_eval_dataloader(*args, **options)
        finally:
            self.args.dataloader_drop_last = drops

    def evaluation_loop(self, *args: Any, metric_key_prefix: str = "eval", **options: Any) -> Any:
        """The trainer's loop; its metrics are those of the source that the prefix names, over all processes."""
        options["prediction_loss_only"] = False
        output = super().evaluation_loop(*args, metric_key_prefix=metric_key_prefix, **options)
        rewards = np.asarray(output.predictions, np.float64)
        if not np.isfinite(rewards).all():
            raise self._diverged("the model's rewards of held-out pairs are not finite")
        figures = self.grounding.take(metric_key_prefix.removeprefix("eval_"), rewards)
        output.metrics.update({f"{metric_key_prefix}_{name}": value for name, value in figures.items()})
        return output

    def training_step(self, *args: Any, **options: Any) -> torch.Tensor:
        """The trainer's step on one batch; raises InputError where its loss is not finite."""
        loss: torch.Tensor = super().training_step(*args, **options)
        if not torch.isfinite(loss):
            raise self._diverged(f"the loss became {loss.item()}")
        return loss

    def _get_grad_norm(self, *args: Any, **options: Any) -> Any:
        """The norm that the trainer takes before a step; in float16 its scaler skips steps whose gradients overflow."""
        norm = super()._get_grad_norm(*args, **options)
        if not self.args.fp16 and norm is not None and not math.isfinite(norm):
            raise self._diverged(f"the gradient's norm became {float(norm)}")
        return norm

    def _diverged(self, what: str) -> InputError:
        checkpoints = sorted(
            (int(path.name.removeprefix("checkpoint-")), path)
            for path in Path(self.args.output_dir).glob("checkpoint-*")
        )
        kept = f"the last checkpoint before is {checkpoints[-1][1]}" if checkpoints else "there is no checkpoint yet"
        return InputError(
            f"{what} at step {self.state.global_step + 1}, so training stopped before that step; {kept}. Train into "
            f"another --out with a lower trainer.learning_rate (it is {self.args.learning_rate:g}) or a longer warm-up"
        )

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        """Groups by length over the batch of all processes, so that their number does not change which rows it has."""
        if self.args.train_sampling_strategy != "group_by_length":
            return super()._get_train_sampler(train_dataset)
        rows = self.train_dataset if train_dataset is None else train_dataset
        batch = self.args.train_batch_size * self.args.gradient_accumulation_steps * self.args.world_size
        seed = self.args.seed if self.args.data_seed is None else self.args.data_seed
        return _GroupedByLength(batch, list(rows["length"]), lambda: seed + int(self.state.epoch or 0))

    def _get_eval_sampler(self, eval_dataset: Any) -> Sampler[int]:
        """Rows in their order, which is by length already: rewards are matched with their prompts by position."""
        return SequentialSampler(eval_dataset)

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        return dataset

    def _set_signature_columns_if_needed(self) -> None:
        super()._set_signature_columns_if_needed()
        self._signature_columns = sorted({*self._signature_columns, "prompt_ids", "length", *LABELS})

    def _callable(self, model: Any) -> Any:
        return SharedPrompt(model) if self.share_prompts else model

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log without the averages that TRL adds to every evaluation under one name for all data sets."""
        if not self.model.training:
            self._metrics["eval"].clear()
        super().log(logs, start_time)

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """The card is written when training is done, from the mix's manifest."""

    def _send_telemetry(self) -> None:
        pass


class PerSourceRewardTrainer(_PerSource, RewardTrainer):
    """TRL's reward trainer; rows hold prompt_ids, chosen_ids and rejected_ids, and margin where it is used."""

    def __init__(self, *, model: Any, share_prompts: bool = False, **options: Any) -> None:
        if share_prompts:
            add_pooling(model)
        super().__init__(model=model, share_prompts=share_prompts, **options)

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """TRL's loss, or with weights or probabilities the same of each row, weighed; labels don't reach the model."""

        def score(**arguments: Any) -> Any:
            return self._callable(model)(**_parted(arguments)[0])

        loss, outputs = super().compute_loss(score, inputs, True, num_items_in_batch)
        if "weight" in inputs or "p_chosen" in inputs:
            chosen, rejected = outputs.logits.squeeze(-1).chunk(2)
            labels = RowLabels.of(inputs, like=chosen)
            losses = reward_losses(chosen, rejected, labels, self.args.center_rewards_coefficient)
            loss = weighted_mean(losses, labels.weight)
        return (loss, outputs) if return_outputs else loss

    def prediction_step(self, model: Any, inputs: dict[str, Any], *_: Any, **__: Any) -> tuple[Any, Any, Any]:
        """The loss, the rewards of shape (pairs, 2), and labels that the evaluation loop needs and no metric reads."""
        inputs = self._prepare_inputs(inputs)
        with torch.no_grad(), self.compute_loss_context_manager():
            loss, outputs = self.compute_loss(model, inputs, return_outputs=True)
        rewards = torch.stack(outputs.logits.squeeze(-1).chunk(2), dim=1)
        return loss.detach(), rewards, torch.ones_like(rewards[:, 0])


class PerSourceDPOTrainer(_PerSource, DPOTrainer):
    """TRL's DPO trainer; rows hold prompt_ids, chosen_ids and rejected_ids."""

    precompute_ref_logps: bool

    def compute_loss(self, model: Any, inputs: dict[str, Any], *args: Any, **options: Any) -> Any:
        """TRL's loss, or with labels the same of each row, weighed.

        With shared prompts or labels the reference is computed here, unless it was beforehand.
        """
        inputs, labels = _parted(inputs)
        if not labels and not self.share_prompts:
            return super().compute_loss(model, inputs, *args, **options)
        return self._loss_with_reference(_Recorded(self._callable(model)), inputs, labels)

    def compute_ref_log_probs(self, model: Any, inputs: dict[str, Any]) -> Any:
        """TRL's reference log-probabilities of a batch: chosen and rejected, each of shape (pairs)."""
        return super().compute_ref_log_probs(self._callable(model), _parted(inputs)[0])

    def prediction_step(self, model: Any, inputs: dict[str, Any], *_: Any, **__: Any) -> tuple[Any, Any, Any]:
        """The loss, implicit rewards beta * (log pi - log pi_ref) of shape (pairs, 2), and unused labels."""
        inputs, labels = _parted(self._prepare_inputs(inputs))
        policy = _Recorded(self._callable(model))
        with torch.no_grad(), self.compute_loss_context_manager():
            loss = self._loss_with_reference(policy, inputs, labels)
        rewards = torch.stack([self.beta * ratios for ratios in self._log_ratios(policy, inputs)], dim=1)
        return loss.detach(), rewards, torch.ones_like(rewards[:, 0])

    def _loss_with_reference(self, policy: "_Recorded", inputs: dict[str, Any], labels: dict[str, Any]) -> Any:
        """The loss from reference log-probabilities that are put into `inputs` unless they are there."""
        if "ref_chosen_logps" not in inputs:
            chosen, rejected = self.compute_ref_log_probs(self.ref_model or self.model, inputs)
            inputs |= {"ref_chosen_logps": chosen, "ref_rejected_logps": rejected}
        before, self.precompute_ref_logps = self.precompute_ref_logps, True
        try:
            loss = super().compute_loss(policy, inputs)
        finally:
            self.precompute_ref_logps = before
        return self._labelled_loss(policy, inputs, labels) if labels else loss

    def _labelled_loss(self, policy: "_Recorded", inputs: dict[str, Any], columns: dict[str, Any]) -> torch.Tensor:
        """The weighted sum of the job's losses of each row, from what the policy returned."""
        chosen, rejected = self._log_ratios(policy, inputs)
        labels = RowLabels.of(columns, like=chosen)
        chosen_length, rejected_length = inputs["completion_mask"].sum(dim=1).clamp(min=1).chunk(2)
        pairs = ScoredPairs(
            chosen,
            rejected,
            chosen_length,
            rejected_length,
            policy.outputs.log_probs.sum(dim=1).chunk(2)[0],
            labels,
            self.beta,
            self.label_smoothing,
            self.args.discopop_tau,
        )
        losses = zip(self.loss_types, self.loss_weights, strict=True)
        parts = [share * weighted_mean(dpo_losses(name, pairs), labels.weight) for name, share in losses]
        if self.aux_loss_enabled:
            parts.append(self.router_aux_loss_coef * policy.outputs.aux_loss)
        return torch.stack(parts).sum()

    def _log_ratios(self, policy: "_Recorded", inputs: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
        """The log-ratios log pi - log pi_ref of the chosen and of the rejected responses, each of shape (pairs,)."""
        chosen, rejected = self._sequence_logps(policy.outputs.log_probs, inputs["completion_mask"]).chunk(2)
        return chosen - inputs["ref_chosen_logps"], rejected - inputs["ref_rejected_logps"]

    def _sequence_logps(self, token_logps: torch.Tensor, completion_mask: torch.Tensor) -> torch.Tensor:
        """Log-probability of each response, (2 * pairs); ld_alpha weighs tokens beyond the shorter one's length."""
        mask = completion_mask[:, 1:]
        token_logps = token_logps[:, -mask.size(1) :]
        if self.ld_alpha is None:
            return token_logps.sum(dim=1)
        shared = torch.minimum(*mask.sum(dim=1).chunk(2)).repeat(2).unsqueeze(1)
        weights = torch.where(mask.cumsum(dim=1) <= shared, 1.0, self.ld_alpha) * mask
        return (token_logps * weights).sum(dim=1)


class _GroupedByLength(LengthGroupedSampler):
    """The grouping of transformers, its order drawn from a seed of each epoch.

    Drawn from torch's own generator, as there, the order hangs on what was drawn before: on whether the reference's
    log-probabilities were still stored, and on whether a run went on from a checkpoint.
    """

    def __init__(self, batch_size: int, lengths: list[int], seed_of_epoch: Callable[[], int]) -> None:
        super().__init__(batch_size, lengths=lengths, generator=torch.Generator())
        self.seed_of_epoch = seed_of_epoch

    def __iter__(self) -> Iterator[int]:
        self.generator.manual_seed(self.seed_of_epoch())
        order: Iterator[int] = super().__iter__()
        return order


def _parted(inputs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the model is given of a batch, and its labels."""
    given = {name: value for name, value in inputs.items() if name not in LABELS}
    return given, {name: inputs[name] for name in LABELS if name in inputs}


class _Recorded:
    """A model that remembers what it returned last."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.outputs: Any = None

    def __call__(self, **inputs: Any) -> Any:
        self.outputs = self.model(**inputs)
        return self.outputs
