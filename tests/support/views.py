"""What every page keeps on a phone and on a desk, light and dark: it fits, and axe finds nothing."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = (390, 1280)
SCHEMES = ("light", "dark")
LOOKED_AT = ((390, "light"), (1280, "dark"))
"""Width and scheme in which axe looks: each of its rules depends on one of the two at most."""
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
ARRIVE = """async () => {
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  for (const each of document.getAnimations()) if (each.effect.getComputedTiming().endTime < Infinity) each.finish();
}"""
"""Colours that are still on their way to another scheme have another contrast."""
BRIGHTNESS = """() => {
  let shown = document.querySelector("#firsthand, main") || document.body;
  while (getComputedStyle(shown).backgroundColor === "rgba(0, 0, 0, 0)") shown = shown.parentElement;
  return getComputedStyle(shown).backgroundColor.match(/[\\d.]+/g).slice(0, 3).reduce((sum, part) => sum + +part, 0);
}"""


def accessibility_faults(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds against WCAG 2.2 AA."""
    # Half a megabyte of script, once a page.
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate("async (options) => (await axe.run(options)).violations", RULES)
    return [(rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in found]


def check_views(page: Page, what: Any = "") -> None:
    """Hold the page, as it stands, to the above; `what`: what is seen."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        brightness = {}
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.evaluate(ARRIVE)
            view = (what, width, scheme)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, view
            if (width, scheme) in LOOKED_AT:
                faults = accessibility_faults(page)
                assert faults == [], f"{view}: {faults}"
            brightness[scheme] = page.evaluate(BRIGHTNESS)
        assert brightness["dark"] < brightness["light"], (what, width)
