"""The comparisons behind a finding, those that speak for it first, for a person to read."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.collect.admin.disputes import texts_view
from firsthand.evaluate.audit.cards import authors_apart, authors_by_target
from firsthand.evaluate.audit.detectors.disagreement import DETECTOR as DISAGREEMENT
from firsthand.evaluate.audit.detectors.disagreement import strata
from firsthand.evaluate.audit.finding import Finding
from firsthand.evaluate.audit.picture import shares
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.audit.targets import own_target
from firsthand.evaluate.audit.words import AFFINITY, name
from firsthand.evaluate.table import counted, plain
from firsthand.lineage import Lineage
from firsthand.markup import Html, element, join
from firsthand.store import Store, Texts

PAGE = 10
"""Comparisons."""
EXCERPT = 160
"""Characters of a prompt."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Comparisons (indices) in their order, and how far people and the judge chose A in each."""

    rows: IntArray
    people: FloatArray
    judge: FloatArray


def ranked(table: AuditTable, lineages: Mapping[str, Lineage], finding: Finding) -> Ranked:
    """The comparisons that people and the finding's judge both judged, those where they differ most first.

    For a finding with a target, only those with one response of the target's, and first those where the judge chose
    as the finding's direction says and people did not; of equal ones, those that most people judged. For a
    disagreement only those of its stratum, for an affinity only those it rests on. Raises ValueError where the finding
    is of several judges together.
    """
    judge = shares(table.judged.of(table.judges.index(finding.judge)), len(table))
    people = shares(table.people, len(table))
    both = ~np.isnan(judge) & ~np.isnan(people)
    if finding.detector == DISAGREEMENT:
        both &= strata(table)[finding.target]
    if finding.detector == AFFINITY:
        both &= _rests_on(table, lineages, finding)
    apart = judge - people
    authors = authors_by_target(table, lineages).get((finding.judge, finding.target))
    if authors is None:
        weight = np.abs(apart)
    else:
        sign = np.isin(table.author, authors) @ np.array([1.0, -1.0])
        both &= sign != 0
        weight = apart * sign * (-1 if finding.direction == "disfavours" else 1)
    votes = np.bincount(table.people.pair, minlength=len(table))
    rows = np.flatnonzero(both)
    return Ranked(rows[np.lexsort((-votes[rows], -weight[rows]))], people, judge)


def _rests_on(table: AuditTable, lineages: Mapping[str, Lineage], finding: Finding) -> npt.NDArray[np.bool_]:
    """The comparisons of an affinity: with both authors, and for others than the judge's own kind without some kin."""
    known: npt.NDArray[np.bool_] = np.all(table.author >= 0, axis=1)
    own = own_target(table.attributed(), finding.judge, lineages)
    if own is not None and own.name == finding.target:
        return known
    apart = authors_apart(table.attributed(), finding.judge, lineages)
    without: npt.NDArray[np.bool_] = ~np.any(np.isin(table.author, apart), axis=1)
    return known & without


def listing(store: Store, table: AuditTable, lineages: Mapping[str, Lineage], finding: Finding, page: int) -> Html:
    """One page of the comparisons, each with what people and the judge said; the texts unfold."""
    found = ranked(table, lineages, finding)
    rows = found.rows[PAGE * page : PAGE * (page + 1)]
    if not len(rows) or table.ids is None:
        return element("p", "People and this judge judged no such comparison.", class_="empty")
    texts = {item[0]: item for items in store.texts([table.ids[row] for row in rows]) for item in items}
    lead = f"{counted(len(found.rows), 'comparison')}; first those that speak for the finding."
    articles = [_article(table, found, row, finding, texts.get(table.ids[row])) for row in rows]
    return join([element("p", lead, class_="lead"), *articles, _pager(page, len(found.rows))])


def comparison_texts(store: Store, comparison: str) -> Html | None:
    """The prompt and the responses of a comparison, made safe; None where there is no such comparison."""
    for [(_, prompt, a, b, *_)] in store.texts([comparison]):
        if a is None and b is None:
            words = "The store holds no text of these responses: only who wrote them, and how long they are."
            return element("p", words, class_="empty")
        return texts_view(prompt, a, b)
    return None


def _article(table: AuditTable, found: Ranked, row: int, finding: Finding, stored: Texts | None) -> Html:
    comparison = str(table.ids[row]) if table.ids is not None else ""
    votes = np.bincount(table.people.outcome[table.people.pair == row], minlength=3)
    said = [
        element("li", element("b", who), f" {words}")
        for who, words in (
            (f"A {_author(table, row, 0)}", _length(table, row, 0)),
            (f"B {_author(table, row, 1)}", _length(table, row, 1)),
            ("people", f"{votes[0]} for A, {votes[1]} for neither, {votes[2]} for B"),
            (name(finding.judge), _judged(float(found.judge[row]))),
        )
    ]
    summary = element("summary", "Read it", data_key=f"read-{comparison}")
    unfold = element("details", summary, element("div", class_="texts"), data_key=comparison)
    return element("article", element("h5", _excerpt(stored)), element("ul", *said, class_="votes"), unfold)


def _judged(share: float) -> str:
    if share == 0.5:
        return "for neither, or once for each"
    sure = "" if share in (0.0, 1.0) else f" ({100 * max(share, 1 - share):.0f} %)"
    return f"for {'A' if share > 0.5 else 'B'}{sure}"


def _author(table: AuditTable, row: int, side: int) -> str:
    author = int(table.author[row, side])
    return name(table.authors[author]) if author >= 0 else "unknown author"


def _length(table: AuditTable, row: int, side: int) -> str:
    length = table.length[row, side]
    return "" if np.isnan(length) else f"{length:,.0f} characters"


def _excerpt(stored: Texts | None) -> str:
    texts = [one["content"] for one in stored[1] if one["role"] == "user"] if stored else []
    return plain(" ".join(" ".join(texts).split()), EXCERPT)


def _pager(page: int, count: int) -> Html:
    last = (count - 1) // PAGE
    if not last:
        return Html("")
    turns = [
        element("button", words, type="button", data_page=to, **({} if 0 <= to <= last else {"disabled": ""}))
        for words, to in (("Back", page - 1), ("Next", page + 1))
    ]
    where = element("span", f"{PAGE * page + 1:,} to {min(PAGE * (page + 1), count):,} of {count:,}")
    return element("nav", turns[0], where, turns[1], class_="pager", aria_label="Pages of comparisons")
