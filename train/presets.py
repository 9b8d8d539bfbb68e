"""Presets: arguments that change how fast the same thing is learned."""

from collections.abc import Mapping
from typing import Any


def preset_arguments(preset: str, kind: str, trainer: Mapping[str, Any]) -> dict[str, Any]:
    """TRL's arguments of `preset` for a job of `kind`; `trainer` is the job's own block.

    fast: batches of pairs of like length, so that little is padded; larger batches where nothing is learned; for DPO
    the reference model's log-probabilities are computed once, beforehand.
    """
    if preset == "none":
        return {}
    batch = 2 * int(trainer.get("per_device_train_batch_size", 8))
    values: dict[str, Any] = {"train_sampling_strategy": "group_by_length", "per_device_eval_batch_size": batch}
    if kind == "dpo" and not trainer.get("sync_ref_model"):
        values |= {"precompute_ref_log_probs": True, "precompute_ref_batch_size": batch}
    return values
