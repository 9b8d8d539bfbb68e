"""Panels: several judges as one annotator.

A member has a vote where it kept to its verdict in both orders; with fewer votes than the quorum the panel has no
verdict. The panel's probabilities are the means of its voters' (average pooling, as in Verga et al. 2024,
arXiv 2404.18796), its verdict the likeliest of A, B and neither.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

import orjson
import sqlalchemy as sa

from firsthand.collect.judge.answers import verdict_of
from firsthand.collect.judge.config import Choice, Panel
from firsthand.collect.judge.pages import judged, pages
from firsthand.collect.judge.report import Report
from firsthand.collect.judge.running import Progress
from firsthand.collect.judge.settled import PANEL
from firsthand.collect.judge.verdicts import add_verdicts
from firsthand.collect.work.turns import stamp
from firsthand.records import Annotator, Comparison, Entry, Preference, Side, Source, content_id, dump
from firsthand.store import Store, schema
from firsthand.store.engine import among

NOTHING_ASKED = {"prompt_tokens": 0, "completion_tokens": 0, "cost": 0.0}
Probabilities = tuple[float, float, float]
"""Of A, B and neither."""


def convene(
    store: Store, name: str, panel: Panel, members: Mapping[str, str], choice: Choice, progress: Progress
) -> Report:
    """Give the panel's verdict on every comparison that has none of it yet and on which its quorum votes.

    members: each member's template hash. The members' first repeats count. A panel asks nothing itself: its rows cost
    nothing, since its members' rows hold what they cost.
    """
    report = Report(name, method=PANEL)
    sha256 = content_id(PANEL, str(panel.quorum), *(f"{member} {members[member]}" for member in sorted(panel.members)))
    report.prompt_sha256 = sha256
    annotator = Annotator(name, Source.SYNTHETIC)
    for page in pages(store, choice):
        known = judged(store, name, sha256, page)
        wanted = [comparison for comparison in page if (comparison.id, Side.BOTH.value, 0) not in known]
        votes = _votes(store, members, wanted)
        entries = []
        for comparison in wanted:
            voters = votes[comparison.id]
            if len(voters) >= panel.quorum:
                entries.append(Entry(comparison, annotator, _preference(panel, members, voters, sha256)))
            else:
                report.count_left(f"{len(voters)} of {panel.quorum} votes of the quorum")
        add_verdicts(store, entries)
        report.comparisons += len(page)
        report.units += len(page)
        report.judged_before += len(page) - len(wanted)
        for entry in entries:
            report.count_verdicts([entry])
        progress(report.done)
    return report


def panel_names(store: Store) -> set[str]:
    """The annotators of the store that are panels."""
    table = schema.preferences
    said = table.c.detail.contains(f'"method":{dump(PANEL)}', autoescape=True)
    with store.engine.connect().execution_options(read_only=True) as connection:
        return set(connection.execute(sa.select(table.c.annotator).distinct().where(said)).scalars())


def _votes(
    store: Store, members: Mapping[str, str], comparisons: Sequence[Comparison]
) -> dict[str, dict[str, Probabilities]]:
    """For each comparison, the probabilities of every member that kept to its verdict in both orders."""
    rows: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in _rows(store, members, comparisons):
        rows[row.comparison_id, row.annotator].append(row)
    votes: dict[str, dict[str, Probabilities]] = defaultdict(dict)
    for (comparison, member), orders in rows.items():
        if all(row.swap_consistent for row in orders):
            each = [_probabilities(row.p_a, orjson.loads(row.detail).get("p_tie", 0.0)) for row in orders]
            a, b, tie = (fmean(values) for values in zip(*each, strict=True))
            votes[comparison][member] = (a, b, tie)
    return votes


def _rows(store: Store, members: Mapping[str, str], comparisons: Sequence[Comparison]) -> Sequence[Any]:
    table = schema.preferences
    asked = sa.or_(
        *(sa.and_(table.c.annotator == name, table.c.prompt_sha256 == sha256) for name, sha256 in members.items())
    )
    columns = (table.c.comparison_id, table.c.annotator, table.c.p_a, table.c.swap_consistent, table.c.detail)
    with store.engine.connect().execution_options(read_only=True) as connection:
        ids = among(connection, table.c.comparison_id, (comparison.id for comparison in comparisons))
        query = sa.select(*columns).where(ids, asked, table.c.is_current, table.c.repeat == 0).order_by(table.c.id)
        return connection.execute(query).all()


def _probabilities(p_a: float, tie: float) -> Probabilities:
    """The inverse of p_a = P(A) + P(tie) / 2."""
    return p_a - tie / 2, 1 - p_a - tie / 2, tie


def _preference(
    panel: Panel, members: Mapping[str, str], voters: Mapping[str, Probabilities], sha256: str
) -> Preference:
    pooled = [fmean(values) for values in zip(*voters.values(), strict=True)]
    verdict, p_a = verdict_of(*pooled)
    said = {member: verdict_of(*shares)[0].value for member, shares in sorted(voters.items())}
    return Preference(
        verdict=verdict,
        p_a=p_a,
        shown_first=Side.BOTH,
        prompt_sha256=sha256,
        swap_consistent=True,
        created_at=stamp(datetime.now(UTC)),
        detail={
            "method": PANEL,
            "parameters": {"quorum": panel.quorum, "members": dict(members)},
            "votes": said,
            "p_tie": pooled[2],
            **NOTHING_ASKED,
        },
    )
