"""A rater's whole job in a real browser, by keyboard alone."""

import re

from playwright.sync_api import Page, expect
from rating_site import TOO_SOON, comparison, look_at, open_page, open_with_clock
from waiting import wait_for

from firsthand.collect.work.targets import prepare_work
from firsthand.records import Side, Source, Verdict
from firsthand.store import Store, schema

LONG = " ".join(["A longer answer."] * 20)
PASSWORD = "correct horse battery"


def expect_rated(page: Page, number: int, total: int) -> None:
    expect(page.locator("#count")).to_contain_text(f"{number} of {total}")


def test_the_whole_job_without_a_mouse_from_the_login_to_the_end(context, site):
    site.answers(*(f"{LONG} {n}" for n in range(10)))
    site.person("ann", ready=False, password=PASSWORD)
    context.clear_cookies()
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(site.url)
    page.locator("input[name=login]").focus()
    page.keyboard.type("ann")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Before you begin")).to_be_focused(timeout=60_000)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="How to rate")).to_be_focused()
    page.keyboard.press("Enter")
    for number, key in enumerate("130", start=1):
        expect(page.locator("#ribbon")).to_contain_text(f"Practice, {number} of 3")
        look_at(page)
        page.keyboard.press(key)
        expect(page.locator("#ribbon")).to_contain_text("We think so too.")
        page.keyboard.press("Enter")
    page.wait_for_selector("#firsthand[data-step='rate']")
    expect_rated(page, 0, 10)

    for number, key in enumerate("123450", start=1):
        look_at(page)
        page.keyboard.press(key)
        expect_rated(page, number, 10)
    page.keyboard.press("u")
    expect(page.locator("#status")).to_contain_text("withdrawn")
    expect_rated(page, 5, 10)
    look_at(page)
    page.keyboard.press("5")
    expect_rated(page, 6, 10)
    look_at(page)
    page.keyboard.press("k")
    page.keyboard.press("1")
    expect_rated(page, 7, 10)
    look_at(page)
    page.keyboard.press("n")
    page.keyboard.type("Because 1 and 2 are right.")
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    page.keyboard.press("2")
    page.keyboard.press("1")
    expect_rated(page, 8, 10)
    page.keyboard.press("h")
    expect(page.get_by_role("dialog")).to_contain_text("A much better (flagged)")
    page.keyboard.press("3")
    expect(page.locator("#ribbon")).to_contain_text("You are changing an earlier answer: B much better.")
    look_at(page)
    page.keyboard.press("3")
    expect(page.locator("#status")).to_contain_text("changed")
    for number in (9, 10):
        look_at(page)
        page.keyboard.press("3")
        if number == 9:
            expect_rated(page, 9, 10)
    expect(page.get_by_role("heading", name="Thank you")).to_be_focused()
    expect(page.locator("#words")).to_contain_text("What happens next")

    votes = [entry.preference for entry in site.votes()]
    assert len(votes) == 10
    assert sum(vote.verdict is Verdict.SKIP for vote in votes) == 1
    assert sum(vote.verdict is Verdict.BOTH_BAD for vote in votes) == 0
    (noted,) = (vote for vote in votes if vote.rationale)
    assert noted.rationale == "Because 1 and 2 are right."
    assert noted.detail["flag"] == "Someone's personal data"
    (skipped,) = (vote for vote in votes if vote.verdict is Verdict.SKIP)
    assert skipped.detail["skip_reason"] == site.config.rating.skip_reasons[0]


def test_the_count_is_right_after_every_undo_and_after_a_reload(rate):
    page = rate(*(f"answer {n}" for n in range(6)))
    for number in (1, 2, 3):
        page.keyboard.press("3")
        expect_rated(page, number, 6)
        look_at(page)
    for number in (2, 1):
        page.keyboard.press("u")
        expect_rated(page, number, 6)
    page.reload()
    page.wait_for_selector("#firsthand[data-step='rate']")
    expect_rated(page, 1, 6)


