"""The comparisons that wait for someone to settle them, as the admin page shows them."""

from collections.abc import Sequence

from firsthand.collect.ui.views import rendered
from firsthand.collect.work.queue import Dispute
from firsthand.markup import Html, element, join
from firsthand.records import Content, Message

EXCERPT = 160
"""Characters of a prompt."""
WORDS = {"a": "A", "b": "B", "tie": "No difference", "both_bad": "Both bad", "skip": "Skipped"}


def disputes_view(found: Sequence[Dispute], given_up: Sequence[Dispute], limit: int, *, may_act: bool) -> Html:
    """What raters contradict each other on, then what too many skipped; of each at most `limit`.

    Each unfolds to its texts; admins can ask one more rater.
    """
    parts = []
    if found:
        many = f"{_count(found, limit)} await" if len(found) > 1 else "One comparison awaits"
        lead = f"{many} an expert, who meets them blind on the rating page; that verdict becomes gold."
        parts += [element("p", lead, class_="lead"), *(_card(dispute, may_act=may_act) for dispute in found)]
    if given_up:
        lead = f"Skipped by several people and offered to nobody any more: {_count(given_up, limit).lower()}."
        parts += [element("p", lead, class_="lead"), *(_card(dispute, may_act=may_act) for dispute in given_up)]
    return join(parts) if parts else element("p", "Nobody contradicts anybody: nothing to settle.", class_="empty")


def texts_view(prompt: Sequence[Message], a: Content | None, b: Content | None) -> Html:
    """A comparison to read: its prompt and both responses, made safe."""
    return join(
        _side(name, turns) for name, turns in (("Prompt", prompt), ("Response A", _turns(a)), ("Response B", _turns(b)))
    )


def _side(name: str, turns: Sequence[Message]) -> Html:
    parts = [element("h4", name), *map(_turn, turns)]
    return element("div", *parts, class_="side", tabindex="0", role="region", aria_label=name)


def _turns(content: Content | None) -> Sequence[Message]:
    return content if isinstance(content, list) else [{"role": "assistant", "content": content or ""}]


def _turn(turn: Message) -> Html:
    return element("div", Html(rendered(turn["content"])), class_="text", dir="auto", data_role=turn["role"])


def _count(disputes: Sequence[Dispute], limit: int) -> str:
    return f"The first {limit} comparisons" if len(disputes) == limit else f"{len(disputes)} comparisons"


def _card(dispute: Dispute, *, may_act: bool) -> Html:
    comparison = dispute.comparison
    prompt = " ".join(message["content"] for message in comparison.prompt if message["role"] == "user")
    excerpt = prompt if len(prompt) <= EXCERPT else f"{prompt[:EXCERPT]}…"
    summary = element("summary", "Read it", data_key=f"read-{comparison.id}")
    unfold = element("details", summary, element("div", class_="texts"), data_key=comparison.id)
    parts = [element("h3", excerpt), _votes(dispute), unfold]
    if dispute.in_hand:
        parts.append(element("p", "An expert is deciding.", class_="legend"))
    if may_act:
        told = {"data_act": "requeue", "data_key": comparison.id}
        parts.insert(1, element("button", "Ask one more rater", type="button", **told))
    return element("article", *parts)


def _votes(dispute: Dispute) -> Html:
    """Who gave which verdict, those who chose A first."""
    by_verdict: dict[str, list[str]] = {}
    for rater, preference in dispute.votes:
        by_verdict.setdefault(preference.verdict, []).append(rater)
    said = ((words, by_verdict[verdict]) for verdict, words in WORDS.items() if verdict in by_verdict)
    votes = (element("li", element("b", words), f" {', '.join(who)}") for words, who in said)
    return element("ul", *votes, class_="votes")
