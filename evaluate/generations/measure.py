"""What is measured of every model: how likely it finds the anchor's responses, and its own to the probe prompts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from firsthand.bootstrap import FloatArray
from firsthand.collect.generate.config import GenerateJob, ModelConfig, Pairs
from firsthand.collect.generate.requests import with_answers
from firsthand.collect.generate.running import generate, make_run
from firsthand.evaluate.generations.config import ModelLoop
from firsthand.evaluate.scoring import Text, encode_pair, log_probabilities
from firsthand.models import load_causal_lm, load_tokenizer
from firsthand.records import Content, Message
from firsthand.rewards import batches, padding_token
from firsthand.store import Store
from firsthand.train.folder import write_json

TOKENS_AT_ONCE = 2048
"""Of a batch with its padding; the logits take the whole vocabulary for each."""
SETTING = "loop"


@dataclass(frozen=True, slots=True)
class Pair:
    """A comparison of the anchor as a model reads it: both conversations as tokens."""

    id: str
    a: Text
    b: Text

    @property
    def tokens(self) -> int:
        """Of the longer one."""
        return max(len(self.a.tokens), len(self.b.tokens))


def read_pairs(anchor: Path, model: str) -> list[Pair]:
    """The anchor's comparisons, by id, in the tokens of `model`."""
    tokenizer = load_tokenizer(model)
    with Store(str(anchor), must_exist=True) as store:
        return [
            Pair(one.id, *encode_pair(tokenizer, one.prompt, _turns(one.a.content), _turns(one.b.content)))
            for one in store.comparisons()
        ]


def log_probability_gaps(model: str, pairs: Sequence[Pair], path: Path) -> FloatArray:
    """Log p(A) - log p(B) of every pair under `model`: (M,); kept in `path`, and read from there the next time."""
    if path.is_file():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["ids"] == [pair.id for pair in pairs]:
            return np.array(kept["gaps"], np.float64)
    texts = [text for pair in pairs for text in (pair.a, pair.b)]
    found = _log_probabilities(model, texts).reshape(-1, 2)
    gaps = found[:, 0] - found[:, 1]
    write_json(path, {"ids": [pair.id for pair in pairs], "gaps": gaps.tolist()})
    return gaps


def probe_responses(loop: ModelLoop, model: str, prompts: Path, seed: int, path: Path) -> list[list[str]]:
    """The model's responses to each probe prompt; kept in `path`, and read from there the next time.

    What it could not answer is missing.
    """
    if path.is_file():
        kept: list[list[str]] = json.loads(path.read_text(encoding="utf-8"))
        if all(len(each) <= loop.probes.samples for each in kept):
            return kept
    job = answering(loop, model, model, prompts, seed, loop.probes.samples)
    with Store(str(path.with_suffix(".db"))) as store:
        run = make_run(job, store)
        generate(run)
        answers = with_answers(job, store, run.prompts, run.versions)
        responses = [[reply["text"] for _, reply in each if reply is not None] for each in answers]
    write_json(path, responses)
    return responses


def answering(loop: ModelLoop, author: str, model: str, prompts: Path, seed: int, samples: int) -> GenerateJob:
    """The job in which `model`, called `author`, answers the prompts `samples` times."""
    return GenerateJob(
        prompts=str(prompts),
        models={author: ModelConfig(trained=model, batch=loop.batch)},
        settings={SETTING: loop.response.model_copy(update={"samples": samples})},
        pairs=Pairs.SAME_AUTHOR,
        seed=seed,
    )


@torch.inference_mode()
def _log_probabilities(name: str, texts: Sequence[Text]) -> FloatArray:
    padding = padding_token(load_tokenizer(name))
    model = load_causal_lm(name).eval().to("cuda" if torch.cuda.is_available() else "cpu")
    found = np.full(len(texts), np.nan)
    with tqdm(total=len(texts), desc="anchor", unit="text", disable=None, leave=False) as progress:
        for batch in batches([len(text.tokens) for text in texts], TOKENS_AT_ONCE):
            scores = log_probabilities(model, [texts[index] for index in batch], padding)
            found[batch] = scores.double().cpu().numpy()
            progress.update(len(batch))
    return found


def _turns(content: Content | None) -> list[Message]:
    if content is None:
        raise AssertionError("the anchor holds comparisons with texts alone")
    return [{"role": "assistant", "content": content}] if isinstance(content, str) else content
