"""From the store to the comparisons of policies; no text is needed."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.config import closest
from firsthand.errors import InputError
from firsthand.evaluate.policies.config import PoliciesConfig
from firsthand.evaluate.ratings import SECOND_LOOK, SKIPPED, one_vote_each
from firsthand.records import Source
from firsthand.store import Store, tag_values
from firsthand.train.labels import outweighed

COLUMNS = (
    "comparison_id prompt_id annotator source simulated verdict repeat gold author_a author_b length_a length_b tags"
).split()
PEOPLE = "people"
OUTCOMES = {"a": 0, "tie": 1, "both_bad": 1, "b": 2}
TRAINED_ON = "votes on prompts that the models were trained on"


@dataclass(frozen=True, slots=True)
class Compared:
    """N comparisons of responses by different authors, each with the votes of people or of one judge.

    outcome: (N, 3), the shares of the votes for A, for neither and for B; of gold ones alone where there are some.
    pair: (N, 2), indices into `authors` of who wrote A and B. length: (N, 2), characters, NaN where unknown. prompt:
    (N,), by number. votes, voters: how many. simulated: whether scripts gave some of the votes. left_out: reason ->
    votes.
    """

    by: str
    authors: tuple[str, ...]
    pair: IntArray
    outcome: FloatArray
    length: FloatArray
    prompt: IntArray
    votes: int
    voters: int
    simulated: bool
    left_out: dict[str, int]

    def __len__(self) -> int:
        return len(self.pair)

    @property
    def prompts(self) -> int:
        """How many prompts have a comparison."""
        return int(self.prompt.max()) + 1


def read_compared(store: Store, config: PoliciesConfig, trained_on: Collection[str] = ()) -> Compared:
    """The comparisons that `config` asks for. trained_on: ids of prompts whose comparisons count for nothing.

    Raises InputError where an author, a judge or a tag is unknown, no vote is left, or two of the authors can't be set
    against each other, not even through others.
    """
    left_out: Counter[str] = Counter()
    votes = _of_voters(store.votes(COLUMNS), config.by, left_out)
    votes = _tagged(votes, config.tags, left_out)
    votes = _attributed(votes, config.authors, left_out)
    votes = _kept(votes, ~votes["prompt_id"].isin(list(trained_on)), TRAINED_ON, left_out)
    if votes.empty:
        raise InputError(_nothing(config, left_out))
    votes = _kept(votes, ~outweighed(votes), "votes on comparisons with gold ones, which count alone", left_out)
    found = _compared(votes, config.by, left_out)
    _check_named(found, config)
    _check_connected(found)
    return found


def _of_voters(votes: pd.DataFrame, by: str, left_out: Counter[str]) -> pd.DataFrame:
    is_human = votes["source"] == Source.HUMAN.value
    if by == PEOPLE:
        votes = votes[is_human]
    else:
        judges = sorted(votes["annotator"][~is_human].unique())
        if by not in judges:
            raise InputError(
                f"by is {by!r}; it takes {PEOPLE!r} or a judge of the store"
                f"{closest(by, judges)} ({', '.join(judges) or 'there is none'})"
            )
        votes = votes[votes["annotator"] == by]
    votes = _kept(votes, votes["verdict"] != "skip", SKIPPED, left_out)
    if by == PEOPLE:
        votes = _kept(votes, votes["repeat"] == 0, SECOND_LOOK, left_out)
        votes = votes[one_vote_each(votes, left_out)]
    return votes


def _tagged(votes: pd.DataFrame, tags: dict[str, list[str]], left_out: Counter[str]) -> pd.DataFrame:
    for name, values in tags.items():
        found = tag_values(votes["tags"], name)
        if not found.isin(values).any():
            there = sorted({str(value) for value in found.dropna()})[:20]
            raise InputError(f"no voted comparison has the tag {name} with a value of {values}; its values are {there}")
        votes = _kept(votes, found.isin(values), "votes on comparisons without the tags asked for", left_out)
    return votes


def _attributed(votes: pd.DataFrame, authors: list[str] | None, left_out: Counter[str]) -> pd.DataFrame:
    known = votes["author_a"].notna() & votes["author_b"].notna()
    votes = _kept(votes, known, "votes on responses whose author is unknown", left_out)
    different = votes["author_a"] != votes["author_b"]
    votes = _kept(votes, different, "votes on two responses of one author", left_out)
    if authors is None:
        return votes
    there = sorted({*votes["author_a"], *votes["author_b"]})
    for name in authors:
        if name not in there:
            raise InputError(f"authors names {name!r}, whom nobody compared with another{closest(name, there)}")
    chosen = votes["author_a"].isin(authors) & votes["author_b"].isin(authors)
    return _kept(votes, chosen, "votes on authors that were not asked for", left_out)


def _kept(votes: pd.DataFrame, wanted: "pd.Series[bool]", reason: str, left_out: Counter[str]) -> pd.DataFrame:
    if not wanted.all():
        left_out[reason] += int((~wanted).sum())
    return votes[wanted]


def _compared(votes: pd.DataFrame, by: str, left_out: Counter[str]) -> Compared:
    unit, ids = pd.factorize(votes["comparison_id"], sort=True)
    outcome = votes["verdict"].map(OUTCOMES).to_numpy(np.int64)
    counts = np.bincount(unit * 3 + outcome, minlength=3 * len(ids)).reshape(-1, 3).astype(np.float64)
    rows = votes.iloc[np.unique(unit, return_index=True)[1]]
    authors = sorted({*rows["author_a"], *rows["author_b"]})
    names = pd.Index(authors, dtype=object)
    sides = [names.get_indexer(pd.Index(rows[side], dtype=object)) for side in ("author_a", "author_b")]
    return Compared(
        by=by,
        authors=tuple(authors),
        pair=np.stack(sides, axis=1).astype(np.int64),
        outcome=counts / counts.sum(axis=1, keepdims=True),
        length=rows[["length_a", "length_b"]].to_numpy(np.float64),
        prompt=pd.factorize(rows["prompt_id"])[0].astype(np.int64),
        votes=len(votes),
        voters=votes["annotator"].nunique(),
        simulated=bool(votes["simulated"].any()),
        left_out=dict(left_out),
    )


def _nothing(config: PoliciesConfig, left_out: Counter[str]) -> str:
    found = "; ".join(f"{count:,} {reason}" for reason, count in left_out.items()) or "the store holds none"
    advice = "have models answer with firsthand collect generate (pairs: cross_author) and people rate on collect serve"
    if TRAINED_ON in left_out:
        advice = (
            "have the policies answer the prompts that the mix holds out: in the configuration of collect generate, "
            "prompts: MIX/data/anchor-00000-of-00001.parquet"
        )
    return f"there is no vote of {config.by} that compares two policies ({found}); {advice}"


def _check_named(found: Compared, config: PoliciesConfig) -> None:
    asked = config.reward_or_dpo
    for name in (asked.reward.author, asked.dpo.author) if asked else ():
        if name not in found.authors:
            raise InputError(
                f"reward_or_dpo names the author {name!r}, whom {config.by} did not compare with another"
                f"{closest(name, found.authors)}; the authors compared here are {', '.join(found.authors)}"
            )


def _check_connected(found: Compared) -> None:
    count = len(found.authors)
    graph = coo_array((np.ones(len(found)), (found.pair[:, 0], found.pair[:, 1])), (count, count))
    groups, group = connected_components(graph, directed=False)
    if groups > 1:
        named = list(zip(group, found.authors, strict=True))
        parts = [", ".join(name for of, name in named if of == number) for number in range(groups)]
        raise InputError(
            f"the authors fall into {groups} groups that nobody compared with one another, so that they have no common "
            f"scale: {' | '.join(parts)}. Have some of each compared, or name the authors of one group"
        )
