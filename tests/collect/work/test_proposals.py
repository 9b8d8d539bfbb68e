"""What is proposed to be labelled next is what the rating page's queue gives out next."""

import json

import pytest
from builders import fill, human, line, synthetic
from rating_work import assignment, check_books, rows, work_off

from firsthand.cli import main
from firsthand.collect.work.items import Rater, next_items
from firsthand.collect.work.proposals import propose
from firsthand.collect.work.targets import prepare_work
from firsthand.collect.work.worth import Reason
from firsthand.errors import InputError
from firsthand.store import schema

QUEUE = {"policy": "informative", "random_share": 1e-9}


def judged(store):
    """A sure judge on 0 to 3, two that disagree on 4 and 5; a judge of 6's own kind; one that flipped on 7."""
    kin = {"author_a": "cousin", "family_a": "kin", "judge": {"family": "kin"}}
    return fill(
        store,
        [
            *(synthetic(n, p_a=1.0, judge="one") for n in range(6)),
            *(synthetic(n, verdict="b", p_a=0.0, judge="two") for n in (4, 5)),
            synthetic(6, p_a=1.0, judge="relative") | kin,
            synthetic(7, p_a=0.9, shown_first="a", judge="one"),
            synthetic(7, verdict="b", p_a=0.2, shown_first="b", judge="one"),
        ],
    )


def question(store):
    return {one.id: one.prompt[0]["content"].removeprefix("question ") for one in store.comparisons()}


def test_the_proposals_come_in_the_order_of_the_queue_each_with_its_reason(either_store):
    store = judged(either_store)
    plan = assignment(order=QUEUE)
    prepare_work(store, plan)
    names = question(store)
    proposed = propose(store, 99, plan)
    reasons = {names[one.comparison_id]: [because.reason for because in one.because] for one in proposed}
    assert reasons == {
        **{name: [Reason.DISAGREE] for name in "45"},
        "6": [Reason.OWN_FAMILY],
        "7": [Reason.FLIPPED],
        **{name: [Reason.UNSEEN] for name in "0123"},
    }
    assert [one.worth for one in proposed] == [1.0] * 4 + [0.5] * 4
    assert [one.comparison_id for one in propose(store, 3, plan)] == [one.comparison_id for one in proposed[:3]]
    given = [names[item.comparison.id] for _, item in work_off(store, plan, ["ann"])]
    assert (set(given[:4]), set(given[4:])) == (set("4567"), set("0123"))
    assert propose(store, 5, plan) == []
    check_books(store)


def test_a_verdict_leaves_what_preparing_again_would(either_store):
    store = judged(either_store)
    plan = assignment(order=QUEUE, raters=2)
    prepare_work(store, plan)
    for rater in ("ann", "bob"):
        work_off(store, plan, [rater], most=5)
    before = rows(store, schema.work)
    prepare_work(store, plan)
    assert rows(store, schema.work) == before
    check_books(store)


def test_pairs_of_a_judges_kind_come_first_for_their_second_label(either_store):
    store = judged(either_store)
    plan = assignment(0.1, order=QUEUE)
    prepare_work(store, plan)
    names = question(store)
    work_off(store, plan, ["ann"], most=4)
    (first, *_) = propose(store, 9, plan)
    assert names[first.comparison_id] == "6"
    assert (first.people, first.wanted) == (1, 2)
    assert (first.because[0].reason, first.because[0].text) == (
        Reason.SECOND_LABEL,
        "an own-family pair with 1 of 2 labels",
    )
    assert {names[one.comparison_id] for one in propose(store, 9, plan)} == set("01236")
    (again,) = next_items(store, plan, Rater("eve"), 1)
    assert names[again.comparison.id] == "6"


def test_each_value_of_the_tag_to_cover_is_worth_ten_labels(either_store):
    math = [synthetic(n, p_a=1.0, tags={"domain": "math"}) for n in range(30)]
    law = [human(n, tags={"domain": "law"}) for n in range(100, 112)]
    more_law = [synthetic(n, p_a=1.0, tags={"domain": "law"}) for n in range(200, 210)]
    store = fill(either_store, [*math, *law, *more_law, human(0, tags={"domain": "math"})])
    plan = assignment(order={**QUEUE, "cover": "domain"})
    proposed = propose(store, 99, plan)
    # Math has one label of the ten; law has twelve.
    covering = [one for one in proposed if one.because[0].reason is Reason.UNCOVERED_TAG]
    assert covering == proposed[:9]
    assert {one.tags["domain"] for one in covering} == {"math"}
    assert covering[0].because[0].text == "people have labelled 1 of its tag"
    assert [one.worth for one in proposed] == [1.0] * 9 + [0.5] * 30
    prepare_work(store, plan)
    given = [item.comparison.tags["domain"] for _, item in work_off(store, plan, ["ann"], most=9)]
    assert given == ["math"] * 9


def test_status_tells_what_to_label_next(store, capsys, tmp_path):
    judged(store)
    url = store.engine.url.render_as_string()
    assert main(["collect", "status", "--store", url, "--next", "2"]) == 0
    said = capsys.readouterr().out
    assert "worth 1.0, 0 of" in said
    rule = {"judge": "one", "tag": None, "admitted": False, "threshold": None, "agreement": None, "lower_bound": None}
    rule |= {"templates": [""], "n": 3, "n_prompts": 3, "more_labels": 70, "why": "too few labels"}
    head = {"schema": 1, "target": 0.85, "confidence": 0.95, "method": "m", "seed": 1, "split": "s", "rules": [rule]}
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps(head))
    assert main(["collect", "status", "--store", url, "--next", "8", "--rules", str(rules), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["comparisons"] == 8
    texts = [because["text"] for one in found["next"] for because in one["because"]]
    assert texts.count("one is not admitted; 70 more labels needed") == 7
    assert all(one["worth"] > 0.5 for one in found["next"])
    assert rows(store, schema.work) == []


def test_the_site_keeps_to_the_rules_it_was_started_with(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = assignment(order={**QUEUE, "rules": "rules.json"})
    assert plan.order.rules == tmp_path / "rules.json"
    fill(store, [line(0)])
    monkeypatch.chdir("/")
    with pytest.raises(InputError, match=r"rules\.json"):
        prepare_work(store, plan)
    assert rows(store, schema.work) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--next", "-1"], "--next is -1"),
        (["--cover", "domain"], "give --next N too"),
        (["--next", "3", "--rules", "absent.json"], "absent.json"),
        (["--next", "3", "--cover", "domian"], "no comparison in the store has the tag 'domian', did"),
    ],
)
def test_wrong_options_are_told(store, capsys, options, message):
    fill(store, [line(0, tags={"domain": "math"})])
    assert main(["collect", "status", "--store", store.engine.url.render_as_string(), *options]) == 2
    assert message in capsys.readouterr().err
