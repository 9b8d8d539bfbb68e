"""How far a policy has moved from the model it started from: the Kullback-Leibler divergence of its responses."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from firsthand.bootstrap import ratio, resample_prompts
from firsthand.collect.generate.requests import with_system
from firsthand.estimates import Estimate
from firsthand.evaluate.policies.config import PoliciesConfig
from firsthand.evaluate.policies.journal import Answer
from firsthand.evaluate.scoring import Text, score_texts
from firsthand.evaluate.trained_model import TrainedModel
from firsthand.models import load_tokenizer
from firsthand.records import Message
from firsthand.rewards import conversation_tokens, padding_token

MOST_RESPONSES = 256
"""Responses that the divergence is estimated on; more would cost time and tell little."""


def best_of_kl(n: int) -> float:
    """Nats between best-of-n and the policy it picks from: log n - (n - 1) / n.

    The formula of Gao et al. 2022 (arXiv 2210.10760); an upper bound, met where no two responses have equal scores or
    equal texts (Beirami et al. 2024, arXiv 2401.01879).
    """
    return math.log(n) - (n - 1) / n


def policy_kl(
    model: TrainedModel, answers: Sequence[Answer], prompts: Mapping[str, list[Message]], config: PoliciesConfig
) -> Estimate:
    """Nats a response between a DPO model and its base: the mean of log pi(y | x) - log pi_base(y | x), y its own.

    Each response's ratio is summed over its tokens, the mean taken over at most MOST_RESPONSES of them, the interval by
    prompts. It is the divergence where responses were drawn at temperature 1; else `why` says at which. Raises
    InputError where the model or its base can't be loaded.
    """
    known = [answer for answer in answers if answer.prompt_id in prompts]
    if len(known) > MOST_RESPONSES:
        chosen = np.random.default_rng(config.seed).choice(len(known), MOST_RESPONSES, replace=False)
        known = [known[index] for index in sorted(chosen)]
    if not known or not model.beta:
        return Estimate(None, None, "its responses were not written by firsthand collect generate into this store")
    tokenizer = load_tokenizer(str(model.folder))
    texts = [_text(tokenizer, prompts[answer.prompt_id], answer) for answer in known]
    moved = score_texts(model, texts, padding_token(tokenizer)) / model.beta
    _, prompt = np.unique([answer.prompt_id for answer in known], return_inverse=True)
    rows = {"moved": moved, "rows": np.ones(len(moved))}
    drawn = resample_prompts(rows, prompt, draws=config.draws, seed=config.seed)
    found = drawn.estimate(lambda s: ratio(s["moved"], s["rows"]))
    others = sorted({answer.temperature for answer in known} - {1.0})
    return replace(found, why=f"responses drawn at temperature {others[0]:g}, not 1") if others else found


def _text(tokenizer: Any, prompt: list[Message], answer: Answer) -> Text:
    """The tokens that the model was given and wrote: its end token only where it wrote one."""
    asked = conversation_tokens(tokenizer, with_system(prompt, answer.system), add_generation_prompt=True)
    written: list[int] = tokenizer(answer.text, add_special_tokens=False)["input_ids"]
    end = [tokenizer.eos_token_id] if answer.whole else []
    return Text(asked + written + end, len(asked))
