"""Scores of a trained model for the chosen and the rejected response of each row.

A reward model scores the whole conversation. A DPO model's score is its implicit reward, how much more likely training
made the response than its reference has it: beta * (log pi(y | x) - log pi_ref(y | x)) (Rafailov et al. 2023,
equation 5, without the partition term, which cancels between two responses to one prompt).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from firsthand.bootstrap import FloatArray
from firsthand.errors import InputError
from firsthand.evaluate.held_out import HeldOut
from firsthand.evaluate.trained_model import TrainedModel
from firsthand.models import load_causal_lm, load_reward_model, load_tokenizer
from firsthand.records import Message
from firsthand.rewards import batches, conversation_tokens, pad, padding_token, rewards

TOKENS_AT_ONCE = {"reward": 8192, "dpo": 2048}
"""Tokens of a batch with its padding; a language model's logits take its whole vocabulary for each."""


@dataclass(frozen=True, slots=True)
class Text:
    """A conversation as tokens; the response starts at `start`."""

    tokens: list[int]
    start: int


@dataclass(frozen=True, slots=True)
class Scores:
    """chosen, rejected: (N,), NaN where the row is too long; too_long: (N,)."""

    chosen: FloatArray
    rejected: FloatArray
    too_long: npt.NDArray[np.bool_]


BatchScore: TypeAlias = Callable[[Any, Sequence[Text], int], torch.Tensor]
"""Scores a batch of texts with a model, given the padding token: (batch,)."""


def score_rows(model: TrainedModel, rows: HeldOut) -> Scores:
    """Score both responses of every row with the model in `model.folder`, on a GPU where there is one.

    Rows with a text over max_length tokens are not scored: `too_long` marks them. Shows a progress bar on a terminal.
    Raises InputError when the model or its reference can't be loaded, has no chat template or gives no finite scores.
    """
    tokenizer = load_tokenizer(str(model.folder))
    if tokenizer.chat_template is None:
        raise InputError(f"the tokenizer in {model.folder} has no chat template; conversations can't become text")
    pairs = [encode_pair(tokenizer, *row) for row in zip(rows.prompt, rows.chosen, rows.rejected, strict=True)]
    limit = model.max_length or float("inf")
    too_long = np.array([max(len(text.tokens) for text in pair) > limit for pair in pairs], np.bool_)
    texts = [text for pair, left_out in zip(pairs, too_long, strict=True) if not left_out for text in pair]
    padding = padding_token(tokenizer)
    found = np.full((len(pairs), 2), np.nan)
    found[~too_long] = score_texts(model, texts, padding).reshape(-1, 2)
    unusable = int((~np.isfinite(found[~too_long])).any(axis=1).sum())
    if unusable:
        raise InputError(
            f"the model {model.folder} gives scores that are not finite numbers on {unusable:,} of {len(pairs):,} "
            "rows; its training probably diverged"
        )
    return Scores(found[:, 0], found[:, 1], too_long)


def encode_pair(
    tokenizer: Any, prompt: list[Message], chosen: list[Message], rejected: list[Message]
) -> tuple[Text, Text]:
    """Both conversations as tokens; a response starts where it leaves the prompt's tokens, as in training."""
    asked = conversation_tokens(tokenizer, prompt, add_generation_prompt=True)
    both = [conversation_tokens(tokenizer, prompt + response) for response in (chosen, rejected)]
    start = min(_shared_prefix(asked, tokens) for tokens in both)
    return Text(both[0], start), Text(both[1], start)


@torch.inference_mode()
def log_probabilities(model: Any, texts: Sequence[Text], padding: int) -> torch.Tensor:
    """The response's log-probability given the prompt, the sum over the response's tokens alone: (batch,)."""
    tokens, mask = pad([text.tokens for text in texts], padding, model.device)
    logits = model(input_ids=tokens, attention_mask=mask).logits[:, :-1]
    targets = tokens[:, 1:]
    starts = torch.tensor([text.start for text in texts], device=model.device)
    positions = torch.arange(1, tokens.shape[1], device=model.device)
    answered = (mask[:, 1:] == 1) & (positions >= starts[:, None])
    each = cross_entropy(logits[answered].float(), targets[answered], reduction="none")
    rows = answered.nonzero()[:, 0]
    return torch.zeros(len(texts), device=model.device).index_add_(0, rows, -each)


def score_texts(model: TrainedModel, texts: Sequence[Text], padding: int) -> FloatArray:
    """The score of each text: (len(texts),); raises InputError when the model or its reference can't be loaded."""
    folder = str(model.folder)
    if model.kind == "reward":
        return _run(load_reward_model(folder), _rewards, texts, padding, model.kind, "scoring")
    if model.base_model is None or model.beta is None:
        raise InputError(f"{model.folder} is a dpo model without base_model and beta")
    trained = _run(load_causal_lm(folder), log_probabilities, texts, padding, model.kind, "the model")
    reference = _run(load_causal_lm(model.base_model), log_probabilities, texts, padding, model.kind, "its reference")
    return model.beta * (trained - reference)


def _rewards(model: Any, texts: Sequence[Text], padding: int) -> torch.Tensor:
    return rewards(model, [text.tokens for text in texts], padding)


def _run(model: Any, score: BatchScore, texts: Sequence[Text], padding: int, kind: str, name: str) -> FloatArray:
    """Scores of all texts, in their order: (len(texts),)."""
    model = model.eval().to("cuda" if torch.cuda.is_available() else "cpu")
    # A classifier reads its score at the last token that is not padding.
    model.config.pad_token_id = padding
    found = np.full(len(texts), np.nan)
    with tqdm(total=len(texts), desc=name, unit="text", disable=None) as progress:
        for batch in batches([len(text.tokens) for text in texts], TOKENS_AT_ONCE[kind]):
            found[batch] = score(model, [texts[index] for index in batch], padding).double().cpu().numpy()
            progress.update(len(batch))
    return found


def _shared_prefix(one: Sequence[int], other: Sequence[int]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
