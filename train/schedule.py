"""When a run evaluates and saves, and which checkpoint it keeps."""

from collections.abc import Mapping
from typing import Any

from firsthand.errors import ConfigError, InputError
from firsthand.train.jobs import DPOJob, RewardJob
from firsthand.train.pairs import Mix

KEPT_FOR = "eval_human_accuracy"
FIXED_BY_KEEP_BEST = (
    "save_strategy",
    "save_steps",
    "load_best_model_at_end",
    "metric_for_best_model",
    "greater_is_better",
)


def schedule_defaults(job: RewardJob | DPOJob, mix: Mix) -> dict[str, Any]:
    """Arguments that the job's own `trainer:` block replaces.

    Ten evaluations where the run is to stop or keep its best by them, else two; a first one shows where training
    starts from, unless it would cost more than a little.
    """
    heldout_rows = sum(len(rows) for name, rows in mix.splits.items() if name != "train")
    return {
        "save_steps": 0.1,
        "save_total_limit": 2,
        "eval_strategy": "steps",
        "eval_steps": 0.1 if job.grounding.stop or job.grounding.keep_best else 0.5,
        "eval_on_start": job.trainer.get("eval_strategy") != "no" and 5 * heldout_rows <= len(mix.splits["train"]),
    }


def schedule_arguments(job: RewardJob | DPOJob, mix: Mix, values: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments over all others, `values`: none without held-out pairs; to keep the best, a checkpoint at each.

    Raises InputError where grounding needs people's pairs and the mix holds none out, ConfigError where the job sets
    what keep_best sets.
    """
    asked = [name for name in ("stop", "keep_best") if getattr(job.grounding, name)]
    if asked and ("human" not in mix.splits or values["eval_strategy"] == "no"):
        raise InputError(
            f"grounding.{asked[0]} follows agreement with people, which this run does not measure: the mix {mix.path} "
            "holds out no pairs that people labelled (make it with anchor: {fraction: 0.2}), or eval_strategy is no"
        )
    if len(mix.splits) == 1:
        return {"eval_strategy": "no", "eval_on_start": False}
    if not job.grounding.keep_best:
        return {}
    twice = [key for key in FIXED_BY_KEEP_BEST if key in job.trainer]
    if twice:
        reason = "grounding.keep_best saves at every evaluation and keeps the best; leave one of them out"
        raise ConfigError("configuration", [(f"trainer.{key}", reason) for key in twice])
    return {
        "save_strategy": values["eval_strategy"],
        "save_steps": values["eval_steps"],
        "load_best_model_at_end": True,
        "metric_for_best_model": KEPT_FOR,
        "greater_is_better": True,
    }
