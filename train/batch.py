"""A batch of one size on any number of processes: what `global_batch` means in the trainer's own arguments."""

from firsthand.errors import ConfigError
from firsthand.train.jobs import DPOJob, RewardJob

DEFAULT_AT_ONCE = 8


def batch_arguments(job: RewardJob | DPOJob, processes: int) -> dict[str, int]:
    """per_device_train_batch_size and gradient_accumulation_steps; none without a global_batch.

    Each process takes its equal share of the batch, in parts of at most the job's own per_device_train_batch_size
    pairs, which is what memory allows. Raises ConfigError where the shares can't be equal.
    """
    if job.global_batch is None:
        return {}
    if "gradient_accumulation_steps" in job.trainer:
        raise _error("trainer.gradient_accumulation_steps", "it follows from global_batch; leave one of them out")
    share, rest = divmod(job.global_batch, processes)
    if rest:
        raise _error("global_batch", f"{job.global_batch} pairs can't be shared equally by {processes} processes")
    most = min(share, int(job.trainer.get("per_device_train_batch_size", DEFAULT_AT_ONCE)))
    at_once = next(size for size in range(most, 0, -1) if share % size == 0)
    return {"per_device_train_batch_size": at_once, "gradient_accumulation_steps": share // at_once}


def _error(key: str, reason: str) -> ConfigError:
    return ConfigError("configuration", [(key, reason)])
