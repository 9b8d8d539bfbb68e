import pytest

from firsthand.config import check_config
from firsthand.errors import ConfigError, InputError
from firsthand.evaluate.policies.config import PoliciesConfig
from firsthand.evaluate.policies.read import read_compared

CONFIG = PoliciesConfig()


def vote(prompt, a, b, verdict="a", rater="ann", **keys):
    return {
        "prompt": f"question {prompt}",
        "response_a": f"{a} says {prompt}",
        "response_b": f"{b} says {prompt}",
        "author_a": a,
        "author_b": b,
        "annotator": rater,
        "verdict": verdict,
        **keys,
    }


def by_authors(found):
    """{(author, author): (won, tied, lost)} of the first by name."""
    return {
        tuple(found.authors[side] for side in sorted(pair)): tuple(outcome if pair[0] < pair[1] else outcome[::-1])
        for pair, outcome in zip(found.pair.tolist(), found.outcome.tolist(), strict=True)
    }


def test_a_comparison_is_the_shares_of_its_votes_and_what_does_not_count_is_counted(fill):
    store = fill(
        [
            vote(1, "x", "y", "a", "ann"),
            vote(1, "x", "y", "both_bad", "bob"),
            vote(1, "x", "y", "b", "cid"),
            vote(1, "x", "y", "b", "cid", repeat=1, shown_first="b"),
            vote(1, "x", "y", "skip", "dot"),
            vote(2, "y", "z", "b", "ann"),
            vote(2, "y", "z", "a", "bob", gold=True),
            vote(3, "x", "x", "a", response_b="x says more"),
            vote(4, "x", "y", "a", author_b=None),
            vote(5, "x", "y", "a", "judge", source="synthetic"),
        ]
    )
    found = read_compared(store, CONFIG)
    assert by_authors(found) == {("x", "y"): pytest.approx((1 / 3, 1 / 3, 1 / 3)), ("y", "z"): (1, 0, 0)}
    assert (found.votes, found.voters, found.prompts, found.simulated) == (4, 3, 2, False)
    assert sorted(found.left_out.values()) == [1, 1, 1, 1, 1]
    assert any("gold" in reason for reason in found.left_out)


def test_a_judges_votes_in_both_orders_are_one_comparison(fill):
    judged = {"rater": "judge", "source": "synthetic"}
    store = fill(
        [
            vote(1, "x", "y", "a", shown_first="a", **judged),
            vote(1, "x", "y", "b", shown_first="b", **judged),
            vote(2, "x", "y", "b", "ann"),
        ]
    )
    found = read_compared(store, PoliciesConfig(by="judge"))
    assert (len(found), found.votes, by_authors(found)) == (1, 2, {("x", "y"): (0.5, 0, 0.5)})


def test_only_the_authors_the_tags_and_the_prompts_asked_for(fill):
    store = fill(
        [
            vote(1, "x", "y", tags={"domain": "law"}),
            vote(2, "x", "z", tags={"domain": "law"}),
            vote(3, "x", "y", tags={"domain": "art"}),
        ]
    )
    assert len(read_compared(store, PoliciesConfig(authors=["x", "y"]))) == 2
    found = read_compared(store, PoliciesConfig(authors=["x", "y"], tags={"domain": ["law"]}))
    assert (len(found), sum(found.left_out.values())) == (1, 2)
    trained_on = {comparison.prompt_id for comparison in store.comparisons() if comparison.tags["domain"] == "art"}
    found = read_compared(store, CONFIG, trained_on)
    assert (len(found), found.left_out) == (2, {"votes on prompts that the models were trained on": 1})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"authors": ["x", "q"]}, "authors names 'q', whom nobody compared"),
        ({"by": "gpt"}, r"by is 'gpt'; it takes 'people' or a judge of the store, did you mean 'gpt-4'"),
        ({"tags": {"domain": ["tax"]}}, r"no voted comparison has the tag domain with a value of \['tax'\]"),
        ({"by": "gpt-4"}, "no vote of gpt-4 that compares two policies .*skips"),
        ({}, r"fall into 2 groups that nobody compared .* u, v \| x, y"),
    ],
)
def test_what_can_not_be_ranked_is_said(fill, config, message):
    store = fill(
        [
            vote(1, "x", "y"),
            vote(2, "u", "v"),
            vote(3, "x", "y", "skip", "gpt-4", source="synthetic"),
        ]
    )
    with pytest.raises(InputError, match=message):
        read_compared(store, PoliciesConfig(**config))


def test_prompts_that_were_all_trained_on_leave_nothing(fill):
    store = fill([vote(1, "x", "y")])
    with pytest.raises(InputError, match=r"prompts that the mix holds out.*anchor-00000"):
        read_compared(store, CONFIG, {comparison.prompt_id for comparison in store.comparisons()})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"authors": ["x"]}, "authors: "),
        ({"alpha": 0.7}, "alpha: "),
        ({"reward_or_dpo": {"reward": {"model": "r", "author": "a", "best_of": 1}}}, "best_of: .*dpo: missing"),
        (
            {
                "reward_or_dpo": {
                    "reward": {"model": "r", "author": "a", "best_of": 4},
                    "dpo": {"model": "d", "author": "a"},
                }
            },
            "authors have to differ",
        ),
        (
            {
                "authors": ["a", "c"],
                "reward_or_dpo": {
                    "reward": {"model": "r", "author": "a", "best_of": 4},
                    "dpo": {"model": "d", "author": "b"},
                },
            },
            "authors lacks 'b'",
        ),
    ],
)
def test_a_wrong_configuration_is_told(content, message):
    with pytest.raises(ConfigError, match=f"(?s){message}"):
        check_config(content, PoliciesConfig)
