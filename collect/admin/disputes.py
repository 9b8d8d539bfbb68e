"""The comparisons that wait for someone to settle them, as the admin page shows them."""

from collections.abc import Sequence

from firsthand.collect.ui.views import rendered
from firsthand.collect.work.answers import as_seen
from firsthand.collect.work.queue import Dispute
from firsthand.markup import Html, element, join
from firsthand.records import Content, Message, Preference, Side, Verdict

EXCERPT = 160
"""Characters of a prompt."""
WORDS = {"a": "A", "b": "B", "tie": "No difference", "both_bad": "Both bad", "skip": "Skipped"}


def disputes_view(found: Sequence[Dispute], given_up: Sequence[Dispute], limit: int, settler: str | None) -> Html:
    """What raters contradict each other on, then what too many skipped; of each at most `limit`.

    `settler`, an admin's account, can settle a contradiction or ask one more rater, and is not told beforehand who
    said what. Without one the verdicts are shown, and the texts unfold.
    """
    parts = []
    if found:
        many = f"{_count(found, limit)} await" if len(found) > 1 else "One comparison awaits"
        lead = f"{many} a judge: an expert, on the rating page, or an admin, here. That verdict becomes gold."
        parts += [element("p", lead, class_="lead"), *(_contradiction(dispute, settler) for dispute in found)]
    if given_up:
        lead = f"Skipped by several people and offered to nobody any more: {_count(given_up, limit).lower()}."
        parts += [element("p", lead, class_="lead"), *(_skipped(dispute, settler) for dispute in given_up)]
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


def _contradiction(dispute: Dispute, settler: str | None) -> Html:
    said = [preference for _, preference in dispute.votes if preference.verdict is not Verdict.SKIP]
    if settler is None:
        return _card(dispute, votes_view(dispute.votes), _unfold(dispute))
    parts = [element("p", f"{len(said)} people judged it.", class_="legend")]
    buttons = [_button(dispute, "requeue", "Ask one more rater")]
    if dispute.in_hand:
        parts.append(element("p", "Somebody is settling it.", class_="legend"))
    if any(rater == settler for rater, _ in dispute.votes):
        parts.append(element("p", "You rated it yourself: somebody else has to settle it.", class_="legend"))
    else:
        buttons.insert(0, _button(dispute, "settle", "Settle it"))
    return _card(dispute, element("div", *buttons, class_="buttons"), *parts)


def _skipped(dispute: Dispute, settler: str | None) -> Html:
    requeue = [] if settler is None else [_button(dispute, "requeue", "Ask one more rater")]
    return _card(dispute, *requeue, votes_view(dispute.votes), _unfold(dispute))


def _card(dispute: Dispute, *parts: Html) -> Html:
    prompt = " ".join(message["content"] for message in dispute.comparison.prompt if message["role"] == "user")
    excerpt = prompt if len(prompt) <= EXCERPT else f"{prompt[:EXCERPT]}…"
    return element("article", element("h3", excerpt), *parts)


def _button(dispute: Dispute, act: str, words: str) -> Html:
    return element("button", words, type="button", data_act=act, data_key=dispute.comparison.id)


def _unfold(dispute: Dispute) -> Html:
    summary = element("summary", "Read it", data_key=f"read-{dispute.comparison.id}")
    return element("details", summary, element("div", class_="texts"), data_key=dispute.comparison.id)


def votes_view(votes: Sequence[tuple[str, Preference]], shown_first: Side = Side.A) -> Html:
    """Who gave which verdict, those who chose A first; A is the response that was `shown_first`."""
    by_verdict: dict[str, list[str]] = {}
    for rater, preference in votes:
        by_verdict.setdefault(as_seen(preference.verdict, shown_first), []).append(rater)
    said = ((words, by_verdict[verdict]) for verdict, words in WORDS.items() if verdict in by_verdict)
    lines = (element("li", element("b", words), f" {', '.join(who)}") for words, who in said)
    return element("ul", *lines, class_="votes")
