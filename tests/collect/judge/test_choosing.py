"""Which comparisons are judged, by whom, at what cost: told by an endpoint that always answers the same."""

import json
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from builders import fill, human, line, synthetic
from faulty_endpoint import FaultyEndpoint, faulty_endpoint
from judging import command, comparisons, judge, run, run_one, verdicts

from firsthand.collect.judge.config import JudgeJob
from firsthand.collect.judge.estimate import estimate_job
from firsthand.config import check_config
from firsthand.errors import InputError
from firsthand.store import Store, schema


@pytest.fixture(scope="module")
def fixed() -> Iterator[FaultyEndpoint]:
    with faulty_endpoint() as endpoint:
        yield endpoint


def asked_in(store: Store) -> int:
    with store.engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(schema.calls)).scalar_one()


def test_only_the_chosen_comparisons_are_judged(store: Store, tmp_path: Path, fixed: FaultyEndpoint) -> None:
    tagged = [line(number, tags={"domain": "math" if number < 3 else "law"}) for number in range(5)]
    ids_only = line(9, response_a=None, response_b=None, response_a_id="x", response_b_id="y")
    fill(store, [*tagged, human(0), human(1), human(4, verdict="skip"), synthetic(2), ids_only])
    one = judge(tmp_path, fixed.url)
    maths = run_one(store, tmp_path, one, comparisons={"tags": {"domain": ["math"]}, "limit": 1})
    assert (maths.comparisons, maths.judged) == (1, 1)
    people = run_one(store, tmp_path, one, comparisons={"labelled_by_people": True})
    assert people.comparisons == 2
    assert {entry.comparison.tags["domain"] for entry in verdicts(store)} == {"math"}
    everything = run_one(store, tmp_path, one)
    assert (everything.comparisons, everything.without_text, everything.left) == (5, 1, 0)


def test_questions_that_begin_alike_follow_each_other(store: Store, tmp_path: Path) -> None:
    texts = [f"answer {number}" for number in range(3)]
    pairs = [{"response_a": a, "response_b": b} for a, b in combinations(texts, 2)]
    fill(store, [{"prompt": f"question {number}", **pair} for pair in pairs for number in range(80)])
    asked: list[list[str]] = []

    def note(_number: int, body: dict[str, Any]) -> None:
        asked.append(body["messages"][0]["content"].splitlines()[:2])

    with faulty_endpoint(None, note) as endpoint:
        run_one(store, tmp_path, judge(tmp_path, endpoint.url, {"in_flight": 1}), comparisons={"limit": 230})
    for shared in (1, 2):  # the prompt alone; the prompt and the response shown first
        begin = ["\n".join(lines[:shared]) for lines in asked[1:]]
        runs = sum(one != next_one for one, next_one in pairwise([*begin, ""]))
        assert runs - len(set(begin)) <= 2 * shared  # a page of 100 comparisons may end within a prompt
    assert len(asked) == 460


def test_a_judge_stays_what_it_was_under_its_name(store: Store, tmp_path: Path, fixed: FaultyEndpoint) -> None:
    comparisons(store, 1)
    fill(store, [human(0, rater="j2")])
    run_one(store, tmp_path, judge(tmp_path, fixed.url))
    with pytest.raises(InputError, match=r"the judge 'j' gave its verdicts with parameters .*; give the changed judge"):
        run_one(store, tmp_path, judge(tmp_path, fixed.url, parameters={"top_logprobs": 5}))
    with pytest.raises(InputError, match=r"with version null, now \"2\""):
        run_one(store, tmp_path, judge(tmp_path, fixed.url, version="2"))
    with pytest.raises(InputError, match=r"with asked_model null, now \"other\""):
        run_one(store, tmp_path, judge(tmp_path, fixed.url, {"model": "other"}))
    with pytest.raises(InputError, match="the store knows 'j2' as a person"):
        run(store, tmp_path, {"j2": judge(tmp_path, fixed.url)})
    assert asked_in(store) == 2


def test_the_model_asked_for_is_kept_on_every_row(store: Store, tmp_path: Path, fixed: FaultyEndpoint) -> None:
    comparisons(store, 1)
    run_one(store, tmp_path, judge(tmp_path, fixed.url, {"model": "some-model"}))
    assert {entry.preference.detail["asked_model"] for entry in verdicts(store)} == {"some-model"}
    with pytest.raises(InputError, match=r"with asked_model \"some-model\", now null"):
        run_one(store, tmp_path, judge(tmp_path, fixed.url))
    assert asked_in(store) == 2


def test_a_budget_of_tokens_stops_the_run_and_the_next_goes_on(
    store: Store, tmp_path: Path, fixed: FaultyEndpoint
) -> None:
    comparisons(store, 40)
    one = judge(tmp_path, fixed.url, endpoint={"in_flight": 2})
    stopped = run_one(store, tmp_path, one, budget={"tokens": 500})
    assert stopped.stopped is not None
    assert stopped.stopped.startswith("the budget is spent: ")
    assert stopped.prompt_tokens + stopped.completion_tokens <= 500
    assert 0 < stopped.judged < 40
    assert not stopped.failures
    rest = run_one(store, tmp_path, one)
    assert rest.judged_before == stopped.judged
    assert stopped.calls + rest.calls == 80
    assert len(verdicts(store)) == 80


