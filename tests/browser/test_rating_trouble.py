"""When something goes wrong: the answer is kept, the person is told, and nothing counts twice or for another."""

import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import expect
from rating_site import look_at, make_site, open_page, running, served
from views import check_views

from firsthand.collect.accounts import people
from firsthand.collect.accounts.account import Role, State
from firsthand.collect.accounts.rows import record_event
from firsthand.collect.admin.log import WARNED
from firsthand.records import Verdict
from firsthand.store import Store


def test_an_answer_is_kept_while_the_server_is_down_and_saved_once_when_it_is_back(context, tmp_path):
    site = make_site(tmp_path)
    with running(site) as server:
        site.answers("one", "two", "three", "four")
        page = open_page(context, site, site.person())
        server.kill()
    page.keyboard.press("3")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The server can't be reached. Your last answer is not saved yet, but kept here")
    expect(alert.get_by_role("button", name="Try again now")).to_be_visible()
    check_views(page, "outage")
    page.keyboard.press("1")
    expect(page.get_by_role("heading", name="One moment")).to_be_visible()
    check_views(page, "waiting")
    assert site.votes() == []
    with running(site):
        expect(alert).to_be_hidden(timeout=60_000)
        page.wait_for_selector("#firsthand[data-step='rate']")
        expect(page.locator("#count")).to_contain_text("2 of 4")
        page.close()
    assert sorted(entry.preference.verdict is Verdict.TIE for entry in site.votes()) == [False, True]
    assert site.verdict_count() == 2


def test_an_answer_waits_until_the_person_has_agreed_to_a_new_text(context, tmp_path):
    with served(tmp_path) as site:
        site.answers("one", "two", "three")
        page = open_page(context, site, site.person())
    (tmp_path / "serve.yaml").write_text('rating: {consent: {version: "next", text: "Agree to something new."}}')
    with running(site):
        page.keyboard.press("3")
        page.wait_for_selector("#firsthand[data-step='consent']")
        expect(page.locator("#words")).to_contain_text("Agree to something new.")
        expect(page.get_by_role("alert")).to_contain_text("Your last answer is not saved yet, but kept here")
        assert site.votes() == []
        page.get_by_role("button", name="I agree").click()
        page.wait_for_selector("#firsthand[data-step='rate']")
        expect(page.locator("#count")).to_contain_text("1 of 3")
        expect(page.get_by_role("alert")).to_be_hidden()
        look_at(page)
        page.keyboard.press("1")
        expect(page.locator("#count")).to_contain_text("2 of 3")
        page.close()
    assert site.verdict_count() == 2


def test_a_store_that_others_have_locked_is_told_and_the_answer_saved_afterwards(rate, site):
    page = rate("one", "two", "three")
    away = {"message": "The store can't be reached."}
    page.route("**/api/verdict", lambda route: route.fulfill(status=503, json=away))
    page.keyboard.press("3")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The store can't be reached. Your last answer is not saved yet")
    page.unroute("**/api/verdict")
    page.keyboard.press("Enter")
    expect(alert).to_be_hidden()
    expect(page.locator("#count")).to_contain_text("1 of 3")
    assert site.verdict_count() == 1


def test_an_answer_whose_acknowledgement_is_lost_counts_once(rate, site):
    page = rate("one", "two", "three")
    lost = []

    def lose(route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch())
            route.abort()

    page.route("**/api/verdict", lose)
    page.keyboard.press("3")
    expect(page.get_by_role("alert")).to_contain_text("not saved yet")
    expect(page.get_by_role("alert")).to_be_hidden(timeout=20_000)
    assert lost[0].json()["status"] == "recorded"
    expect(page.locator("#count")).to_contain_text("1 of 3")
    assert site.verdict_count() == 1


def test_a_rater_who_is_paused_with_a_pair_open_is_told_why(rate, site):
    page = rate("one", "two", "three")
    with Store(str(site.store)) as store:
        (account,) = people.everyone(store)
        people.set_state(store, account.id, State.PAUSED, "Please talk to Kim first.")
    page.keyboard.press("1")
    expect(page.get_by_role("heading", name="You are paused")).to_be_visible()
    expect(page.locator("#words")).to_contain_text("The reason given: Please talk to Kim first.")
    assert site.votes() == []


def test_a_warning_of_a_rule_is_read_on_the_page_until_it_is_understood(rate, site, context):
    page = rate("one", "two", "three")
    expect(page.locator("#warning")).to_be_hidden()
    with Store(str(site.store)) as store, store.engine.begin() as connection:
        (account,) = people.everyone(store)
        record_event(connection, account.id, WARNED, None, {"rule": "median_seconds", "reason": "Half took 2 s."})
    page.reload()
    expect(page.locator("#warning")).to_contain_text("Please take a little more care. Half took 2 s.")
    check_views(page, "warning")
    page.locator("#warning").get_by_role("button", name="Understood").click()
    expect(page.locator("#warning")).to_be_hidden()
    page.reload()
    page.wait_for_selector("#firsthand[data-step='rate']")
    expect(page.locator("#warning")).to_be_hidden()
    ben = site.person("ben")
    with Store(str(site.store)) as store, store.engine.begin() as connection:
        record_event(connection, ben.id, WARNED, None, {"rule": "median_seconds", "reason": "Half took 2 s."})
    site.enter(context, ben)
    page.reload()
    expect(page.locator("#warning")).to_contain_text("Half took 2 s.")


def test_whoever_is_logged_out_meanwhile_keeps_the_answer_until_they_are_back(rate, site, context):
    page = rate("one", "two", "three")
    with Store(str(site.store)) as store:
        (account,) = people.everyone(store)
        people.end_sessions(store, account.id)
    page.keyboard.press("2")
    expect(page.get_by_role("alert")).to_contain_text("You are logged out. Log in again in another tab.")
    site.enter(context, account)
    expect(page.get_by_role("alert")).to_be_hidden(timeout=20_000)
    expect(page.locator("#count")).to_contain_text("1 of 3")


def test_somebody_elses_login_in_the_same_browser_does_not_get_the_answer(rate, site, context):
    page = rate("one", "two", "three")
    site.enter(context, site.person("ben"))
    page.keyboard.press("2")
    expect(page.get_by_role("alert")).to_contain_text("not given to you")
    assert site.votes() == []
    expect(page.get_by_role("alert").get_by_role("button")).to_have_accessible_name("Close")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_hidden()


@pytest.mark.parametrize("kind", ["reading", "unpractised"])
def test_who_may_not_rate_is_told_so(context, site, kind):
    site.answers("one")
    if kind == "reading":
        page = open_page(context, site, site.person("aud", role=Role.AUDITOR))
        expect(page.get_by_role("heading", name="You don't rate here")).to_be_visible()
    else:
        page = open_page(context, site, site.person("new", ready=False))
        expect(page.get_by_role("heading", name="Before you begin")).to_be_visible()
        assert page.request.get(f"{site.url}api/items").status == 409
    assert site.votes() == []


# A silent server counts as away after a tenth of the time that a person waits.
IMPATIENT = """() => {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (milliseconds) => timeout(milliseconds / 10);
}"""


def test_a_locked_database_answers_with_a_message(rate, site):
    page = rate("one", "two", "three")
    page.evaluate(IMPATIENT)
    with closing(sqlite3.connect(site.store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        page.keyboard.press("3")
        expect(page.get_by_role("alert")).to_contain_text("not saved yet", timeout=40_000)
        assert site.votes() == []
    expect(page.get_by_role("alert")).to_be_hidden(timeout=60_000)
    assert site.verdict_count() == 1
