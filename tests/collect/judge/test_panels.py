"""Panels over the verdicts that are in the store."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from builders import fill, human, line
from faulty_endpoint import faulty_endpoint
from judging import comparisons, judge, run, verdicts

from firsthand.cli import main
from firsthand.collect.judge.config import Choice, Panel
from firsthand.collect.judge.panels import convene
from firsthand.collect.judge.report import Report
from firsthand.errors import InputError
from firsthand.records import Side, Source, Verdict
from firsthand.store import Store

MEMBERS = {"one": "h1", "two": "h2", "three": "h3"}


def said(member: str, p_a: tuple[float, float], prompt: int = 0, p_tie: float = 0.0) -> list[dict[str, object]]:
    """A member's two lines on a comparison, by its probabilities that A is better in the two orders."""
    verdict = ["a" if p > 0.5 else "b" for p in p_a]
    facts = {"prompt_sha256": MEMBERS[member], "swap_consistent": verdict[0] == verdict[1], "p_tie": p_tie}
    return [
        line(prompt, annotator=member, source="synthetic", verdict=v, p_a=p, shown_first=side, judge=facts)
        for side, v, p in zip("ab", verdict, p_a, strict=True)
    ]


def seat(store: Store, quorum: int) -> Report:
    panel = Panel(members=list(MEMBERS), quorum=quorum)
    return convene(store, "panel", panel, MEMBERS, Choice(), lambda _done: None)


def test_the_panel_pools_the_members_that_kept_to_their_verdicts(store: Store) -> None:
    # A as the lines name it. one: mean 0.8; two flips and has no vote; three: mean 0.3. Pooled: 0.55.
    fill(store, [*said("one", (0.9, 0.7)), *said("two", (0.9, 0.1)), *said("three", (0.2, 0.4))])
    report = seat(store, quorum=2)
    assert (report.judged, report.left) == (1, 0)
    (entry,) = verdicts(store, "panel")
    turned = entry.comparison.a.content != "first answer 0.0"
    assert entry.annotator.source is Source.SYNTHETIC
    assert entry.preference.p_a == pytest.approx(0.45 if turned else 0.55)
    assert entry.preference.verdict is (Verdict.B if turned else Verdict.A)
    assert (entry.preference.shown_first, entry.preference.swap_consistent) == (Side.BOTH, True)
    assert entry.preference.detail["parameters"] == {"quorum": 2, "members": MEMBERS}
    assert [entry.preference.detail[name] for name in ("prompt_tokens", "completion_tokens", "cost")] == [0, 0, 0]
    votes = entry.preference.detail["votes"]
    assert votes == ({"one": "b", "three": "a"} if turned else {"one": "a", "three": "b"})


def test_ties_have_their_share(store: Store) -> None:
    # one: P(A) 0.3, P(B) 0.1, P(tie) 0.6, p_a 0.6. three: P(A) 0.5, P(B) 0.5. Means: 0.4, 0.3, 0.3; p_a 0.55.
    lines = [*said("one", (0.6, 0.6), p_tie=0.6), *said("three", (0.51, 0.49))]
    for each in lines[2:]:
        each |= {"p_a": 0.5, "verdict": "tie", "judge": {**each["judge"], "swap_consistent": True}}
    fill(store, lines)
    seat(store, quorum=2)
    (entry,) = verdicts(store, "panel")
    turned = entry.comparison.a.content != "first answer 0.0"
    assert entry.preference.p_a == pytest.approx(0.45 if turned else 0.55)
    assert entry.preference.detail["p_tie"] == pytest.approx(0.3)


def test_without_a_quorum_there_is_no_verdict_until_there_is_one(store: Store) -> None:
    fill(store, [*said("one", (0.9, 0.7)), *said("two", (0.9, 0.1)), *said("one", (0.9, 0.9), prompt=1)])
    report = seat(store, quorum=2)
    assert (report.judged, report.left) == (0, 2)
    assert dict(report.reasons) == {"1 of 2 votes of the quorum": 2}
    assert verdicts(store, "panel") == []
    fill(store, said("three", (0.8, 0.8), prompt=1))
    assert seat(store, quorum=2).judged == 1
    again = seat(store, quorum=2)
    assert (again.judged, again.judged_before, again.left) == (0, 1, 1)
    assert len(verdicts(store, "panel")) == 1


