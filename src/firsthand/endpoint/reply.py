"""What an endpoint answered, and why a call failed."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from firsthand.endpoint.config import Price
from firsthand.records import Message

CHARACTERS_PER_TOKEN = 4
"""What a token holds of English, about; for estimates, and for endpoints that do not count tokens."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token of an answer; top: the log-probabilities of the likeliest tokens in its place, by their texts."""

    text: str
    logprob: float
    top: dict[str, float]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. tokens: with log-probabilities where they were asked for and given, else empty.

    finish: why the answer ended (`stop`, `length`, ...). model: the model's id as the endpoint states it. cost: US
    dollars, None without a price. seconds: from asking to the answer, earlier attempts and waits included.
    """

    text: str
    tokens: tuple[Token, ...]
    finish: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    seconds: float


class FailureKind(StrEnum):
    """Why a call brought no answer; none of these says anything about what was asked, but refusal and context."""

    REFUSAL = "refusal"  # the model or its provider's filter would not answer
    UNPARSABLE = "unparsable"  # an answer came that could not be read
    RATE_LIMIT = "rate_limit"  # too many calls, however long we waited
    TIMEOUT = "timeout"
    CONTEXT = "context"  # longer than the model takes
    OUTAGE = "outage"  # no connection, a connection cut, a failure of the server
    REJECTED = "rejected"  # a wrong key, model or parameter, an empty account


class CallFailed(Exception):
    """A call that brought no answer, after every attempt; what the attempts cost where it is known.

    asked_wait: the seconds that the endpoint asks us to wait before another attempt; None where it asks nothing.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        prompt_tokens: int = 0,
        completion_tokens: int = 0,
        cost: float | None = None,
        seconds: float = 0.0,
        asked_wait: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.prompt_tokens = prompt_tokens
        self.completion_tokens = completion_tokens
        self.cost = cost
        self.seconds = seconds
        self.asked_wait = asked_wait


def read_reply(body: bytes, messages: list[Message], price: Price | None) -> Reply:
    """The reply in a chat completion's body, its seconds still 0.

    Tokens are the endpoint's count; where it gives none, CHARACTERS_PER_TOKEN of the texts.
    Raises CallFailed: unparsable where the body is no chat completion, refusal where the model or a filter refused.
    """
    try:
        completion = _Completion.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the body"
        raise CallFailed(
            FailureKind.UNPARSABLE, f"the endpoint sent no chat completion: {where}: {first['msg']}"
        ) from None
    choice = completion.choices[0]
    text = choice.message.content or ""
    usage = completion.usage or _Usage(
        prompt_tokens=estimated_tokens(message["content"] for message in messages),
        completion_tokens=estimated_tokens([text]),
    )
    cost = None if price is None else price.of(usage.prompt_tokens, usage.completion_tokens)
    if choice.message.refusal or choice.finish_reason == "content_filter":
        reason = choice.message.refusal or "the endpoint's content filter stopped the answer"
        raise CallFailed(
            FailureKind.REFUSAL,
            reason,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cost=cost,
        )
    given = choice.logprobs.content if choice.logprobs else None
    return Reply(
        text=text,
        tokens=tuple(map(_token, given or ())),
        finish=choice.finish_reason or "",
        model=completion.model,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cost=cost,
        seconds=0.0,
    )


def timed(reply: Reply, seconds: float) -> Reply:
    """`reply` with the time it took."""
    return replace(reply, seconds=seconds)


def estimated_tokens(texts: Iterable[str]) -> int:
    """About how many tokens the texts are."""
    return sum(math.ceil(len(text) / CHARACTERS_PER_TOKEN) for text in texts)


Logprob = Annotated[float, Field(le=0.1)]
"""Of a probability of 1 at most, but for rounding; minus infinity is none, NaN is refused."""


class _TopToken(BaseModel):
    token: str
    logprob: Logprob


class _Token(_TopToken):
    top_logprobs: list[_TopToken] | None = None


class _Logprobs(BaseModel):
    content: list[_Token] | None = None


class _Said(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Said
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Usage(BaseModel):
    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(default=0, ge=0)


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)
    model: str = ""
    usage: _Usage | None = None


def _token(token: _Token) -> Token:
    """Tokens of different bytes may have one text; their probabilities add up."""
    top: dict[str, float] = {}
    for other in token.top_logprobs or ():
        top[other.token] = _log_of_sum(top.get(other.token, -math.inf), other.logprob)
    return Token(token.token, token.logprob, top)


def _log_of_sum(one: float, other: float) -> float:
    """log(exp(one) + exp(other)), also where both are too small for exp (OpenAI gives -9999 to the unlikeliest)."""
    high, low = max(one, other), min(one, other)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))
