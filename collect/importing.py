"""Importing a file: it is read in batches of checked entries, and what is sound goes to the store."""

import gc
import sys
from collections.abc import Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from tqdm import tqdm

from firsthand.collect.reader import ReadingBeside, reading_beside
from firsthand.collect.reading import Batch, Job, Options, Reading, Summary
from firsthand.collector import without_collector
from firsthand.errors import RecordError
from firsthand.store import Add, Outcome, Store

__all__ = ["Options", "Summary", "import_file"]

BATCH_ENTRIES = 200
BATCH_CHARACTERS = 2 * 2**20
"""A batch takes entries up to either number: so few that they stay in the processor's caches."""
BATCHES = 80
"""Batches of a transaction: each writes most pages of the indexes anew. Raters wait while it lasts, about a second."""
BESIDE_BYTES = 16 * 2**20
"""A file from this size on is read in a process beside the one that writes."""


def import_file(store: Store, name: str, options: Options, others: Sequence[Path] = ()) -> Summary:
    """Import the file or dataset `name` into `store`; a line that can't be taken never stops it.

    `others`: the files named in the same command, for formats that join files. When this returns, all that the
    summary counts as added is on disk. Raises InputError when the file can't be read at all.
    """
    path = Path(name)
    size = path.stat().st_size if path.is_file() else None
    beside = size is not None and size >= BESIDE_BYTES
    job = Job(name, options, others, BATCH_ENTRIES, BATCH_CHARACTERS)
    outcomes = dict.fromkeys(Outcome, 0)
    opened = reading_beside(job) if beside else Reading(job)
    with without_collector(), opened as reading, _progress(name, size) as bar:
        batches = reading.batches()
        for first in batches:
            with store.adding() as add:
                for batch in chain((first,), islice(batches, BATCHES - 1)):
                    _add(add, batch, reading, outcomes)
                    bar.update(batch.position - bar.n)
            gc.collect(0)
        summary = reading.finished()
    summary.added, summary.replaced, summary.known = (
        outcomes[outcome] for outcome in (Outcome.ADDED, Outcome.REPLACED, Outcome.KNOWN)
    )
    return summary


def _add(add: Add, batch: Batch, reading: Reading | ReadingBeside, outcomes: dict[Outcome, int]) -> None:
    refused = {}
    for place, outcome in enumerate(add(batch.entries)):
        if isinstance(outcome, RecordError):
            refused[place] = str(outcome)
        else:
            outcomes[outcome] += 1
    reading.settle(refused)


def _progress(name: str, size: int | None) -> "tqdm[Any]":
    return tqdm(desc=Path(name).name, total=size, unit="B", unit_scale=True, disable=None, file=sys.stderr, leave=False)
