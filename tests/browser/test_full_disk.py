"""A disk that is really full, as a rater sees it."""

from pathlib import Path

from full_disk import fill_up, small_disk
from playwright.sync_api import BrowserContext, expect
from rating_site import look_at, open_page, served


def test_a_full_disk_is_told_and_the_answers_are_saved_once_there_is_room(
    context: BrowserContext, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", megabytes=32) as disk, served(disk) as site:
        site.answers("one", "two", "three", "four")
        page = open_page(context, site, site.person())
        filler = fill_up(disk)
        page.keyboard.press("3")
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("The store can't be reached. Nothing was lost", timeout=30_000)
        expect(alert).to_contain_text("Your last answer is not saved yet, but kept here")
        expect(alert.get_by_role("button", name="Try again now")).to_be_visible()
        look_at(page)
        page.keyboard.press("1")
        expect(page.get_by_role("heading", name="One moment")).to_be_visible()
        assert site.votes() == []
        filler.unlink()
        expect(alert).to_be_hidden(timeout=60_000)
        expect(page.locator("#count")).to_contain_text("2 of 4", timeout=60_000)
        page.close()
        assert len(site.votes()) == site.verdict_count() == 2
