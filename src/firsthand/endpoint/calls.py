"""Asking many things, a bounded number at once, in bounded memory, stopping cleanly."""

import asyncio
import signal
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Iterable, Iterator
from contextlib import aclosing, contextmanager
from itertools import groupby, islice
from typing import Generic, TypeVar

from firsthand.endpoint.budget import Budget
from firsthand.endpoint.reply import CallFailed, FailureKind
from firsthand.errors import FirsthandError

Call = TypeVar("Call")
Answer = TypeVar("Answer")

DOWN = frozenset({FailureKind.OUTAGE, FailureKind.TIMEOUT, FailureKind.RATE_LIMIT, FailureKind.REJECTED})
"""Failures that are the endpoint's or the configuration's, not the question's."""
MOST_IN_LANE = 64
"""Calls that one worker makes one after the other; it bounds what is read ahead."""
DOWN_AFTER = 10
"""Such failures in a row, at least one for each call in flight, after which an endpoint counts as down."""


class EndpointDownError(FirsthandError):
    """The endpoint answers nothing any more; what it answered is kept."""


async def run_calls(
    calls: Iterable[Call],
    ask: Callable[[Call], Awaitable[Answer]],
    in_flight: int,
    budget: Budget | None = None,
) -> AsyncGenerator[tuple[Call, Answer | CallFailed], None]:
    """`run_call_batches`, one call at a time."""
    async with aclosing(run_call_batches(calls, ask, in_flight, budget)) as batches:
        async for batch in batches:
            for outcome in batch:
                yield outcome


async def run_call_batches(
    calls: Iterable[Call],
    ask: Callable[[Call], Awaitable[Answer]],
    in_flight: int,
    budget: Budget | None = None,
    lane: Callable[[Call], Hashable] | None = None,
) -> AsyncGenerator[list[tuple[Call, Answer | CallFailed]], None]:
    """Ask each of `calls`, `in_flight` at once; yields what has been answered since it was last asked for.

    Neighbours with the same `lane` are asked one after the other while there are enough lanes for all: a server that
    keeps what it has read, as llama.cpp and vLLM do, reads only what is new in the next one.

    A caller that writes each batch down before it takes the next one writes as often as it can and no more; it loses
    nothing that was answered when it stops here. `ask` raises CallFailed for a call without an answer, which is yielded
    with it; any other error ends the run. `calls` is read as lanes are started, so it may be any length.

    The run ends early, with everything yielded that came back, when `budget` is exhausted (see there); when Ctrl+C asks
    it to (raises KeyboardInterrupt; a second one does not wait for the calls under way); and when the endpoint is down
    (raises EndpointDownError).
    """
    run = _Run(_Lanes(calls, lane), ask, in_flight, budget)
    with _ctrl_c(run.interrupt):
        run.start()
        try:
            while batch := await run.take():
                yield batch
        finally:
            await run.close()
    run.raise_reason()


class _Lanes(Generic[Call]):
    """Calls as workers take them: each keeps to a lane; when there is no new one, it takes half of the longest."""

    def __init__(self, calls: Iterable[Call], lane: Callable[[Call], Hashable] | None) -> None:
        self.new = _lanes(calls, lane)
        self.begun: list[deque[Call]] = []

    def take(self, own: deque[Call]) -> tuple[Call, deque[Call]]:
        """The next call, and the lane it is of, for a worker whose lane was `own`; raises StopIteration at the end."""
        if not own:
            own = next(self.new, own) or self._half_of_the_longest()
            self.begun = [lane for lane in (*self.begun, own) if lane]
        if not own:
            raise StopIteration
        return own.popleft(), own

    def _half_of_the_longest(self) -> deque[Call]:
        longest = max(self.begun, key=len, default=deque())
        return deque(reversed([longest.pop() for _ in range((len(longest) + 1) // 2)]))


def _lanes(calls: Iterable[Call], lane: Callable[[Call], Hashable] | None) -> Iterator[deque[Call]]:
    if lane is None:
        yield from (deque([call]) for call in calls)
        return
    for _, alike in groupby(calls, lane):
        while taken := deque(islice(alike, MOST_IN_LANE)):
            yield taken


class _Run(Generic[Call, Answer]):
    """The state of one `run_call_batches`."""

    def __init__(
        self, calls: _Lanes[Call], ask: Callable[[Call], Awaitable[Answer]], in_flight: int, budget: Budget | None
    ) -> None:
        self.calls = calls
        self.ask = ask
        self.in_flight = in_flight
        self.budget = budget
        self.done: list[tuple[Call, Answer | CallFailed]] = []
        self.changed = asyncio.Event()
        self.room = asyncio.Semaphore(4 * in_flight)  # answers that may wait for the caller, calls under way included
        self.workers: set[asyncio.Task[None]] = set()
        self.under_way = 0
        self.down_in_a_row = 0
        self.reason: BaseException | None = None

    def start(self) -> None:
        for _ in range(self.in_flight):
            worker = asyncio.create_task(self._work())
            self.workers.add(worker)
            worker.add_done_callback(self._ended)

    async def take(self) -> list[tuple[Call, Answer | CallFailed]]:
        """What was answered since the last `take`, once there is something; empty when the run is over."""
        while not self.done and self.workers:
            self.changed.clear()
            await self.changed.wait()
        taken, self.done = self.done, []
        for _ in taken:
            self.room.release()
        return taken

    async def close(self) -> None:
        """Stop the workers that are still there."""
        for worker in self.workers:
            worker.cancel()
        await asyncio.gather(*self.workers, return_exceptions=True)

    def interrupt(self) -> None:
        """Start no further call; a second time, give up those under way."""
        if isinstance(self.reason, KeyboardInterrupt):
            for worker in self.workers:
                worker.cancel()
        self.reason = KeyboardInterrupt()

    def raise_reason(self) -> None:
        """Raise why the run ended early, unless it was the budget."""
        if self.reason is not None:
            raise self.reason

    async def _work(self) -> None:
        lane: deque[Call] = deque()
        while self.reason is None:
            await self.room.acquire()
            if self.reason is not None or not self._may_start():
                return
            try:
                call, lane = self.calls.take(lane)
            except StopIteration:
                return
            self.under_way += 1
            outcome: Answer | CallFailed
            try:
                outcome = await self.ask(call)
            except CallFailed as failure:
                outcome = failure
            finally:
                self.under_way -= 1
            self._count(outcome)
            self.done.append((call, outcome))
            self.changed.set()

    def _may_start(self) -> bool:
        return self.budget is None or self.budget.allows_another(self.under_way)

    def _count(self, outcome: object) -> None:
        if not (isinstance(outcome, CallFailed) and outcome.kind in DOWN):
            self.down_in_a_row = 0
            return
        self.down_in_a_row += 1
        if self.down_in_a_row >= max(DOWN_AFTER, self.in_flight) and self.reason is None:
            self.reason = EndpointDownError(
                f"the endpoint gave no answer to {self.down_in_a_row} calls in a row, so no more are made; the last: "
                f"{outcome.kind}: {outcome.message}. What was answered is kept: see to the endpoint and run the "
                "command again to go on"
            )

    def _ended(self, worker: asyncio.Task[None]) -> None:
        self.workers.discard(worker)
        error = None if worker.cancelled() else worker.exception()
        if error is not None and not isinstance(self.reason, KeyboardInterrupt):
            self.reason = error
        self.changed.set()


@contextmanager
def _ctrl_c(interrupt: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl+C call `interrupt` while the block runs, where this is the main thread of a terminal's process."""
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGINT, interrupt)
    except (NotImplementedError, RuntimeError, ValueError):  # another thread, or a system without signals
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
