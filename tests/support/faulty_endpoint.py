"""An OpenAI-compatible endpoint that fails on demand: a proxy before a real server, or alone with a fixed delay.

In a test: `with faulty_endpoint(upstream, plan) as endpoint:`, where `plan` says which request meets which fault.
Alone, for measuring how fast a client is: `python tests/support/faulty_endpoint.py --delay 0.2` prints its address.
"""

import argparse
import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import aiohttp
from aiohttp import web

ANSWER = {"A": -0.25, "B": -1.75}
"""The likeliest tokens of the answer that stands in for a model's, and their log-probabilities."""


class Fault(StrEnum):
    """What goes wrong with a request."""

    RATE_LIMIT = "rate limit"  # 429 with Retry-After; until then every request gets one
    SERVER_ERROR = "server error"  # 500
    SLOW = "slow"  # the answer comes after `slow_seconds`
    CUT = "cut"  # the connection ends in the middle of the answer
    GARBAGE = "garbage"  # 200, and no JSON
    HALF = "half"  # 200, and JSON that holds no choices
    TRUNCATED_LOGPROBS = "truncated logprobs"  # only the first of the likeliest tokens
    NO_LOGPROBS = "no logprobs"
    REFUSAL = "refusal"  # the provider's filter stops the answer
    UNAUTHORISED = "unauthorised"  # 401


Plan = Callable[[int, dict[str, Any]], Fault | None]
"""What happens to a request, by its number (from 0) and its body."""


Says = Callable[[dict[str, Any]], dict[str, float]]
"""The likeliest tokens of the answer to a request's body, the likeliest first, and their log-probabilities."""


def no_fault(_number: int, _body: dict[str, Any]) -> Fault | None:
    """The plan of a sound endpoint."""
    return None


def one_answer(_body: dict[str, Any]) -> dict[str, float]:
    """ANSWER, whatever is asked."""
    return ANSWER