def test_a_jobs_panel_sits_after_its_members(store: Store, tmp_path: Path) -> None:
    comparisons(store, 3)

    with faulty_endpoint() as endpoint:
        judges = {name: judge(tmp_path, endpoint.url, repeats=2) for name in ("one", "two")}
        reports = run(store, tmp_path, judges, panels={"both": {"members": ["one", "two"], "quorum": 1}})
    # This endpoint always prefers what is shown first: no member keeps to its verdict, so nobody has a vote.
    assert reports["one"].consistent == 0
    assert dict(reports["both"].reasons) == {"0 of 1 votes of the quorum": 3}
    assert verdicts(store, "both") == []


def test_a_panel_and_a_judge_do_not_share_a_name(store: Store, tmp_path: Path) -> None:
    fill(store, [*said("one", (0.9, 0.7)), *said("two", (0.9, 0.7))])
    seat(store, quorum=2)
    judges = {name: judge(tmp_path, "http://127.0.0.1:9/v1") for name in ("three", "four")}
    with pytest.raises(InputError, match="the store knows 'one' as a judge, here it is a panel"):
        run(store, tmp_path, judges, panels={"one": {"members": ["three", "four"], "quorum": 1}})
    with pytest.raises(InputError, match="the store knows 'panel' as a panel, here it is a judge"):
        run(store, tmp_path, {"panel": judges["three"]})


def judges_of_three_minds(body: dict[str, Any]) -> dict[str, float]:
    """`one` is 0.9 sure of the first answer, `two` 0.7 sure but on prompts 4 and 5, `three` never; else what is first.

    A judge says in its system text who it is.
    """
    name, asked = (message["content"] for message in body["messages"])
    on_its_own = name == "one" or (name == "two" and not asked.startswith(("Q: question 4", "Q: question 5")))
    sure = {"one": 0.9, "two": 0.7, "three": 0.8}[name]
    liked, other = ("A", "B") if not on_its_own or "A: first answer" in asked else ("B", "A")
    return {liked: math.log(sure), other: math.log(1 - sure)}


def test_a_jobs_panel_gives_verdicts_that_are_held_against_people(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(store, [human(number, rater=rater) for number in range(6) for rater in ("ann", "ben")])
    with faulty_endpoint(says=judges_of_three_minds) as endpoint:
        judges = {name: judge(tmp_path, endpoint.url, system=name) for name in MEMBERS}
        panels = {"jury": {"members": [*MEMBERS], "quorum": 2}, "all": {"members": [*MEMBERS], "quorum": 3}}
        reports = run(store, tmp_path, judges, panels=panels)
    assert [reports[name].consistent for name in MEMBERS] == [6, 4, 0]
    assert (reports["jury"].judged, dict(reports["jury"].reasons)) == (4, {"1 of 2 votes of the quorum": 2})
    assert (reports["all"].judged, reports["all"].left) == (0, 6)
    for entry in verdicts(store, "jury"):
        likes = "a" if str(entry.comparison.a.content).startswith("first") else "b"
        assert entry.preference.verdict.value == likes
        assert entry.preference.p_a == pytest.approx(0.8 if likes == "a" else 0.2)  # the mean of 0.9 and 0.7
        assert entry.preference.detail["votes"] == {"one": likes, "two": likes}

    assert main(["evaluate", "judges", "--store", str(store.engine.url), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    labels = {one["judge"]: (one["labels"], one["changed_with_order"], one["figures"]) for one in found["judges"]}
    assert {name: values[:2] for name, values in labels.items()} == {
        "jury": (4, 0), "one": (6, 0), "two": (6, 2), "three": (6, 6)
    }  # fmt: skip
    accuracy = {name: figures["accuracy"]["value"] for name, (_, _, figures) in labels.items()}
    assert accuracy == pytest.approx({"jury": 1.0, "one": 1.0, "two": 4 / 6, "three": 0.0})
    assert found["panel"]["judges"] == ["one", "three", "two"]
    (rule,) = (rule for rule in found["admission"]["rules"] if rule["judge"] == "jury")
    assert rule["templates"] == [reports["jury"].prompt_sha256]
