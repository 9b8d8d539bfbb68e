"""The small pages around logging in: plain HTML made on the server, which works without JavaScript."""

import base64
import hashlib
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

_templates = Environment(
    loader=PackageLoader("firsthand.collect.accounts"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
# Part of this package, so no text of anybody's: it stands in the page as it is, and its hash in the policy.
_STYLE = files("firsthand.collect.accounts").joinpath("templates/pages.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    # With no-referrer, browsers send "Origin: null" with a form, and the same-origin check would refuse it.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def page(template: str, status: int = 200, headers: dict[str, str] | None = None, **values: Any) -> HTMLResponse:
    """The page made of a template and its values."""
    html = _templates.get_template(template).render(values, style=_STYLE)
    return HTMLResponse(html, status_code=status, headers=HEADERS | (headers or {}))
