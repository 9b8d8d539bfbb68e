"""The whole command against a real llama.cpp, sound and failing."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from faulty_endpoint import Fault, faulty_endpoint
from quick_start import Command

from firsthand.cli import main
from firsthand.store import Store
from firsthand.store.schema import calls

Generate = Callable[..., tuple[int, Any]]
PASSING = (Fault.RATE_LIMIT, Fault.SERVER_ERROR, Fault.CUT, Fault.GARBAGE, Fault.HALF)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firsthand.endpoint.client.FIRST_WAIT", 0.01)


def journal(tmp_path: Path) -> list[Any]:
    with Store(str(tmp_path / "store.db")) as store, store.engine.connect() as connection:
        return list(connection.execute(sa.select(calls).order_by(calls.c.id)))


def test_responses_become_comparisons_and_nothing_is_asked_twice(
    llamacpp_url: str, generate: Generate, tmp_path: Path
) -> None:
    with faulty_endpoint(llamacpp_url) as proxy:
        status, report = generate(proxy.url)
        assert (status, proxy.requests) == (0, 6)
        again, second = generate(proxy.url)
        assert (again, proxy.requests) == (0, 6)
    (model,) = report["models"]
    assert (model["wanted"], model["known"], model["answered"], model["left"]) == (6, 0, 6, 0)
    assert report["pairs"]["added"] + sum(report["pairs"]["left_out"].values()) == 3
    assert second["models"][0]["known"] == 6
    assert second["pairs"]["known"] == report["pairs"]["added"] > 0
    rows = journal(tmp_path)
    assert {row.outcome for row in rows} == {"answer"}
    reply = orjson.loads(rows[0].reply)
    assert reply["setting"] in ("cold", "hot")
    assert reply["parameters"]["max_tokens"] == 6
    assert rows[0].model == "smollm2"
    assert sum(row.prompt_tokens for row in rows) == model["prompt_tokens"]
    with Store(str(tmp_path / "store.db")) as store:
        for comparison in store.comparisons():
            assert (comparison.a.author, comparison.b.author) == ("smollm2", "smollm2")
            assert comparison.tags == {"domain": "zoo"}
            origins = {side.origin["setting"]: side.origin for side in (comparison.a, comparison.b)}
            assert origins["cold"]["parameters"] == {"max_tokens": 6, "temperature": 0, "top_p": 1.0}
            assert origins["hot"]["parameters"]["temperature"] == 2.0
            assert origins["cold"]["seed"] == origins["hot"]["seed"]
            assert {origin["endpoint_model"] for origin in origins.values()} == {"smollm2"}
            assert all(origin["completion_tokens"] <= 6 for origin in origins.values())
        assert store.families() == {"smollm2": "hf"}


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: fault.name)
def test_a_passing_fault_costs_no_response(llamacpp_url: str, generate: Generate, fault: Fault) -> None:
    def plan(number: int, _body: dict[str, Any]) -> Fault | None:
        return fault if number % 3 == 1 else None

    with faulty_endpoint(llamacpp_url, plan, retry_after=0.1) as proxy:
        status, report = generate(proxy.url)
    assert proxy.faults[fault] >= 2
    assert status == 0
    assert report["models"][0]["answered"] == 6
    assert report["models"][0]["failures"] == {}
    assert report["models"][0]["requests"] == proxy.requests


def test_a_slow_answer_times_out_and_is_asked_for_again(generate: Generate) -> None:
    with faulty_endpoint(plan=lambda number, _body: Fault.SLOW if number == 0 else None) as proxy:
        status, report = generate(proxy.url, {"timeout_seconds": 0.5})
    assert (status, report["models"][0]["answered"], proxy.requests) == (0, 6, 7)


def test_failures_are_told_by_kind_and_only_they_are_asked_for_again(
    llamacpp_url: str, generate: Generate, tmp_path: Path
) -> None:
    def plan(number: int, _body: dict[str, Any]) -> Fault | None:
        return {0: Fault.REFUSAL, 1: Fault.GARBAGE}.get(number)

    with faulty_endpoint(llamacpp_url, plan) as proxy:
        status, report = generate(proxy.url, {"attempts": 1})
        assert (status, proxy.requests) == (0, 6)
        assert report["models"][0]["failures"] == {"refusal": 1, "unparsable": 1}
        assert report["models"][0]["left"] == 2
        assert "content filter" in report["models"][0]["examples"]["refusal"]
        status, report = generate(proxy.url, {"attempts": 1})
        assert (status, proxy.requests) == (0, 8)
    assert report["models"][0]["left"] == 0
    assert sorted(row.outcome for row in journal(tmp_path)) == ["answer"] * 6 + ["refusal", "unparsable"]


def test_an_endpoint_that_goes_down_ends_the_run_and_the_next_run_goes_on(
    generate: Generate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"a": {"samples": 20}, "b": {"samples": 20, "temperature": 1}}
    with faulty_endpoint(plan=lambda number, _body: Fault.SERVER_ERROR if number >= 30 else None) as proxy:
        status, report = generate(proxy.url, {"attempts": 1}, settings=settings)
    assert status == 1
    assert "no answer to 10 calls in a row" in report["models"][0]["stopped"]
    assert report["models"][0]["answered"] == 30
    assert proxy.requests <= 30 + 10 + 2
    assert report["pairs"]["waiting"] == 3 - 0 - report["pairs"]["added"]
    with faulty_endpoint() as sound:
        status, report = generate(sound.url, settings=settings)
        assert (status, sound.requests) == (0, 120 - 30)
    assert report["models"][0]["left"] == 0


def test_a_token_budget_stops_the_run_and_a_larger_one_goes_on(generate: Generate) -> None:
    settings = {"a": {"samples": 20}, "b": {"samples": 20, "temperature": 1}}
    with faulty_endpoint() as proxy:  # each call: 15 characters // 4 + 1 = 4 tokens
        status, report = generate(proxy.url, settings=settings, budget={"tokens": 200})
        asked = proxy.requests
        assert status == 0
        assert 190 <= 4 * asked <= 200
        assert report["budget"] == f"{4 * asked} tokens"
        assert report["models"][0]["left"] == 120 - asked
        status, report = generate(proxy.url, settings=settings, budget={"tokens": 100_000})
    assert (status, proxy.requests, report["budget"]) == (0, 120, None)


def test_a_dry_run_asks_nothing_and_estimates(generate: Generate, tmp_path: Path) -> None:
    with faulty_endpoint() as proxy:
        endpoint = {"price": {"prompt": 1.0, "completion": 2.0}}
        status, plan = generate(proxy.url, endpoint, options=("--dry-run",))
        assert (status, proxy.requests, plan["prompts"], plan["calls"]) == (0, 0, 3, 6)
        (model,) = plan["models"]
        # 15 characters, 4 a token: 4 each; 6 tokens of answer each.
        assert (model["prompt_tokens"], model["completion_tokens"]) == (24, 36)
        assert model["cost"] == pytest.approx((24 * 1.0 + 36 * 2.0) / 1_000_000)
        generate(proxy.url, endpoint)
        _, plan = generate(proxy.url, endpoint, options=("--dry-run",))
        assert (plan["calls"], plan["models"][0]["known"]) == (0, 6)
    assert len(journal(tmp_path)) == 6


def test_killed_at_any_point_no_answer_that_was_written_down_is_asked_for_again(
    tmp_path: Path, write_job: Callable[..., Path]
) -> None:
    store = str(tmp_path / "store.db")
    with faulty_endpoint(delay=0.02) as proxy:
        path = write_job(proxy.url, settings={"a": {"samples": 30}, "b": {"samples": 30, "temperature": 1}})
        command = ["collect", "generate", str(path), "--store", store]
        for kill_at in (20, 70, 130):
            with Command(command) as process:
                while proxy.requests < kill_at and process.poll() is None:
                    time.sleep(0.005)
                process.kill()
            assert process.returncode == -signal.SIGKILL
        assert main(command) == 0
        done = journal(tmp_path)
        assert len(done) == len({row.key for row in done}) == 180
        # At most 4 x in_flight answers were on their way, or not yet written down, when a process died.
        assert proxy.requests <= 180 + 3 * 4 * 2
        before = proxy.requests
        assert main(command) == 0
        assert proxy.requests == before
