"""Asking a model behind an endpoint: attempts, waits, and which of several servers takes a call."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

import orjson

from firsthand.endpoint.api import Api, open_api
from firsthand.endpoint.budget import Budget
from firsthand.endpoint.config import EMBEDDED, EndpointConfig
from firsthand.endpoint.embedded import llamacpp_server
from firsthand.endpoint.failures import RETRIED
from firsthand.endpoint.reply import CallFailed, Reply, read_reply, timed
from firsthand.errors import InputError
from firsthand.records import Message

FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
"""Seconds; the wait doubles from the first to the longest, less up to half of it at random."""
LONGEST_ASKED_WAIT = 120.0
"""Seconds; an endpoint that asks for more has failed."""


@dataclass(slots=True, eq=False)
class _Server:
    """One address. closed_until: it asked us to wait; doubtful_until: it failed, others are better (monotonic)."""

    api: Api
    in_flight: int = 0
    closed_until: float = 0.0
    doubtful_until: float = 0.0

    def rank(self, now: float, failed: bool) -> tuple[float, bool, bool, int]:
        """The lower, the better a server for the next call; failed: it did not answer the one that asks."""
        return max(self.closed_until - now, 0.0), failed, self.doubtful_until > now, self.in_flight


class Endpoint:
    """An open endpoint; `open_endpoint` makes one. attempts: how many requests were sent, failed ones included."""

    def __init__(
        self, config: EndpointConfig, model: str, servers: list[_Server], budget: Budget | None, seed: int
    ) -> None:
        self.config = config
        self.model = model
        self.attempts = 0
        self._servers = servers
        self._budget = budget
        self._random = random.Random(seed)

    async def chat(self, messages: list[Message], **parameters: Any) -> Reply:
        """The model's answer to `messages`; `parameters` go into the request as they are.

        Raises CallFailed when every attempt failed, or one failed for a reason that no other attempt would cure. What
        a call used is taken from the budget either way.
        """
        started = monotonic()
        body = orjson.dumps({**parameters, "model": self.model, "messages": messages})
        failed = None
        for attempt in range(1, self.config.attempts + 1):
            server = await self._free_server(failed)
            try:
                reply = timed(await self._ask(server, messages, body), monotonic() - started)
            except CallFailed as failure:
                self._spend(failure)
                wait = self._wait_after(server, failure, attempt)
                if wait is None or attempt == self.config.attempts:
                    failure.seconds = monotonic() - started
                    raise
                failed = server
            else:
                self._spend(reply)
                return reply
            await asyncio.sleep(wait)
        raise AssertionError("a call has at least one attempt")

    async def _free_server(self, failed: _Server | None) -> _Server:
        """The server to ask next, once it takes calls; of several, not the one that failed the call just now."""
        while True:
            now = monotonic()
            server = min(self._servers, key=lambda server: server.rank(now, server is failed))
            if server.closed_until <= now:
                return server
            await asyncio.sleep(server.closed_until - now)

    async def _ask(self, server: _Server, messages: list[Message], body: bytes) -> Reply:
        """One attempt; raises CallFailed."""
        self.attempts += 1
        server.in_flight += 1
        try:
            answer = await server.api.post("chat/completions", body)
            return read_reply(answer, messages, self.config.price)
        finally:
            server.in_flight -= 1

    def _wait_after(self, server: _Server, failure: CallFailed, attempt: int) -> float | None:
        """Seconds until the next attempt; None where another would bring nothing."""
        if failure.kind not in RETRIED:
            return None
        now = monotonic()
        if failure.asked_wait is not None:
            if failure.asked_wait > LONGEST_ASKED_WAIT:
                return None
            # Every other call to this server waits too; one to another server need not.
            server.closed_until = max(server.closed_until, now + failure.asked_wait)
            return 0.0
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempt - 1, 10)) * self._random.uniform(0.5, 1.0)
        server.doubtful_until = now + wait
        return wait

    def _spend(self, outcome: Reply | CallFailed) -> None:
        if self._budget is not None:
            self._budget.spend(outcome.prompt_tokens + outcome.completion_tokens, outcome.cost or 0.0)


@asynccontextmanager
async def open_endpoint(config: EndpointConfig, budget: Budget | None = None, seed: int = 0) -> AsyncIterator[Endpoint]:
    """Open the endpoint, starting llama.cpp where the address says so; `seed` draws the jitter of waits.

    Raises InputError when the key is missing, an embedded model can't be loaded, or no model is named and the endpoint
    does not list exactly one.
    """
    key = config.api_key()
    async with AsyncExitStack() as stack:
        servers = []
        for url in config.url:
            embedded = url.startswith(EMBEDDED)
            if embedded:
                url = await _started(stack, url, config)
            # A proxy for the outside has no way to this machine.
            api = open_api(url, key, config.timeout_seconds, proxied=not embedded)
            servers.append(_Server(await stack.enter_async_context(api)))
        model = config.model or await _only_model(servers[0].api, config.url[0])
        yield Endpoint(config, model, servers, budget, seed)


async def _started(stack: AsyncExitStack, address: str, config: EndpointConfig) -> str:
    running = llamacpp_server(address, model=config.name(), in_flight=config.in_flight, context=config.context)
    return await asyncio.to_thread(stack.enter_context, running)


async def _only_model(api: Api, url: str) -> str:
    try:
        listed = [str(model["id"]) for model in orjson.loads(await api.get("models"))["data"]]
    except CallFailed as failure:
        raise InputError(f"can't ask {url} for its models ({failure}); is it running? Or name one in `model`") from None
    except (orjson.JSONDecodeError, LookupError, TypeError):
        raise InputError(f"{url} does not list its models as the protocol says; name one in `model`") from None
    if len(listed) != 1:
        raise InputError(f"{url} lists {len(listed)} models ({', '.join(listed[:10])}); name one of them in `model`")
    return listed[0]