def test_a_budget_for_a_single_call_tells_what_is_left(store: Store, tmp_path: Path, fixed: FaultyEndpoint) -> None:
    comparisons(store, 3)
    reports = [run_one(store, tmp_path, judge(tmp_path, fixed.url), budget={"tokens": 1}) for _ in range(2)]
    # The first call decides how verdicts are read; the second one is of the same comparison.
    assert [(one.calls, one.reused, one.judged, one.left) for one in reports] == [(1, 0, 0, 3), (1, 1, 1, 2)]


def test_a_tag_that_no_comparison_has_is_told(store: Store, tmp_path: Path, fixed: FaultyEndpoint) -> None:
    job = {"comparisons": {"tags": {"domian": ["math"]}}}
    assert run_one(store, tmp_path, judge(tmp_path, fixed.url), **job).comparisons == 0
    fill(store, [line(0, tags={"domain": "math"})])
    with pytest.raises(InputError, match=r"comparisons\.tags: no comparison .* 'domian', did you mean 'domain'"):
        run_one(store, tmp_path, judge(tmp_path, fixed.url), **job)


def test_a_budget_of_dollars_is_for_all_judges_of_the_job(store: Store, tmp_path: Path, fixed: FaultyEndpoint) -> None:
    comparisons(store, 10)
    priced = judge(tmp_path, fixed.url, endpoint={"in_flight": 1, "price": {"prompt": 100.0, "completion": 200.0}})
    reports = run(store, tmp_path, {"first": priced, "second": priced}, budget={"cost": 0.02})
    costs = [report.cost or 0.0 for report in reports.values()]
    assert 0.01 < sum(costs) <= 0.02
    first = verdicts(store, "first")[0].preference.detail
    assert first["cost"] == pytest.approx((first["prompt_tokens"] * 100 + first["completion_tokens"] * 200) / 1e6)
    assert reports["second"].judged == 0
    assert "the budget is spent" in (reports["second"].stopped or "")


def test_a_dry_run_asks_nobody_and_tells_what_the_run_then_takes(
    store: Store, tmp_path: Path, fixed: FaultyEndpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    comparisons(store, 3)
    priced = judge(tmp_path, fixed.url, endpoint={"price": {"prompt": 1.0, "completion": 2.0}})
    before = fixed.requests
    (estimate,) = estimate_job(store, check_config({"judges": {"j": priced}}, JudgeJob), tmp_path)
    assert command(tmp_path, store, "--dry-run", judges={"j": priced}) == 0
    assert fixed.requests == before
    assert "j (logprobs, else samples): 3 comparisons, 0 judged before; 6 calls, about" in capsys.readouterr().out
    report = run_one(store, tmp_path, priced)
    assert (estimate.calls, estimate.completion_tokens) == (report.calls, report.completion_tokens)
    assert estimate.prompt_tokens == pytest.approx(report.prompt_tokens, rel=0.1)
    assert estimate.cost == pytest.approx(report.cost, rel=0.1)
    (done,) = estimate_job(store, check_config({"judges": {"j": priced}}, JudgeJob), tmp_path)
    assert (done.method, done.calls, done.judged_before) == ("logprobs", 0, 3)


def test_the_command_tells_what_was_done_as_text_and_as_json(
    store: Store, tmp_path: Path, fixed: FaultyEndpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    comparisons(store, 2)
    job = {"judges": {"j": judge(tmp_path, fixed.url)}}
    assert command(tmp_path, store, **job) == 0
    told = capsys.readouterr().out
    assert "j (logprobs): 2 comparisons; 2 judged now, 0 before, 0 left" in told
    assert "the orders agree on 0%; 100% of the verdicts are for the response shown first" in told
    assert command(tmp_path, store, "--json", **job) == 0
    (report,) = json.loads(capsys.readouterr().out)
    assert (report["name"], report["judged_before"], report["calls"], report["left"]) == ("j", 2, 0, 0)


def test_the_key_comes_from_the_environment_and_is_kept_nowhere(
    store: Store,
    tmp_path: Path,
    fixed: FaultyEndpoint,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    comparisons(store, 1)
    job = {"judges": {"j": judge(tmp_path, fixed.url, endpoint={"api_key_env": "JUDGE_KEY"})}}
    monkeypatch.delenv("JUDGE_KEY", raising=False)
    assert command(tmp_path, store, **job) == 2
    assert "JUDGE_KEY" in capfd.readouterr().err
    monkeypatch.setenv("JUDGE_KEY", "sk-never-to-be-seen\r")
    assert command(tmp_path, store, **job) == 2
    assert "JUDGE_KEY (api_key_env) holds a line break" in capfd.readouterr().err
    monkeypatch.setenv("JUDGE_KEY", "sk-never-to-be-seen")
    assert command(tmp_path, store, **job) == 0
    assert "Bearer sk-never-to-be-seen" in fixed.keys
    printed = capfd.readouterr()
    store.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for written in (printed.out.encode(), printed.err.encode(), kept):
        assert b"never-to-be-seen" not in written
