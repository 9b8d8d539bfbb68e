"""HTML that is put together from parts; every text is escaped, since names and texts of models are hostile."""

import html
from collections.abc import Iterable


class Html(str):
    """Text that is HTML already; everything else is escaped."""

    __slots__ = ()


def element(name: str, *children: str, **attributes: str | float) -> Html:
    """<name attributes>children</name>; children that are not Html are escaped.

    In an attribute's name, a trailing _ is dropped (class_) and the others become hyphens (stroke_width).
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(_attribute(value))}"' for key, value in attributes.items()
    )
    return Html(f"<{name}{written}>{join(children)}</{name}>")


def join(children: Iterable[str]) -> Html:
    """The children one after another, escaped where they are not Html."""
    return Html("".join(child if isinstance(child, Html) else html.escape(child) for child in children))


def _attribute(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"
