"""What the fast engine knows of each response: style, wording, and a language model's hidden state."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from tqdm import tqdm

from firsthand import hardware
from firsthand.bootstrap import FloatArray, IntArray
from firsthand.errors import InputError
from firsthand.evaluate.model_version import model_version
from firsthand.evaluate.style import surface
from firsthand.evaluate.sweep.cache import Cache, open_cache
from firsthand.evaluate.sweep.config import FeatureRules
from firsthand.evaluate.sweep.hidden import HalfArray, HiddenStates
from firsthand.models import cache_folder
from firsthand.records import Content, Message, as_messages, content_id, dump
from firsthand.store import Store

Conversation: TypeAlias = tuple[str, list[Message], list[Message]]
"""A key, the prompt and a response."""

SCHEME = 1
"""Rises when a model's states would come out otherwise than before."""
IDS_AT_ONCE = 1000
TEXTS_AT_ONCE = {"cpu": 128, "cuda": 2048}
"""Responses between two writes to the cache: what an interruption costs."""


@dataclass(frozen=True, slots=True)
class Features:
    """Of N comparisons whose responses make R different conversations.

    response: (N, 2), the conversations of A and B. surface: (R, len(style.NAMES)). states: (R, width), None without a
    model. computed: how many conversations the model read now, in so many seconds; the others were in the cache.
    """

    response: IntArray
    surface: FloatArray
    states: HalfArray | None
    computed: int = 0
    seconds: float = 0.0


def read_features(store: Store, ids: Sequence[str], rules: FeatureRules) -> Features:
    """The features of the comparisons `ids`; what the cache lacks is computed, with a progress bar on a terminal.

    An interrupted pass goes on where it was. Raises InputError where the model can't be used, or the cache is broken.
    """
    reader = None if rules.model is None else _Reader(rules.model, rules)
    row = {name: number for number, name in enumerate(ids)}
    response = np.empty((len(ids), 2), np.int64)
    numbers: dict[str, int] = {}
    surfaces: list[FloatArray] = []
    with tqdm(total=2 * len(ids), desc="features", unit="response", disable=None) as progress:
        for texts in _texts(store, ids):
            new: list[Conversation] = []
            for comparison_id, prompt, *both in texts:
                for side, content in enumerate(both):
                    key = content_id(dump(prompt), dump(content))
                    if key not in numbers:
                        numbers[key] = len(numbers)
                        new.append((key, prompt, as_messages(content)))
                    response[row[comparison_id], side] = numbers[key]
            surfaces.append(surface([_said(prompt) for _, prompt, _ in new], [_said(answer) for _, _, answer in new]))
            if reader:
                reader.read(new)
            progress.update(2 * len(texts))
        if reader:
            reader.finish()
    found = Features(response, np.concatenate(surfaces), None)
    if reader is None:
        return found
    return Features(response, found.surface, reader.cache.states(list(numbers)), reader.computed, reader.seconds)


@dataclass
class _Reader:
    """Has a model read what the cache lacks; the model is loaded for the first such text."""

    name: str
    rules: FeatureRules
    computed: int = 0
    seconds: float = 0.0
    waiting: list[Conversation] = field(default_factory=list)
    model: HiddenStates | None = None

    def __post_init__(self) -> None:
        owner = {
            "model": self.name,
            "version": model_version(self.name),
            "layer": self.rules.layer,
            "max_length": self.rules.max_length,
            "scheme": SCHEME,
        }
        self.cache: Cache = open_cache(self.rules.cache or cache_folder() / "features", owner)
        self.at_once = TEXTS_AT_ONCE.get(hardware.detect().device, 128)

    def read(self, conversations: Sequence[Conversation]) -> None:
        """Take the conversations; they are read when enough wait for batches of like length."""
        self.waiting += [each for each in conversations if each[0] not in self.cache.place]
        while len(self.waiting) >= self.at_once:
            self._compute(self.waiting[: self.at_once])
            del self.waiting[: self.at_once]

    def finish(self) -> None:
        """Read what still waits."""
        if self.waiting:
            self._compute(self.waiting)
            self.waiting = []

    def _compute(self, conversations: Sequence[Conversation]) -> None:
        start = time.perf_counter()
        if self.model is None:
            self.model = HiddenStates(self.name, self.rules.layer, self.rules.max_length)
        keys, prompts, responses = zip(*conversations, strict=True)
        self.cache.add(keys, self.model(prompts, responses))
        self.computed += len(conversations)
        self.seconds += time.perf_counter() - start


def _texts(store: Store, ids: Sequence[str]) -> Iterator[list[tuple[str, list[Message], Content, Content]]]:
    for start in range(0, len(ids), IDS_AT_ONCE):
        for texts in store.texts(ids[start : start + IDS_AT_ONCE]):
            found = []
            for comparison_id, prompt, a, b, *_ in texts:
                if a is None or b is None:
                    raise InputError(f"the comparison {comparison_id} has no texts; only its responses' ids are known")
                found.append((comparison_id, prompt, a, b))
            yield found


def _said(messages: Sequence[Message]) -> str:
    return "\n".join(message["content"] for message in messages)
