import json

import pytest

from firsthand.cli import main
from firsthand.evaluate.agreement_report import agreement_json, agreement_text, measure_agreement
from firsthand.evaluate.ratings import human_ratings


def votes_of(columns, **more):
    """Votes from one text of letters a rater, prompts across: a, b, t (tie), n (both_bad)."""
    words = {"a": "a", "b": "b", "t": "tie", "n": "both_bad"}
    return [
        {"prompt": f"prompt {number}", "annotator": name, "verdict": words[letter], **more}
        for name, letters in columns.items()
        for number, letter in enumerate(letters)
        if letter != "."
    ]


def run(store, *options):
    return main(["evaluate", "agreement", "--store", str(store.engine.url), *options])


def figures_of(store, capsys):
    assert run(store, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_json_tells_every_figure_with_its_interval(fill, capsys):
    store = fill(votes_of({"ann": "abtabbatab" * 3, "ben": "abtabbaaab" * 3}))
    found = figures_of(store, capsys)
    assert found["schema"] == 1
    assert found["counts"] == {"raters": 2, "votes": 60, "comparisons": 30, "prompts": 30, "overlap": 30}
    assert set(found["agreement"]) == {"alpha_nominal", "alpha_ordinal", "gwet_ac1", "agreement", "agreement_decisive"}
    for figure in found["agreement"].values():
        if figure["ci"]:
            assert figure["ci"][0] <= figure["value"] <= figure["ci"][1]
    # 27 of 30 pairs agree; the others are ties against a decision, so that all decisive pairs agree.
    assert found["agreement"]["agreement"]["value"] == pytest.approx(0.9)
    assert found["agreement"]["agreement_decisive"]["value"] == 1
    assert "can't show how uncertain" in found["agreement"]["agreement_decisive"]["why"]
    assert [rater["name"] for rater in found["raters"]] == ["ann", "ben"]


def test_equal_stores_print_equal_figures(fill, capsys):
    store = fill(votes_of({"ann": "abtab" * 4, "ben": "abbab" * 4}))
    assert figures_of(store, capsys) == figures_of(store, capsys)


@pytest.mark.parametrize(
    ("columns", "name", "why"),
    [
        ({"ann": "abt"}, "agreement", "rated by two people"),
        ({"ann": "ab..", "ben": "..ab"}, "alpha_nominal", "rated by two people"),
        ({"ann": "tttt", "ben": "tttt"}, "alpha_nominal", "same verdict"),
        ({"ann": "tttt", "ben": "tttt"}, "gwet_ac1", "same verdict"),
        ({"ann": "tttt", "ben": "tttt"}, "agreement_decisive", "chose a or b"),
        ({"ann": "tntn", "ben": "nttn"}, "alpha_ordinal", "have no order"),
    ],
)
def test_what_is_undefined_is_null_and_says_why(fill, capsys, columns, name, why):
    figure = figures_of(fill(votes_of(columns)), capsys)["agreement"][name]
    assert figure["value"] is None
    assert figure["ci"] is None
    assert why in figure["why"]


def test_no_people_is_wrong_input(fill, capsys):
    store = fill(votes_of({"gpt-4": "ab"}, source="synthetic"))
    assert run(store) == 2
    assert "no ratings by people" in capsys.readouterr().err


def test_the_table_can_be_read(fill, capsys):
    store = fill(votes_of({"ann": "abtab", "ben\x1b[31m": "abbab"}))
    assert run(store) == 0
    text = capsys.readouterr().out
    assert "2 raters, 10 votes on 5 comparisons of 5 prompts" in text
    assert "Krippendorff's alpha, ordinal" in text
    assert "\x1b" not in text


def test_undefined_figures_are_explained_in_the_table(fill, capsys):
    assert run(fill(votes_of({"ann": "abt"}))) == 0
    text = capsys.readouterr().out
    assert "undefined" in text
    assert "no comparison was rated by two people" in text


@pytest.mark.parametrize(
    ("people", "said"), [(False, "1 of 2 raters are simulated"), (True, "All raters here are simulated")]
)
def test_simulated_raters_are_labelled(fill, people, said):
    store = fill([*votes_of({"bot": "abtab"}, simulated=True), *votes_of({"ann": "abbab"}, simulated=people)])
    found = measure_agreement(human_ratings(store.vote_frames()), draws=50)
    assert said in agreement_text(found)
    assert "bot (simulated)" in agreement_text(found)
    assert [rater["simulated"] for rater in agreement_json(found)["raters"]] == [people, True]


def test_each_value_of_a_tag_is_measured_apart(fill, capsys):
    votes = votes_of({"ann": "abba", "ben": "abba"}, tags={"domain": "law"})
    votes += [
        {**vote, "prompt": f"other {vote['prompt']}", "tags": {"domain": "art"}}
        for vote in votes_of({"ann": "aabb", "ben": "abab"})
    ]
    store = fill(votes)
    assert run(store, "--json", "--tag", "domain") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["by_tag"]["law"]["agreement"]["value"] == 1
    assert found["by_tag"]["art"]["agreement"]["value"] == 0.5
    assert found["agreement"]["agreement"]["value"] == 0.75
    assert run(store, "--tag", "domain") == 0
    assert "Tag law" in capsys.readouterr().out


def test_three_raters_of_pandalm_agree(fill, pandalm_votes):
    found = agreement_json(measure_agreement(human_ratings(fill(pandalm_votes).vote_frames())))
    assert found["counts"]["comparisons"] == 993
    assert found["agreement"]["agreement"]["value"] == pytest.approx(0.922, abs=1e-3)
    assert [pair["agreement"] for pair in found["pairs"]] == pytest.approx([0.913, 0.929, 0.918], abs=0.006)
    low, high = found["agreement"]["alpha_nominal"]["ci"]
    assert low < found["agreement"]["alpha_nominal"]["value"] < high
