"""From votes to outcomes: how an author fared on each comparison, by people and by a judge."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.collect.work.information import P_A
from firsthand.errors import InputError
from firsthand.records import Source
from firsthand.store import Store

VOTES_READ = (
    "comparison_id prompt_id annotator source simulated verdict p_a shown_first repeat gold author_a author_b".split()
)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How `author` fared against other authors on the N comparisons that `judge` scored.

    label: (N,), the mean of people's verdicts: 1 the author's response is better, 1/2 neither, 0 the other; NaN where
    nobody said. score: (N,), the probability that the judge gives to it; verdict: (N,), 1, 1/2 or 0, the side of 1/2
    that it is on. prompt: (N,), by number. simulated: whether scripts gave some of the verdicts.
    """

    judge: str
    author: str
    label: FloatArray
    score: FloatArray
    verdict: FloatArray
    prompt: IntArray
    comparison: list[str]
    simulated: bool


def author_outcomes(store: Store, judges: list[str] | None = None, against: str | None = None) -> Iterator[Outcomes]:
    """The outcomes of every author under every judge, by name; `against`: only comparisons with this author.

    Raises InputError where a judge is unknown, or where no judge scored a comparison of two known authors.
    """
    votes = store.votes(VOTES_READ)
    votes = votes[(votes["verdict"] != "skip") & votes["author_a"].notna() & votes["author_b"].notna()]
    votes = votes[votes["author_a"] != votes["author_b"]]
    is_human = votes["source"] == Source.HUMAN.value
    votes = votes.assign(p=votes["p_a"].fillna(votes["verdict"].map(P_A).astype("float64")))
    labels = _labels(votes[is_human & (votes["repeat"] == 0)])
    scored = votes[~is_human]
    _check(scored, judges, against)
    scores = _scores(scored)
    for judge, of_judge in scores.groupby("annotator", sort=True):
        if judges is None or judge in judges:
            yield from _by_author(str(judge), of_judge.join(labels, on="comparison_id"), against)


def _labels(votes: pd.DataFrame) -> pd.DataFrame:
    """What people say of each comparison: the mean of their verdicts on A, of gold ones alone where there are some."""
    has_gold = votes.groupby("comparison_id")["gold"].transform("any")
    votes = votes[votes["gold"] | ~has_gold.astype(bool)]
    votes = votes.assign(label=votes["verdict"].map(P_A).astype("float64"))
    return votes.groupby("comparison_id").agg(label=("label", "mean"), scripted=("simulated", "any"))


def _scores(votes: pd.DataFrame) -> pd.DataFrame:
    """One row a judge and comparison: the mean over the orders of the mean within each."""
    keys = ["annotator", "comparison_id"]
    known = votes.groupby(keys)[["prompt_id", "author_a", "author_b", "simulated"]].first()
    orders = votes.groupby([*keys, "shown_first"])["p"].mean()
    return known.assign(score=orders.groupby(level=keys).mean()).reset_index()


def _by_author(judge: str, rows: pd.DataFrame, against: str | None) -> Iterator[Outcomes]:
    authors = sorted(set(rows["author_a"]) | set(rows["author_b"]))
    for author in authors:
        is_a, is_b = rows["author_a"] == author, rows["author_b"] == author
        other = rows["author_b"].where(is_a, rows["author_a"])
        wanted = (is_a | is_b) & ((other == against) if against is not None else True)
        own, turned = rows[wanted], is_b[wanted].to_numpy(bool)
        if own.empty:
            continue
        label, score = (own[name].to_numpy(np.float64) for name in ("label", "score"))
        score = np.where(turned, 1 - score, score)
        yield Outcomes(
            judge=judge,
            author=author,
            label=np.where(turned, 1 - label, label),
            score=score,
            verdict=0.5 * (1 + np.sign(score - 0.5)),
            prompt=pd.factorize(own["prompt_id"])[0].astype(np.int64),
            comparison=own["comparison_id"].to_list(),
            simulated=bool(own["simulated"].any() or own["scripted"].eq(True).any()),
        )


def _check(scored: pd.DataFrame, judges: list[str] | None, against: str | None) -> None:
    if scored.empty:
        raise InputError(
            "no judge has scored a comparison of two known, different authors, so that there is no win rate to "
            "correct; run firsthand collect judge, or import comparisons with author_a and author_b"
        )
    known = sorted(scored["annotator"].unique())
    unknown = sorted(set(judges or []) - set(known))
    if unknown:
        raise InputError(f"--judge names {', '.join(map(repr, unknown))}; the judges here are {', '.join(known)}")
    authors = set(scored["author_a"]) | set(scored["author_b"])
    if against is not None and against not in authors:
        raise InputError(f"--against is {against!r}; the authors here are {', '.join(sorted(authors))}")
