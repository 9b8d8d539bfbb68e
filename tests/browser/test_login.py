"""Logging in, accepting an invitation and logging out in a real browser: by keyboard, and without JavaScript."""

from collections.abc import Iterator

import pytest
from login_site import serve_accounts
from playwright.sync_api import Browser, Page, expect
from views import LOOKED_AT, accessibility_faults

from firsthand.collect.accounts import people
from firsthand.collect.accounts.invitations import invite
from firsthand.store import Store

PASSWORD = "several good words"


@pytest.fixture
def site(store: Store) -> Iterator[str]:
    with serve_accounts(store) as address:
        yield address


@pytest.fixture(params=[True, False], ids=["with-scripts", "without-scripts"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=request.param)
    yield context.new_page()
    context.close()


def test_an_invitation_is_accepted_and_the_person_logs_out_and_in_again_by_keyboard(site, store, page):
    ann = people.add(store)
    page.goto(f"{site}/invite/{invite(store, ann.id)}")
    expect(page.get_by_label("Login", exact=True)).to_be_focused()
    for text in ("ann", PASSWORD, "not the same words"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The two passwords differ.")
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    for text in (PASSWORD, PASSWORD):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading")).to_have_text(ann.id)

    page.goto(f"{site}/logout")
    expect(page.get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading")).to_have_text("Logged out")
    page.goto(f"{site}/somewhere?x=1")
    expect(page.get_by_label("Login")).to_be_focused()
    for text in ("ann", "a wrong password"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The login or the password is wrong.")
    expect(page.get_by_label("Login")).to_have_value("ann")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading")).to_have_text(ann.id)
    assert page.url == f"{site}/somewhere?x=1"


def test_another_sites_form_logs_nobody_in(site, store, page):
    people.add(store, "mallory", password=PASSWORD)
    form = (
        f'<form method="post" action="{site}/login"><input name="login" value="mallory">'
        f'<input name="password" value="{PASSWORD}"><button>A present</button></form>'
    )
    page.route("http://evil.example/", lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto("http://evil.example/")
    page.get_by_role("button").click()
    expect(page.locator("body")).to_contain_text("did not come from a page of this site")
    page.goto(site)
    expect(page.get_by_role("heading")).to_have_text("Log in")


@pytest.mark.parametrize(("width", "scheme"), LOOKED_AT)
def test_the_pages_fit_and_axe_finds_nothing(site, store, browser, width, scheme):
    people.add(store, "ann", password=PASSWORD)
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    for path, heading in (
        ("/login", "Log in"),
        ("/logout", "Log out"),
        (f"/invite/{invite(store, people.add(store).id)}", "Welcome"),
        (f"/invite/{invite(store, people.add(store, 'x' * 200).id)}", "Welcome"),
        ("/invite/used", "No invitation"),
    ):
        page.goto(site + path)
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        look_for_faults(page, width)
    page.goto(f"{site}/login")
    page.get_by_label("Login").fill("ann")
    page.get_by_label("Password").fill("a wrong password")
    page.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look_for_faults(page, width)
    assert [url for url in asked if not url.startswith((f"{site}/", "data:"))] == []
    # The browser itself remarks on answers of 401 and 410; nothing was blocked.
    assert [text for text in problems if "Failed to load resource" not in text] == []
    context.close()


def look_for_faults(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert accessibility_faults(page) == []
    for control in page.locator("input:visible, button").all():
        assert control.bounding_box()["height"] >= 44
