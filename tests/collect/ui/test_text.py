"""Texts that models wrote, as HTML that a browser can be given."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firsthand.collect.ui.code import CODE_CLASSES
from firsthand.collect.ui.formulas import MATHML_ATTRIBUTES, MATHML_TAGS
from firsthand.collect.ui.text import LONGEST_MARKDOWN, TAGS, as_html

ALLOWED_ATTRIBUTES = {"start", "class"} | set().union(*MATHML_ATTRIBUTES.values())


def tags_of(html: str) -> set[str]:
    return set(re.findall(r"</?([a-zA-Z][^\s>/]*)", html))


def attributes_of(html: str) -> set[str]:
    return {name for tag in re.findall(r"<[a-z][^>]*>", html) for name in re.findall(r'\s([^\s="]+)="', tag)}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**bold** and *slanted*", "<p><strong>bold</strong> and <em>slanted</em></p>\n"),
        ("# A title", "<h3>A title</h3>\n"),
        ("a\nb", "<p>a<br>\nb</p>\n"),
        ("`x < y`", "<p><code>x &lt; y</code></p>\n"),
        ("It costs $5, not $6.", "<p>It costs $5, not $6.</p>\n"),
        ("[a link](http://example.org)", "<p>[a link](http://example.org)</p>\n"),
        ("![a picture](http://example.org/p.png)", "<p>![a picture](http://example.org/p.png)</p>\n"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
    ],
)
def test_markdown_is_shown_and_everything_else_stays_what_was_written(written, shown):
    assert as_html(written) == shown


def test_code_in_a_known_language_is_coloured_by_class_alone():
    html = as_html("```python\nreturn '<b>'\n```")
    assert html == (
        '<pre><code><span class="code-k">return</span> <span class="code-s1">\'&lt;b&gt;\'</span>\n</code></pre>\n'
    )
    assert as_html("```brainfuck\n+<b>\n```") == "<pre><code>+&lt;b&gt;\n</code></pre>\n"


@pytest.mark.parametrize(
    "written", [r"\(x^2\)", r"so \[x^2\] it is", "$$x^2$$", "$$\nx^2\n$$", "- a\n\n  \\[\n  x^2\n  \\]"]
)
def test_formulas_become_mathml(written):
    html = as_html(written)
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in html
    assert "$$" not in html


def test_a_formula_may_hold_what_markdown_would_read_otherwise():
    html = as_html("\\[\n a_1 * b_1\n- c\n\\]")
    assert "<li>" not in html
    assert "<em>" not in html
    assert html.count("<math") == 1


@pytest.mark.parametrize(
    "broken", [r"\frac{", "x^", r"\left(", r"\begin{matrix} a", "{" * 60 + "}" * 60, "x" * 3_000, r"\def\a{\a\a} \a"]
)
def test_a_formula_that_can_not_be_shown_is_shown_as_written(broken):
    html = as_html(rf"\({broken}\)")
    assert "<math" not in html
    assert broken.replace("&", "&amp;") in html.replace("&lt;", "<")


def test_text_inside_a_formula_is_text():
    html = as_html(r"\(\text{<img src=x onerror=alert(1)>}\) \(\href{javascript:alert(1)}{x}\)")
    assert tags_of(html) <= TAGS | MATHML_TAGS
    assert "&lt;img" in html
    assert "javascript" not in html


def test_characters_that_turn_the_direction_or_control_are_shown_by_number():
    assert as_html("a\u202eb\u2066c\x07d\x00e") == "<p>a[U+202E]b[U+2066]c[U+0007]d[U+0000]e</p>\n"
    assert as_html("a&#x202e;b&#8297;c") == "<p>a[U+202E]b[U+2069]c</p>\n"
    assert as_html("שלום\u200f!") == "<p>שלום\u200f!</p>\n"


def test_a_very_long_text_is_shown_as_written_in_one_block():
    html = as_html("**a** <b>\n" * (LONGEST_MARKDOWN // 10 + 1))
    assert html.startswith("<pre>**a** &lt;b&gt;\n")
    assert tags_of(html) == {"pre"}
    assert as_html("**a** <b>", plain=True) == "<pre>**a** &lt;b&gt;</pre>"


MARKS = (
    *("<script>", "</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<style>*{}</style>"),
    *("<math>", "</math>", "<mtext>", "<mglyph>", "<form action=http://x>", "<iframe src=http://x>"),
    *("<a href=javascript:x>", "```html\n", "```", "`", "$$", r"\(", r"\)", r"\[", r"\]", r"\text{", "}", "{"),
    *("|a|b|\n|-|-|\n", "\n\n", "\n", "# ", "> ", "- ", "1. ", "**", "_", "![", "](http://x)", "<!--", "-->"),
    *("<![CDATA[", "&lt;", "&#60;", "\u202e", "\\", '"', "'", "style=", "class=x", "id=title", "\x00", "&", "<", ">"),
    *("a", "é", "\ud7ff", "🙂"),
)
HOSTILE = st.lists(st.sampled_from(MARKS), max_size=40).map("".join)


@given(HOSTILE)
def test_whatever_is_written_only_allowed_tags_and_attributes_come_out(written):
    html = as_html(written)
    assert tags_of(html) <= TAGS | MATHML_TAGS
    assert attributes_of(html) <= ALLOWED_ATTRIBUTES
    assert set(re.findall(r'<span class="([^"]*)"', html)) <= CODE_CLASSES
    assert "<!--" not in html
