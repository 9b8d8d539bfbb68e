"""The admin page: a shell whose sections the script fetches and keeps up to date."""

from importlib.resources import files
from typing import Any

import gradio as gr

from firsthand.markup import Html, element

CSS = files("firsthand.collect.admin").joinpath("page.css").read_text(encoding="utf-8")
SCRIPT = files("firsthand.collect.admin").joinpath("page.js").read_text(encoding="utf-8")
SECTIONS = (
    ("course", "Agreement as the work goes on", ""),
    ("throughput", "Throughput", ""),
    ("raters", "Raters", "wide"),
    ("queue", "Contradictions", ""),
    ("coverage", "Coverage", ""),
    ("log", "What happened", ""),
)


def build_admin_page() -> gr.Blocks:
    """The page; it holds no figures itself."""
    with gr.Blocks(title="firsthand: quality", analytics_enabled=False, fill_width=True) as page:
        gr.HTML(_shell(), elem_id="admin", padding=False)
    return page


def mount_options() -> dict[str, Any]:
    """What gr.mount_gradio_app needs to show the page as it is meant: own style, no outside fonts, nothing kept."""
    return {
        "theme": gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        # Not as Gradio's own css: it rewrites the rules it is given, and breaks those for narrow screens.
        "head": f"<style>{CSS}</style><script>{SCRIPT}</script>",
        "footer_links": [],
        "run_history": False,
        "ssr_mode": False,
        "pwa": False,
        "show_error": False,
    }


def _shell() -> Html:
    links = (
        element("a", "Votes (CSV)", href="/api/admin/export/votes", download="votes.csv", class_="button"),
        element("a", "All (JSONL)", href="/api/admin/export/native", download="", class_="button"),
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
            element("div", element("p", "Loading…", class_="empty"), id=name),
            class_=f"card {kind}",
            aria_labelledby=f"{name}-title",
        )
        for name, title, kind in SECTIONS
    ]
    notice = element("p", "", id="said", role="alert")
    sections = element("div", *cards, class_="cards")
    return element("div", head, notice, element("div", id="tiles"), sections, _dialog(), id="quality")


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
