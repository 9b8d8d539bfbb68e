"""Names of models in responses."""

import pytest

from firsthand.collect.ui.masking import HIDDEN, found_names, hide_names

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
