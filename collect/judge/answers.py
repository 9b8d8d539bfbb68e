"""What a judge's answer says: the probabilities of its answer words, and the verdict in them."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from firsthand.collect.judge.config import ROUND_A_WORD, Answers
from firsthand.endpoint.reply import FailureKind, Reply, Token
from firsthand.records import Side, Verdict

REFUSALS = re.compile(
    r"\W*(i('|\u2019)?m sorry|i am sorry|sorry|i (can('|\u2019)?t|cannot|won('|\u2019)?t)\b|as an ai\b)", re.I
)


class UnreadableError(Exception):
    """An answer that says none of the answer words; kind: whether the model refused."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Shares:
    """Probabilities of the response shown first, of the second, and of neither; they add up to 1.

    outside: the probability of anything that is none of the answer words, before the three were made to add up to 1.
    """

    first: float
    second: float
    tie: float
    outside: float

    def turned(self, shown_first: Side) -> tuple[float, float, float]:
        """(A, B, neither) where `shown_first` is the response that was shown first."""
        pair = (self.first, self.second) if shown_first is Side.A else (self.second, self.first)
        return (*pair, self.tie)


def shares_of_tokens(tokens: Sequence[Token], answers: Answers) -> Shares:
    """The softmax over the answer words' log-probabilities, in the place of the answer.

    p(word) = sum of exp(logprob) over the tokens that spell it ("A", " A", "**A"); then divided by the sum over words
    (RLAIF, Lee et al. 2023, arXiv 2309.00267, section 2.1). The place is the first token that is an answer word, else
    the first token. A word that is not among the likeliest tokens can have at most the probability of the least likely
    one listed, and at most what they leave: it is given that much, so that a short list never makes a judge surer than
    it is.
    Raises UnreadableError (unparsable) where no answer word is among the likeliest tokens.
    """
    place = next((token for token in tokens if _word(token.text) in answers.words()), tokens[0])
    listed = {place.text: place.logprob, **place.top}
    chances = [(_word(text), math.exp(logprob)) for text, logprob in listed.items()]
    found = {word: sum(chance for spelt, chance in chances if spelt == word) for word in answers.words()}
    if not any(found.values()):
        raise UnreadableError(
            FailureKind.UNPARSABLE,
            f"none of {', '.join(answers.words())} is among the {len(listed)} likeliest tokens; "
            f"the likeliest is {place.text!r}; answers of several tokens need verdict: samples",
        )
    left = max(0.0, 1.0 - sum(chance for _, chance in chances))
    unseen = min(left, min(chance for _, chance in chances))
    outside = max(0.0, 1.0 - sum(found.values()))
    return _shares([found[word] or unseen for word in answers.words()], outside)


def shares_of_samples(words: Sequence[str], answers: Answers) -> Shares:
    """The share of each word among sampled answers."""
    return _shares([words.count(word) for word in answers.words()], outside=0.0)


def sampled_word(reply: Reply, answers: Answers) -> str:
    """The word that a structured answer gives; raises UnreadableError (refusal, unparsable) where it gives none."""
    text = reply.text.strip()
    try:
        said: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        said = _word(text)
    if isinstance(said, dict):
        said = said.get("verdict")
    if said in answers.words():
        return str(said)
    refused = REFUSALS.match(text) is not None
    raise UnreadableError(
        FailureKind.REFUSAL if refused else FailureKind.UNPARSABLE,
        f"expected one of {', '.join(answers.words())} as the verdict, got {text[:80]!r}",
    )


def answer_schema(answers: Answers) -> dict[str, Any]:
    """The request's response_format for a structured answer."""
    properties = {"verdict": {"type": "string", "enum": list(answers.words())}}
    schema = {"type": "object", "properties": properties, "required": ["verdict"], "additionalProperties": False}
    return {"type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": schema}}


def verdict_of(a: float, b: float, tie: float) -> tuple[Verdict, float]:
    """The likeliest verdict, and the probability that A is better: P(A) + P(tie) / 2, as 1/2 + (P(A) - P(B)) / 2."""
    p_a = 0.5 + (a - b) / 2 / (a + b + tie)
    if tie >= max(a, b) or a == b:
        return Verdict.TIE, p_a
    return (Verdict.A if a > b else Verdict.B), p_a


def as_json(shares: Shares) -> dict[str, float]:
    """`shares` as the journal keeps them."""
    return {"first": shares.first, "second": shares.second, "tie": shares.tie, "outside": shares.outside}


def from_json(kept: Mapping[str, float]) -> Shares:
    """The inverse of `as_json`."""
    return Shares(**kept)


def _word(text: str) -> str:
    return text.strip(ROUND_A_WORD)


def _shares(weights: Sequence[float], outside: float) -> Shares:
    total = sum(weights)
    first, second, tie = [*weights, 0.0][:3]
    return Shares(first / total, second / total, tie / total, outside)
