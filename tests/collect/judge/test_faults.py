"""What goes wrong at an endpoint is classed, told, kept, and asked again the next time; it is never a verdict."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from faulty_endpoint import Fault, Plan, faulty_endpoint
from judging import command, comparisons, judge, run_one, verdicts

from firsthand.endpoint.reply import FailureKind
from firsthand.store import Store, schema


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firsthand.endpoint.client.FIRST_WAIT", 0.01)


def outcomes(store: Store) -> list[str]:
    with store.engine.connect() as connection:
        return list(connection.execute(sa.select(schema.calls.c.outcome).order_by(schema.calls.c.id)).scalars())


def second_order(fault: Fault) -> Plan:
    """Every second question of a comparison meets `fault`, however often it is tried."""
    return lambda _number, body: fault if "A: second" in body["messages"][0]["content"] else None


@pytest.mark.parametrize("fault", [Fault.RATE_LIMIT, Fault.SERVER_ERROR, Fault.CUT, Fault.GARBAGE])
def test_a_passing_fault_leaves_no_trace_in_the_verdicts(
    store: Store, tmp_path: Path, llamacpp_url: str, fault: Fault
) -> None:
    comparisons(store, 1)
    with faulty_endpoint(llamacpp_url, lambda number, _body: fault if number == 0 else None) as proxy:
        report = run_one(store, tmp_path, judge(tmp_path, proxy.url))
    assert (report.judged, report.left, dict(report.failures)) == (1, 0, {})
    assert report.requests == 3
    assert proxy.too_early == 0
    assert outcomes(store) == ["answer", "answer"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.RATE_LIMIT, FailureKind.RATE_LIMIT),
        (Fault.SERVER_ERROR, FailureKind.OUTAGE),
        (Fault.SLOW, FailureKind.TIMEOUT),
        (Fault.GARBAGE, FailureKind.UNPARSABLE),
        (Fault.REFUSAL, FailureKind.REFUSAL),
        (Fault.UNAUTHORISED, FailureKind.REJECTED),
    ],
)
def test_a_lasting_fault_is_classed_and_the_comparison_left_for_the_next_run(
    store: Store, tmp_path: Path, fault: Fault, kind: FailureKind, capsys: pytest.CaptureFixture[str]
) -> None:
    comparisons(store, 1)
    with faulty_endpoint(None, second_order(fault), retry_after=0.05) as endpoint:
        one = judge(tmp_path, endpoint.url, {"attempts": 2, "timeout_seconds": 1, "in_flight": 1}, verdict="logprobs")
        assert command(tmp_path, store, judges={"j": one}) == 1
        told = capsys.readouterr().out
        assert f"1 calls failed: {kind.value}: " in told
        assert "1 left" in told
        assert "run the command again to go on" in told
        assert verdicts(store) == []
        assert sorted(outcomes(store)) == sorted(["answer", kind.value])
        endpoint.plan = lambda _number, _body: None
        report = run_one(store, tmp_path, one)
        assert (report.judged, report.calls, report.reused, report.left) == (1, 1, 1, 0)
    assert set(endpoint.answered.values()) == {1}


def test_a_comparison_too_long_for_the_model_is_told_apart(store: Store, tmp_path: Path, llamacpp_url: str) -> None:
    comparisons(store, 1)
    long = judge(tmp_path, llamacpp_url, system="word " * 1500)
    report = run_one(store, tmp_path, long)
    assert (dict(report.failures), report.left, report.judged) == ({"context": 2}, 1, 0)
    assert set(outcomes(store)) == {"context"}


def test_truncated_log_probabilities_make_no_judge_surer_than_it_is(
    store: Store, tmp_path: Path, llamacpp_url: str
) -> None:
    comparisons(store, 1)
    one = judge(tmp_path, llamacpp_url, answers={"first": "A", "second": "B"})
    full = run_one(store, tmp_path, one)
    assert full.judged == 1
    with faulty_endpoint(llamacpp_url, lambda _number, _body: Fault.TRUNCATED_LOGPROBS) as proxy:
        cut = run_one(store, tmp_path, judge(tmp_path, proxy.url, system="Answer with a letter."))
    for entry in verdicts(store):
        assert 0.0 < entry.preference.p_a < 1.0
    assert cut.judged + cut.failures["unparsable"] > 0
    assert cut.failures.total() == cut.failures["unparsable"]


def test_an_endpoint_that_is_down_ends_the_run_with_what_was_answered(store: Store, tmp_path: Path) -> None:
    comparisons(store, 60)
    with faulty_endpoint(None, lambda number, _body: Fault.SERVER_ERROR if number >= 10 else None) as endpoint:
        one = judge(tmp_path, endpoint.url, {"attempts": 1, "in_flight": 2})
        down = run_one(store, tmp_path, one)
        assert "gave no answer to 10 calls in a row" in (down.stopped or "")
        assert down.calls <= 25
        assert down.judged == len(verdicts(store)) // 2 == 5
        endpoint.plan = lambda _number, _body: None
        rest = run_one(store, tmp_path, one)
    assert (rest.judged, rest.left) == (55, 0)
    assert set(endpoint.answered.values()) == {1}


def test_no_server_at_all_is_one_clear_message(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    comparisons(store, 1)
    one = judge(tmp_path, "http://127.0.0.1:9/v1", {"attempts": 1, "model": "m"})
    assert command(tmp_path, store, judges={"j": one}) == 1
    assert "the endpoint did not answer the first call: outage: " in capsys.readouterr().out
    assert verdicts(store) == []


def test_an_endpoint_without_the_log_probabilities_asked_for_ends_the_run(store: Store, tmp_path: Path) -> None:
    comparisons(store, 60)
    with faulty_endpoint(None, lambda _number, _body: Fault.NO_LOGPROBS) as endpoint:
        report = run_one(store, tmp_path, judge(tmp_path, endpoint.url, {"in_flight": 2}, verdict="logprobs"))
    assert "10 calls in a row" in (report.stopped or "")
    assert "gives no log-probabilities; verdict: samples does without" in (report.stopped or "")
    assert report.calls == report.failures["rejected"] <= 25


def test_garbage_does_not_decide_how_verdicts_are_read(store: Store, tmp_path: Path) -> None:
    comparisons(store, 2)

    def plan(number: int, _body: dict[str, Any]) -> Fault:
        return Fault.GARBAGE if number == 0 else Fault.NO_LOGPROBS

    with faulty_endpoint(None, plan) as endpoint:
        report = run_one(store, tmp_path, judge(tmp_path, endpoint.url, {"attempts": 1}, samples=1))
    assert (report.method, report.judged, report.left) == ("samples", 2, 0)


def test_after_ten_calls_that_decide_nothing_log_probabilities_are_asked_for(store: Store, tmp_path: Path) -> None:
    comparisons(store, 8)
    with faulty_endpoint(None, lambda number, _body: Fault.GARBAGE if number < 10 else None) as endpoint:
        report = run_one(store, tmp_path, judge(tmp_path, endpoint.url, {"attempts": 1, "in_flight": 2}))
        # The two orders of five comparisons are garbage, and left for the next run.
        assert (report.method, report.judged, report.failures["unparsable"]) == ("logprobs", 3, 10)
        assert endpoint.requests == 16


def test_a_sample_that_failed_is_asked_for_again_with_another_seed(store: Store, tmp_path: Path) -> None:
    comparisons(store, 1)
    seeds: list[set[int]] = []

    def plan(_number: int, body: dict[str, Any]) -> Fault | None:
        seeds[-1].add(body["seed"])
        return Fault.HALF if len(seeds) < 3 else None

    with faulty_endpoint(None, plan) as endpoint:
        one = judge(tmp_path, endpoint.url, {"attempts": 1}, verdict="samples", samples=2)
        for _ in range(3):
            seeds.append(set())
            report = run_one(store, tmp_path, one)
    assert report.judged == 1
    assert [len(drawn) for drawn in seeds] == [4, 4, 4]
    assert len(set.union(*seeds)) == 12
    with store.engine.connect() as connection:
        keys = set(connection.execute(sa.select(schema.calls.c.key)).scalars())
    assert seeds[0] == {int(key, 16) % 2**31 for key in keys}  # a first ask's seeds stay what they were


def test_null_leaves_out_the_seed_and_the_form_of_a_sampled_answer(store: Store, tmp_path: Path) -> None:
    comparisons(store, 1)
    sent: list[set[str]] = []
    with faulty_endpoint(None, lambda _number, body: sent.append(set(body))) as endpoint:
        parameters = {"seed": None, "response_format": None}
        run_one(store, tmp_path, judge(tmp_path, endpoint.url, verdict="samples", samples=1, parameters=parameters))
    assert sent == [{"temperature", "max_tokens", "model", "messages"}] * 2
