"""Names of models in responses."""

import pytest

from firsthand.collect.serve_config import Rating
from firsthand.collect.ui.masking import HIDDEN, found_names, hide_names, hide_names_shown
from firsthand.collect.ui.text import as_html
from firsthand.collect.ui.views import item_view
from firsthand.collect.work.items import Item, Kind
from firsthand.config import check_config
from firsthand.lines import parse_line
from firsthand.records import Side

NAMES = ("ChatGPT", "GPT-4", "Claude", "Meta AI")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("I am ChatGPT.", f"I am {HIDDEN}."),
        ("I am CHATGPT, by chatgpt", f"I am {HIDDEN}, by {HIDDEN}"),
        ("GPT 4, gpt4, GPT\u20114o and GPT-4-turbo", f"{HIDDEN}, {HIDDEN}, {HIDDEN} and {HIDDEN}"),
        ("Claude's answer; Claude 3.5 Sonnet", f"{HIDDEN}'s answer; {HIDDEN} Sonnet"),
        ("**Claude**", f"**{HIDDEN}**"),
        ("Cl\u200bau\u00adde", HIDDEN),
        ("\u0421l\u0430ud\u0435", HIDDEN),
        ("\uff23\uff4c\uff41\uff55\uff44\uff45 and \U0001d402laude", f"{HIDDEN} and {HIDDEN}"),
        ("I come from meta-ai", f"I come from {HIDDEN}"),
        ("Claudette met a claudia; metal air", "Claudette met a claudia; metal air"),
        ("", ""),
    ],
)
def test_a_name_is_hidden_however_it_is_spelt(text, masked):
    assert hide_names(text, NAMES) == masked


def test_found_names_are_told_as_the_text_writes_them_each_once():
    assert found_names("claude and Claude and claude; GPT 4", NAMES) == ["claude", "Claude", "GPT 4"]


def test_without_names_nothing_is_hidden():
    assert hide_names("I am ChatGPT.", ()) == "I am ChatGPT."
    assert hide_names("I am ChatGPT.", ("", "  ")) == "I am ChatGPT."


def test_the_longest_name_wins():
    assert hide_names("GPT-3.5 is older", ("GPT-3", "GPT-3.5")) == f"{HIDDEN} is older"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (r"I am GPT\-4.", f"<p>I am {HIDDEN}.</p>\n"),
        ("Chat&#71;PT", f"<p>{HIDDEN}</p>\n"),
        ("Chat&#x202e;GPT", f"<p>{HIDDEN}[U+202E]</p>\n"),
        ("Cl&#8203;au&shy;de", f"<p>{HIDDEN}</p>\n"),
        ("*Chat*`GPT` & so", f"<p><em>{HIDDEN}</em><code></code> &amp; so</p>\n"),
        ("> Meta\n> AI", f"<blockquote>\n<p>{HIDDEN}<br></p>\n</blockquote>\n"),
        ("GPT\n\n4 times", "<p>GPT</p>\n<p>4 times</p>\n"),
        ('1. no\n\n`<p title="GPT-3">`', '<ol>\n<li>no</li>\n</ol>\n<p><code>&lt;p title="GPT-3"&gt;</code></p>\n'),
    ],
)
def test_a_name_that_only_the_page_would_show_is_hidden_and_the_mark_up_stays(written, shown):
    assert hide_names_shown(as_html(written), NAMES) == shown


def test_a_name_spelt_in_a_formula_is_hidden():
    html = hide_names_shown(as_html(r"\(GPT-4\)"), NAMES)
    assert HIDDEN in html
    assert ">P<" not in html
    assert html.count("<mi>") == html.count("</mi>") == 3


def view(own_names_are: str, response: str | list) -> dict:
    rating = check_config({"own_names": list(NAMES), "own_names_are": own_names_are}, Rating)
    prompt = [
        {"role": "user", "content": "Are you Claude?"},
        {"role": "assistant \u202eGPT-4", "content": "I am GPT&#45;4."},
        {"role": "user", "content": "Sure?"},
    ]
    comparison = parse_line({"prompt": prompt, "response_a": response, "response_b": "No."}).comparison
    first = Side.B if comparison.a.content == "No." else Side.A
    item = Item("lease", comparison, first, Kind.NEW, "")
    return item_view(item, rating, known=False)


def test_what_a_model_said_in_the_prompt_and_who_speaks_hide_names_too():
    turns = [{"role": "Chat\u200bGPT \u202e", "content": r"GPT\-4"}, {"role": "tool", "content": "fine"}]
    shown = view("masked", turns)
    asked, said, _ = shown["prompt"]
    assert asked == {"role": "user", "html": "<p>Are you Claude?</p>\n"}
    assert said == {"role": f"assistant [U+202E]{HIDDEN}", "html": f"<p>I am {HIDDEN}.</p>\n"}
    own = f"<p><strong>{HIDDEN} [U+202E]</strong></p><p>{HIDDEN}</p>\n"
    assert shown["first"] == f"{own}<p><strong>tool</strong></p><p>fine</p>\n"


def test_a_name_that_only_the_page_shows_is_flagged():
    assert view("flagged", r"I am GPT\-4, not Chat&#71;PT.")["flagged"] == [["GPT-4", "ChatGPT"], []]
