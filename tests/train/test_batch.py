from typing import Any

import pytest

from firsthand.config import check_config
from firsthand.errors import ConfigError
from firsthand.train.batch import batch_arguments
from firsthand.train.jobs import RewardJob


def job(batch: int | None, **trainer: Any) -> RewardJob:
    return check_config({"model": "x", "global_batch": batch, "trainer": trainer}, RewardJob)


@pytest.mark.parametrize(
    ("batch", "at_once", "processes", "parts"),
    [
        (8, 8, 1, (8, 1)),
        (8, 8, 2, (4, 1)),
        (64, 8, 2, (8, 4)),
        (12, 8, 1, (6, 2)),  # the largest equal parts of at most 8
        (7, 4, 1, (1, 7)),
        (16, 1, 4, (1, 4)),
    ],
)
def test_a_batch_is_the_same_on_any_number_of_processes(
    batch: int, at_once: int, processes: int, parts: tuple[int, int]
) -> None:
    found = batch_arguments(job(batch, per_device_train_batch_size=at_once), processes)
    assert (found["per_device_train_batch_size"], found["gradient_accumulation_steps"]) == parts
    assert parts[0] * parts[1] * processes == batch


def test_without_a_global_batch_the_trainers_own_arguments_stand() -> None:
    assert batch_arguments(job(None, gradient_accumulation_steps=4), 2) == {}


def test_batches_that_do_not_work_out_are_refused() -> None:
    with pytest.raises(ConfigError, match="9 pairs can't be shared equally by 2 processes"):
        batch_arguments(job(9), 2)
    with pytest.raises(ConfigError, match=r"gradient_accumulation_steps: it follows from global_batch"):
        batch_arguments(job(8, gradient_accumulation_steps=2), 2)
