import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firsthand.errors import RecordError
from firsthand.lines import as_line, parse_line
from firsthand.records import Side, Verdict, text_length

LINE = {
    "prompt": "What is the capital of France?",
    "response_a": "Paris.",
    "response_b": "Lyon.",
    "author_a": "gpt-4",
    "author_b": "claude-v1",
    "annotator": "expert_24",
    "source": "human",
    "verdict": "a",
    "strength": 2,
    "p_a": 0.875,
    "shown_first": "a",
    "seconds": 12.3,
    "tags": {"domain": "geography"},
}
SWAPPED = LINE | {
    "response_a": "Lyon.",
    "response_b": "Paris.",
    "author_a": "claude-v1",
    "author_b": "gpt-4",
    "verdict": "b",
    "p_a": 0.125,
    "shown_first": "b",
}

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
messages = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": texts}), min_size=1, max_size=3
)
names = st.one_of(st.none(), st.text("abc", min_size=1, max_size=3))


def first_text(response) -> str:
    return response if isinstance(response, str) else response[0]["content"]


def test_a_line_gives_comparison_annotator_and_preference() -> None:
    entry = parse_line(LINE)
    assert entry.annotator is not None
    assert entry.preference is not None
    assert entry.annotator.name == "expert_24"
    assert entry.comparison.prompt == [{"role": "user", "content": LINE["prompt"]}]
    chosen = entry.comparison.a if entry.preference.verdict is Verdict.A else entry.comparison.b
    assert (chosen.author, chosen.content, chosen.length) == ("gpt-4", "Paris.", 6)


def test_exchanging_the_sides_gives_the_same_entry() -> None:
    assert parse_line(LINE) == parse_line(SWAPPED)


@given(prompt=st.one_of(texts, messages), one=st.one_of(texts, messages), other=texts, authors=st.tuples(names, names))
def test_ids_ignore_which_side_a_response_stands_on(prompt, one, other, authors) -> None:
    if first_text(one) == first_text(other):
        return
    line = {"prompt": prompt, "response_a": one, "response_b": other, "author_a": authors[0], "author_b": authors[1]}
    turned = {"prompt": prompt, "response_a": other, "response_b": one, "author_a": authors[1], "author_b": authors[0]}
    assert parse_line(line) == parse_line(turned)
    assert parse_line(line).comparison.a.id < parse_line(line).comparison.b.id


def test_one_message_of_an_assistant_is_the_same_response_as_its_text() -> None:
    assert parse_line(LINE | {"response_a": [{"role": "assistant", "content": "Paris."}]}) == parse_line(LINE)
    turn_of_a_user = parse_line(LINE | {"response_a": [{"role": "user", "content": "Paris."}]})
    assert turn_of_a_user.comparison.id != parse_line(LINE).comparison.id


@pytest.mark.parametrize("key", ["prompt", "response_a", "author_a"])
def test_another_text_or_author_is_another_comparison(key: str) -> None:
    assert parse_line(LINE).comparison.id != parse_line(LINE | {key: "other"}).comparison.id


@given(
    verdict=st.sampled_from(list(Verdict)),
    shown_first=st.sampled_from(list(Side)),
    strength=st.one_of(st.none(), st.integers(1, 3)),
    p_a=st.one_of(st.none(), st.floats(0, 1)),
    rationale=st.one_of(st.none(), texts),
    responses=st.lists(st.one_of(texts, messages), min_size=2, max_size=2),
    criteria=st.dictionaries(st.text("abc", max_size=3), st.one_of(st.none(), st.integers(0, 9), texts), max_size=2),
    judge=st.one_of(
        st.none(), st.just({"model": "m", "repeat": 2, "swap_consistent": True, "label": "x", "empty": None})
    ),
)
def test_a_line_written_and_read_again_is_the_same_entry(responses, p_a, verdict, judge, **values) -> None:
    if first_text(responses[0]) == first_text(responses[1]):
        return
    if (verdict is Verdict.A and p_a is not None and p_a < 0.5) or (verdict is Verdict.B and p_a and p_a > 0.5):
        p_a = None
    line = {"prompt": "p", "response_a": responses[0], "response_b": responses[1], "source": "synthetic"}
    entry = parse_line(line | values | {"verdict": verdict, "p_a": p_a, "judge": judge})
    assert parse_line(as_line(entry)) == entry


