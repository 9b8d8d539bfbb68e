"""The admin page of a site with two thousand raters."""

from playwright.sync_api import BrowserContext, expect
from rating_site import Site

from firsthand.collect.accounts.account import Role, State
from firsthand.collect.accounts.people import everyone
from firsthand.store import Store, schema

RATERS = 2_000


def test_two_thousand_raters_are_paged_found_and_paused(site: Site, context: BrowserContext) -> None:
    site.answers("one")
    admin = site.person("ada", role=Role.ADMIN)
    plain = {"role": "rater", "tags": "[]", "state": "active", "generation": 0, "created_at": "2026-01-01T00:00:00Z"}
    with Store(str(site.store)) as store, store.engine.begin() as connection:
        people = [{"id": f"rater-{n:04}", "login": f"person-{n:04}@example.org", **plain} for n in range(RATERS)]
        connection.execute(schema.accounts.insert(), people)
    site.enter(context, admin)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{site.url}admin/")
    rows = page.locator("#raters tbody tr")
    pager = page.get_by_role("navigation", name="Pages of raters")
    expect(pager).to_contain_text("1 to 50 of 2,000", timeout=60_000)
    expect(rows).to_have_count(50)
    pager.get_by_role("button", name="Next").click()
    expect(pager).to_contain_text("51 to 100 of 2,000")
    expect(pager.get_by_role("button", name="Next")).to_be_focused()
    page.get_by_label("Find a rater").fill("PERSON-1234")
    expect(rows).to_have_count(1)
    rows.get_by_role("button", name="Pause").click()
    page.fill("#ask-reason", "On leave")
    page.press("#ask-reason", "Enter")
    expect(rows.locator(".chip")).to_have_text("paused")
    page.get_by_label("Find a rater").fill("paused")
    expect(rows.locator(".name")).to_have_text("person-1234@example.org")
    page.get_by_label("Find a rater").fill("nobody at all")
    expect(page.locator("#raters")).to_contain_text("Nobody is called so.")
    page.get_by_label("Find a rater").fill("")
    # Who is paused wants attention first.
    expect(page.locator("#raters .name").first).to_have_text("person-1234@example.org")
    with Store(str(site.store)) as store:
        assert [account.id for account in everyone(store) if account.state is State.PAUSED] == ["rater-1234"]
