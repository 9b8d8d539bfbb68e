"""Rows of a Hugging Face dataset: a name on the hub, or a local dataset folder."""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from firsthand.collect.rows import Row, Rows
from firsthand.errors import InputError

_HUB_NAME = re.compile(r"(?!.*\.(jsonl|ndjson|json|csv|tsv|parquet|gz|zip)$)[\w.-]+(/[\w.-]+)?")

HUB_SECONDS = 10.0
"""How long the hub may take to say that a dataset exists."""


def dataset_rows(name: str) -> Rows:
    """Every split of the dataset `name`, streamed; raises InputError when it can't be loaded."""
    if not Path(name).is_dir() and not _HUB_NAME.fullmatch(name):
        raise InputError(f"{name}: no such file or folder, and no name of a dataset")
    from datasets import load_dataset
    from huggingface_hub import HfApi

    try:
        if not Path(name).is_dir():
            HfApi().dataset_info(name, timeout=HUB_SECONDS)  # load_dataset would try for half a minute
        splits = load_dataset(name, streaming=True)
    except Exception as error:
        raise InputError(
            f"{name} is neither a file here nor a dataset that can be loaded ({type(error).__name__}: "
            f"{_first_line(error)}); check the name, or the network"
        ) from error
    return Rows(_rows(splits))


def _rows(splits: Any) -> Iterator[Row]:
    numbers = count(1)
    for name, split in splits.items():
        try:
            for values in split:
                yield Row(next(numbers), values)
        except Exception as error:
            yield Row(next(numbers), problem=f"the split {name} can't be read from here on: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]
