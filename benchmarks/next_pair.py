"""How long after a key the next pair is on the screen: in Chromium, with the server on the same machine.

From the keydown event to the first frame painted after the new pair's texts are in the page, read in the page itself.
"""

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))
from rating_site import comparison, look_at, open_page, served

PAIRS = 60
TEXT = "A paragraph of **text** with `code` in it, as long as such paragraphs often are.\n\n" * 12
MEASURE = """
window.waits = [];
let pressed;
document.addEventListener("keydown", () => (pressed = performance.now()), { capture: true });
new MutationObserver(() => {
  const from = pressed;
  requestAnimationFrame(() => setTimeout(() => window.waits.push(performance.now() - from)));
}).observe(document.querySelector("#first .scroll"), { childList: true });
"""


def main() -> None:
    """Rate PAIRS pairs by key and print how long each next one took."""
    # Nobody is paused for being faster than a person can be.
    settings = {"assignment": {"gold_share": 0, "repeat_share": 0}, "rules": {"median_seconds": None}}
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder), settings) as site,
        sync_playwright() as playwright,
    ):
        site.fill([comparison(number, f"{TEXT} {number}") for number in range(PAIRS)])
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = open_page(browser.new_context(), site, site.person())
        page.evaluate(MEASURE)
        for number in range(1, PAIRS):
            page.keyboard.press("135"[number % 3])
            expect(page.locator("#count")).to_contain_text(f"{number} of {PAIRS}")
            look_at(page)
        waits = page.evaluate("window.waits")
        browser.close()
    tenths = statistics.quantiles(waits, n=20)
    print(
        f"next pair after the key, {len(waits)} pairs: p50 {statistics.median(waits):.0f} ms, p95 {tenths[-1]:.0f} ms"
    )


if __name__ == "__main__":
    main()