@dataclass(eq=False)
class FaultyEndpoint:
    """A running endpoint and what it has seen.

    upstream: the API's URL of the real server; None answers what it `says` after `delay` seconds. requests: how many
    came. answered: how often each body was answered soundly. too_early: requests before a Retry-After was over. keys:
    the Authorization headers seen. most_at_once: the most requests that were under way together.
    """

    upstream: str | None = None
    plan: Plan = no_fault
    delay: float = 0.0
    says: Says = one_answer
    retry_after: float = 0.3
    slow_seconds: float = 30.0
    url: str = ""
    requests: int = 0
    too_early: int = 0
    at_once: int = 0
    most_at_once: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    faults: Counter[Fault] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)
    closed_until: float = 0.0

    def app(self) -> web.Application:
        """The web application."""
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/v1/models", self._models)
        app.cleanup_ctx.append(self._upstream_session)
        return app

    async def _upstream_session(self, _app: web.Application) -> Any:
        async with aiohttp.ClientSession() as self.session:
            yield

    async def _models(self, _request: web.Request) -> web.Response:
        if self.upstream is None:
            return web.json_response({"object": "list", "data": [{"id": "fixed", "object": "model"}]})
        async with self.session.get(f"{self.upstream}/models") as answer:
            return web.json_response(await answer.json())

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        number, self.requests = self.requests, self.requests + 1
        self.keys.add(request.headers.get("Authorization", ""))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self._answer(request, body, self.plan(number, body))
        finally:
            self.at_once -= 1

    async def _answer(self, request: web.Request, body: dict[str, Any], fault: Fault | None) -> web.StreamResponse:
        now = time.monotonic()
        if now < self.closed_until:
            self.too_early += 1
            return _rate_limited(self.closed_until - now)
        if fault:
            self.faults[fault] += 1
        if fault is Fault.RATE_LIMIT:
            self.closed_until = now + self.retry_after
            return _rate_limited(self.retry_after)
        if fault is Fault.SERVER_ERROR:
            return web.json_response({"error": {"message": "the model fell over", "type": "server_error"}}, status=500)
        if fault is Fault.UNAUTHORISED:
            return web.json_response({"error": {"message": "no such key", "type": "invalid_api_key"}}, status=401)
        if fault is Fault.SLOW:
            await asyncio.sleep(self.slow_seconds)
        if fault is Fault.GARBAGE:
            return web.Response(body=b"<html>Bad gateway \xff</html>", content_type="text/html")
        status, completion = await self._completion(body)
        if fault is Fault.CUT:
            return await _cut(request, completion)
        if status == 200:
            if fault is None or fault is Fault.SLOW:
                self.answered[json.dumps(body, sort_keys=True)] += 1
            else:
                _spoil(completion, fault)
        return web.json_response(completion, status=status)

    async def _completion(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.upstream is None:
            await asyncio.sleep(self.delay)
            return 200, _fixed(body, self.says(body))
        async with self.session.post(f"{self.upstream}/chat/completions", json=body) as answer:
            return answer.status, await answer.json()


@contextmanager
def faulty_endpoint(upstream: str | None = None, plan: Plan = no_fault, **options: Any) -> Iterator[FaultyEndpoint]:
    """Run a FaultyEndpoint in a thread of its own, on a free local port, while the block runs."""
    endpoint = FaultyEndpoint(upstream, plan, **options)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def in_loop(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=60)

    try:
        endpoint.url, stop = in_loop(_listen(endpoint, 0))
        try:
            yield endpoint
        finally:
            in_loop(stop())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listen(endpoint: FaultyEndpoint, port: int) -> tuple[str, Callable[[], Any]]:
    runner = web.AppRunner(endpoint.app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}/v1", runner.cleanup


def _rate_limited(seconds: float) -> web.Response:
    error = {"error": {"message": "too many requests", "type": "rate_limit_error", "code": "rate_limit_exceeded"}}
    return web.json_response(error, status=429, headers={"Retry-After": f"{seconds:.3f}"})


async def _cut(request: web.Request, completion: dict[str, Any]) -> web.StreamResponse:
    """Send half of the answer, and end the connection."""
    text = json.dumps(completion).encode()
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(text))})
    await response.prepare(request)
    await response.write(text[: len(text) // 2])
    if request.transport is not None:
        request.transport.abort()
    return response


def _spoil(completion: dict[str, Any], fault: Fault) -> None:
    choice = completion["choices"][0]
    if fault is Fault.HALF:
        del completion["choices"]
    elif fault is Fault.REFUSAL:
        choice["finish_reason"], choice["message"]["content"] = "content_filter", ""
    elif fault is Fault.NO_LOGPROBS:
        choice["logprobs"] = None
    elif fault is Fault.TRUNCATED_LOGPROBS:
        for token in (choice.get("logprobs") or {}).get("content", ()):
            token["top_logprobs"] = token["top_logprobs"][:1]


def _fixed(body: dict[str, Any], answer: dict[str, float]) -> dict[str, Any]:
    """A completion of one token, the likeliest of `answer`."""
    top = [{"token": token, "logprob": logprob} for token, logprob in answer.items()]
    logprobs = {"content": [{**top[0], "top_logprobs": top}]}
    message = {"role": "assistant", "content": top[0]["token"]}
    choice: dict[str, Any] = {"index": 0, "finish_reason": "stop", "message": message}
    if body.get("logprobs"):
        choice["logprobs"] = logprobs
    usage = {"prompt_tokens": sum(len(message["content"]) for message in body["messages"]) // 4, "completion_tokens": 1}
    return {"object": "chat.completion", "model": "fixed", "choices": [choice], "usage": usage}


async def _serve(delay: float, port: int) -> None:
    url, _ = await _listen(FaultyEndpoint(delay=delay), port)
    print(url, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.2, help="seconds before each answer (0.2)")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(arguments.delay, arguments.port))
