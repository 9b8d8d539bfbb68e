"""What a language model makes of a response: the mean of its hidden states over the response's tokens."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from firsthand import hardware
from firsthand.errors import InputError
from firsthand.evaluate.scoring import Text, encode_pair
from firsthand.models import load_causal_lm, load_tokenizer
from firsthand.records import Message
from firsthand.rewards import batches, pad, padding_token

HalfArray = npt.NDArray[np.float16]
TOKENS_AT_ONCE = {"cpu": 2048, "cuda": 32_768}
"""Tokens of a batch with its padding."""


class HiddenStates:
    """A language model read up to one of its layers, in bfloat16 where the hardware multiplies it.

    layer: after which, the middle one where None. max_length: tokens; of a longer conversation the prompt loses its
    front first, down to half of them, then the response its end. width: of a state.
    Raises InputError where the model can't be loaded, has no chat template or no such layer.
    """

    def __init__(self, name: str, layer: int | None, max_length: int) -> None:
        found = hardware.detect()
        hardware.set_threads(found)
        self.name, self.max_length = name, max_length
        self.tokenizer = load_tokenizer(name)
        if self.tokenizer.chat_template is None:
            raise InputError(f"the tokenizer of {name} has no chat template; conversations can't become text")
        model: Any = load_causal_lm(name, dtype=torch.bfloat16 if found.bf16 else torch.float32)
        self.model = model.base_model.eval().to(found.device)
        self.device = found.device
        self.padding = padding_token(self.tokenizer)
        self.width = int(model.config.hidden_size)
        layers = int(model.config.num_hidden_layers)
        self.layer = max(1, layers // 2) if layer is None else layer
        if self.layer > layers:
            raise InputError(f"features.layer is {layer}, but {name} has {layers} layers")
        if hasattr(self.model, "layers"):
            # The layers above are not needed; the model's last norm then ends the one that is.
            self.model.layers = self.model.layers[: self.layer]
        elif self.layer < layers:
            raise InputError(f"{name} can only be read to its end: set features.layer to {layers}")

    def __call__(self, prompts: Sequence[list[Message]], responses: Sequence[list[Message]]) -> HalfArray:
        """The state of each response: (N, width). Raises InputError where one is not finite."""
        texts = [self._text(*row) for row in zip(prompts, responses, strict=True)]
        found = np.empty((len(texts), self.width), np.float16)
        for batch in batches([len(text.tokens) for text in texts], TOKENS_AT_ONCE.get(self.device, 2048)):
            found[batch] = self._states([texts[index] for index in batch])
        if not np.isfinite(found).all():
            raise InputError(
                f"the model {self.name} gives hidden states that are not finite numbers; take another features.model"
            )
        return found

    @torch.inference_mode()
    def _states(self, texts: Sequence[Text]) -> HalfArray:
        tokens, mask = pad([text.tokens for text in texts], self.padding, self.device)
        states = self.model(input_ids=tokens, attention_mask=mask, use_cache=False).last_hidden_state
        starts = torch.tensor([text.start for text in texts], device=self.device)
        answered = mask * (torch.arange(tokens.shape[1], device=self.device) >= starts[:, None])
        total = torch.einsum("btd,bt->bd", states.float(), answered.float())
        mean: HalfArray = (total / answered.sum(dim=1, keepdim=True).clamp(min=1)).half().cpu().numpy()
        return mean

    def _text(self, prompt: list[Message], response: list[Message]) -> Text:
        text, _ = encode_pair(self.tokenizer, prompt, response, response)
        cut = max(0, min(len(text.tokens) - self.max_length, text.start - self.max_length // 2))
        return Text(text.tokens[cut : cut + self.max_length], text.start - cut)
