"""The held-out rows of a mix: comparisons that no training run has seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.errors import InputError
from firsthand.records import Message, text_length

SPLITS = ("anchor", "synthetic_heldout")
COLUMNS = ["prompt", "chosen", "rejected", "prompt_id", "simulated"]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """N rows. prompt: chat messages; chosen, rejected: the messages of the two responses.

    split: (N,) of SPLITS; simulated: (N,); prompt_number: (N,), equal for rows of one prompt.
    """

    prompt: list[list[Message]]
    chosen: list[list[Message]]
    rejected: list[list[Message]]
    split: npt.NDArray[np.str_]
    simulated: npt.NDArray[np.bool_]
    prompt_number: IntArray

    def __len__(self) -> int:
        """How many rows."""
        return len(self.prompt)

    def part(self, chosen: npt.NDArray[np.bool_]) -> "HeldOut":
        """The chosen rows: (N,)."""
        kept = np.flatnonzero(chosen)
        return HeldOut(
            prompt=[self.prompt[index] for index in kept],
            chosen=[self.chosen[index] for index in kept],
            rejected=[self.rejected[index] for index in kept],
            split=self.split[kept],
            simulated=self.simulated[kept],
            prompt_number=self.prompt_number[kept],
        )

    def lengths(self) -> tuple[FloatArray, FloatArray]:
        """Characters of the chosen and of the rejected responses: (N,) each."""
        return (
            np.array([text_length(messages) for messages in self.chosen], np.float64),
            np.array([text_length(messages) for messages in self.rejected], np.float64),
        )


def read_held_out(mix: Path) -> HeldOut:
    """Read the `anchor` and `synthetic_heldout` splits of the mix in `mix` (docs/mixing.md).

    Raises InputError when a file can't be read, or the mix holds no held-out rows.
    """
    tables = [
        table.select(COLUMNS).append_column("split", pa.array([split] * len(table), pa.string()))
        for split in SPLITS
        for table in _tables(mix, split)
    ]
    table = pa.concat_tables(tables, promote_options="permissive") if tables else pa.table({})
    if not len(table):
        raise InputError(
            f"the mix {mix} has no held-out rows, neither an anchor nor synthetic_heldout: there is nothing to measure "
            "the model on; make the mix with anchor: {fraction: 0.2}"
        )
    columns: dict[str, list[Any]] = table.to_pydict()
    return HeldOut(
        prompt=columns["prompt"],
        chosen=columns["chosen"],
        rejected=columns["rejected"],
        split=np.array(columns["split"]),
        simulated=np.array(columns["simulated"], np.bool_),
        prompt_number=np.unique(columns["prompt_id"], return_inverse=True)[1].astype(np.int64),
    )


def _tables(mix: Path, split: str) -> Iterator[pa.Table]:
    for path in sorted((mix / "data").glob(f"{split}-*.parquet")):
        try:
            yield pq.read_table(path, columns=COLUMNS)
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(f"can't read {path}: {error}; make the mix again with train mix") from error
