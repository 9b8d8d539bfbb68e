"""From a mix folder to the token ids that both trainers learn from; over-long pairs are dropped by one rule."""

import json
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from accelerate import PartialState
from datasets import Dataset, DatasetDict, disable_progress_bars, enable_progress_bars
from datasets.exceptions import DatasetGenerationError
from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase
from trl.data_utils import common_prefix_length

from firsthand.errors import InputError
from firsthand.train.weighted_loss import LABELS

HELDOUT = {"anchor": "human", "synthetic_heldout": "synthetic"}
"""Splits of a mix that are never trained on, by the source their metrics are named after."""
TEXTS = ("prompt", "chosen", "rejected")
COLUMNS = frozenset({*TEXTS, "source", *LABELS})


@dataclass(frozen=True)
class Mix:
    """A mix folder: its manifest and its splits (train, human, synthetic), the texts still on disk."""

    path: Path
    manifest: dict[str, Any]
    splits: DatasetDict


@dataclass(frozen=True)
class Pairs:
    """Tokenised pairs.

    Rows carry prompt_ids, chosen_ids, rejected_ids (token ids), length (tokens of the prompt and the longer response),
    and the mix's provenance columns. dropped: split -> source -> pairs longer than max_length tokens.
    realised: source -> rows and share of what is left to train on.
    """

    train: Dataset
    heldout: dict[str, Dataset]
    dropped: dict[str, dict[str, int]] = field(default_factory=dict)
    realised: dict[str, dict[str, float]] = field(default_factory=dict)

    def with_labels(self, labels: Collection[str]) -> "Pairs":
        """The same pairs with no other LABELS than `labels`, the weights of each split divided by their mean.

        Raises InputError where a weight is not above 0 or a probability is not from 0 to 1.
        """
        heldout = {name: _with_labels(rows, name, labels) for name, rows in self.heldout.items()}
        return replace(self, train=_with_labels(self.train, "train", labels), heldout=heldout)


