import json

import numpy as np
import pytest

from firsthand.cli import main
from firsthand.evaluate.winrate.outcomes import author_outcomes
from firsthand.evaluate.winrate.report import measure_win_rates

PAIR = {"author_a": "x", "author_b": "y"}


def votes(prompts=120, labelled=40):
    """A judge who gives x 0.9 where people give it 1 and 0.6 where they give it 0; people saw the first prompts."""
    for prompt in range(prompts):
        wins = prompt % 3 > 0
        row = {"prompt": f"question {prompt}", "response_a": f"a{prompt}", "response_b": f"b{prompt}", **PAIR}
        judge = {"source": "synthetic", "annotator": "judge", "verdict": "a"}
        yield {**row, **judge, "p_a": 0.95 if wins else 0.7, "shown_first": "a"}
        yield {**row, **judge, "p_a": 0.85 if wins else 0.5, "shown_first": "b"}
        if prompt < labelled:
            yield {**row, "annotator": "ann", "verdict": "a" if wins else "b"}
            yield {**row, "annotator": "bob", "verdict": "a" if wins else "tie"}


def test_outcomes_are_turned_to_the_author_and_mean_over_orders_and_people(fill):
    found = {one.author: one for one in author_outcomes(fill(votes(6, 3)))}
    assert sorted(found) == ["x", "y"]
    x, y = found["x"], found["y"]
    order = np.argsort(x.score)
    # Prompts 0 and 3 lose: (0.7 + 0.5) / 2; the others win: (0.95 + 0.85) / 2.
    assert x.score[order] == pytest.approx([0.6, 0.6, 0.9, 0.9, 0.9, 0.9])
    assert x.verdict.tolist() == [1.0] * 6
    assert y.score == pytest.approx(1 - x.score)
    assert y.label[~np.isnan(y.label)] == pytest.approx(1 - x.label[~np.isnan(x.label)])
    # Prompt 0: ann says b, bob tie: (0 + 1/2) / 2; prompts 1 and 2: a.
    assert sorted(x.label[~np.isnan(x.label)]) == [0.25, 1.0, 1.0]


def test_the_command_corrects_the_judge(fill, capsys):
    store = fill(votes())
    url = store.engine.url.render_as_string()
    assert main(["evaluate", "winrate", "--store", url, "--json"]) == 0
    found = {one["author"]: one for one in json.loads(capsys.readouterr().out)["win_rates"]}
    x = found["x"]
    assert (x["comparisons"], x["labelled"], x["judge_verdicts"]) == (120, 40, 1.0)
    assert x["judge_score"] == pytest.approx((40 * 0.6 + 80 * 0.9) / 120)
    # Of the 40 labelled prompts 14 lose (label 1/4) and 26 win; the judge follows people exactly, so that the
    # corrected mean is that of all 120: (40 x 1/4 + 80 x 1) / 120 = 0.75; lambda = 2.5 / (1 + 40/80), cut to 1.
    assert x["people"]["value"] == pytest.approx((14 * 0.25 + 26) / 40)
    assert x["power"] == 1
    low, high = x["corrected"]["ci"]
    assert low < 0.75 < high
    assert x["judge_minus_people"]["value"] == pytest.approx((14 * 0.35 - 26 * 0.1) / 40)
    assert x["worth"] > 40
    assert main(["evaluate", "winrate", "--store", url, "--bound", "lower"]) == 0
    said = capsys.readouterr().out
    assert "lower bounds" in said
    assert "to inf" in said


def test_gold_outweighs_other_votes_and_scripts_are_named(fill, capsys):
    row = {"prompt": "q", "response_a": "a", "response_b": "b", **PAIR}
    store = fill(
        [
            {**row, "source": "synthetic", "annotator": "judge", "verdict": "b"},
            {**row, "annotator": "ann", "verdict": "b", "simulated": True},
            {**row, "annotator": "expert", "verdict": "a", "gold": True},
            {**row, "annotator": "bob", "verdict": "skip"},
        ]
    )
    (x, _) = author_outcomes(store)
    assert (x.label.tolist(), x.score.tolist(), x.simulated) == ([1.0], [0.0], False)
    main(["evaluate", "winrate", "--store", store.engine.url.render_as_string()])
    assert "an interval needs 20 labelled prompts" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--judge", "nobody"], "--judge names 'nobody'; the judges here are judge"),
        (["--against", "z"], "--against is 'z'; the authors here are x, y"),
    ],
)
def test_unknown_names_are_refused(fill, capsys, options, message):
    store = fill(votes(3, 1))
    assert main(["evaluate", "winrate", "--store", store.engine.url.render_as_string(), *options]) == 2
    assert message in capsys.readouterr().err


def test_without_judges_there_is_nothing_to_correct(fill, capsys):
    store = fill([{"prompt": "q", **PAIR, "annotator": "ann", "verdict": "a"}])
    assert main(["evaluate", "winrate", "--store", store.engine.url.render_as_string()]) == 2
    assert "firsthand collect judge" in capsys.readouterr().err


def test_unlabelled_authors_have_no_corrected_rate(fill):
    (x, y) = measure_win_rates(author_outcomes(fill(votes(30, 0)), against=None))
    assert x.corrected.value is None
    assert "people labelled none" in y.corrected.why
