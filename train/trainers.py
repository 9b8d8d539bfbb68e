"""TRL's reward and DPO trainers, evaluated per source, with each row's own labels in the loss.

TRL's own evaluation of several data sets keeps their names for the loss alone: the accuracies overwrite one another.
Here each evaluation returns the rewards of every pair, and metrics carry the data set's name: eval_human_accuracy.
Rows may carry a weight, a probability that their label is right and a margin (train/weighted_loss.py). Without weight
and probability, and for DPO without a margin, the loss is TRL's own.
The overridden internals are TRL 1.16's; tests/train/test_trl_contract.py holds what is relied on.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import EvalPrediction, Trainer
from trl import DPOTrainer, RewardTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference as DPOCollator
from trl.trainer.reward_trainer import DataCollatorForPreference as RewardCollator

from firsthand.train.dpo_losses import ScoredPairs, dpo_losses
from firsthand.train.shared_prompt import SharedPrompt, add_pooling
from firsthand.train.weighted_loss import LABELS, RowLabels, reward_losses, weighted_mean

__all__ = ["DPOCollator", "PerSourceDPOTrainer", "PerSourceRewardTrainer", "PromptAndResponses", "WithLabels"]

# TRL 1.16 and peft 0.21 still read this attribute of a model under its older name; no user can change that.
OLDER_NAME = "`is_gradient_checkpointing` is deprecated"
warnings.filterwarnings("ignore", message=OLDER_NAME, category=FutureWarning)


def pair_metrics(prediction: EvalPrediction) -> dict[str, float]:
    """Metrics of rewards of shape (pairs, 2), chosen first. A tie is half right: to see no difference scores 0.5."""
    chosen, rejected = np.asarray(prediction.predictions, dtype=np.float64).T
    gap = chosen - rejected
    return {
        "accuracy": float(np.mean((gap > 0) + 0.5 * (gap == 0))),
        "reward_chosen": float(chosen.mean()),
        "reward_rejected": float(rejected.mean()),
        "reward_gap": float(gap.mean()),
    }


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
    """What both trainers change: rows are token ids already, metrics are per source, and nothing is sent anywhere."""

    _signature_columns: list[str]

    def __init__(self, *, data_collator: Any, share_prompts: bool = False, **options: Any) -> None:
        self.share_prompts = share_prompts
        super().__init__(data_collator=data_collator, compute_metrics=pair_metrics, **options)

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