def test_each_key_gives_the_verdict_its_button_shows(rate, site):
    page = rate(*(f"{LONG} {n}" for n in range(6)))
    given = {}
    for number, key in enumerate("123450", start=1):
        question = page.locator("#prompt .text").inner_text()
        given[question] = (key, page.locator("#first .text").inner_text())
        page.keyboard.press(key)
        if number < 6:
            expect_rated(page, number, 6)
            look_at(page)
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    votes = site.votes()
    assert len(votes) == 6
    for entry in votes:
        key, first_text = given[entry.comparison.prompt[0]["content"]]
        side = entry.preference.shown_first
        first = entry.comparison.a if side is Side.A else entry.comparison.b
        assert first.content.strip() == first_text.strip()
        shown, other = Verdict(side.value), Verdict(side.swapped().value)
        expected = {
            "1": (shown, 3),
            "2": (shown, 1),
            "3": (Verdict.TIE, None),
            "4": (other, 1),
            "5": (other, 3),
            "0": (Verdict.BOTH_BAD, None),
        }
        assert (entry.preference.verdict, entry.preference.strength) == expected[key]
        assert entry.annotator.source is Source.HUMAN
        assert 0.3 < entry.preference.seconds < 60
        assert entry.preference.created_at


def test_keys_are_quiet_while_someone_types_and_with_a_modifier(rate, site):
    page = rate("one", "two")
    page.keyboard.press("n")
    page.keyboard.type("0 1 2 3 u k f")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+3")
    page.keyboard.press("Alt+3")
    assert site.votes() == []
    page.keyboard.press("2")
    expect_rated(page, 1, 2)
    (entry,) = site.votes()
    assert entry.preference.rationale == "0 1 2 3 u k f"


def test_what_is_not_meant_does_not_count(rate, site):
    page = rate("one", "two", "three")
    button = page.get_by_role("button", name="No difference")
    button.click(click_count=3)
    page.keyboard.press("1")
    expect(page.locator("#status")).to_contain_text("too quick")
    expect_rated(page, 1, 3)
    look_at(page)
    assert [entry.preference.verdict for entry in site.votes()] == [Verdict.TIE]
    page.keyboard.press("3")
    expect_rated(page, 2, 3)
    page.get_by_role("button", name="Undo").click(click_count=3)
    expect_rated(page, 1, 3)
    page.wait_for_timeout(300)
    expect_rated(page, 1, 3)
    # Two verdicts, and the skip that withdrew the second.
    assert site.verdict_count() == 3


def test_the_end_finds_new_pairs_and_leaves_the_focus_alone_meanwhile(context, site):
    site.answers("one")
    page = open_with_clock(context, site)
    page.clock.fast_forward(TOO_SOON)
    page.keyboard.press("3")
    button = page.get_by_role("button", name="Look for new pairs")
    button.focus()
    with page.expect_response("**/api/items"):
        page.clock.fast_forward(30_000)
    expect(button).to_be_focused()
    with Store(str(site.store)) as store:
        store.add([comparison(1, "two")])
        prepare_work(store, site.config.assignment)
    page.clock.fast_forward(30_000)
    page.wait_for_selector("#firsthand[data-step='rate']")
    expect_rated(page, 1, 2)


def test_a_choice_has_no_default_and_a_reload_shows_the_same_pair_in_the_same_order(rate):
    page = rate("one", "two", "three")
    assert page.locator("#deck [aria-pressed='true']").count() == 0
    before = page.locator("#pair").inner_text()
    page.reload()
    page.wait_for_selector("#firsthand[data-step='rate']")
    assert page.locator("#pair").inner_text() == before
    page.goto("about:blank")
    page.go_back()
    page.wait_for_selector("#firsthand[data-step='rate']")
    assert page.locator("#pair").inner_text() == before


def test_two_tabs_never_vote_twice(rate, site, context):
    stale = rate("one", "two", "three")
    fresh = context.new_page()
    fresh.goto(site.url)
    fresh.wait_for_selector("#firsthand[data-step='rate']")
    look_at(fresh)
    shown = fresh.locator("#prompt .text").inner_text()
    assert shown == stale.locator("#prompt .text").inner_text()
    fresh.keyboard.press("1")
    expect_rated(fresh, 1, 3)
    stale.bring_to_front()
    stale.keyboard.press("5")
    expect(stale.locator("#status")).to_contain_text("already")
    expect_rated(stale, 1, 3)
    (entry,) = site.votes()
    assert entry.preference.verdict is Verdict(entry.preference.shown_first.value)


