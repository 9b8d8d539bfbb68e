"""How far people have come, counted by hand and held against `evaluate agreement`."""

import json

import pytest
from builders import fill, human, line, synthetic
from rating_work import assignment

from firsthand.cli import main
from firsthand.collect.work.overview import Overview, overview
from firsthand.collect.work.targets import prepare_work
from firsthand.evaluate.agreement_report import agreement_figures
from firsthand.evaluate.ratings import human_ratings

BY_ID = {"prompt": "known by id", "response_a_id": "r1", "response_b_id": "r2", "source": "human", "verdict": "a"}
LINES = [
    human(0, rater="ann"),
    human(0, rater="bob"),
    human(1, rater="ann"),
    human(1, rater="bob", verdict="b"),
    human(1, rater="cat", verdict="tie"),
    human(2, rater="ann", verdict="tie"),
    human(2, rater="bob", verdict="both_bad"),
    human(3, rater="ann"),
    human(3, rater="ann", verdict="b", judge={"repeat": 1}),  # a second look
    human(4, rater="ann", verdict="skip"),
    synthetic(5),
    human(6, rater="ann", shown_first="a"),
    human(6, rater="ann", verdict="b", shown_first="b"),  # ann contradicts herself
    human(6, rater="bob"),
    line(7),
    BY_ID | {"annotator": "ann"},
    BY_ID | {"annotator": "bob"},
]


def test_what_people_have_done_and_shall_do_is_counted(either_store):
    assert overview(either_store) == Overview(0, 0, 0, 0, 0, 0)
    fill(either_store, LINES)
    # Of the 8 comparisons with texts 0, 1, 2, 3 and 6 have a verdict: one is needed on each of 4, 5 and 7.
    # Pairs: 1 on 0, 3 on 1, 1 on 2, 1 on the one known by id; those on 0, on 2 (neither is better) and the last agree.
    found = overview(either_store)
    assert found == Overview(rateable=8, labelled=5, wanted=8, needed=3, pairs=6, agreeing=3)
    ratings = human_ratings(either_store.vote_frames())
    figures = agreement_figures(ratings.counts(), ratings.unit_prompt, draws=10)
    assert found.agreement == pytest.approx(figures["agreement"].value)
    # With a site that asks two people each, 3 needs one more, and 4, 5 and 7 two each.
    prepare_work(either_store, assignment(raters=2))
    planned = overview(either_store)
    assert (planned.rateable, planned.labelled, planned.wanted, planned.needed) == (8, 5, 16, 7)


def test_status_tells_it(store, capsys):
    url = store.engine.url.render_as_string()
    assert main(["collect", "status", "--store", url]) == 0
    assert "no comparison has verdicts of two people" in capsys.readouterr().out
    fill(store, LINES)
    assert main(["collect", "status", "--store", url]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "labelled 5 of 8 comparisons" in told
    assert "needed 3 of 8 verdicts" in told
    assert "agreement 50% of 6 pairs" in told
    assert main(["collect", "status", "--json", "--store", url]) == 0
    assert json.loads(capsys.readouterr().out)["agreement"] == 0.5
