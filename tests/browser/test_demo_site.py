"""The demo as it is: its accounts log in, and the admin page that somebody has open follows what they rate."""

import re
import subprocess
import sys

from playwright.sync_api import Page, expect
from rating_site import look_at

from firsthand.collect.accounts import people
from firsthand.collect.serve_config import Rating
from firsthand.demo import OPEN_WORD
from firsthand.store import Store

SERVE = "import pathlib, sys; from firsthand.demo import rate; rate(pathlib.Path(sys.argv[1]), 0)"


def log_in(page: Page, address: str, login: str) -> Page:
    page.set_default_timeout(60_000)
    page.goto(address)
    page.fill("[name=login]", login)
    page.fill("[name=password]", OPEN_WORD)
    page.press("[name=password]", "Enter")
    return page


def test_an_open_admin_page_moves_with_the_verdicts_of_the_demo_account(browser, tmp_path):
    with subprocess.Popen([sys.executable, "-c", SERVE, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            said = next(line for line in process.stdout if "Rate at" in line)
            address = next(word for word in said.split() if word.startswith("http"))
            with Store(str(tmp_path / "store.db")) as store:
                account = people.find(store, "demo")
                people.give_consent(store, account.id, Rating().consent.version)
                people.finish_practice(store, account.id)
            admin = log_in(browser.new_page(), f"{address}admin/", "demo-admin")
            expect(admin.locator("#tiles").get_by_text(re.compile(r"^0 of [\d,]+ wanted"))).to_be_visible(
                timeout=60_000
            )
            page = log_in(browser.new_page(), address, "demo")
            page.wait_for_selector("#firsthand[data-step='rate']")
            for number in (1, 2):
                look_at(page)
                page.keyboard.press("3")
                expect(page.locator("#count")).to_contain_text(re.compile(rf"^{number} of"))
            expect(admin.locator("#tiles").get_by_text(re.compile(r"^2 of [\d,]+ wanted"))).to_be_visible(
                timeout=60_000
            )
            for one in (admin, page):
                one.close()
        finally:
            process.terminate()
            process.wait(timeout=60)