def read_mix(folder: Path) -> Mix:
    """Open what `train mix` wrote (docs/mixing.md).

    Raises InputError where it is missing, broken or has no training rows.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder} is not a mix: can't read its manifest.json ({error}); write one with: firsthand train mix"
        ) from error
    splits = DatasetDict()
    for split, name in {"train": "train", **HELDOUT}.items():
        files = sorted(str(path) for path in (folder / "data").glob(f"{split}-*.parquet"))
        if files:
            splits[name] = _read_split(folder, split, files)
    if not len(splits.get("train", ())):
        raise InputError(f"the mix {folder} has no training rows; see the drops in its manifest.json, then mix again")
    return Mix(folder, manifest, splits)


def tokenise(mix: Mix, tokenizer: PreTrainedTokenizerBase, max_length: int, processes: int | None = None) -> Pairs:
    """The pairs of `mix` as token ids, without those longer than `max_length` tokens (prompt and longer response).

    Each split is sorted by length, so that batches read in order hold little padding; training shuffles it.
    Raises InputError when there is no chat template, the template refuses a conversation, or no training pair is left.
    """
    kept: dict[str, Dataset] = {}
    dropped: dict[str, dict[str, int]] = {}
    for name, split in mix.splits.items():
        with PartialState().main_process_first():
            rows = split.map(
                _token_ids,
                fn_kwargs={"tokenizer": tokenizer},
                batched=True,
                batch_size=256,
                num_proc=processes,
                remove_columns=list(TEXTS),
                desc=f"Tokenising {name}",
            )
        lengths = np.asarray(rows["length"])
        order = np.argsort(lengths, kind="stable")
        fits = int(np.sum(lengths <= max_length))
        dropped[name] = dict(Counter(rows.select(order[fits:])["source"]))
        if fits:
            kept[name] = rows.select(order[:fits])
    if "train" not in kept:
        raise InputError(
            f"none of the {len(mix.splits['train'])} training pairs of {mix.path} fits into {max_length} tokens; "
            "raise trainer.max_length"
        )
    train = kept.pop("train")
    return Pairs(train, kept, dropped, _realised(train))


def conversation_ids(tokenizer: PreTrainedTokenizerBase, conversations: list[Any], **options: Any) -> list[list[int]]:
    """The token ids of each conversation; InputError where there is no chat template, or it refuses a conversation."""
    if not tokenizer.chat_template:
        raise InputError(
            f"the tokenizer of {tokenizer.name_or_path} has no chat template to write a conversation with; "
            "take an instruction-tuned model, or put a chat_template.jinja into the model's folder"
        )
    try:
        encoded = tokenizer.apply_chat_template(conversations, tokenize=True, return_dict=True, **options)
    except TemplateError as error:
        raise InputError(
            f"the chat template of {tokenizer.name_or_path} refuses a conversation of the mix: {error}; "
            "mix without such conversations (often a system message), or take another model"
        ) from error
    ids: list[list[int]] = encoded["input_ids"]
    return ids


def _read_split(folder: Path, split: str, files: list[str]) -> Dataset:
    disable_progress_bars()
    try:
        with PartialState().main_process_first():
            rows = Dataset.from_parquet(files)
    except (DatasetGenerationError, ValueError) as error:  # pyarrow raises ValueError for a file it can not parse
        raise InputError(
            f"can't read the {split} split of the mix {folder}: {error.__cause__ or error}; mix again"
        ) from error
    finally:
        enable_progress_bars()
    missing = sorted(COLUMNS - set(rows.column_names))
    if missing:
        raise InputError(f"the {split} split of {folder} lacks the columns {', '.join(missing)}; see docs/mixing.md")
    return rows


def _token_ids(rows: dict[str, list[Any]], tokenizer: PreTrainedTokenizerBase) -> dict[str, list[Any]]:
    """Token ids of a batch of rows, split where TRL splits them: where the two conversations leave the prompt."""
    prompts = conversation_ids(tokenizer, rows["prompt"], add_generation_prompt=True)
    chosen, rejected = (
        conversation_ids(
            tokenizer, [prompt + answer for prompt, answer in zip(rows["prompt"], rows[name], strict=True)]
        )
        for name in ("chosen", "rejected")
    )
    columns: dict[str, list[Any]] = {"prompt_ids": [], "chosen_ids": [], "rejected_ids": [], "length": []}
    columns["margin"] = [0.0 if margin is None or margin != margin else margin for margin in rows["margin"]]
    for prompt_ids, chosen_ids, rejected_ids in zip(prompts, chosen, rejected, strict=True):
        split = min(common_prefix_length(prompt_ids, chosen_ids), common_prefix_length(prompt_ids, rejected_ids))
        columns["prompt_ids"].append(prompt_ids[:split])
        columns["chosen_ids"].append(chosen_ids[split:])
        columns["rejected_ids"].append(rejected_ids[split:])
        columns["length"].append(max(len(chosen_ids), len(rejected_ids)))
    return columns


def _with_labels(rows: Dataset, split: str, labels: Collection[str]) -> Dataset:
    rows = rows.remove_columns([name for name in LABELS if name not in labels])
    if "p_chosen" in labels:
        _check(rows, split, "p_chosen", lambda values: (values >= 0) & (values <= 1), "a probability from 0 to 1")
    if "weight" not in labels:
        return rows
    weights = _check(rows, split, "weight", lambda values: (values > 0) & np.isfinite(values), "a number above 0")
    with PartialState().main_process_first():
        return rows.remove_columns("weight").add_column("weight", weights / weights.mean())


def _check(rows: Dataset, split: str, name: str, is_right: Callable[[Any], Any], expected: str) -> Any:
    """The column as an array; raises InputError for a value that is not right."""
    values = np.array(rows[name], dtype=np.float64)  # an absent value becomes nan
    wrong = values[~is_right(values)]
    if len(wrong):
        raise InputError(
            f"{len(wrong)} rows of the {split} split have a {name} that is not {expected}, such as {wrong[0]}; "
            "mix again"
        )
    return values


def _realised(train: Dataset) -> dict[str, dict[str, float]]:
    rows = Counter(train["source"])
    return {source: {"rows": count, "share": count / len(train)} for source, count in sorted(rows.items())}
