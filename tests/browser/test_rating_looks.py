"""What the page looks like and lets through: accessibility, sizes, hostile and huge texts."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect
from rating_site import HOSTILE, comparison, look_at, open_page
from views import check_views

from firsthand.collect.accounts import people
from firsthand.collect.accounts.account import Role, State
from firsthand.records import Annotator, Preference, Source, Verdict
from firsthand.store import Store

LONG = " ".join(["A longer answer."] * 20)
RICH = (
    "# A title\n\n1. one\n2. two\n\n> quoted\n\n`code` and **bold** "
    + "word" * 60
    + "\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    + "```python\n# why\ndef f(x: int) -> str:\n    return f'{x}' + \"b\"  # 3\n```\n\n"
    + r"\(\frac{a}{b}\) and $$\sum_{i=1}^n \begin{pmatrix} a & b \\ c & d \end{pmatrix}$$"
)
SIZES = pytest.mark.parametrize("width", [390, 1280])


def test_every_step_fits_and_axe_finds_nothing(context, site):
    site.answers(RICH)
    account = site.person(ready=False)
    page = open_page(context, site, account)

    def check(step: str) -> None:
        page.wait_for_selector(f"#firsthand[data-step='{step}']")
        look_at(page)
        check_views(page, step)

    check("consent")
    page.keyboard.press("Enter")
    check("instructions")
    page.keyboard.press("Enter")
    check("practice")
    for key in "130":
        look_at(page)
        page.keyboard.press(key)
        expect(page.get_by_role("button", name="Go on")).to_be_visible()
        if key == "1":
            check("practice")
        page.keyboard.press("Enter")
    check("rate")
    page.keyboard.press("v")
    for key in "kfhi":
        page.keyboard.press(key)
        expect(page.get_by_role("dialog")).to_be_visible()
        check("rate")
        page.keyboard.press("Escape")
    page.keyboard.press("3")
    check("end")
    page.keyboard.press("h")
    page.get_by_role("button", name="Change", exact=True).wait_for()
    check("end")
    page.keyboard.press("1")
    check("edit")
    with Store(str(site.store)) as store:
        people.set_state(store, account.id, State.PAUSED, "A reason.")
    page.reload()
    check("paused")


@SIZES
def test_the_buttons_show_their_keys_and_stay_in_view_however_long_the_texts(rate, width):
    page = rate("\n\n".join([LONG] * 60), width=width)
    page.mouse.wheel(0, 100_000)
    for name in ("A much better", "A slightly better", "No difference", "B slightly better", "B much better"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    keys = page.locator("#scale kbd, #others button kbd").all_inner_texts()
    assert keys == ["1", "2", "3", "4", "5", "0", "K", "F"]
    first, second = (page.locator(f"#{side}").bounding_box() for side in ("first", "second"))
    assert (first["y"] == second["y"]) == (width == 1280)


def test_keys_scroll_the_responses(rate):
    page = rate("\n\n".join([LONG] * 60))
    tops = "() => [...document.querySelectorAll('#responses .scroll')].map(area => area.scrollTop)"
    page.keyboard.press("PageDown")
    assert max(page.evaluate(tops)) > 100
    page.keyboard.press("Home")
    assert page.evaluate(tops) == [0, 0]


def test_the_theme_can_be_chosen_and_is_kept(rate):
    page = rate("one", scheme="light")
    background = "getComputedStyle(document.querySelector('#firsthand')).backgroundColor"
    light = page.evaluate(background)
    page.locator("#theme").click()
    dark = page.evaluate(background)
    assert dark != light
    page.reload()
    page.wait_for_selector("#firsthand[data-step='rate']")
    assert page.evaluate(background) == dark
    page.locator("#theme").click()
    assert page.evaluate(background) == light
    page.evaluate("localStorage.clear()")


BANNED = "script, img, form, input, iframe, svg, style, a, [style], [onerror], [onload]"


def watched(context, site) -> list[str]:
    """The addresses beyond the site that pages ask for from now on."""
    asked: list[str] = []
    own = (site.url, "data:", "blob:")
    context.on("request", lambda request: request.url.startswith(own) or asked.append(request.url))
    return asked


def test_hostile_text_is_as_harmless_among_past_answers(context, site):
    site.fill([comparison(0, HOSTILE, HOSTILE), comparison(1, "fine")])
    asked = watched(context, site)
    page = open_page(context, site, site.person())
    for _ in range(2):
        page.keyboard.press("1")
        look_at(page)
    page.keyboard.press("h")
    dialog = page.locator("#dialog")
    dialog.get_by_role("button", name="Change", exact=True).nth(1).wait_for()
    assert "<script>window.ran" in dialog.inner_text()
    assert dialog.locator("script, img, form, iframe, svg, style, a, [onerror], [onload]").count() == 0
    for answer in ("1", "2"):
        page.keyboard.press(answer)
        page.wait_for_selector("#firsthand[data-step='edit']")
        if "<script>window.ran" in page.locator("#pair").inner_text():
            break
        page.keyboard.press("Escape")
        page.keyboard.press("h")
        dialog.get_by_role("button", name="Change", exact=True).nth(1).wait_for()
    pair = page.locator("#pair")
    assert "<script>window.ran" in pair.inner_text()
    assert pair.locator(BANNED).count() == 0
    page.wait_for_timeout(500)
    assert page.evaluate("window.ran") is None
    assert asked == []


def open_admin(context, site, account):
    site.enter(context, account)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{site.url}admin/")
    return page


def test_hostile_text_is_as_harmless_on_the_admin_page(context, site):
    entry = comparison(0, HOSTILE, HOSTILE)
    said = (("rater-one", Verdict.A), ("rater-two", Verdict.B))
    site.fill([replace(entry, annotator=Annotator(who, Source.HUMAN), preference=Preference(v)) for who, v in said])
    asked = watched(context, site)
    page = open_admin(context, site, site.person("otto", role=Role.AUDITOR))
    card = page.locator("#queue article")
    expect(card).to_contain_text("<script>window.ran")
    card.locator("summary").click()
    expect(card.locator(".texts")).to_contain_text("[U+202E]")
    assert card.locator(BANNED).count() == 0
    assert page.evaluate("window.ran") is None
    page = open_admin(context, site, site.person("ada", role=Role.ADMIN))
    page.get_by_role("button", name="Settle it").click()
    settling = page.locator("#settle-pair")
    expect(settling).to_contain_text("[U+202E]")
    assert settling.locator(BANNED).count() == 0
    page.wait_for_timeout(500)
    assert page.evaluate("window.ran") is None
    assert asked == []


@pytest.mark.parametrize("place", ["answer", "prompt", "chat", "role"])
def test_hostile_text_neither_runs_nor_loads_nor_leaves_its_panel(context, site, place):
    chat = [
        {"role": role, "content": text} for role, text in (("user", "Hello"), ("assistant", HOSTILE), ("user", "?"))
    ]
    odd = [{"role": "<img src=http://127.0.0.1:9/role onerror=\"window.ran='role'\">", "content": "x"}, *chat]
    prompt = {"prompt": HOSTILE, "chat": chat, "role": odd}.get(place, "Which is it?")
    site.fill([comparison(0, HOSTILE if place == "answer" else "fine", prompt)])
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = open_page(context, site, site.person())
    page.wait_for_timeout(500)
    page.keyboard.press("h")
    page.wait_for_timeout(300)
    page.keyboard.press("Escape")
    assert page.evaluate("window.ran") is None
    assert [url for url in asked if not url.startswith((site.url, "data:", "blob:"))] == []
    pair = page.locator("#pair")
    assert pair.locator("script, img, form, input, iframe, svg, style, a, [style], [onerror]").count() == 0
    assert "<script>window.ran" in pair.inner_text() or place == "role"
    assert "[U+202E]" in pair.inner_text()
    for side in ("prompt", "first", "second"):
        panel = page.locator(f"#{side}").evaluate("panel => getComputedStyle(panel).contain")
        assert "paint" in panel
    expect(page.get_by_role("button", name="No difference")).to_be_in_viewport(ratio=1)
    page.keyboard.press("3")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


# Later: the policy does not bind what the browser's tools run themselves.
COMPILE = """() => new Promise((told) => setTimeout(() => {
  try { told(Function("return 'compiled'")()) } catch (error) { told(error.name) }
}))"""


def test_the_page_says_what_may_run_and_load(context, site):
    page = open_page(context, site, site.person())
    headers = page.request.get(site.url).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["script-src-attr"] == "'none'"
    assert "unsafe" not in policy["script-src"]
    assert policy["script-src"].count("sha256-") == 5
    # A script that somebody smuggled in does not run, nor does a text as a script.
    smuggled = "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))"
    page.evaluate(smuggled)
    assert page.evaluate("window.ran") is None
    assert page.evaluate(COMPILE) == "EvalError"
    assert policy["img-src"] == "'self' data:"
    assert policy["connect-src"] == "'self'"
    assert headers["referrer-policy"] == "no-referrer"
    for path in ("", "api/state", "api/items", "api/history"):
        assert page.request.get(site.url + path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("shape", ["one line", "many lines", "markdown"])
def test_a_huge_response_leaves_the_page_usable(context, site, shape):
    text = {"one line": "x" * 200_000, "many lines": "word\n" * 40_000, "markdown": "- **a** `b`\n" * 17_000}[shape]
    site.fill([comparison(0, text), comparison(1, "short")])
    page = open_page(context, site, site.person())
    for number in (1, 2):
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        page.keyboard.press("v")
        page.keyboard.press("3")
        if number == 1:
            expect(page.locator("#count")).to_contain_text("1 of 2")
            look_at(page)
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert len(site.votes()) == 2


def test_a_chat_of_500_turns_opens_at_its_end(context, site):
    chat = [{"role": ("user", "assistant")[n % 2], "content": f"Turn {n} of the chat."} for n in range(501)]
    site.fill([comparison(0, "fine", chat)])
    page = open_page(context, site, site.person())
    expect(page.get_by_text("Turn 500 of the chat.")).to_be_in_viewport()
    page.keyboard.press("p")
    expect(page.locator("#expand")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("3")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def test_the_page_and_its_files_are_there_for_who_is_logged_in(context, site):
    page = open_page(context, site, site.person())
    files = [part.split('"')[0].rstrip("\\") for part in page.request.get(site.url).text().split("/ui/")[1:]]
    assert len(files) == 5
    for file in files:
        answer = page.request.get(f"{site.url}ui/{file}")
        assert answer.status == 200
        assert "immutable" in answer.headers["cache-control"]
    assert page.request.get(f"{site.url}ui/0/main.js").status == 404
    # Gradio's own files are named by their content too.
    (script, *_) = re.findall(r'"\./(assets/[^"]+\.js)"', page.request.get(site.url).text())
    assert "immutable" in page.request.get(site.url + script).headers["cache-control"]
    assert page.request.get(f"{site.url}assets/none.js").headers["cache-control"] == "no-store"
    context.clear_cookies()
    page.goto(site.url)
    assert page.url == f"{site.url}login?next=/"
