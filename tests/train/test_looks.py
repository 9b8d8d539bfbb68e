from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from firsthand.errors import InputError
from firsthand.train.grounding import planned_looks, prompt_numbers
from firsthand.train.looks import Looks, by_prompt, read_looks, write_looks


def test_each_prompt_counts_once() -> None:
    prompts = prompt_numbers(["x", "y", "x", "x"])
    assert by_prompt(np.array([1.0, 0.5, 0.0, 1.0]), prompts).tolist() == pytest.approx([2 / 3, 0.5])


def test_looks_are_read_as_they_were_written_and_a_rerun_replaces_its_own(tmp_path: Path) -> None:
    assert read_looks(tmp_path).steps == []
    looks = Looks()
    for step in (0, 10, 20):
        looks.add(step, {"human": np.array([step / 20, 1 / 3]), "synthetic": np.array([1.0])})
    write_looks(looks, tmp_path)
    again = read_looks(tmp_path)
    assert again.steps == [0, 10, 20]
    assert again.matrix("human").tolist() == looks.matrix("human").tolist() == [[0, 1 / 3], [0.5, 1 / 3], [1, 1 / 3]]
    again.add(10, {"human": np.array([0.25, 0.25]), "synthetic": np.array([0.0])})
    assert again.steps == [0, 10]
    assert again.matrix("human")[-1].tolist() == [0.25, 0.25]
    again.keep_until(5)
    assert (again.steps, again.matrix("synthetic").tolist()) == ([0], [[1.0]])


def test_a_broken_file_of_looks_is_told(tmp_path: Path) -> None:
    (tmp_path / "looks.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(InputError, match="delete it to go on without the evaluations before"):
        read_looks(tmp_path)


@pytest.mark.parametrize(
    ("strategy", "steps", "each", "start", "planned"),
    [("steps", 100, 10, False, 10), ("steps", 100, 30, True, 5), ("epoch", 100, 500, True, 4)],
)
def test_the_schedule_says_how_many_evaluations_there_will_be(
    strategy: str, steps: int, each: int, start: bool, planned: int
) -> None:
    state = SimpleNamespace(max_steps=steps, eval_steps=each, num_train_epochs=3)
    assert planned_looks(SimpleNamespace(eval_strategy=strategy, eval_on_start=start), state) == planned
