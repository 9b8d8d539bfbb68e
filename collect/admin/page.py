"""The admin page: a shell whose sections the script fetches and keeps up to date."""

from importlib.resources import files

from fastapi import FastAPI

from firsthand.collect.frame import mount_frame
from firsthand.collect.page_files import add_files, head_of, read_files
from firsthand.markup import Html, element

SECTIONS = (
    ("course", "Agreement as the work goes on", ""),
    ("throughput", "Throughput", ""),
    ("raters", "Raters", "wide"),
    ("queue", "Contradictions", ""),
    ("coverage", "Coverage", ""),
    ("log", "What happened", ""),
)


def mount_admin_page(app: FastAPI) -> None:
    """Put the page at /admin of `app`; it holds no figures itself."""
    content = {**read_files(files("firsthand.collect.admin") / "assets"), "page.html": _shell().encode()}
    content["stopwatch.js"] = (files("firsthand.collect.ui") / "assets" / "stopwatch.js").read_bytes()
    where = add_files(app, "/admin-ui", content)
    mount_frame(app, "/admin", "admin", "firsthand: quality", head_of(where, ("page.css",), "page.js"))


def _shell() -> Html:
    links = (
        element("a", "Votes (CSV)", href="/api/admin/export/votes", download="votes.csv", class_="button"),
        element("a", "All (JSONL)", href="/api/admin/export/native", download="", class_="button"),
        element("a", "Audit", href="/audit/"),
        element("a", "Rate", href="/"),
        element("a", "Log out", href="/logout"),
    )
    head = element(
        "header",
        element("div", element("h1", "Quality"), element("p", "", id="fresh", role="status")),
        element("nav", *links, aria_label="Site"),
    )
    cards = [
        element(
            "section",
            element("h2", title, id=f"{name}-title"),
            *([_search()] if name == "raters" else []),
            element("div", element("p", "Loading…", class_="empty"), id=name),
            class_=f"card {kind}",
            aria_labelledby=f"{name}-title",
        )
        for name, title, kind in SECTIONS
    ]
    notice = element("p", "", id="said", role="alert")
    sections = element("div", *cards, class_="cards")
    return element("div", head, notice, element("div", id="tiles"), sections, _dialog(), _settle(), id="quality")


def _dialog() -> Html:
    form = element(
        "form",
        element("h2", "", id="ask-title"),
        element("p", "", id="ask-words"),
        element("label", "Reason", element("input", id="ask-reason", maxlength="300", autocomplete="off")),
        element(
            "div",
            element("button", "Cancel", type="button", id="ask-cancel"),
            element("button", "", type="submit", id="ask-do", class_="primary"),
            class_="buttons",
        ),
        method="dialog",
    )
    return element("dialog", form, id="ask", aria_labelledby="ask-title")


def _search() -> Html:
    field = element("input", type="search", id="find", maxlength="100", autocomplete="off", placeholder="Find a rater")
    return element("label", element("span", "Find a rater", class_="hidden"), field, id="search", hidden="")


def _settle() -> Html:
    """Where a contradiction is settled; the script fills it."""
    parts = (
        element("h2", "Which response is better?", id="settle-title"),
        element("p", "Who wrote them, and what the raters said, is told once you have decided.", id="settle-words"),
        element("div", "", id="settle-pair", class_="texts"),
        element(
            "div",
            element("label", "Why?", element("textarea", "", id="settle-why", rows="1", maxlength="5000")),
            element("div", "", id="settle-choices", class_="buttons"),
            id="settle-answer",
        ),
        element("p", "", id="settle-said", role="status"),
        element("div", element("button", "Close", type="button", id="settle-close"), class_="buttons"),
    )
    return element("dialog", *parts, id="settle", aria_labelledby="settle-title")
