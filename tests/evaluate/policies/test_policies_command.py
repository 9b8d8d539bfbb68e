import json

import pytest

from firsthand.cli import main
from firsthand.evaluate.audit.example import example_entries


def test_mt_benchs_votes_rank_six_models_in_the_known_order(store, capsys):
    """The order of MT-bench's published scores of single answers (Zheng et al. 2023, arXiv 2306.05685): GPT-4, then
    GPT-3.5 and Claude-v1 a few hundredths apart, Vicuna-13B, Alpaca-13B, LLaMA-13B."""
    store.add(list(example_entries()))
    store = store.engine.url.render_as_string()
    assert main(["evaluate", "policies", "--store", store, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    names = [policy["author"] for policy in found["policies"]]
    assert names[0] == "gpt-4"
    assert set(names[1:3]) == {"claude-v1", "gpt-3.5-turbo"}
    assert names[3:] == ["vicuna-13b-v1.2", "alpaca-13b", "llama-13b"]
    assert [policy["rank"] for policy in found["policies"]][3:] == [[4, 4], [5, 5], [6, 6]]
    close = next(pair for pair in found["pairs"] if {pair["first"], pair["second"]} == set(names[1:3]))
    assert close["verdict"] == "inconclusive"
    assert main(["evaluate", "policies", "--store", store, "--by", "gpt-4", "--json"]) == 0
    by_judge = json.loads(capsys.readouterr().out)
    mine, theirs = (one["policies"][0]["points"]["value"] for one in (by_judge, found))
    assert (by_judge["policies"][0]["author"], mine > theirs + 0.05) == ("gpt-4", True)


VOTES = [
    {
        "prompt": f"question {n}",
        "response_a": f"x {n}",
        "response_b": f"y {n}",
        "author_a": "x",
        "author_b": "y",
        "annotator": "ann",
        "verdict": "a" if n % 4 else "b",
        "simulated": True,
    }
    for n in range(60)
]


def test_the_table_names_the_first_and_says_where_scripts_voted(fill, capsys):
    store = fill(VOTES).engine.url.render_as_string()
    assert main(["evaluate", "policies", "--store", store]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Simulated raters preferred x to y in 74.")
    assert "(63.1 to 84.4); it is shown to be the stronger of the two." in printed
    assert "Simulated: scripts gave some of the votes." in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--authors", "x"], "authors: "),
        (["--by", "nobody"], "by is 'nobody'"),
        (["--report", "no/such/folder/page.html"], "the folder no/such/folder does not exist"),
    ],
)
def test_wrong_options_end_with_a_message(fill, capsys, options, message):
    store = fill(VOTES).engine.url.render_as_string()
    assert main(["evaluate", "policies", "--store", store, *options]) == 2
    assert message in capsys.readouterr().err
