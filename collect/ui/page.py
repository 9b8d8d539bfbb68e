"""The rating page: main.js fills it with page.html and drives it over the routes of api.py."""

import html
from importlib.resources import files
from typing import Any

from fastapi import FastAPI

from firsthand.collect.frame import mount_frame
from firsthand.collect.page_files import add_files, head_of, read_files

STYLES = ("page.css", "pair.css", "deck.css", "text.css")


def mount_page(app: FastAPI, notice: str, **options: Any) -> None:
    """Put the page at / of `app`, behind all other routes. `notice`: a plain text, shown above the pairs."""
    content = read_files(files("firsthand.collect.ui") / "assets")
    content["page.html"] = content["page.html"].replace(b"{{notice}}", html.escape(notice).encode())
    where = add_files(app, "/ui", content)
    head = '<meta name="robots" content="noindex">' + head_of(where, STYLES, "main.js")
    mount_frame(app, "/", "rating", "firsthand: rate", head, **options)
