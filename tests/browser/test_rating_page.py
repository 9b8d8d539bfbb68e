"""The rating page in a real browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from rating_site import HOSTILE, Site, look_at, open_page

from firsthand.records import Side, Source, Verdict

LONG = " ".join(["A longer answer."] * 20)


def wait_rated(page: Page, number: int, total: int) -> None:
    expect(page.locator("#head .progress")).to_contain_text(f"{number} of {total} rated", timeout=60_000)


def test_each_key_gives_the_verdict_its_button_shows(context, serve):
    site: Site = serve([f"{LONG} {n}" for n in range(5)])
    page = open_page(context, site)
    given = {}
    for number, key in enumerate("12345", start=1):
        question = page.locator("#prompt .text").inner_text()
        given[question] = (key, page.locator("#first .text").inner_text())
        page.keyboard.press(key)
        wait_rated(page, number, 5)
        look_at(page)
    expect(page.locator("#end")).to_contain_text("nothing left for you to rate")
    expect(page.locator("button#key-1")).to_be_hidden()
    votes = site.votes()
    assert len(votes) == 5
    for entry in votes:
        key, first_text = given[entry.comparison.prompt[0]["content"]]
        first = entry.comparison.a if entry.preference.shown_first is Side.A else entry.comparison.b
        assert first.content.strip() == first_text.strip()
        other = entry.preference.shown_first.swapped()
        expected = {
            "1": Verdict(entry.preference.shown_first.value),
            "2": Verdict.TIE,
            "3": Verdict(other.value),
            "4": Verdict.BOTH_BAD,
            "5": Verdict.SKIP,
        }
        assert entry.preference.verdict is expected[key]
        assert entry.annotator.source is Source.HUMAN
        assert not entry.annotator.simulated
        assert entry.preference.seconds >= 0.5
        assert entry.preference.created_at


def test_a_double_click_and_a_hasty_key_give_one_vote(context, serve):
    site = serve(["one", "two", "three"])
    page = open_page(context, site)
    page.locator("button#key-1").dblclick()
    page.keyboard.press("3")
    wait_rated(page, 1, 3)
    look_at(page)
    page.keyboard.press("2")
    wait_rated(page, 2, 3)
    assert sorted(entry.preference.verdict is Verdict.TIE for entry in site.votes()) == [False, True]


def test_keys_are_quiet_while_someone_types_and_with_a_modifier(context, serve):
    site = serve(["one", "two"])
    page = open_page(context, site)
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<input id=typing>')")
    page.locator("#typing").press("1")
    page.locator("#typing").evaluate("field => field.remove()")
    page.keyboard.press("Control+3")
    page.keyboard.press("2")
    wait_rated(page, 1, 2)
    assert [entry.preference.verdict for entry in site.votes()] == [Verdict.TIE]


def test_two_tabs_never_vote_twice_or_on_what_they_do_not_show(context, serve):
    site = serve(["one", "two"])
    stale, fresh = open_page(context, site), open_page(context, site)
    fresh.locator("button#key-1").click()
    wait_rated(fresh, 1, 2)
    stale.locator("button#key-3").click()
    wait_rated(stale, 1, 2)
    expect(stale.locator("#status")).to_contain_text("Not counted")
    assert len(site.votes()) == 1
    assert stale.locator("#prompt .text").inner_text() == fresh.locator("#prompt .text").inner_text()


def test_a_reload_shows_the_same_comparison_in_the_same_order(context, serve):
    site = serve(["one", "two", "three"])
    page = open_page(context, site)
    before = page.locator("#task").inner_text()
    page.reload()
    page.wait_for_selector("#first section")
    assert page.locator("#task").inner_text() == before


def test_hostile_text_neither_runs_nor_loads_nor_names_its_author(context, serve):
    site = serve([HOSTILE])
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.url)
    page.wait_for_selector("#first section", timeout=60_000)
    page.wait_for_timeout(1_000)
    assert page.evaluate("window.ran") is None
    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []
    assert page.locator("#task").locator("script, img, form, input, iframe, svg, style, a").count() == 0
    assert "<script>window.ran" in page.locator("#task").inner_text()
    assert "secret-model" not in page.content()
    assert "unsafe-inline" not in page.request.get(site.url).headers["content-security-policy"].split("img-src")[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_and_axe_finds_nothing(context, serve, width, scheme):
    site = serve(["# A title\n\n1. one\n2. two\n\n`code` and **bold**\n\n" + "word" * 60, LONG])
    page = open_page(context, site, width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert accessibility_faults(page) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_verdicts_show_their_keys_and_stay_in_view(context, serve, width):
    site = serve([LONG * 20])
    page = open_page(context, site, width)
    for name in ("1 A better", "2 Tie", "3 B better", "4 Both bad", "5 Skip"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
    first, second = (page.locator(f"#{side} section").bounding_box() for side in ("first", "second"))
    if width == 1280:
        assert (first["y"], first["height"]) == (second["y"], second["height"])
    page.mouse.wheel(0, 100_000)
    expect(page.locator("#second section")).to_be_in_viewport()
    bottom = "document.querySelector('#second section').getBoundingClientRect().bottom"
    page.wait_for_function(f"{bottom} <= document.querySelector('#verdicts').getBoundingClientRect().top")


def test_the_focus_is_seen_and_the_end_has_no_faults(context, serve):
    page = open_page(context, serve(["one"]))
    page.keyboard.press("Tab")
    expect(page.locator("button#key-1")).to_be_focused()
    assert page.locator("button#key-1").evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("#end h2")).to_have_text("All done", timeout=60_000)
    expect(page.locator("#status")).to_have_text("Recorded: A better.")
    assert accessibility_faults(page) == []


def accessibility_faults(page: Page) -> list[tuple[str, list[str]]]:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    return [(rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in found.response["violations"]]