def test_the_next_pair_is_there_before_the_server_has_answered(rate, site):
    page = rate("one", "two", "three")
    before = page.locator("#prompt .text").inner_text()
    page.route("**/api/verdict", lambda _route: None)
    page.keyboard.press("3")
    expect(page.locator("#prompt .text")).not_to_have_text(before)
    assert site.votes() == []


def test_past_answers_can_be_left_as_they_were(rate, site):
    page = rate("one", "two")
    first = page.locator("#prompt .text").inner_text()
    page.keyboard.press("1")
    expect_rated(page, 1, 2)
    page.keyboard.press("h")
    page.get_by_role("button", name="Change", exact=True).wait_for()
    page.keyboard.press("1")
    expect(page.locator("#prompt .text")).to_have_text(first, use_inner_text=True)
    expect(page.get_by_role("button", name="A much better")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#status")).to_contain_text("Left as it was")
    expect(page.locator("#prompt .text")).not_to_have_text(first, use_inner_text=True)
    assert site.verdict_count() == 1


def test_differences_are_marked_and_long_responses_scroll_together_or_apart(context, site):
    same = "\n\n".join(f"Paragraph {n} of the text." for n in range(200))
    site.fill([comparison(0, same.replace("Paragraph 3 of", "Paragraph 3 in"), "Which?")])
    page = open_page(context, site, site.person())
    page.locator("#second .text").evaluate("(area, text) => area.innerHTML = text", "<p>" + same + "</p>")
    page.locator("#first .text").evaluate(
        "(area, text) => area.innerHTML = text", "<p>" + same.replace("Paragraph 3 of", "Paragraph 3 in") + "</p>"
    )
    page.keyboard.press("v")
    expect(page.locator("#status")).to_have_text("1 words only in A, 1 only in B.")
    marked = "[...CSS.highlights.get('difference')].map(range => range.toString())"
    assert page.evaluate(marked) == ["in", "of"]
    page.keyboard.press("v")
    assert page.evaluate("CSS.highlights.has('difference')") is False

    first, second = page.locator("#first .scroll"), page.locator("#second .scroll")
    top = "area => area.scrollTop"
    first.evaluate("area => { area.scrollTop = 500 }")
    page.wait_for_timeout(100)
    assert (first.evaluate(top), second.evaluate(top)) == (500, 0)
    page.keyboard.press("l")
    first.evaluate("area => { area.scrollTop = 900 }")
    wait_for(lambda: page.locator("#second .scroll").evaluate("one => one.scrollTop") > 800)
    page.keyboard.press("l")
    first.evaluate("area => { area.scrollTop = 0 }")
    page.wait_for_timeout(100)
    assert second.evaluate(top) > 800


def test_active_time_counts_neither_a_hidden_tab_nor_an_idle_person(context, site):
    site.answers("one", "two")
    page = open_with_clock(context, site)
    hide = "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
    hide += " document.dispatchEvent(new Event('visibilitychange')) }"
    page.clock.fast_forward(5_000)
    page.evaluate(hide, True)
    page.clock.fast_forward(40_000)
    page.evaluate(hide, False)
    page.clock.fast_forward(600_000)
    with Store(str(site.store)) as store, store.engine.begin() as connection:
        # The server's own clock has not gone forward with the page's, and no answer claims more time than has passed.
        connection.execute(schema.leases.update().values(granted_at="2026-01-01T00:00:00.000000Z"))
    page.keyboard.press("3")
    expect_rated(page, 1, 2)
    (entry,) = site.votes()
    # 5 s before the tab was hidden, and the minute after which a person who does nothing counts as away.
    assert 65 <= entry.preference.seconds < 75


def test_nothing_tells_who_wrote_a_response(rate):
    page = rate("I am ChatGPT, made by OpenAI.")
    assert "secret-model" not in page.content()
    assert re.search(r"I am \[name hidden\], made by \[name hidden\]\.", page.locator("#responses").inner_text())
