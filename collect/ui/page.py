"""The rating page: a Gradio page that holds page.html, which main.js fills and drives over the routes of api.py."""

import hashlib
import html
from importlib.resources import files
from typing import Any

import gradio as gr
from fastapi import FastAPI, HTTPException
from fastapi.responses import Response

_assets = files("firsthand.collect.ui") / "assets"
_TYPES = {"css": "text/css", "js": "text/javascript"}
_FILES: dict[str, bytes] = {
    file.name: file.read_bytes() for file in _assets.iterdir() if file.name.rpartition(".")[2] in _TYPES
}
_VERSION = hashlib.sha256(b"".join(_FILES[name] for name in sorted(_FILES))).hexdigest()[:16]
_STYLES = ("page.css", "pair.css", "deck.css", "text.css")


def add_page(app: FastAPI, notice: str = "") -> gr.Blocks:
    """Add the page's scripts and styles to `app`; returns the page. `notice`: a plain text, shown above the pairs."""
    app.add_api_route("/ui/{version}/{name}", _file, methods=["GET"])
    return _build(notice)


def mount_options() -> dict[str, Any]:
    """What gr.mount_gradio_app needs to show the page as it is meant: own style, no outside fonts, nothing kept."""
    return {
        "theme": gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        # Not as Gradio's own css: it rewrites the rules it is given, and breaks those for narrow screens.
        "head": "".join(
            (
                '<meta name="robots" content="noindex">',
                *(f'<link rel="stylesheet" href="/ui/{_VERSION}/{name}">' for name in _STYLES),
                f'<script type="module" src="/ui/{_VERSION}/main.js"></script>',
            )
        ),
        "footer_links": [],
        "run_history": False,
        "ssr_mode": False,
        "pwa": False,
        "show_error": False,
        # Bytes: nothing is ever uploaded.
        "max_file_size": 1,
    }


def _build(notice: str) -> gr.Blocks:
    body = (_assets / "page.html").read_text(encoding="utf-8").replace("{{notice}}", html.escape(notice))
    with gr.Blocks(title="firsthand: rate", analytics_enabled=False, fill_width=True) as page:
        gr.HTML(body, elem_id="rating", padding=False, apply_default_css=False, js_on_load=None)
    return page


def _file(version: str, name: str) -> Response:
    """One file of the page; a new version has a new address, so that a browser need never ask twice."""
    content = _FILES.get(name) if version == _VERSION else None
    if content is None:
        raise HTTPException(404, "There is no such file; load the page again.")
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(content, media_type=_TYPES[name.rpartition(".")[2]], headers=kept)
