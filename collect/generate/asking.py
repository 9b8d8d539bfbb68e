"""Asking a model behind an endpoint, and writing down each answer before more are taken."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from typing import Any

from firsthand.collect.generate.config import GenerateJob
from firsthand.collect.generate.report import ModelReport
from firsthand.collect.generate.requests import KIND, Wanted, messages_of
from firsthand.endpoint.budget import Budget
from firsthand.endpoint.calls import EndpointDownError, run_call_batches
from firsthand.endpoint.client import Endpoint, open_endpoint
from firsthand.endpoint.config import EndpointConfig
from firsthand.endpoint.reply import CallFailed, FailureKind, Reply
from firsthand.store.calls import ANSWER, Call, failed_call

Keep = Callable[[Sequence[Call]], None]
"""Writes calls down; when it returns they are on disk."""


async def ask_endpoint(
    job: GenerateJob,
    config: EndpointConfig,
    todo: Iterable[Wanted],
    budget: Budget,
    keep: Keep,
    report: ModelReport,
) -> None:
    """Ask for each of `todo` until done or the budget ends; an endpoint that is down ends in report.stopped.

    Raises InputError where the endpoint can't be opened.
    """
    async with open_endpoint(config, budget, job.seed or 0) as endpoint:

        async def ask(one: Wanted) -> Call:
            return await _response(job, endpoint, one)

        try:
            async with aclosing(run_call_batches(todo, ask, config.in_flight, budget)) as batches:
                async for batch in batches:
                    await asyncio.to_thread(keep, [_call(one, outcome) for one, outcome in batch])
        except EndpointDownError as error:
            report.stopped = str(error)
        finally:
            report.requests = endpoint.attempts


def journal_reply(job: GenerateJob, one: Wanted, text: str, finish: str, **used: object) -> dict[str, object]:
    """What the journal keeps of a response: its text, and all that it came from and `used`."""
    setting = job.settings[one.setting]
    return {
        "text": text,
        "finish": finish,
        "prompt_id": one.prompt.id,
        "author": job.author(one.model, one.setting),
        "model": one.model,
        "setting": one.setting,
        "system": setting.system,
        "parameters": setting.request(),
        "sample": one.sample,
        "seed": one.seed,
        **used,
    }


async def _response(job: GenerateJob, endpoint: Endpoint, one: Wanted) -> Call:
    seed = {} if one.seed is None else {"seed": one.seed}
    reply = await endpoint.chat(messages_of(job, one), **job.settings[one.setting].request(), **seed)
    text = reply.text.strip()
    if not text:
        raise _empty(reply)
    model = reply.model or endpoint.model
    used: dict[str, Any] = {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "cost": reply.cost,
    }
    kept = journal_reply(job, one, text, reply.finish, endpoint_model=model, **used)
    return Call(KIND, one.key, ANSWER, kept, model, **used, seconds=reply.seconds)


def _empty(reply: Reply) -> CallFailed:
    return CallFailed(
        FailureKind.UNPARSABLE,
        f"an answer without a text (it ended by {reply.finish!r}); where that is 'length', raise max_tokens",
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
        cost=reply.cost,
        seconds=reply.seconds,
    )


def _call(one: Wanted, outcome: Call | CallFailed) -> Call:
    return outcome if isinstance(outcome, Call) else failed_call(KIND, one.key, outcome)