def test_responses_known_by_id_alone_keep_author_and_length() -> None:
    line = {"prompt": "p", "response_a_id": "r1", "length_a": 10, "author_a": "m", "response_b_id": "r2"}
    entry = parse_line(line)
    assert entry.comparison.a.content is None
    assert (entry.comparison.a.length, entry.comparison.b.length) == (10, None)
    assert parse_line(as_line(entry)) == entry


def test_emoji_and_right_to_left_text_stay_as_they_are() -> None:
    entry = parse_line(LINE | {"response_a": "שלום 👩‍👩‍👧 مرحبا", "response_b": "\u202eabc"})
    texts_kept = {entry.comparison.a.content, entry.comparison.b.content}
    assert texts_kept == {"שלום 👩‍👩‍👧 مرحبا", "\u202eabc"}


def test_an_empty_answer_is_an_answer() -> None:
    assert parse_line(LINE | {"response_a": ""}).comparison.id != parse_line(LINE).comparison.id


def test_the_length_of_an_exchange_counts_the_assistant_alone() -> None:
    exchange = [
        {"role": "assistant", "content": "abc"},
        {"role": "user", "content": "and then?"},
        {"role": "assistant", "content": "de"},
    ]
    assert text_length(exchange) == 3 + 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"response_a": True}, "response_a is true; expected a text"),
        ({"response_a": None}, "response_a is missing"),
        ({"response_b": "Paris."}, "the two responses are the same text"),
        ({"prompt": None}, "prompt is missing"),
        ({"prompt": []}, r"prompt is \[\]"),
        ({"prompt": [{"role": "user"}]}, "prompt's content is missing"),
        ({"verdict": "left"}, 'verdict is "left"; expected one of a, b, tie, both_bad, skip'),
        ({"verdict": ["a"]}, "verdict is"),
        ({"verdict": None}, "p_a is 0.875 but there is no verdict"),
        ({"p_a": 0.25}, "verdict is 'a' but p_a"),
        ({"p_a": math.nan}, "p_a is NaN; expected a number from 0 to 1"),
        ({"p_a": 1.5}, "p_a is 1.5; expected a number from 0 to 1"),
        ({"p_a": True}, "p_a is true"),
        ({"strength": 4}, "strength is 4; expected a number from 1 to 3"),
        ({"strength": 1.5}, "strength is 1.5; expected a whole number"),
        ({"seconds": math.inf}, "seconds is"),
        ({"seconds": -1}, "seconds is -1"),
        ({"shown_first": "left"}, 'shown_first is "left"; expected one of a, b, both'),
        ({"source": None}, "a verdict without a source"),
        ({"source": "robot"}, 'source is "robot"; expected one of human, synthetic'),
        ({"gold": 1}, "gold is 1; expected true or false"),
        ({"created_at": "yesterday"}, 'created_at is "yesterday"'),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "as UTC it is outside the years 1 to 9999"),
        ({"created_at": "9999-12-31T23:59:59-05:00"}, "as UTC it is outside the years 1 to 9999"),
        ({"seconds": 10**400}, "seconds is 1000.*expected a number of at least 0"),
        ({"response_a": None, "response_a_id": "r", "length_a": 2**64 - 1}, "length_a is 18446744073709551615"),
        ({"response_b": [{"role": "assistant", "content": "Paris."}]}, "the two responses are the same text"),
        ({"tags": {"domain": 3}}, "tags.domain is 3"),
        ({"tags": "x"}, "tags is"),
        ({"judge": "gpt-4"}, "judge is"),
        ({"response_a": "a\x00b"}, "NUL"),
        ({"response_a": "\ud800"}, "lone surrogate"),
    ],
)
def test_a_wrong_value_is_refused_with_what_it_was(change, message) -> None:
    with pytest.raises(RecordError, match=message):
        parse_line(LINE | change)


def test_times_are_kept_in_utc_so_that_they_sort_as_texts() -> None:
    entry = parse_line(LINE | {"created_at": "2026-11-22T12:00:00+02:00"})
    assert entry.preference is not None
    assert entry.preference.created_at == "2026-11-22T10:00:00.000000Z"
