"""The win-rate matrix: each policy against each other one."""

from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.policies.ranking import Pair, Ranking
from firsthand.evaluate.table import plain
from firsthand.markup import Html, element


def matrix(ranking: Ranking) -> Html:
    """A table whose cells hold the points of the row against the column, tinted by how far they are from one half."""
    authors = [policy.author for policy in ranking.policies]
    head = element(
        "tr",
        element("th", "row over column", scope="col"),
        *(element("th", plain(name), scope="col") for name in authors),
    )
    rows = [
        element("tr", element("th", plain(row), scope="row"), *(_cell(ranking, row, column) for column in authors))
        for row in authors
    ]
    whole = element("table", element("thead", head), element("tbody", *rows), class_="matrix")
    return element(
        "div", whole, class_="scroll", tabindex="0", role="region", aria_label="Points of each policy against each"
    )


def _cell(ranking: Ranking, row: str, column: str) -> Html:
    if row == column:
        return element("td", "", class_="own")
    pair = ranking.pair(row, column)
    value = (pair.observed if pair.n else pair.fitted).value or 0.0
    points = value if pair.first == row else 1 - value
    figure = f"{100 * points:.0f} %"
    words = element("b", figure) if pair.verdict is Verdict.DETECTED else Html(figure)
    return element("td", words if pair.n else f"({figure})", element("small", _size(pair)), style=_tint(points))


def _size(pair: Pair) -> str:
    return f"of {pair.n:,}" if pair.n else "by the model"


def _tint(points: float) -> str:
    """Of one colour above one half and of another below, up to a half of it, so that the figures stay readable."""
    colour = "--model" if points > 0.5 else "--other"
    return f"background: color-mix(in srgb, var({colour}) {100 * abs(points - 0.5):.0f}%, var(--card))"
