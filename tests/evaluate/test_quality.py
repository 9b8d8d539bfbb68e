import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pandas as pd
import pytest

from firsthand.collect.accounts.account import State
from firsthand.collect.accounts.people import add, events, get, set_state
from firsthand.collect.serve_config import Assignment, Overlap, Rules
from firsthand.collect.work.queue import requeue
from firsthand.collect.work.targets import prepare_work
from firsthand.evaluate.agreement import alpha_ordinal
from firsthand.evaluate.enforcing import enforce
from firsthand.evaluate.quality import alpha_course, disagreement, measure_quality, planted_gold
from firsthand.lines import parse_line
from firsthand.records import Annotator, Entry, Preference, Side, Source, Verdict
from firsthand.store import Store, schema

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def comparison(number: int, **keys):
    return parse_line({"prompt": f"p{number}", "response_a": "one", "response_b": "two", **keys}).comparison


def give(store: Store, rater: str, number: int, verdict: str, **keys) -> None:
    """One person's verdict on comparison `number`, A shown first, at noon of day `number` unless `keys` say so."""
    plain = {"shown_first": Side.A, "created_at": f"2026-01-{number % 28 + 1:02}T12:00:00.000000Z"}
    preference = Preference(Verdict(verdict), **{**plain, **keys})
    (outcome,) = store.add([Entry(comparison(number), Annotator(rater, Source.HUMAN), preference)])
    assert outcome == "added", outcome


def test_disagreement_is_about_a_against_b_alone():
    # c0: a and b, a contradiction. c1: a and tie, none. c2: a and a. c3: one rater only. One of three.
    votes = [
        ("c0", "x", "a"),
        ("c0", "y", "b"),
        ("c1", "x", "a"),
        ("c1", "y", "tie"),
        ("c2", "x", "a"),
        ("c2", "y", "a"),
    ]
    table = pd.DataFrame([*votes, ("c3", "x", "a")], columns=["comparison_id", "annotator", "verdict"])
    found = disagreement(table)
    assert (found.estimate.value, found.n) == (pytest.approx(1 / 3), 3)


def test_repeats_gold_and_skips_stay_out_of_agreement(either_store):
    # Agreement is of ann and ben on comparisons 0 and 1: a a, b b. A repeat that says the opposite, a gold verdict
    # that says the opposite and a skip change nothing.
    for number, verdict in enumerate("ab"):
        give(either_store, "ann", number, verdict)
        give(either_store, "ben", number, verdict)
    give(either_store, "ann", 0, "b", repeat=1, shown_first=Side.B)
    give(either_store, "eva", 0, "b", gold=True)
    give(either_store, "cat", 0, "skip")
    found = measure_quality(either_store, now=NOW)
    assert found.agreement.value == 1
    assert found.alpha.value == 1
    assert (found.disagreement.estimate.value, found.disagreement.n) == (0, 2)
    assert (found.votes, found.skips) == (5, 1)  # the gold verdict is a person's too
    assert found.people_without_account == 3  # ann, ben, eva: cat gave no verdict


def test_an_experts_adjudication_is_no_planted_gold(store):
    give(store, "experts", 0, "a", gold=True)
    give(store, "eva", 1, "b", gold=True, detail={"kind": "adjudication"})
    give(store, "experts", 2, "a", gold=True)
    give(store, "others", 2, "b", gold=True)  # contradicts: nobody is held against it
    give(store, "experts", 3, "both_bad", gold=True)
    assert planted_gold(store).to_dict() == {comparison(0).id: "a", comparison(3).id: "neither"}


def test_the_course_of_agreement_has_groups_in_order_of_the_last_verdict():
    # 45 comparisons of two raters, one a minute: 2 groups (of 23 and 22), agreeing in the first, not in the second.
    rows = [
        {"comparison_id": f"c{number:02}", "prompt_id": f"p{number}", "annotator": rater, "verdict": verdict}
        | {"created_at": f"2026-01-01T00:{number:02}:0{second}.000000Z"}
        for number in range(45)
        for second, rater in enumerate(("ann", "ben"))
        for verdict in ["ab"[(number + (number >= 23) * second) % 2]]
    ]
    constant = {"source": "human", "simulated": False, "shown_first": "a", "seconds": None, "repeat": 0, "tags": "{}"}
    first, second = alpha_course(pd.DataFrame(rows).assign(**constant))
    assert (first.comparisons, second.comparisons) == (23, 22)
    assert first.at == "2026-01-01T00:22:01.000000Z"
    assert first.alpha.value == 1
    # All 22 pairs are one a and one b: coincidences [[0, 22], [22, 0]]; alpha = 1 - (44 - 1) 44 / (2 x 22 x 22).
    assert second.alpha.value == pytest.approx(1 - 43 * 44 / (2 * 22 * 22))
    assert second.alpha.value == pytest.approx(
        float(alpha_ordinal(pd.DataFrame([[0.0, 22.0], [22.0, 0.0]]).to_numpy()))
    )


