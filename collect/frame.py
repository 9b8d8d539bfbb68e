"""Gradio as the frame of the site's pages: each is an empty Gradio page, which a script fills over routes of ours."""

from typing import Any

import gradio as gr
from fastapi import FastAPI

OPTIONS: dict[str, Any] = {
    "theme": gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
    "footer_links": [],
    "run_history": False,
    "ssr_mode": False,
    "pwa": False,
    "show_error": False,
}
"""What gr.mount_gradio_app needs to show a page as it is meant: own style, no outside fonts, nothing kept.

Styles are not given as Gradio's own css: it rewrites the rules it is given, and breaks those for narrow screens.
"""

PARTS = ("/", "/assets/{path:path}", "/static/{path:path}", "/theme.css", "/favicon.ico")
"""Gradio's routes that a page is made of: the page itself and its files."""


def mount_frame(app: FastAPI, address: str, name: str, title: str, head: str, **options: Any) -> None:
    """Mount at `address` of `app` a Gradio page that holds an empty element with the id `name`.

    Of Gradio's routes only PARTS are there. Its queue, sessions, uploads, files and streams are not: nothing here needs
    them, and some answer whoever asks, hold a connection for as long as they like, or take what they send.
    """
    # Not gr.HTML: it takes its value for a template and compiles it, which the page's policy forbids.
    with gr.Blocks(title=title, analytics_enabled=False, fill_width=True) as page:
        gr.Column(elem_id=name)
    gr.mount_gradio_app(app, page, path=address, head=head, **OPTIONS, **options)
    mounted: Any = app.router.routes[-1]
    router = mounted.app.router
    router.routes = [route for route in router.routes if getattr(route, "path", "") in PARTS]
