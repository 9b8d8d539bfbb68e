"""The Audit page: a shell with the form; the script fetches the findings."""

from importlib.resources import files

from fastapi import FastAPI

from firsthand.collect.frame import mount_frame
from firsthand.collect.page_files import add_files, head_of, read_files
from firsthand.markup import Html, element

STYLES = ("admin.css", "page.css", "audit.css")


def mount_audit_page(app: FastAPI) -> None:
    """Put the page at /audit of `app`; it holds no figures itself."""
    content = {**read_files(files("firsthand.evaluate.audit.site") / "assets"), "page.html": _shell().encode()}
    for name in ("audit.css", "sort.js"):
        content[name] = (files("firsthand.evaluate.audit") / name).read_bytes()
    content["admin.css"] = (files("firsthand.collect.admin") / "assets" / "page.css").read_bytes()
    where = add_files(app, "/audit-ui", content)
    # It looks as the admin page does, whose styles are those of everything in #admin.
    mount_frame(app, "/audit", "admin", "firsthand: audit", head_of(where, STYLES, "page.js"))


def _shell() -> Html:
    links = (
        element("a", "Quality", href="/admin/"),
        element("a", "Rate", href="/"),
        element("a", "Log out", href="/logout"),
    )
    head = element(
        "header",
        element("div", element("h1", "Audit"), element("p", "", id="fresh", role="status")),
        element("nav", *links, aria_label="Site"),
    )
    margin = element("input", type="number", name_="margin", value="3", min="0.1", max="49", step="0.1", required="")
    form = element(
        "form",
        element("div", "", id="choices"),
        element("label", "Margin: the smallest bias that matters, in percentage points", margin, class_="margin"),
        element("button", "Audit", type="submit", class_="primary"),
        id="choose",
        class_="card",
        aria_label="What to audit",
    )
    cards = [
        element("div", "", id="verdict"),
        _card("Every affinity", "effects"),
        element("div", "", id="findings"),
        _card("All findings", "table"),
        _card("What was audited", "audited"),
    ]
    notice = element("p", "", id="said", role="alert")
    found = element("div", *cards, id="found", hidden="")
    return element("div", head, notice, form, found, id="audit")


def _card(title: str, name: str) -> Html:
    inner = element("div", "", id=name)
    return element(
        "section", element("h2", title, id=f"{name}-title"), inner, class_="card", aria_labelledby=f"{name}-title"
    )
