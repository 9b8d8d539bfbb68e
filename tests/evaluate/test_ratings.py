import numpy as np
import pytest

from firsthand.errors import InputError
from firsthand.evaluate.ratings import CONTRADICTED, JUDGED, REPEATED, SECOND_LOOK, SKIPPED, human_ratings


def test_votes_become_arrays(fill):
    store = fill(
        [
            {"prompt": "p", "annotator": "zoe", "verdict": "tie", "seconds": 4},
            {"prompt": "p", "annotator": "ali", "verdict": "both_bad", "simulated": True},
            {"prompt": "q", "annotator": "zoe", "verdict": "tie", "tags": {"domain": "law"}},
        ]
    )
    found = human_ratings(store.vote_frames(), tag="domain")
    assert found.raters == ["ali", "zoe"]
    assert found.simulated == [True, False]
    assert (found.units, found.prompts) == (2, 2)
    assert sorted(found.counts().tolist()) == [[0, 0, 1, 0], [0, 0, 1, 1]]
    assert [value for value in found.unit_tag if isinstance(value, str)] == ["law"]
    assert np.nansum(found.seconds) == 4


def test_a_side_is_chosen_first_whatever_the_stored_order(fill):
    shown_first = [("x", "y", "a", "a"), ("y", "x", "b", "b"), ("x", "y", "b", "a"), ("x", "y", "tie", "a")]
    store = fill(
        {
            "prompt": f"prompt {number}",
            "response_a": one,
            "response_b": other,
            "annotator": "r",
            "verdict": verdict,
            "shown_first": side,
        }
        for number, (one, other, verdict, side) in enumerate(shown_first)
    )
    found = human_ratings(store.vote_frames()).chose_first
    assert sorted(found[np.isfinite(found)].tolist()) == [0, 1, 1]
    assert np.isnan(found).sum() == 1


def test_skips_and_judges_are_left_out_and_counted(fill):
    store = fill(
        [
            {"prompt": "p", "annotator": "r", "verdict": "a"},
            {"prompt": "q", "annotator": "r", "verdict": "skip"},
            {"prompt": "p", "annotator": "gpt-4", "verdict": "a", "source": "synthetic"},
        ]
    )
    found = human_ratings(store.vote_frames())
    assert len(found.unit) == 1
    assert found.left_out == {JUDGED: 1, SKIPPED: 1}


def test_a_raters_repeats_count_once_and_contradictions_not_at_all(fill):
    store = fill(
        {"prompt": prompt, "annotator": "r", "verdict": verdict, "shown_first": side}
        for prompt, verdict, side in (
            ("p", "a", "a"),
            ("p", "a", "b"),
            ("q", "a", "a"),
            ("q", "b", "b"),
            ("s", "a", "a"),
        )
    )
    found = human_ratings(store.vote_frames())
    assert found.left_out == {REPEATED: 1, CONTRADICTED: 2}
    assert found.counted.sum() == 2
    assert found.counts().sum() == 2
    assert len(found.chose_first) == 5


def test_a_store_without_peoples_ratings_is_refused(fill):
    store = fill([{"prompt": "p", "annotator": "gpt-4", "verdict": "a", "source": "synthetic"}])
    with pytest.raises(InputError, match=r"no ratings by people .*1 votes of judges.*collect import"):
        human_ratings(store.vote_frames())


def test_an_empty_store_is_refused(store):
    with pytest.raises(InputError, match="it is empty"):
        human_ratings(store.vote_frames())


def test_an_unknown_tag_is_refused(fill):
    store = fill([{"prompt": "p", "annotator": "r", "verdict": "a", "tags": {"domain": "law"}}])
    with pytest.raises(InputError, match="'dommain'"):
        human_ratings(store.vote_frames(), tag="dommain")


def test_a_raters_second_look_is_no_rating_of_its_own(fill):
    store = fill(
        {"prompt": "p", "annotator": "r", "verdict": verdict, "shown_first": side, "judge": {"repeat": repeat}}
        for verdict, side, repeat in (("a", "a", 0), ("b", "b", 1))
    )
    found = human_ratings(store.vote_frames())
    assert found.left_out == {SECOND_LOOK: 1}
    assert found.counts().tolist() == [[1, 0, 0, 0]] or found.counts().tolist() == [[0, 1, 0, 0]]