def test_coverage_and_what_is_left(store):
    # Two comparisons of law, one of cooking, each wanted from 2 people. Law has 1 + 2 verdicts of 4, cooking 0 of 2.
    tagged = [(0, "law"), (1, "law"), (2, "cooking")]
    for number, domain in tagged:
        store.add([parse_line({**line(number), "tags": {"domain": domain}})])
    for rater, number in (("ann", 0), ("ann", 1), ("ben", 1)):
        give(store, rater, number, "a")
    prepare_work(store, Assignment(raters=2, overlap=Overlap(share=0)))
    found = measure_quality(store, now=NOW)
    assert found.coverage_by == "domain"
    assert [(row.value, row.comparisons, row.given, row.wanted) for row in found.coverage] == [
        ("cooking", 1, 0, 2),
        ("law", 2, 3, 4),
    ]
    assert (found.open_votes, found.wanted_votes) == (3, 6)


def test_what_was_requeued_after_its_skips_is_wanted_again(store):
    store.add([parse_line(line(0))])
    prepare_work(store, Assignment(overlap=Overlap(share=0)))
    with store.engine.begin() as connection:
        connection.execute(schema.work.update().values(skipped=3))
    assert measure_quality(store, now=NOW).wanted_votes == 0
    (given_up_one,) = store.comparisons()
    requeue(store, given_up_one.id)
    found = measure_quality(store, now=NOW)
    # One by the plan, and one more.
    assert (found.open_votes, found.wanted_votes) == (2, 2)


def line(number: int) -> dict[str, str]:
    return {"prompt": f"p{number}", "response_a": "one", "response_b": "two"}


def test_an_empty_store_says_why_it_has_no_figures(either_store):
    found = measure_quality(either_store, now=NOW)
    assert found.alpha.value is None
    assert "rated" in found.alpha.why
    assert found.raters == []
    assert found.course == []


@pytest.fixture
def careless(either_store):
    """An account that got 2 of 12 gold comparisons right."""
    account = add(either_store, "careless@example.org")
    for number in range(12):
        give(either_store, "experts", number, "a", gold=True)
        give(either_store, account.id, number, "a" if number < 2 else "b")
    return either_store, account.id


def test_rules_pause_with_the_evidence_and_not_twice_for_the_same(careless):
    store, rater = careless
    (figures,) = measure_quality(store).raters
    assert (figures.conduct.gold.estimate.value, figures.conduct.gold.n) == (pytest.approx(2 / 12), 12)
    (done,) = enforce(store, measure_quality(store), Rules())
    assert (done.rater, done.rule, done.level) == (rater, "gold_accuracy", "pause")
    account = get(store, rater)
    assert account.state is State.PAUSED
    assert account.state_reason.startswith("17 % (95 % interval 2 % to 48 %) of 12 gold verdicts are right")
    assert events(store, rater)[-1]["kind"] == "paused"
    assert enforce(store, measure_quality(store), Rules()) == []

    stale = measure_quality(store)
    set_state(store, rater, State.ACTIVE, None, "ada")
    assert enforce(store, stale, Rules()) == []  # measured before the resume
    assert enforce(store, measure_quality(store), Rules()) == []  # and nothing new since
    assert get(store, rater).state is State.ACTIVE


def test_a_limit_warns_once(careless):
    store, rater = careless
    rules = Rules(gold_accuracy={"warn": 0.7, "pause": 0.1, "least": 10})
    assert [done.level for done in enforce(store, measure_quality(store), rules)] == ["warn"]
    assert enforce(store, measure_quality(store), rules) == []
    assert [event["kind"] for event in events(store, rater)] == ["added", "warned"]
    assert "below 70 % warns" in events(store, rater)[-1]["detail"]["reason"]


@pytest.mark.parametrize(("pause", "kind"), [(0.1, "warned"), (0.5, "paused")])
def test_two_servers_that_measured_at_once_warn_or_pause_once(store_url, careless, pause, kind):
    store, rater = careless
    rules = Rules(gold_accuracy={"warn": 0.7, "pause": pause, "least": 10})
    first = measure_quality(store)
    give(store, rater, 20, "a")
    give(store, "experts", 20, "a", gold=True)
    second = measure_quality(store)  # with other evidence
    with Store(store_url) as other, ThreadPoolExecutor(2) as servers:
        with store.engine.begin():
            # Both have found what is due, and wait for the one who writes.
            at_work = [servers.submit(enforce, *job, rules) for job in ((store, first), (other, second))]
            time.sleep(1)
            assert not any(server.done() for server in at_work)
        assert sorted(len(server.result(60)) for server in at_work) == [0, 1]
    assert [event["kind"] for event in events(store, rater)] == ["added", kind]
