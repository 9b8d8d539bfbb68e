"""Self-contained HTML pages: no network, no script but one of ours, light and dark, from 390 px up."""

import base64
import hashlib
from collections.abc import Iterable, Sequence

from firsthand.markup import Html, element, join
from firsthand.style import STYLE


def data_table(heads: Sequence[str], rows: Iterable[Sequence[str]], about: str = "") -> Html:
    """A table that scrolls sideways where it does not fit; the first column names the row.

    about: what sets it apart from another table with the same heads, for those who hear the page.
    """
    head = element("tr", *(element("th", text, scope="col") for text in heads))
    body = [element("tr", *(element("td", text) for text in row)) for row in rows]
    whole = element("table", element("thead", head), element("tbody", *body))
    name = f"Table{f' of {about}' if about else ''}: {', '.join(heads)}"
    return element("div", whole, class_="scroll", tabindex="0", role="region", aria_label=name)


def facts(pairs: Iterable[tuple[str, str]]) -> Html:
    """A list of names and values."""
    return element("dl", *(join([element("dt", name), element("dd", value)]) for name, value in pairs))


def simulated_notice(text: str) -> Html:
    """The banner of every page whose figures scripts made, in whole or in part."""
    return element("p", element("strong", "Simulated data. "), text, class_="simulated")


def document(title: str, *sections: Html, style: str = "", script: str = "", refresh: int | None = None) -> str:
    """The whole page; `style` comes after the style of all pages; `script`, a module of ours, runs at the end.

    refresh: the page loads itself again after so many seconds.
    """
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    if script:
        policy += f"; script-src 'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
    head = [
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        *([] if refresh is None else [Html(f'<meta http-equiv="refresh" content="{refresh}">')]),
        element("title", title),
        element("style", Html(STYLE + style)),
    ]
    scripts = [element("script", Html(script), type="module")] if script else []
    body = element("body", element("main", element("h1", title), *sections), *scripts)
    return "<!doctype html>\n" + element("html", element("head", *head), body, lang="en") + "\n"
