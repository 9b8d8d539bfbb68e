import numpy as np
import pytest
from audit_worlds import lines
from builders import fill as fill_store

from firsthand.errors import InputError
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.read import read_table
from firsthand.evaluate.audit.table import NEITHER, A, B
from firsthand.evaluate.simulate import Judge, World, simulate

ALL = AuditConfig()


def config(**keys):
    return AuditConfig.model_validate(keys)


@pytest.fixture
def small(fill):
    """Two comparisons: ann and ben, gpt asked in both orders, and a judge that says nothing of the second."""
    both = {"prompt": "p1", "response_a": "aa", "response_b": "b", "author_a": "x", "author_b": "y"}
    other = {"prompt": "p2", "response_a": "c", "response_b": "d", "author_a": "y", "tags": {"domain": "code"}}
    gpt = {"annotator": "gpt", "source": "synthetic", "judge": {"model": "gpt-4", "family": "openai"}}
    return fill(
        [
            {**both, "annotator": "ann", "verdict": "a", "shown_first": "a"},
            {**both, "annotator": "ben", "verdict": "tie"},
            {**both, **gpt, "verdict": "a", "shown_first": "a", "p_a": 0.75},
            {**both, **gpt, "verdict": "b", "shown_first": "b", "p_a": 0.25},
            {**both, "annotator": "other", "source": "synthetic", "verdict": "skip"},
            {**other, "annotator": "ann", "verdict": "b"},
            {**other, "annotator": "cal", "verdict": "skip"},
            {**other, "annotator": "other", "source": "synthetic", "verdict": "both_bad", "family_a": "ys"},
        ]
    )


def test_votes_become_arrays(small):
    table = read_table(small, ALL)
    assert (table.authors, table.raters, table.judges) == (("x", "y"), ("ann", "ben"), ("gpt", "other"))
    assert (table.models["gpt"], table.families["gpt"], table.families["y"]) == ("gpt-4", "openai", "ys")
    first = int(np.flatnonzero((table.author >= 0).all(axis=1))[0])
    a, b = (table.authors[number] for number in table.author[first])
    lengths = dict(zip((a, b), table.length[first], strict=True))
    assert lengths == {"x": 2.0, "y": 1.0}
    assert (table.author[1 - first] == -1).sum() == 1
    ann = table.people.of(0).where(table.people.of(0).pair == first)
    x = A if a == "x" else B
    assert ann.outcome.tolist() == [x]
    assert ann.first.tolist() == [1 if x == A else -1]
    gpt = table.judged.of(0)
    assert sorted(gpt.first) == [-1, 1]
    assert gpt.p_a[gpt.outcome == x].tolist() == [0.75 if x == A else 0.25]
    assert table.judged.of(1).outcome.tolist() == [NEITHER]
    assert sum(table.left_out.values()) == 2
    assert table.tags["domain"][[first, 1 - first]].tolist() == [None, "code"]
    assert table.part(np.arange(2) == first).tags["domain"].tolist() == [None]


def test_one_judge_and_one_tag(small):
    assert read_table(small, config(judges=["gpt"])).judges == ("gpt",)
    table = read_table(small, config(tags={"domain": ["code", "math"]}))
    assert (len(table), len(table.people), table.judges) == (1, 1, ("other",))
    assert sum(table.left_out.values()) == 6


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"judges": ["gpd"]}, r"no verdict of a judge 'gpd', did you mean 'gpt'\?"),
        ({"tags": {"domain": ["maths"]}}, r"its values are \['code'\]"),
        ({"tags": {"language": ["en"]}}, "no comparison has that tag"),
    ],
)
def test_what_is_not_there_is_told(small, keys, said):
    with pytest.raises(InputError, match=said):
        read_table(small, config(**keys))


def test_an_empty_store_is_told(store):
    with pytest.raises(InputError, match=r"there is no vote to audit \(the store holds none\)"):
        read_table(store, ALL)


def test_a_store_gives_a_simulated_world_back(store):
    world = World(own_pairs=30, other_pairs=20, tie_width=0.3, judges=(Judge(tie_width=0.2, both_orders=True),))
    table = simulate(world, seed=4)
    found = read_table(fill_store(store, lines(table)), ALL)
    assert (len(found), len(found.people), len(found.judged)) == (len(table), len(table.people), len(table.judged))

    def signature(table):
        """What was said of the author own against whom, whichever side it stands on."""
        rows = []
        for votes in (table.people, table.judged):
            for pair, outcome, first in zip(votes.pair, votes.outcome, votes.first, strict=True):
                a, b = (table.authors[number] for number in table.author[pair])
                one = (a, b, int(outcome), int(first), *table.length[pair])
                other = (b, a, 2 - int(outcome), -int(first), *table.length[pair][::-1])
                rows.append(min(one, other))
        return sorted(rows)

    assert signature(found) == signature(table)


def test_styles_are_counted_where_there_are_texts(fill):
    listed = "# Title\n\n- one\n- **two**"
    chat = [{"role": "assistant", "content": "1. a"}, {"role": "user", "content": "- x"}]
    vote = {"annotator": "ann", "verdict": "a"}
    no_text = {"response_a": None, "response_a_id": "1", "response_b": None, "response_b_id": "2"}
    store = fill(
        [
            {"prompt": "p1", "response_a": listed, "response_b": "plain", "author_a": "x", "author_b": "y", **vote},
            {"prompt": "p2", "response_a": chat, "response_b": "plain", "author_a": "x", "author_b": "y", **vote},
            {"prompt": "p3", **no_text, "author_a": "x", "author_b": "y", **vote},
        ]
    )
    table = read_table(store, config(covariates=["length", "list items", "headers", "bold"]))
    x_first = table.author[:, :1] == table.authors.index("x")
    counts = {name: np.where(x_first, both, both[:, ::-1]) for name, both in table.styles.items()}
    known = {name: sorted(np.expm1(rows[~np.isnan(rows[:, 0])]).round(9).tolist()) for name, rows in counts.items()}
    # x's response to p2 has one list item, the one to p1 two, a title and a bold word; p3 has no texts.
    assert known == {"list items": [[1, 0], [2, 0]], "headers": [[0, 0], [1, 0]], "bold": [[0, 0], [1, 0]]}
    assert np.isnan(table.styles["bold"]).all(axis=1).sum() == 1
    assert read_table(store, ALL).styles == {}
