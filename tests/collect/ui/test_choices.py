"""The buttons of the page, and what is recorded for them."""

import pytest

from firsthand.collect.serve_config import Rating
from firsthand.collect.ui.choices import choice_id, choices
from firsthand.collect.ui.said import Said, answer_of
from firsthand.errors import InputError
from firsthand.records import Verdict


@pytest.mark.parametrize(("steps", "strengths"), [(3, [None]), (5, [3, 1]), (7, [3, 2, 1])])
def test_the_scale_is_the_same_from_both_ends_with_no_difference_between(steps, strengths):
    scale = choices(Rating(steps=steps, both_bad=False))
    half = len(strengths)
    assert [(choice.verdict, choice.strength) for choice in scale[:half]] == [(Verdict.A, s) for s in strengths]
    assert scale[half].verdict is Verdict.TIE
    assert [(choice.verdict, choice.strength) for choice in scale[half + 1 :]] == [
        (Verdict.B, s) for s in reversed(strengths)
    ]
    assert [choice.key for choice in scale] == [str(n) for n in range(1, steps + 1)]


def test_a_recorded_verdict_finds_its_button_and_the_nearest_after_a_change_of_the_scale():
    five = Rating(steps=5)
    for choice in choices(five):
        assert choice_id(five, choice.verdict, choice.strength) == choice.id
    assert choice_id(Rating(steps=3), Verdict.A, 3) == "a"
    assert choice_id(five, Verdict.SKIP, None) == "skip"
    assert choice_id(Rating(both_bad=False), Verdict.BOTH_BAD, None) == "skip"


def said(**keys) -> Said:
    return Said.model_validate({"lease": "l", "choice": "a3", "seconds": 2.0, **keys})


def test_an_answer_is_taken_as_it_was_given():
    rating = Rating(criteria=("helpful",))
    answer = answer_of(said(criteria={"helpful": "b"}, rationale=" Because. ", flag="Something else"), rating)
    assert (answer.verdict, answer.strength, answer.criteria) == (Verdict.A, 3, {"helpful": Verdict.B})
    assert (answer.rationale, answer.flag, answer.seconds) == ("Because.", "Something else", 2.0)
    skipped = answer_of(said(choice="skip", skip_reason="The text is broken"), rating)
    assert (skipped.verdict, skipped.skip_reason) == (Verdict.SKIP, "The text is broken")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"choice": "a2"}, "does not offer the choice 'a2'"),
        ({"criteria": {"colour": "a"}}, "'colour'"),
        ({"choice": "skip"}, "has a reason"),
        ({"skip_reason": "why not"}, "has a reason"),
    ],
)
def test_an_answer_to_what_was_not_asked_is_refused(keys, message):
    with pytest.raises(InputError, match=message):
        answer_of(said(**keys), Rating())


def test_a_criterion_takes_one_of_three_values():
    with pytest.raises(InputError, match="not 'much'"):
        answer_of(said(criteria={"helpful": "much"}), Rating(criteria=("helpful",)))


def test_a_required_rationale_is_required_of_verdicts_and_not_of_skips():
    rating = Rating(rationale="required")
    with pytest.raises(InputError, match="say why"):
        answer_of(said(rationale="  "), rating)
    assert answer_of(said(choice="skip", skip_reason="The text is broken"), rating).rationale is None
