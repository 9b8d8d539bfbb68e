"""The rating page: a Gradio page that main.js fills with page.html and drives over the routes of api.py."""

import html
from importlib.resources import files
from typing import Any

import gradio as gr
from fastapi import FastAPI

from firsthand.collect.page_files import add_files, head_of, read_files

STYLES = ("page.css", "pair.css", "deck.css", "text.css")

MOUNT_OPTIONS: dict[str, Any] = {
    "theme": gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
    "footer_links": [],
    "run_history": False,
    "ssr_mode": False,
    "pwa": False,
    "show_error": False,
    # Bytes: nothing is ever uploaded.
    "max_file_size": 1,
}
"""What gr.mount_gradio_app needs to show a page as it is meant: own style, no outside fonts, nothing kept.

Styles are not given as Gradio's own css: it rewrites the rules it is given, and breaks those for narrow screens.
"""


def mount_page(app: FastAPI, notice: str, **options: Any) -> None:
    """Put the page at / of `app`, behind all other routes. `notice`: a plain text, shown above the pairs."""
    content = read_files(files("firsthand.collect.ui") / "assets")
    content["page.html"] = content["page.html"].replace(b"{{notice}}", html.escape(notice).encode())
    where = add_files(app, "/ui", content)
    # Not gr.HTML: it takes its value for a template and compiles it, which the page's policy forbids.
    with gr.Blocks(title="firsthand: rate", analytics_enabled=False, fill_width=True) as page:
        gr.Column(elem_id="rating")
    head = '<meta name="robots" content="noindex">' + head_of(where, STYLES, "main.js")
    gr.mount_gradio_app(app, page, path="/", head=head, **MOUNT_OPTIONS, **options)
