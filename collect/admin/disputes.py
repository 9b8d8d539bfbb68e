"""The comparisons on which people contradict each other, as the admin page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from firsthand.collect.ui.text import as_html
from firsthand.markup import Html, element, join
from firsthand.records import Comparison, Content, Verdict
from firsthand.store import Store, schema
from firsthand.store.rows import comparison_of

SHOWN = 10
EXCERPT = 160
"""Characters of a prompt."""
WORDS = {"a": "A", "b": "B", "tie": "no difference", "both_bad": "both bad"}


@dataclass(frozen=True, slots=True)
class Dispute:
    """A comparison, who chose what (raters by verdict), how many more raters were asked for, who decides now."""

    comparison: Comparison
    votes: dict[str, list[str]]
    requeued: int
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class Disputes:
    """The first SHOWN of all, and how many there are."""

    shown: list[Dispute]
    count: int


def disputes(store: Store) -> Disputes:
    """What an expert should decide, in the store's random order."""
    work, comparisons, prompts, leases = schema.work, schema.comparisons, schema.prompts, schema.leases
    expert = (
        sa.select(sa.func.min(leases.c.rater))
        .where(leases.c.comparison_id == work.c.comparison_id, leases.c.kind == "adjudication")
        .where(leases.c.state == "held")
        .scalar_subquery()
    )
    query = (
        sa.select(comparisons, prompts.c.messages, work.c.requeued, expert.label("expert"))
        .join(comparisons, comparisons.c.id == work.c.comparison_id)
        .join(prompts, prompts.c.id == comparisons.c.prompt_id)
        .where(work.c.disputed)
        .order_by(work.c.position)
        .limit(SHOWN)
    )
    with store.engine.connect().execution_options(read_only=True) as connection:
        count = connection.execute(sa.select(sa.func.count()).select_from(work).where(work.c.disputed)).scalar_one()
        rows = connection.execute(query).all()
        votes = _votes(connection, [row.id for row in rows])
    return Disputes([Dispute(comparison_of(row), votes[row.id], row.requeued, row.expert) for row in rows], count)


def disputes_view(found: Disputes, *, may_act: bool) -> Html:
    """The list of them, each with its texts to unfold; admins can ask one more rater."""
    if not found.count:
        return element("p", "Nobody contradicts anybody: nothing to settle.", class_="empty")
    more = f" The first {len(found.shown)} are shown." if found.count > len(found.shown) else ""
    many = f"{found.count:,} comparisons await" if found.count > 1 else "One comparison awaits"
    lead = f"{many} an expert, who meets them blind on the rating page; that verdict becomes gold.{more}"
    cards = [_card(dispute, may_act=may_act) for dispute in found.shown]
    return join([element("p", lead, class_="lead"), *cards])


def _card(dispute: Dispute, *, may_act: bool) -> Html:
    comparison = dispute.comparison
    prompt = " ".join(message["content"] for message in comparison.prompt if message["role"] == "user")
    excerpt = prompt if len(prompt) <= EXCERPT else f"{prompt[:EXCERPT]}…"
    votes = (element("li", element("b", WORDS[said]), f" {', '.join(who)}") for said, who in dispute.votes.items())
    texts = join(
        element("div", element("h4", f"Response {name}"), _text(response.content or ""), class_="response")
        for name, response in (("A", comparison.a), ("B", comparison.b))
    )
    unfold = element(
        "details",
        element("summary", "Read the responses", data_key=f"read-{comparison.id}"),
        element("div", texts, class_="responses"),
        data_key=comparison.id,
    )
    said = element("ul", *votes, class_="votes")
    return element("article", element("h3", excerpt), said, unfold, _foot(dispute, may_act=may_act))


def _foot(dispute: Dispute, *, may_act: bool) -> Html:
    said = []
    if dispute.requeued:
        raters = "rater" if dispute.requeued == 1 else "raters"
        said.append(f"{dispute.requeued} more {raters} asked")
    if dispute.decided_by:
        said.append(f"{dispute.decided_by} is deciding")
    parts = [element("span", " · ".join(said), class_="legend")]
    if may_act:
        key = dispute.comparison.id
        parts.append(element("button", "Ask one more rater", type="button", data_act="requeue", data_key=key))
    return element("div", *parts, class_="foot")


def _text(content: Content) -> Html:
    return element("div", Html(as_html(content)), class_="text", dir="auto")


def _votes(connection: sa.Connection, ids: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """Who gave which verdict on each of the comparisons, persons only."""
    table, annotators = schema.preferences, schema.annotators
    query = (
        sa.select(table.c.comparison_id, table.c.annotator, table.c.verdict)
        .join(annotators, annotators.c.name == table.c.annotator)
        .where(table.c.comparison_id.in_(ids), table.c.is_current, annotators.c.source == "human")
        .where(table.c.repeat == 0, ~table.c.gold, table.c.verdict != Verdict.SKIP.value)
        .order_by(table.c.verdict, table.c.annotator)
    )
    found: dict[str, dict[str, list[str]]] = {name: {} for name in ids}
    for row in connection.execute(query):
        found[row.comparison_id].setdefault(row.verdict, []).append(row.annotator)
    return found
