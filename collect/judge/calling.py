"""One call to a judge: the request, and what its answer says."""

from typing import Any

from firsthand.collect.judge.answers import UnreadableError, answer_schema, as_json, sampled_word, shares_of_tokens
from firsthand.collect.judge.asked import Asked
from firsthand.collect.judge.config import Method
from firsthand.collect.judge.questions import KIND, Question
from firsthand.endpoint.client import Endpoint
from firsthand.endpoint.reply import CallFailed, FailureKind, Reply
from firsthand.records import content_id
from firsthand.store.calls import ANSWER, Call

SEEDS = 2**31


class NoLogprobsError(CallFailed):
    """An answer without the log-probabilities that it was asked for: the endpoint's failure, not the question's."""


class NoWordError(CallFailed):
    """An answer that was read, and says none of the answer words."""


async def ask(endpoint: Endpoint, asked: Asked, question: Question) -> Call:
    """Ask one question; raises CallFailed where no answer came, or one that says none of the answer words."""
    reply = await endpoint.chat(question.messages, **_parameters(asked, question))
    used: dict[str, Any] = {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "cost": reply.cost,
    }
    if asked.method is Method.LOGPROBS and not reply.tokens:
        message = "the endpoint gives no log-probabilities; verdict: samples does without"
        raise NoLogprobsError(FailureKind.REJECTED, message, **used, seconds=reply.seconds)
    try:
        said = _read(asked, reply)
    except UnreadableError as error:
        raise NoWordError(error.kind, str(error), **used, seconds=reply.seconds) from None
    model = reply.model or endpoint.model
    return Call(KIND, question.key, ANSWER, {**said, **used, "model": model}, model, **used, seconds=reply.seconds)


def _parameters(asked: Asked, question: Question) -> dict[str, Any]:
    if asked.method is Method.LOGPROBS:
        return asked.parameters
    drawn = {"response_format": answer_schema(asked.judge.answers), "seed": _seed(question)}
    left = {name: value for name, value in drawn.items() if name not in asked.judge.parameters}
    return {**left, **asked.parameters}


def _seed(question: Question) -> int:
    """Samples differ by their seeds, and a run that is repeated draws the same ones; but not again what failed."""
    key = content_id("again", question.key, str(question.failures)) if question.failures else question.key
    return int(key, 16) % SEEDS


def _read(asked: Asked, reply: Reply) -> dict[str, Any]:
    if asked.method is Method.SAMPLES:
        return {"word": sampled_word(reply, asked.judge.answers)}
    return {"shares": as_json(shares_of_tokens(reply.tokens, asked.judge.answers))}
