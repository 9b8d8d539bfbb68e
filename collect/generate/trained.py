"""Responses of a model in a folder, one that firsthand trained or any that `from_pretrained` takes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, islice
from pathlib import Path
from time import monotonic
from typing import Any

import torch

from firsthand.collect.generate.asking import Keep, journal_reply
from firsthand.collect.generate.config import GenerateJob, ModelConfig, Setting
from firsthand.collect.generate.requests import KIND, Wanted, messages_of
from firsthand.endpoint.budget import Budget
from firsthand.endpoint.reply import CallFailed, FailureKind
from firsthand.errors import InputError
from firsthand.models import load_causal_lm, load_tokenizer, locate_model
from firsthand.rewards import padding_token, weights_version
from firsthand.store.calls import ANSWER, Call, failed_call


def trained_version(name: str) -> str:
    """What tells the weights of the model `name` from others'; raises InputError when there is no such model."""
    return weights_version(Path(locate_model(name))) or name


def ask_trained(job: GenerateJob, config: ModelConfig, todo: Iterable[Wanted], budget: Budget, keep: Keep) -> None:
    """Write each of `todo`, batch by batch, until done or the budget ends.

    Sampling is seeded by the first response of a batch: which responses share one decides what is drawn.
    Raises InputError when the model can't be loaded or has no chat template.
    """
    writer = _Writer(str(config.trained))
    for setting, batch in _batches(todo, config.batch):
        if not budget.allows_another(0):
            return
        started = monotonic()
        written = writer.write(job, job.settings[setting], batch)
        seconds = (monotonic() - started) / len(batch)
        for call in written:
            budget.spend((call.prompt_tokens or 0) + (call.completion_tokens or 0), 0.0)
        keep([replace(call, seconds=seconds) for call in written])


class _Writer:
    """A loaded model, on a GPU where there is one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.tokenizer = load_tokenizer(name)
        if self.tokenizer.chat_template is None:
            raise InputError(f"the tokenizer of {name} has no chat template; prompts can't become text")
        self.tokenizer.padding_side = "left"
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model: Any = load_causal_lm(name).eval().to(self.device)
        self.padding = padding_token(self.tokenizer)
        self.longest: int | None = getattr(self.model.config, "max_position_embeddings", None)

    def write(self, job: GenerateJob, setting: Setting, batch: Sequence[Wanted]) -> list[Call]:
        """A call for each of `batch`: its response, or why there is none."""
        prompts = {one.key: self._tokens(job, one) for one in batch}
        fits = [one for one in batch if self._fits(prompts[one.key], setting)]
        answers = self._answers([prompts[one.key] for one in fits], setting, fits[0].seed if fits else None)
        texts = dict(zip((one.key for one in fits), answers, strict=True))
        return [self._call(job, one, prompts[one.key], texts.get(one.key)) for one in batch]

    def _tokens(self, job: GenerateJob, one: Wanted) -> list[int]:
        text = self.tokenizer.apply_chat_template(messages_of(job, one), tokenize=False, add_generation_prompt=True)
        tokens: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return tokens

    def _fits(self, tokens: Sequence[int], setting: Setting) -> bool:
        return self.longest is None or len(tokens) + setting.max_tokens <= self.longest

    @torch.inference_mode()
    def _answers(self, prompts: Sequence[list[int]], setting: Setting, seed: int | None) -> list[list[int]]:
        """The tokens of each answer, with the one that ends it."""
        if not prompts:
            return []
        if seed is not None:
            torch.manual_seed(seed)
        longest = max(map(len, prompts))
        tokens = torch.tensor([[self.padding] * (longest - len(prompt)) + prompt for prompt in prompts])
        mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        sampling = {"temperature": setting.temperature, "top_p": setting.top_p, "top_k": 0}
        found = self.model.generate(
            input_ids=tokens.to(self.device),
            attention_mask=mask.to(self.device),
            max_new_tokens=setting.max_tokens,
            pad_token_id=self.padding,
            do_sample=setting.temperature > 0,
            **(sampling if setting.temperature > 0 else {}),
        )
        return [self._ended(answer) for answer in found[:, longest:].tolist()]

    def _ended(self, answer: list[int]) -> list[int]:
        """`answer` up to the token that ends it, without the padding after it."""
        ends = self.model.generation_config.eos_token_id
        ends = set(ends) if isinstance(ends, list) else {ends}
        at = next((place for place, token in enumerate(answer) if token in ends), len(answer) - 1)
        return answer[: at + 1]

    def _call(self, job: GenerateJob, one: Wanted, prompt: Sequence[int], answer: list[int] | None) -> Call:
        if answer is None:
            message = f"{len(prompt)} tokens and max_tokens are over the model's {self.longest}"
            return failed_call(KIND, one.key, CallFailed(FailureKind.CONTEXT, message))
        text = self.tokenizer.decode(answer, skip_special_tokens=True).strip()
        used = {"prompt_tokens": len(prompt), "completion_tokens": len(answer)}
        if not text:
            return failed_call(KIND, one.key, CallFailed(FailureKind.UNPARSABLE, "an answer without a text", **used))
        cut = len(answer) == job.settings[one.setting].max_tokens
        reply = journal_reply(job, one, text, "length" if cut else "stop", **used)
        return Call(KIND, one.key, ANSWER, reply, self.name, **used)


def _batches(todo: Iterable[Wanted], size: int) -> Iterator[tuple[str, list[Wanted]]]:
    """Batches of one setting each; of a few hundred responses at a time, so that settings that take turns fill them."""
    rest = iter(todo)
    while block := sorted(islice(rest, 32 * size), key=lambda one: one.setting):
        for setting, group in groupby(block, key=lambda one: one.setting):
            while batch := list(islice(group, size)):
                yield setting, batch
