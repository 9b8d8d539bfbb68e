"""The browser's way back: no second verdict, no lost pair, and nothing of another person's work."""

from collections.abc import Iterator

import pytest
from chromium import CHROMIUM, FLAGS
from playwright.sync_api import Browser, BrowserContext, Page, expect
from rating_site import look_at, open_page

from firsthand.records import Verdict


def leave_and_come_back(page: Page, step: str = "rate") -> None:
    """Follow the link that logs out, and go back instead of saying so."""
    page.locator("#account").click()
    expect(page.get_by_role("heading", name="Log out")).to_be_visible()
    page.go_back()
    page.wait_for_selector(f"#firsthand[data-step='{step}']")
    look_at(page)


def test_going_back_votes_for_nothing_twice_and_loses_no_pair(rate, site):
    page = rate("one", "two")
    asked = page.locator("#prompt .text")
    first = asked.inner_text()
    page.keyboard.press("1")
    expect(page.locator("#count")).to_contain_text("1 of 2")
    second = asked.inner_text()
    leave_and_come_back(page)
    expect(asked).to_have_text(second)
    page.keyboard.press("u")
    expect(asked).to_have_text(first)
    leave_and_come_back(page)
    expect(page.locator("#count")).to_contain_text("0 of 2")
    expect(asked).to_have_text(first)
    page.keyboard.press("3")
    expect(page.locator("#count")).to_contain_text("1 of 2")
    look_at(page)
    page.keyboard.press("3")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    leave_and_come_back(page, "end")
    expect(page.locator("#count")).to_contain_text("2 of 2")
    assert [entry.preference.verdict for entry in site.votes()] == [Verdict.TIE] * 2
    # A verdict, the skip that withdrew it, and the two that stand.
    assert site.verdict_count() == 4


@pytest.fixture
def keeping(browser: Browser) -> Iterator[BrowserContext]:
    """Of a browser that keeps the pages a person leaves, as people's own do and Playwright's does not."""
    started = browser.browser_type.launch(
        executable_path=str(CHROMIUM), args=FLAGS, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield started.new_context()
    started.close()


def test_after_logging_out_no_way_leads_back_to_what_was_shown(site, keeping):
    site.answers("a secret answer", "another")
    page = open_page(keeping, site, site.person())
    note = "addEventListener('pageshow', (event) => sessionStorage.setItem('kept', event.persisted))"
    page.goto(page.evaluate("document.querySelector('script[src*=\"/ui/\"]').src.replace('main.js', 'page.html')"))
    page.evaluate(note)
    page.goto(f"{site.url}logout")
    # A page that was kept does not load again.
    page.go_back(wait_until="commit")
    # The browser does keep what it may.
    assert page.evaluate("sessionStorage.getItem('kept')") == "true"
    page.evaluate("sessionStorage.clear()")
    page.go_back()
    page.wait_for_selector("#firsthand[data-step='rate']")
    page.evaluate(note)
    leave_and_come_back(page)
    assert page.evaluate("sessionStorage.getItem('kept')") is None
    page.locator("#account").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Logged out")).to_be_visible()
    for _ in range(2):
        page.go_back()
        assert "secret" not in page.content()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
