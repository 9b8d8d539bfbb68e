"""The Audit page and the report in Chromium: what they show, who may see them, and that they hold hostile texts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from audit_site import AUTHOR, HOSTILE, audit_site
from pdf import pdf_text
from playwright.sync_api import BrowserContext, Page, expect
from quality_site import QualitySite, log_in
from views import check_views

from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.lineage import lineages_of, read_lineages
from firsthand.evaluate.audit.read import read_table
from firsthand.evaluate.audit.report import report_page
from firsthand.evaluate.audit.run import run_audit
from firsthand.store import Store


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QualitySite]:
    with audit_site(tmp_path_factory.mktemp("audit")) as served:
        yield served


def audited(page: Page) -> Page:
    expect(page.locator("#fresh")).to_have_text("Audited just now", timeout=240_000)
    return page


def test_an_auditor_chooses_sees_findings_and_reads_their_comparisons(
    site: QualitySite, visitor: BrowserContext
) -> None:
    alerts: list[str] = []
    visitor.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    page = audited(log_in(visitor, site, "otto", "audit/"))
    expect(page.locator("#verdict")).to_contain_text("Do not let gpt-4 judge pairs that contain gpt-4")
    expect(page.locator("#findings")).to_contain_text("gpt-4 without the affinity")
    first = page.locator("#findings .finding").first
    first.get_by_role("button", name="Read the comparisons").focus()
    page.keyboard.press("Enter")
    # People were for the other response six times to none, the judge for its own.
    article = first.locator("article").first
    expect(article).to_contain_text(HOSTILE)
    expect(article).to_contain_text(AUTHOR)
    article.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(article.locator(".texts")).to_contain_text("<script>alert(2)</script> other")
    assert page.locator("#audit img, #audit script").count() == 0
    first.get_by_role("button", name="Next").click()
    expect(first.locator(".pager")).to_contain_text("11 to 20 of 402")
    first.locator("article summary").first.click()
    expect(first.locator(".texts").first).to_contain_text("The store holds no text of these responses")
    assert alerts == []

    expect(page.locator("#audited")).to_contain_text("1,769 of 71 people")
    whole = page.locator("#verdict").inner_text()
    page.get_by_role("checkbox", name="writing").check()
    page.get_by_label("gpt-4", exact=True).check()
    page.fill("[name=margin]", "12.5")
    page.press("[name=margin]", "Enter")
    expect(page.locator("#fresh")).to_have_text("Auditing…")
    audited(page)
    expect(page.locator("#effects")).to_be_visible()
    assert page.locator("#verdict").inner_text() != whole

    page.locator("#table th button").first.click()
    expect(page.locator("#table th").first).to_have_attribute("aria-sort", "ascending")


def test_what_cannot_be_audited_is_said(site: QualitySite, visitor: BrowserContext) -> None:
    page = audited(log_in(visitor, site, "ada", "audit/"))
    for query, status, words in (
        ("asked=x&judge=nobody", 422, "holds no verdict of a judge 'nobody'"),
        ("asked=x&tag=domain=cooking", 422, "No comparison has the tag domain"),
        ("asked=x&margin=0", 422, "greater than 0"),
    ):
        for _ in range(60):
            answer = page.evaluate(GET, f"view?{query}")
            if "waiting" not in answer[1]:
                break
        assert answer[0] == status
        assert words in answer[1]
    assert page.evaluate(GET, "texts/none")[0] == 404


def test_raters_and_strangers_are_turned_away(site: QualitySite, visitor: BrowserContext) -> None:
    assert visitor.request.get(f"{site.url}api/audit/view?asked=x").status == 401
    page = log_in(visitor, site, "eva", "audit/")
    expect(page.locator("body")).to_contain_text("for admins and auditors")
    for path in ("api/audit/view?asked=x", "api/audit/choices", "audit/config"):
        assert visitor.request.get(f"{site.url}{path}").status == 403


def test_the_page_is_strict_about_scripts(site: QualitySite, visitor: BrowserContext) -> None:
    log_in(visitor, site, "otto", "audit/")
    policy = visitor.request.get(f"{site.url}audit/").headers["content-security-policy"]
    assert "script-src 'self' 'sha256-" in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]


def test_the_page_is_accessible_and_fits(site: QualitySite, visitor: BrowserContext) -> None:
    page = audited(log_in(visitor, site, "otto", "audit/"))
    page.locator("[data-finding]").first.click()
    page.locator(".comparisons summary").first.click()
    page.wait_for_selector(".texts .text")
    check_views(page)


def test_the_report_is_accessible_sorts_and_fits(site: QualitySite, visitor: BrowserContext, tmp_path: Path) -> None:
    config = AuditConfig(draws=100)
    with Store(str(site.store)) as store:
        table = read_table(store, config)
    lineages = lineages_of(table, read_lineages())
    path = tmp_path / "report.html"
    path.write_text(report_page(run_audit(table, lineages, config).findings, table, lineages, config))
    page = visitor.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: complaints.append(request.url) if request.url != path.as_uri() else None)
    page.goto(path.as_uri())
    check_views(page)
    printed = pdf_text(page.pdf(format="A4"))
    for words in (
        "■ Detected Do not let gpt-4 judge pairs that contain gpt-4",
        "Methods",
        "Swaminathan and Rogers 1990",
    ):
        assert words in printed
    head = page.locator("table.sortable th", has_text="points")
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    cells = page.locator("table.sortable tbody tr td:nth-child(6)")
    values = cells.evaluate_all("cells => cells.map(cell => cell.dataset.value)")
    known = [float(value) for value in values if value]
    assert known == sorted(known, reverse=True)
    assert values[len(known) :] == [""] * (len(values) - len(known))
    assert complaints == []


GET = """async (path) => {
  const answer = await fetch(`/api/audit/${path}`);
  return [answer.status, await answer.text()];
}"""
