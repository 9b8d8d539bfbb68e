import numpy as np
import pytest

from firsthand.collect.judge.panels import panel_names
from firsthand.evaluate.judges.bench import COLUMNS
from firsthand.evaluate.judges.findings import find
from firsthand.evaluate.judges.panel import effective_size, mean_correlation


def sums_of(errors):
    return {"one": np.array(float(len(errors))), "wrong": errors.sum(axis=0), "both": errors.T @ errors}


def test_the_correlation_is_the_mean_over_pairs_of_judges() -> None:
    errors = (np.random.default_rng(1).random((200, 4)) < [0.2, 0.3, 0.25, 0.4]).astype(float)
    errors[:, 1] = np.maximum(errors[:, 0], errors[:, 1])
    expected = np.corrcoef(errors.T)[np.triu_indices(4, 1)].mean()
    assert mean_correlation(sums_of(errors)) == pytest.approx(expected)
    assert effective_size(sums_of(errors)) == pytest.approx(4 / (1 + 3 * expected))


def test_equal_judges_are_worth_one_and_nine_at_a_correlation_of_0_44_two() -> None:
    errors = np.repeat(np.array([[1.0], [0.0], [0.0], [1.0]]), 3, axis=1)
    assert effective_size(sums_of(errors)) == pytest.approx(1)
    # 9 / (1 + 8 * 0.4375) = 2 (arXiv 2605.29800 finds nine judges worth two).
    assert 9 / (1 + 8 * 0.4375) == 2


def test_a_judge_that_never_errs_has_no_correlation() -> None:
    errors = np.array([[1.0, 0.0], [0.0, 0.0]])
    assert np.isnan(effective_size(sums_of(errors)))


def test_one_judge_is_no_panel_and_two_are_measured_where_both_judged(fill, judged_lines):
    lines = judged_lines()
    both = find(fill(lines).votes(COLUMNS), draws=50)
    assert both.panel is not None
    assert both.panel.judges == ["sharp", "swayed"]
    assert 1 < both.panel.effective.value <= 2


def test_panels_and_silent_judges_are_left_out(fill, judged_lines):
    lines = judged_lines()
    members = [line for line in lines if line["annotator"] == "sharp" and line["shown_first"] == "a"]
    jury = {"annotator": "jury", "shown_first": "both", "judge": {"method": "panel", "members": ["sharp", "swayed"]}}
    # A member called as a panel's detail reads is no panel.
    member = {"judge": {"version": '"method":"panel"'}}
    unrated = {"prompt": "nobody rated it", "annotator": "silent", "source": "synthetic", "verdict": "a"}
    store = fill(
        [
            *({**line, **(member if line["source"] == "synthetic" else {})} for line in lines),
            *({**line, **jury} for line in members),
            unrated,
        ]
    )
    assert panel_names(store) == {"jury"}
    found = find(store.votes(COLUMNS), draws=50, panels=panel_names(store))
    alone = find(store.votes(COLUMNS).query("annotator not in ['jury', 'silent']"), draws=50)
    assert found.panel is not None
    assert found.panel.judges == ["sharp", "swayed"]
    assert found.panel.effective.value == alone.panel.effective.value > 1


def test_groups_tell_where_a_judge_is_worse(fill):
    generator = np.random.default_rng(6)
    lines = []
    for number in range(160):
        domain = ("math", "writing")[number % 2]
        right = generator.random() < (0.55 if domain == "math" else 0.97)
        base = {"prompt": f"p{number}", "tags": {"domain": domain}}
        lines.append({**base, "annotator": "ann", "verdict": "a"})
        lines.append({**base, "annotator": "judge", "source": "synthetic", "verdict": "a" if right else "b"})
    (judge,) = find(fill(lines).votes(COLUMNS), tag="domain", draws=400).judges
    found = {group.value: group for group in judge.groups}
    assert (found["math"].verdict, found["writing"].verdict) == ("worse", "better")
    assert found["math"].difference.value == pytest.approx(
        found["math"].figures["accuracy"].value - found["writing"].figures["accuracy"].value
    )
    assert found["math"].p_adjusted == pytest.approx(2 * found["math"].p)
    assert set(found) == {"math", "writing"}
