"""A disk that is really full: a small filesystem of its own."""

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect
from rating_site import look_at, open_page, served


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for a small store."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "none", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a filesystem needs root; tests/load fills the disk by a limit on the size of files")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_up(file: Path) -> None:
    """Take all the room there is."""
    with file.open("wb", buffering=0) as filler:
        while True:
            try:
                filler.write(b"x" * 4096)
            except OSError as error:
                if error.errno == errno.ENOSPC:
                    return
                raise


def test_a_full_disk_is_told_and_the_answers_are_saved_once_there_is_room(
    context: BrowserContext, small_disk: Path
) -> None:
    with served(small_disk) as site:
        site.answers("one", "two", "three", "four")
        page = open_page(context, site, site.person())
        fill_up(small_disk / "filler")
        assert os.statvfs(small_disk).f_bavail == 0
        page.keyboard.press("3")
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("The store can't be reached. Nothing was lost", timeout=30_000)
        expect(alert).to_contain_text("Your last answer is not saved yet, but kept here")
        expect(alert.get_by_role("button", name="Try again now")).to_be_visible()
        look_at(page)
        page.keyboard.press("1")
        expect(page.get_by_role("heading", name="One moment")).to_be_visible()
        assert site.votes() == []
        (small_disk / "filler").unlink()
        expect(alert).to_be_hidden(timeout=60_000)
        expect(page.locator("#count")).to_contain_text("2 of 4", timeout=60_000)
        page.close()
        assert len(site.votes()) == site.verdict_count() == 2
