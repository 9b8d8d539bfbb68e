"""Which of several responses to a prompt is the best."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from firsthand.collect.generate.config import PREFERENCES
from firsthand.collect.generate.prompts import Prompt
from firsthand.records import content_id
from firsthand.store import Store

POINTS = {"a": (1.0, 0.0), "b": (0.0, 1.0), "tie": (0.5, 0.5)}
"""What a verdict gives the two responses."""


@dataclass(frozen=True, slots=True)
class Written:
    """A response, who wrote it, and how it came about."""

    author: str
    text: str
    origin: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id that the response has in a comparison."""
        return content_id("response", self.author, self.text)


Scorer = Callable[[Sequence[tuple[Prompt, Sequence[Written]]]], list[list[float | None]]]
"""A number for each response to each prompt, the higher the better; None where there is none."""


def make_scorer(name: str, store: Store) -> Scorer:
    """The scorer `name`: `preferences`, or the folder of a reward model.

    Raises InputError when there is no such model or it is no reward model.
    """
    return _by_preferences(store) if name == PREFERENCES else _by_reward_model(name)


def _by_preferences(store: Store) -> Scorer:
    """A response's mean points (1 won, 1/2 tied, 0 lost) over the preferences on it as an answer to the prompt."""
    votes = store.votes(["prompt_id", "response_a_id", "response_b_id", "verdict"])
    points: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for prompt_id, a, b, verdict in votes.itertuples(index=False):
        for response, won in zip((a, b), POINTS.get(verdict, ()), strict=False):
            points[prompt_id, response][0] += won
            points[prompt_id, response][1] += 1

    def score(groups: Sequence[tuple[Prompt, Sequence[Written]]]) -> list[list[float | None]]:
        return [[_mean(points.get((prompt.id, each.id))) for each in responses] for prompt, responses in groups]

    return score


def _mean(sums: list[float] | None) -> float | None:
    return None if sums is None else sums[0] / sums[1]


def _by_reward_model(name: str) -> Scorer:
    from firsthand.rewards import RewardModel

    model = RewardModel(name)

    def score(groups: Sequence[tuple[Prompt, Sequence[Written]]]) -> list[list[float | None]]:
        conversations = [
            [*prompt.messages, {"role": "assistant", "content": each.text}]
            for prompt, responses in groups
            for each in responses
        ]
        scores = iter(model.scores(conversations).tolist())
        return [[None if (one := next(scores)) != one else one for _ in responses] for _, responses in groups]

    return score
