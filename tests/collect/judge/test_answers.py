import math

import pytest

from firsthand.collect.judge.answers import (
    UnreadableError,
    sampled_word,
    shares_of_samples,
    shares_of_tokens,
    verdict_of,
)
from firsthand.collect.judge.config import Answers
from firsthand.endpoint.reply import FailureKind, Reply, Token
from firsthand.records import Side, Verdict

AB = Answers()
ABC = Answers(tie="C")


def token(text: str, **top: float) -> Token:
    """A token whose likeliest alternatives have the probabilities `top`; underscores stand for spaces."""
    chances = {name.replace("_", " "): math.log(chance) for name, chance in top.items()}
    return Token(text, chances[text], chances)


def reply(text: str) -> Reply:
    return Reply(text, (), "stop", "m", 1, 1, None, 0.0)


def test_all_spellings_of_a_word_count_and_the_words_share_what_they_have() -> None:
    # A: 0.4 + 0.1 = 0.5. B: 0.2. Outside: 1 - 0.7 = 0.3. A's share: 0.5 / 0.7.
    shares = shares_of_tokens([token("A", A=0.4, _A=0.1, B=0.2, The=0.25, the=0.05)], AB)
    assert shares.first == pytest.approx(0.5 / 0.7)
    assert shares.second == pytest.approx(0.2 / 0.7)
    assert shares.tie == 0.0
    assert shares.outside == pytest.approx(0.3)


def test_it_is_the_softmax_over_the_words_log_probabilities() -> None:
    # softmax(-1, -2, -3) = e^-1, e^-2, e^-3 over their sum 0.55321; e^-1 = 0.36788, so the first has 0.66524.
    top = {"A": -1.0, "B": -2.0, "C": -3.0}
    shares = shares_of_tokens([Token("A", -1.0, top)], ABC)
    assert shares.first == pytest.approx(0.66524, abs=1e-5)
    assert shares.second == pytest.approx(0.24473, abs=1e-5)
    assert shares.tie == pytest.approx(0.09003, abs=1e-5)


def test_markdown_quotes_and_tokenizers_spaces_do_not_hide_a_word() -> None:
    top = {"**A": 0.2, "\u2581A": 0.1, "\u0120A": 0.1, '"B"': 0.3, "(B": 0.1, "a": 0.1, "An": 0.1}
    shares = shares_of_tokens(
        [Token("An", math.log(0.1), {text: math.log(chance) for text, chance in top.items()})], AB
    )
    assert (shares.first, shares.second) == (pytest.approx(0.5), pytest.approx(0.5))


def test_the_answers_place_is_the_first_token_that_is_a_word() -> None:
    lead = token("Answer", Answer=0.9, A=0.05, B=0.05)
    said = token("B", A=0.25, B=0.75)
    assert shares_of_tokens([lead, token(":", **{":": 0.5, "A": 0.1}), said], AB).second == pytest.approx(0.75)
    assert shares_of_tokens([lead], AB).first == pytest.approx(0.5)  # none is: the first token's place


def test_a_word_that_is_not_listed_is_given_as_much_as_it_could_have() -> None:
    # Of the listed 0.6 and 0.3 the least is 0.3, but only 0.1 is left: B has at most 0.1. A: 0.6 / 0.7.
    assert shares_of_tokens([token("A", A=0.6, The=0.3)], AB).first == pytest.approx(0.6 / 0.7)
    # 0.35 is left, but B would be listed if it had more than the least, 0.05. A: 0.6 / 0.65.
    assert shares_of_tokens([token("A", A=0.6, The=0.05)], AB).first == pytest.approx(0.6 / 0.65)


def test_a_list_without_any_of_the_words_is_no_answer() -> None:
    with pytest.raises(UnreadableError, match="none of A, B is among the 2 likeliest tokens; the likeliest is 'Well'"):
        shares_of_tokens([token("Well", Well=0.6, The=0.3)], AB)


def test_sampled_words_are_shares() -> None:
    shares = shares_of_samples(["A", "B", "A", "C", "A"], ABC)
    assert (shares.first, shares.second, shares.tie, shares.outside) == (0.6, 0.2, 0.2, 0.0)


@pytest.mark.parametrize("text", ['{"verdict": "B"}', ' {"verdict":"B","why":"short"}\n', "B", "**B**", '"B"'])
def test_a_structured_answer_or_the_bare_word_is_read(text: str) -> None:
    assert sampled_word(reply(text), AB) == "B"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I'm sorry, but I can't compare these.", FailureKind.REFUSAL),
        ("As an AI I have no preference", FailureKind.REFUSAL),
        ("Both are good.", FailureKind.UNPARSABLE),
        ('{"verdict": "D"}', FailureKind.UNPARSABLE),
        ('{"verdict": ["A"]}', FailureKind.UNPARSABLE),
        ("[1]", FailureKind.UNPARSABLE),
        ("", FailureKind.UNPARSABLE),
    ],
)
def test_anything_else_is_a_refusal_or_unparsable_and_shown(text: str, kind: FailureKind) -> None:
    with pytest.raises(UnreadableError, match="expected one of A, B as the verdict, got") as raised:
        sampled_word(reply(text), AB)
    assert raised.value.kind is kind


@pytest.mark.parametrize(
    ("shares", "verdict", "p_a"),
    [
        ((0.5, 0.3, 0.2), Verdict.A, 0.6),  # 0.5 + 0.2 / 2
        ((0.3, 0.5, 0.2), Verdict.B, 0.4),
        ((0.3, 0.2, 0.5), Verdict.TIE, 0.55),
        ((0.5, 0.5, 0.0), Verdict.TIE, 0.5),
        ((3, 1, 0), Verdict.A, 0.75),
    ],
)
def test_the_verdict_is_the_likeliest_and_half_of_the_ties_probability_counts_for_a(
    shares: tuple[float, float, float], verdict: Verdict, p_a: float
) -> None:
    assert verdict_of(*shares) == (verdict, pytest.approx(p_a))


def test_shares_are_turned_from_sides_to_responses() -> None:
    shares = shares_of_tokens([token("A", A=0.6, B=0.3, C=0.1)], ABC)
    assert shares.turned(Side.A) == pytest.approx((0.6, 0.3, 0.1))
    assert shares.turned(Side.B) == pytest.approx((0.3, 0.6, 0.1))
