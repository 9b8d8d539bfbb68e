"""A site that asks for more: criteria, seven steps, a reason for every choice, flagged names, early breaks."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect
from rating_site import Site, open_page, open_with_clock, served
from views import check_views

from firsthand.records import Side, Verdict

SETTINGS = {
    "assignment": {"gold_share": 0, "repeat_share": 0},
    "rating": {
        "title": "Which reply would you send?",
        "instructions": "Mind the **tone**.",
        "practice": [],
        "steps": 7,
        "both_bad": False,
        "criteria": ["helpful", "harmless"],
        "rationale": "required",
        "own_names": ["Claude"],
        "own_names_are": "flagged",
        "break_after_minutes": 1,
        "thanks": "See you **tomorrow**.",
    },
}


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("rich"), SETTINGS) as site:
        yield site


@pytest.fixture
def site(rich: Site, context: BrowserContext) -> Iterator[Site]:
    rich.fill([])
    yield rich
    for page in context.pages:
        page.close(run_before_unload=False)


def test_criteria_and_a_required_reason_are_given_by_key(context, site):
    site.answers("Claude wrote this.")
    page = open_page(context, site, site.person(ready=False), 390)
    page.keyboard.press("Enter")
    page.wait_for_selector("#firsthand[data-step='instructions']")
    expect(page.locator("#words strong")).to_have_text("tone")
    page.keyboard.press("Enter")
    page.wait_for_selector("#firsthand[data-step='rate']")
    expect(page.get_by_role("heading", level=1)).to_have_text("Which reply would you send?")
    expect(page.locator(".flagged", has_text="Names a model: Claude")).to_be_visible()
    assert page.locator("#criteria kbd, #scale kbd").all_inner_texts() == [*"QWEASD", *"1234567"]
    page.keyboard.press("e")
    page.keyboard.press("s")
    page.keyboard.press("q")
    expect(page.locator("#criteria [aria-pressed='true']")).to_have_count(2)
    page.keyboard.press("v")
    check_views(page, "criteria")
    page.keyboard.press("6")
    expect(page.locator("#note textarea")).to_be_focused()
    assert site.votes() == []
    page.keyboard.type("Shorter.")
    page.keyboard.press("Escape")
    page.keyboard.press("6")
    expect(page.locator("#words")).to_contain_text("See you tomorrow.")
    (entry,) = site.votes()
    vote = entry.preference
    second = Verdict(vote.shown_first.swapped().value)
    assert (vote.verdict, vote.strength, vote.rationale) == (second, 2, "Shorter.")
    # The first response is the better one in "helpful": recorded for the side it stands on.
    assert vote.shown_first in (Side.A, Side.B)
    assert vote.criteria == {"helpful": vote.shown_first.value, "harmless": "tie"}


def test_after_the_set_time_a_break_is_proposed_and_nothing_is_held_up(context, site):
    site.answers("one", "two", "three")
    page = open_with_clock(context, site)
    page.keyboard.press("n")
    page.keyboard.type("Because.")
    page.clock.fast_forward(50_000)
    page.keyboard.press("Escape")
    page.clock.fast_forward(20_000)
    page.keyboard.press("1")
    expect(page.locator("#ribbon")).to_contain_text("You have been rating for 1 min.")
    check_views(page, "break")
    page.keyboard.press("g")
    expect(page.locator("#ribbon")).to_be_hidden()
    expect(page.locator("#count")).to_contain_text("1 of 3")
