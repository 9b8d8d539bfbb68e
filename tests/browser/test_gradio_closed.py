"""Of Gradio, which frames the pages, nobody can ask anything but the pages and their files."""

import re
from collections.abc import Iterator

import gradio as gr
import pytest
from playwright.sync_api import BrowserContext
from rating_site import open_page

from firsthand.collect.accounts.account import Role

FILES = re.compile(r"/(assets/.*|static/.*|theme\.css|favicon\.ico)?")
OWN = ("/login", "/logout")


def gradio_routes() -> Iterator[tuple[str, str]]:
    """The method and path of every route of a Gradio application, with `mine` where a path wants a value."""
    with gr.Blocks(analytics_enabled=False) as page:
        gr.Textbox()
    for path, methods in gr.routes.App.create_app(page).openapi()["paths"].items():
        filled = re.sub(r"{[^}]*}", "mine", path)
        if not FILES.fullmatch(filled) and filled.rstrip("/") not in OWN:
            yield from ((method.upper(), filled) for method in methods)


@pytest.mark.parametrize("who", ["nobody", "rater", "admin"])
def test_no_route_of_gradio_answers(site, visitor: BrowserContext, context, who):
    site.answers("one", "two")
    ann = open_page(context, site, site.person("ann"))
    if who != "nobody":
        site.enter(visitor, site.person("ben", role=Role.ADMIN if who == "admin" else Role.RATER))
    routes = list(gradio_routes())
    assert {("POST", "/gradio_api/queue/join"), ("POST", "/gradio_api/upload"), ("GET", "/config")} <= set(routes)
    # Another's session, and what the queue and the routes beside it take.
    stolen = {"data": [], "fn_index": 0, "session_hash": "mine", "event_id": "mine", "rater": "ann"}
    said = {"data": stolen, "headers": {"origin": site.url.rstrip("/")}, "max_redirects": 0, "timeout": 30_000}
    for mount, status in (("", 404), ("admin", 404 if who == "admin" else 401 if who == "nobody" else 403)):
        for method, path in routes:
            asked = f"{site.url}{mount}{path}" if mount else f"{site.url}{path[1:]}"
            answer = visitor.request.fetch(asked, method=method, **(said if method == "POST" else {}))
            assert answer.status == status, (method, asked, answer.text()[:200])
    assert site.votes() == []
    assert ann.request.get(f"{site.url}theme.css").status == 200
