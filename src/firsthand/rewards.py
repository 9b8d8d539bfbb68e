"""Scores of reward models: one number for a whole conversation, the higher the better."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from firsthand.errors import InputError
from firsthand.models import load_reward_model, load_tokenizer, locate_model
from firsthand.records import Message

TOKENS_AT_ONCE = 8192
"""Tokens of a batch, with its padding."""
BLOCK = 2**20


class RewardModel:
    """A sequence classifier of one score, on a GPU where there is one.

    name: a folder that firsthand trained, or what `from_pretrained` takes. max_length: the longest conversation it
    reads, in tokens; None for no limit. version: a hash of its weights, or its commit on the hub.
    Raises InputError when it can't be loaded, has no chat template, or is no model of one score.
    """

    def __init__(self, name: str) -> None:
        located = check_reward_model(name)
        self.tokenizer = load_tokenizer(located)
        if self.tokenizer.chat_template is None:
            raise InputError(f"the tokenizer of {name} has no chat template; conversations can't become text")
        self.model: Any = load_reward_model(located).eval().to("cuda" if torch.cuda.is_available() else "cpu")
        self.padding = padding_token(self.tokenizer)
        # A classifier reads its score at the last token that is not padding.
        self.model.config.pad_token_id = self.padding
        self.name = name
        self.version = weights_version(Path(located)) or str(self.model.config._commit_hash)
        self.max_length: int | None = _training(Path(located)).get(
            "max_length", getattr(self.model.config, "max_position_embeddings", None)
        )

    def scores(self, conversations: Sequence[list[Message]]) -> npt.NDArray[np.float64]:
        """The score of each conversation: (N,), NaN for one that is longer than max_length tokens.

        Raises InputError where a score is not a finite number.
        """
        tokens = [conversation_tokens(self.tokenizer, messages) for messages in conversations]
        fits = [index for index, each in enumerate(tokens) if self.max_length is None or len(each) <= self.max_length]
        found = np.full(len(tokens), np.nan)
        for batch in batches([len(tokens[index]) for index in fits], TOKENS_AT_ONCE):
            chosen = [fits[position] for position in batch]
            rows = rewards(self.model, [tokens[index] for index in chosen], self.padding)
            found[chosen] = rows.double().cpu().numpy()
        if not np.isfinite(found[fits]).all():
            raise InputError(
                f"the reward model {self.name} gives scores that are not finite numbers; its training probably diverged"
            )
        return found

    def lengths(self, conversations: Sequence[list[Message]]) -> list[int]:
        """The tokens of each conversation."""
        return [len(conversation_tokens(self.tokenizer, messages)) for messages in conversations]


def conversation_tokens(tokenizer: Any, messages: list[Message], **options: Any) -> list[int]:
    """The tokens of a conversation in the model's own chat format."""
    text = tokenizer.apply_chat_template(messages, tokenize=False, **options)
    tokens: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return tokens


def padding_token(tokenizer: Any) -> int:
    """The number of the token that fills batches up."""
    number: int = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    return number


@torch.inference_mode()
def rewards(model: Any, texts: Sequence[list[int]], padding: int) -> torch.Tensor:
    """A reward model's scores of texts given as tokens: (batch,)."""
    tokens, mask = pad(texts, padding, model.device)
    found: torch.Tensor = model(input_ids=tokens, attention_mask=mask).logits
    return found[:, 0]


def pad(texts: Sequence[list[int]], padding: int, device: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens and attention mask, filled up on the right to the longest text: (batch, length) each."""
    longest = max(map(len, texts))
    tokens = [text + [padding] * (longest - len(text)) for text in texts]
    mask = [[1] * len(text) + [0] * (longest - len(text)) for text in texts]
    return torch.tensor(tokens, device=device), torch.tensor(mask, device=device)


def batches(lengths: Sequence[int], tokens_at_once: int) -> Iterator[list[int]]:
    """Indices of texts of like length, the longest first, each batch of at most so many tokens with its padding."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > tokens_at_once:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def weights_version(folder: Path) -> str | None:
    """A SHA-256 of the weights in `folder`; None where it is no folder with weights."""
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    return digest.hexdigest() if files else None


def check_reward_model(name: str) -> str:
    """What `from_pretrained` takes for `name`; raises InputError where that says it is no model of one score."""
    located = locate_model(name)
    folder = Path(located)
    if (kind := _training(folder).get("kind", "reward")) != "reward":
        raise InputError(f"{name} is a {kind} model; a judge needs a reward model, which train reward makes")
    config = _read(folder / "config.json")
    if not config:
        return located  # on the hub: loading tells
    architectures = config.get("architectures") or []
    if not any(str(each).endswith("ForSequenceClassification") for each in architectures):
        raise InputError(f"{name} is no sequence classifier (architectures: {architectures}); train reward makes one")
    labels = len(config.get("id2label") or {0: "", 1: ""})
    if labels != 1:
        raise InputError(f"{name} is a classifier with {labels} labels; a reward model has one, its score")
    return located


def _training(folder: Path) -> dict[str, Any]:
    return _read(folder / "training.json")


def _read(path: Path) -> dict[str, Any]:
    """The JSON object in `path`; empty where there is no such file."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InputError(f"can't read {path}: {error}") from error
