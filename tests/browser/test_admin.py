"""The admin page in Chromium: what it shows, what an admin does there, and who may do nothing."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from quality_site import QualitySite, log_in, quality_site
from rating_work import rows
from views import check_views
from waiting import wait_for

from firsthand.collect.accounts.account import State
from firsthand.collect.accounts.people import get
from firsthand.collect.work.queue import disagreements
from firsthand.records import Annotator, Entry, Preference, Source, Verdict
from firsthand.store import Store, schema

PAUSED, GOOD = "farah@example.org", "amara@example.org"


def held_adjudications(site: QualitySite) -> list[dict[str, Any]]:
    with Store(str(site.store)) as store:
        return rows(store, schema.leases, kind="adjudication", state="held")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QualitySite]:
    with quality_site(tmp_path_factory.mktemp("quality")) as served:
        yield served


def measured(page: Page) -> Page:
    page.wait_for_selector("#raters tbody tr")
    return page


def row(page: Page, name: str):
    return page.locator("#raters tbody tr", has=page.locator("th", has_text=name))


def say_why(page: Page, reason: str) -> None:
    page.fill("#ask-reason", reason)
    page.press("#ask-reason", "Enter")


def test_an_admin_sees_rules_at_work_pauses_and_resumes(site: QualitySite, visitor: BrowserContext) -> None:
    page = measured(log_in(visitor, site, "ada"))
    expect(page.locator("#tiles")).to_contain_text("Krippendorff")
    # The rules have paused the one who gets gold wrong, with the evidence, without anybody's doing.
    expect(row(page, PAUSED).locator(".chip")).to_have_text("paused")
    expect(page.locator("tr.evidence.bad").first).to_contain_text("pauses")

    row(page, GOOD).get_by_role("button").click()
    say_why(page, "On leave <b>until</b> Monday")
    expect(page.locator("#said")).to_contain_text("is paused")
    expect(row(page, GOOD).locator(".chip")).to_have_text("paused")
    expect(page.locator("#raters")).to_contain_text("On leave <b>until</b> Monday")
    with Store(str(site.store)) as store:
        account = get(store, site.accounts[GOOD].id)
    assert account is not None
    assert (account.state, account.state_reason) == (State.PAUSED, "On leave <b>until</b> Monday")

    # By keyboard alone: the button keeps the focus through the page's refreshes, Enter opens and confirms.
    row(page, GOOD).get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#ask-title")).to_contain_text("rate again")
    page.keyboard.press("Enter")
    expect(row(page, GOOD).locator(".chip")).to_have_text("active")


def test_one_more_rater_is_asked_about_a_contradiction(site: QualitySite, visitor: BrowserContext) -> None:
    page = measured(log_in(visitor, site, "ada"))
    page.locator("#queue article").first.get_by_role("button", name="Ask one more rater").click()
    page.locator("#ask-do").click()
    expect(page.locator("#said")).to_have_text("One more person will be asked.")


def test_an_admin_settles_a_contradiction_without_knowing_who_said_what(
    site: QualitySite, visitor: BrowserContext
) -> None:
    page = measured(log_in(visitor, site, "ada"))
    with Store(str(site.store)) as store:
        dispute = disagreements(store)[1]
    raters = [rater for rater, _ in dispute.votes]
    assert not any(rater in page.locator("#queue").inner_text() for rater in raters)
    settle = page.locator(f"#queue [data-act=settle][data-key='{dispute.comparison.id}']")
    settle.click()
    expect(page.locator("#settle")).to_be_visible()
    expect(page.locator("#settle-pair")).to_contain_text("Response B")
    assert not any(word in page.locator("#settle").inner_text() for word in raters)
    # Closed, it is anybody's again; by keyboard it is opened and settled.
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#settle")).to_be_hidden()
    wait_for(lambda: not held_adjudications(site))
    settle.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#settle")).to_be_visible()
    page.keyboard.press("1")
    said = page.locator("#settle-said")
    expect(said).to_contain_text("Settled: your verdict is gold now.")
    for rater in raters:
        expect(said).to_contain_text(rater)
    page.keyboard.press("Enter")
    expect(settle).to_have_count(0)
    with Store(str(site.store)) as store:
        (lease,) = rows(store, schema.leases, comparison_id=dispute.comparison.id, kind="adjudication")
        (vote,) = rows(store, schema.preferences, comparison_id=dispute.comparison.id, annotator=lease["rater"])
        (work,) = rows(store, schema.work, comparison_id=dispute.comparison.id)
    assert (lease["rater"], lease["state"]) == (site.accounts["ada"].id, "done")
    assert (vote["gold"], vote["verdict"], vote["strength"]) == (True, lease["shown_first"], 3)
    assert vote["detail"] == '{"kind":"adjudication","policy":"queue"}'
    assert vote["seconds"] > 0
    assert not work["disputed"]


def test_whoever_rated_a_contradiction_does_not_settle_it(site: QualitySite, visitor: BrowserContext) -> None:
    ada = site.accounts["ada"].id
    with Store(str(site.store)) as store:
        dispute = disagreements(store)[0]
        store.add([Entry(dispute.comparison, Annotator(ada, Source.HUMAN), Preference(Verdict.TIE))])
    page = measured(log_in(visitor, site, "ada"))
    card = page.locator("#queue article").first
    expect(card).to_contain_text("You rated it yourself")
    expect(card.get_by_role("button")).to_have_count(1)
    refused = page.evaluate(POST, ["take", {"comparison": dispute.comparison.id}])
    assert refused == [422, "You rate this comparison yourself: somebody else has to settle it."]
    for path, body in (("take", {"comparison": "none"}), ("settle", {"lease": "x", "choice": "a3", "seconds": 1})):
        assert page.evaluate(POST, [path, body])[0] == 422


def test_an_auditor_reads_the_texts_and_the_verdicts_of_a_contradiction(
    site: QualitySite, visitor: BrowserContext
) -> None:
    page = measured(log_in(visitor, site, "otto"))
    with Store(str(site.store)) as store:
        dispute = disagreements(store)[0]
    first = page.locator("#queue article").first
    first.locator("summary").click()
    expect(first.locator(".texts")).to_contain_text("Response B")
    for rater, _ in dispute.votes:
        expect(first).to_contain_text(rater)


def test_an_export_holds_pseudonyms_only(site: QualitySite, visitor: BrowserContext) -> None:
    page = measured(log_in(visitor, site, "ada"))
    with page.expect_download() as download:
        page.get_by_role("link", name="Votes (CSV)").click()
    text = download.value.path().read_text(encoding="utf-8")
    names = {line["annotator"] for line in csv.DictReader(io.StringIO(text))}
    assert {"experts", *(account.id for login, account in site.accounts.items() if "@" in login)} <= names
    assert names <= {"experts", *(account.id for account in site.accounts.values())}
    assert "@" not in "".join(names)


def test_an_auditor_reads_pseudonyms_and_changes_nothing(site: QualitySite, visitor: BrowserContext) -> None:
    page = measured(log_in(visitor, site, "otto"))
    expect(page.locator("#raters")).to_contain_text(site.accounts[GOOD].id)
    expect(page.locator("#quality")).not_to_contain_text("@example.org")
    expect(page.locator("#quality button[data-act]")).to_have_count(0)
    for path, body in (
        ("pause", {"rater": site.accounts[GOOD].id, "reason": "x"}),
        ("requeue", {"comparison": "x"}),
        ("take", {"comparison": "x"}),
    ):
        answer = page.evaluate(POST, [path, body])
        assert answer == [403, "Auditors read this page; an admin has to do that."]


def test_an_expert_who_rates_is_turned_away(site: QualitySite, visitor: BrowserContext) -> None:
    page = log_in(visitor, site, "eva")
    expect(page.locator("body")).to_contain_text("for admins and auditors")
    for path in ("api/admin/view", "api/admin/export/votes", "admin/config"):
        assert visitor.request.get(f"{site.url}{path}").status == 403
    own = {"Origin": site.url.rstrip("/")}
    body = {"rater": site.accounts[GOOD].id, "reason": "x"}
    assert visitor.request.post(f"{site.url}api/admin/pause", data=body, headers=own).status == 403


def test_nobody_comes_in_without_an_account_or_from_another_site(site: QualitySite, visitor: BrowserContext) -> None:
    assert visitor.request.get(f"{site.url}api/admin/view").status == 401
    log_in(visitor, site, "ada")
    body = {"rater": site.accounts[GOOD].id, "reason": "forged"}
    forged = visitor.request.post(f"{site.url}api/admin/pause", data=body, headers={"Origin": "http://elsewhere.test"})
    assert forged.status == 403


def test_the_page_is_accessible_and_fits(site: QualitySite, visitor: BrowserContext) -> None:
    page = measured(log_in(visitor, site, "ada"))
    check_views(page)
    page.locator("#raters button").first.click()
    check_views(page, "asking")
    page.locator("#ask-cancel").click()
    page.locator("#queue [data-act=settle]").first.click()
    expect(page.locator("#settle-choices button")).to_have_count(6)
    check_views(page, "settling")
    page.locator("#settle-close").click()
    expect(page.locator("#settle")).to_be_hidden()


POST = """async ([path, body]) => {
  const options = {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)};
  const answer = await fetch(`/api/admin/${path}`, options);
  return [answer.status, (await answer.json()).detail];
}"""
