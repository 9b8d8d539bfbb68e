"""Which held-out pairs the model got right at each evaluation of a run: kept beside the run, read again on resuming."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from firsthand.bootstrap import FloatArray, IntArray, ratio, sums_by
from firsthand.errors import InputError

FILE = "looks.npz"


@dataclass
class Looks:
    """steps: one a look, upwards. right: source -> (prompts,) a look, the share of each prompt's rows got right."""

    steps: list[int] = field(default_factory=list)
    right: dict[str, list[FloatArray]] = field(default_factory=dict)

    def add(self, step: int, right: Mapping[str, FloatArray]) -> None:
        """Add a look; one of the same step, which a rerun or the end of training repeats, is replaced."""
        if step in self.steps:
            self.keep_until(step - 1)
        self.steps.append(step)
        for source, shares in right.items():
            self.right.setdefault(source, []).append(shares)

    def keep_until(self, step: int) -> None:
        """Forget the looks after `step`."""
        count = sum(earlier <= step for earlier in self.steps)
        del self.steps[count:]
        for shares in self.right.values():
            del shares[count:]

    def matrix(self, source: str) -> FloatArray:
        """(looks, prompts)."""
        return np.stack(self.right[source])


def by_prompt(right: FloatArray, prompts: IntArray) -> FloatArray:
    """The mean of rows (N,) by prompt (N,), numbered from 0: (prompts,)."""
    sums = sums_by(np.stack([right, np.ones_like(right)], axis=1), prompts)
    return ratio(sums[:, 0], sums[:, 1])


def write_looks(looks: Looks, folder: Path) -> None:
    """Write DIR/looks.npz in one step."""
    partial = folder / f".{FILE}.partial"
    with partial.open("wb") as file:
        arrays: dict[str, Any] = {f"right_{source}": np.stack(shares) for source, shares in looks.right.items()}
        np.savez_compressed(file, steps=np.array(looks.steps, np.int64), **arrays)
    partial.replace(folder / FILE)


def read_looks(folder: Path) -> Looks:
    """The looks in DIR; none where nothing was evaluated yet. Raises InputError where the file is broken."""
    try:
        with (folder / FILE).open("rb") as file, np.load(file) as arrays:
            right = {name.removeprefix("right_"): list(arrays[name]) for name in arrays.files[1:]}
            return Looks(arrays["steps"].tolist(), right)
    except FileNotFoundError:
        return Looks()
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(
            f"can't read {folder / FILE}: {error}; delete it to go on without the evaluations before this point"
        ) from error
