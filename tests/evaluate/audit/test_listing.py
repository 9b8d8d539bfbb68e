"""The comparisons behind a finding: which come first, and what is said of them."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import fill
from findings import finding, small_table

from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.read import read_table
from firsthand.evaluate.audit.site.answering import answer
from firsthand.evaluate.audit.site.listing import comparison_texts, listing, ranked
from firsthand.evaluate.audit.site.question import Answer, Question, Wanted
from firsthand.lineage import Lineage, Relation
from firsthand.store import Store

LINEAGES = {"judge-1": Lineage("own", "us"), "own": Lineage("own", "us"), "other": Lineage("other", "them")}


def test_what_speaks_for_the_finding_comes_first() -> None:
    # The judge less people, for own: comparison 0: 0, 1: 0.5, 2: 0.25, 3: 1.
    assert ranked(small_table(), LINEAGES, finding()).rows.tolist() == [3, 1, 2, 0]
    assert ranked(small_table(), LINEAGES, finding(direction="disfavours")).rows.tolist() == [0, 2, 1, 3]
    # Without a target that is an author: where people and the judge are furthest apart.
    order = finding(detector="position", target="the order", relation=Relation.UNKNOWN)
    assert ranked(small_table(), LINEAGES, order).rows.tolist() == [3, 1, 2, 0]


def test_a_disagreement_lists_its_own_stratum() -> None:
    # Lengths within 10 % in comparisons 0 and 1 alone.
    table = small_table()
    apart = replace(table, length=np.where(np.arange(4)[:, None] < 2, 100.0, np.array([[100.0, 300.0]])))
    stratum = finding(detector="disagreement", target="lengths within 10 %", direction="more than people")
    assert ranked(apart, LINEAGES, stratum).rows.tolist() == [1, 0]


def test_an_affinity_lists_the_comparisons_that_it_rests_on() -> None:
    # Four comparisons of own and other: too few to test own, so other's affinity is fitted without them.
    table = small_table()
    one_nameless = replace(table, author=np.where(np.arange(4)[:, None] == 3, [[0, -1]], table.author))
    assert ranked(one_nameless, LINEAGES, finding()).rows.tolist() == [1, 2, 0]
    control = finding(target="other", relation=Relation.UNRELATED)
    assert ranked(table, LINEAGES, control).rows.tolist() == []


@pytest.fixture
def store(tmp_path: Path):
    with Store(str(tmp_path / "s.db")) as opened:
        yield opened


def line(number: int, **keys: object) -> dict[str, object]:
    responses = {"response_a": f"first {number}", "response_b": f"second {number}"}
    return {"prompt": f"<b>question {number}</b>", **responses, "author_a": "own", "author_b": "other", **keys}


def test_each_comparison_is_told_with_votes_and_its_texts_unfold(store: Store) -> None:
    for number in range(12):
        judged = line(number, annotator="judge-1", source="synthetic", verdict="a")
        fill(store, [line(number, annotator="ann", source="human", verdict="b"), judged])
    table = read_table(store, AuditConfig())
    first, second = (listing(store, table, LINEAGES, finding(), page) for page in (0, 1))
    assert (first.count("<article"), second.count("<article")) == (10, 2)
    assert "1 to 10 of 12" in first
    assert "&lt;b&gt;question" in first
    assert "<b>question" not in first
    # Sides are those of the store, so that own is A in some.
    assert "0 for A, 0 for neither, 1 for B" in first + second
    texts = comparison_texts(store, str(table.ids[0]))
    assert texts is not None
    assert "first" in texts


def test_every_finding_that_offers_its_comparisons_has_some_to_read(store: Store) -> None:
    for number in range(12):
        verdicts = "ab" if number % 3 else "bb"
        judged = [line(number, annotator=f"judge-{n}", source="synthetic", verdict=verdicts[n]) for n in range(2)]
        voted = [line(number, annotator=rater, source="human", verdict="ab"[number % 2]) for rater in ("ann", "bo")]
        fill(store, [*judged, *voted])

    def asked(wanted: Wanted | None = None) -> Answer:
        return answer(store, Question(asked="all", config=AuditConfig(draws=100), wanted=wanted))

    offered = [int(number) for number in re.findall(r'data-finding="(\d+)"', asked().sections["findings"])]
    assert offered
    for number in offered:
        assert "<article" in asked(Wanted(finding=number)).sections["comparisons"]
    # The panel is of both judges together.
    assert "of several judges" in asked(Wanted(finding=max(offered) + 3)).refusal


def test_what_has_no_texts_says_so(store: Store) -> None:
    known = {"prompt": "q", "response_a_id": "r1", "response_b_id": "r2", "author_a": "own", "author_b": "other"}
    fill(store, [known | {"annotator": "ann", "source": "human", "verdict": "a"}])
    (comparison,) = store.comparisons()
    assert "holds no text" in (comparison_texts(store, comparison.id) or "")
    assert comparison_texts(store, "none") is None
