"""The admin page's table of raters, as HTML."""

from collections.abc import Sequence
from dataclasses import dataclass

from firsthand.collect.accounts.account import Account, Role, State
from firsthand.collect.admin.charts import meter, percent, unknown
from firsthand.collect.admin.figures import Measured, Quality, RaterFigures
from firsthand.collect.serve_config import Rule, Rules
from firsthand.markup import Html, element, join

HEADS = (
    *("Rater", "Verdicts", "Gold right", "Same again", "Chose first side"),
    *("Median time", "Agrees", "Reliability", "Action"),
)
PAGE = 50
"""Raters that are shown at once."""
TONES = ("bad", "warn", "good", "plain")
"""What wants attention first."""


@dataclass(frozen=True, slots=True)
class People:
    """Who works here and who looks at it; warnings: the evidence of each account's last standing warning."""

    accounts: Sequence[Account]
    warnings: dict[str, str]
    rules: Rules
    reader: Account


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of the table is looked at: those whose name or state holds `find`, and the page of them."""

    find: str = ""
    page: int = 0


def rater_table(quality: Quality, people: People, part: Part) -> Html:
    """Everyone with an account: their state, their figures, the evidence against them, what can be done.

    At most PAGE of them, those who want attention first.
    """
    figures = {rater.name: rater for rater in quality.raters}
    shown = [one for one in people.accounts if one.id in figures or one.role in (Role.RATER, Role.EXPERT)]
    if not shown:
        return element("p", "Nobody has an account yet: firsthand collect raters add invites people.", class_="empty")
    shown.sort(key=lambda one: (TONES.index(_state(one, people)[1]), -_votes(figures.get(one.id)), one.id))
    found = [one for one in shown if _is_meant(one, part.find, people)]
    first = PAGE * min(part.page, max(0, len(found) - 1) // PAGE)
    columns = [element("th", head, scope="col") for head in HEADS]
    rows = [row for account in found[first : first + PAGE] for row in _rows(account, figures.get(account.id), people)]
    table = element("table", element("thead", element("tr", *columns)), element("tbody", *rows))
    scroll = element("div", table, class_="scroll", tabindex="0", role="region", aria_label="Raters")
    return join([scroll, _pager(first, len(found)), _others(quality.people_without_account)])


def _is_meant(account: Account, find: str, people: People) -> bool:
    """Whether what the reader sees of the account holds `find`."""
    seen = (_shown_name(account, people), account.id, account.role, _state(account, people)[0])
    return any(find.lower() in word.lower() for word in seen)


def _pager(first: int, count: int) -> Html:
    """Which of them are shown, and the way to the others; nothing where all are."""
    if not count:
        return element("p", "Nobody is called so.", class_="empty")
    if count <= PAGE:
        return Html("")
    page, last = first // PAGE, (count - 1) // PAGE
    return element(
        "nav",
        _turn("Back", "back", page - 1, last),
        element("span", f"{first + 1:,} to {min(first + PAGE, count):,} of {count:,}"),
        _turn("Next", "next", page + 1, last),
        class_="pager",
        aria_label="Pages of raters",
    )


def _turn(words: str, key: str, page: int, last: int) -> Html:
    off = {} if 0 <= page <= last else {"disabled": ""}
    return element("button", words, type="button", data_page=page, data_key=f"turn-{key}", **off)


def _rows(account: Account, figures: RaterFigures | None, people: People) -> list[Html]:
    state, tone = _state(account, people)
    chip = element("span", state, class_=f"chip {tone}")
    cells = [element("th", _name(account, figures, people), chip, scope="row")]
    if figures is None:
        cells.append(element("td", "has not rated yet", colspan=len(HEADS) - 2, class_="none"))
    else:
        cells += _figures(figures, people.rules)
    cells.append(element("td", _action(account, people), class_="action"))
    evidence = _evidence(account, people)
    if not evidence:
        return [element("tr", *cells)]
    told = element("td", evidence, colspan=len(HEADS))
    return [element("tr", *cells, class_="judged"), element("tr", told, class_=f"evidence {tone}")]


def _figures(figures: RaterFigures, rules: Rules) -> list[Html]:
    conduct = figures.conduct
    right = _tone(conduct.gold, rules.gold_accuracy)
    same = _tone(conduct.consistency, rules.self_consistency)
    pull = _tone(conduct.first_side, rules.first_side_share, is_pull=True)
    cells = (
        element("b", f"{figures.votes:,}"),
        meter(conduct.gold, "Gold right", right),
        meter(conduct.consistency, "Same again", same),
        meter(conduct.first_side, "Chose first side", pull),
        _time(figures, _tone(conduct.seconds, rules.median_seconds)),
        meter(figures.agreement, "Agrees with others", "plain"),
        meter(figures.reliability, "Reliability", "plain"),
    )
    return [element("td", cell, data_label=label) for cell, label in zip(cells, HEADS[1:-1], strict=True)]


def _time(figures: RaterFigures, tone: str) -> Html:
    seconds, fast = figures.conduct.seconds.estimate, figures.conduct.fast.estimate.value
    if seconds.value is None:
        return unknown(seconds)
    note = f"{percent(fast)} too fast" if fast else "none too fast"
    return element("span", element("b", f"{seconds.value:.1f} s"), element("small", note), class_=f"cell {tone}")


def _name(account: Account, figures: RaterFigures | None, people: People) -> Html:
    """Admins see who it is; auditors the pseudonym that exports hold."""
    name = _shown_name(account, people)
    notes = [account.id] if name != account.id else []
    if account.role is not Role.RATER:
        notes.append(str(account.role))
    if figures and figures.simulated:
        notes.append("simulated")
    return join([element("span", name, class_="name"), *(element("small", note) for note in notes)])


def _shown_name(account: Account, people: People) -> str:
    return (account.login if people.reader.role is Role.ADMIN else None) or account.id


def _state(account: Account, people: People) -> tuple[str, str]:
    """The state in a word, and its tone."""
    if account.state is State.PAUSED:
        return "paused", "bad"
    if account.state is State.REMOVED:
        return "removed", "plain"
    return ("warned", "warn") if account.id in people.warnings else ("active", "good")


def _evidence(account: Account, people: People) -> str:
    if account.state is State.PAUSED:
        return account.state_reason or "Paused without a reason."
    return people.warnings.get(account.id, "") if account.state is State.ACTIVE else ""


def _votes(figures: RaterFigures | None) -> int:
    return figures.votes if figures else 0


def _action(account: Account, people: People) -> Html:
    if people.reader.role is not Role.ADMIN or account.state is State.REMOVED:
        return Html("")
    act = "resume" if account.state is State.PAUSED else "pause"
    name = account.login or account.id
    told = {"data_act": act, "data_key": account.id, "data_name": name, "aria_label": f"{act.capitalize()} {name}"}
    return element("button", act.capitalize(), type="button", **told)


def _others(count: int) -> Html:
    if not count:
        return Html("")
    people = "person" if count == 1 else "people"
    words = f"{count:,} {people} whose verdicts were imported count in the figures of the whole."
    return element("p", words, class_="legend")


def _tone(measured: Measured, rule: Rule | None, *, is_pull: bool = False) -> str:
    """How a figure stands to its limits; of a pull, the larger of the two shares must not be above them."""
    value = measured.estimate.value
    if rule is None or value is None or measured.n < rule.least:
        return "plain"
    if is_pull:
        pull = max(value, 1 - value)
        return "bad" if pull > rule.pause else "warn" if pull > rule.warn else "good"
    return "bad" if value < rule.pause else "warn" if value < rule.warn else "good"
