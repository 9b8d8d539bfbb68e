import asyncio
import os
import signal
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from operator import itemgetter
from typing import Any

import pytest

from firsthand.endpoint.budget import Budget, BudgetConfig
from firsthand.endpoint.calls import EndpointDownError, run_call_batches, run_calls
from firsthand.endpoint.reply import CallFailed, FailureKind

Ask = Callable[[int], Awaitable[int]]


def collect(calls: Any, ask: Ask, in_flight: int = 4, budget: Budget | None = None) -> list[tuple[int, Any]]:
    async def run() -> list[tuple[int, Any]]:
        return [outcome async for outcome in run_calls(calls, ask, in_flight, budget)]

    return asyncio.run(run())


async def double(call: int) -> int:
    await asyncio.sleep(0)
    return 2 * call


def test_every_call_is_made_once_and_failures_come_with_theirs() -> None:
    async def ask(call: int) -> int:
        if call % 5 == 0:
            raise CallFailed(FailureKind.CONTEXT, "too long")
        return await double(call)

    outcomes = dict(collect(range(100), ask))
    assert sorted(outcomes) == list(range(100))
    assert {call for call, outcome in outcomes.items() if isinstance(outcome, CallFailed)} == set(range(0, 100, 5))
    assert outcomes[7] == 14


def test_neighbours_of_a_lane_go_to_one_worker_until_lanes_are_fewer_than_workers() -> None:
    under_way: list[str] = []
    beside: list[str] = []

    async def ask(call: str) -> int:
        beside.append("".join(sorted([*(other[0] for other in under_way), call[0]])))
        under_way.append(call)
        for _ in range(int(call[1])):
            await asyncio.sleep(0)
        under_way.remove(call)
        return 0

    async def run() -> list[str]:
        calls = ["x1", "x2", "x3", "y1", "y2", "z1", "z2", "z3", "z4", "z5"]
        batches = run_call_batches(calls, ask, 2, lane=itemgetter(0))
        return [call for batch in [batch async for batch in batches] for call, _ in batch]

    assert sorted(asyncio.run(run())) == ["x1", "x2", "x3", "y1", "y2", "z1", "z2", "z3", "z4", "z5"]
    # One worker asks x1, x2, x3, the other y1, y2 and then z; when x is done both ask z.
    assert beside == ["x", "xy", "xy", "xy", "xy", "xz", "xz", "zz", "zz", "zz"]


def test_no_more_than_in_flight_are_under_way_and_calls_are_read_as_they_start() -> None:
    under_way = most = read = started = 0

    def calls() -> Iterator[int]:
        nonlocal read
        for call in range(500):
            read += 1
            assert read - started <= 8
            yield call

    async def ask(call: int) -> int:
        nonlocal under_way, most, started
        started += 1
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return call

    assert len(collect(calls(), ask, in_flight=8)) == 500
    assert most == 8


def test_a_slow_caller_holds_the_calls_back() -> None:
    started = 0

    async def ask(call: int) -> int:
        nonlocal started
        started += 1
        return call

    async def run() -> None:
        async for _ in run_calls(range(1000), ask, 5):
            await asyncio.sleep(0.02)
            break
        assert started <= 4 * 5 + 20

    asyncio.run(run())


def test_a_hundred_thousand_calls_take_the_memory_of_a_few() -> None:
    def peak(calls: int) -> int:
        async def run() -> int:
            count = 0
            async for batch in run_call_batches(range(calls), double, 32):
                count += len(batch)
            return count

        tracemalloc.start()
        try:
            assert asyncio.run(run()) == calls
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(100_000) < 1.5 * peak(2_000)


def test_an_endpoint_that_is_down_is_given_up_and_what_it_answered_is_kept() -> None:
    async def ask(call: int) -> int:
        await asyncio.sleep(0)
        if call >= 50:
            raise CallFailed(FailureKind.OUTAGE, "no connection")
        return call

    outcomes: dict[int, Any] = {}

    async def run() -> None:
        async for batch in run_call_batches(range(100_000), ask, 4):
            outcomes.update(batch)

    with pytest.raises(EndpointDownError, match=r"no answer to 10 calls in a row.*outage: no connection"):
        asyncio.run(run())
    answered = [call for call, outcome in outcomes.items() if not isinstance(outcome, CallFailed)]
    assert sorted(answered) == list(range(50))
    assert len(outcomes) <= 50 + 10 + 4


def test_failures_between_answers_and_refusals_in_a_row_are_no_outage() -> None:
    async def ask(call: int) -> int:
        if call % 3:
            raise CallFailed(FailureKind.OUTAGE, "again")
        return call

    async def refuse(_call: int) -> int:
        raise CallFailed(FailureKind.REFUSAL, "no")

    assert len(collect(range(200), ask, in_flight=1)) == 200
    assert len(collect(range(200), refuse)) == 200


def test_a_budget_stops_the_run_before_it_is_passed() -> None:
    budget = Budget(BudgetConfig(tokens=1000))

    async def ask(call: int) -> int:
        await asyncio.sleep(0)
        budget.spend(10, 0.0)
        return call

    outcomes = collect(range(10_000), ask, 4, budget)
    assert budget.exhausted
    assert budget.tokens == 10 * len(outcomes)
    assert 960 <= budget.tokens <= 1000


def test_a_cost_budget_counts_dollars_and_an_ample_one_stops_nothing() -> None:
    tight, ample = (Budget(BudgetConfig(cost=cost)) for cost in (0.5, 1000))
    for budget in (tight, ample):

        async def ask(call: int, budget: Budget = budget) -> int:
            budget.spend(1, 0.01)
            return call

        collect(range(200), ask, 1, budget)
    assert (tight.exhausted, ample.exhausted) == (True, False)
    assert 0.48 <= tight.cost <= 0.5
    assert ample.calls == 200


def test_an_error_of_the_program_is_raised_and_what_was_answered_comes_first() -> None:
    async def ask(call: int) -> int:
        await asyncio.sleep(0)
        if call == 20:
            raise ZeroDivisionError
        return call

    seen = []

    async def run() -> None:
        async for call, _ in run_calls(range(1000), ask, 4):
            seen.append(call)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(run())
    assert set(range(20)) <= set(seen)
    assert 20 not in seen


def test_ctrl_c_starts_no_further_call_and_keeps_what_was_under_way() -> None:
    started: list[int] = []
    kept: list[int] = []

    async def ask(call: int) -> int:
        started.append(call)
        if call == 30:
            os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0.01)
        return call

    async def run() -> None:
        async for call, _ in run_calls(range(1000), ask, 4):
            kept.append(call)

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(run())
    assert sorted(kept) == sorted(started)
    assert len(started) < 60


def test_a_second_ctrl_c_does_not_wait_for_the_calls_under_way() -> None:
    async def ask(call: int) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        if call:
            os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(3600)
        return call

    with pytest.raises(KeyboardInterrupt):
        collect(range(1000), ask, 2)
