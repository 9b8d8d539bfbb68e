"""How each rater works, from their votes alone: gold, repeats, sides and speed.

`votes` is a table of people's votes with the columns of COLUMNS; of a comparison, `choice` is a, b or neither, in the
store's order of the responses, so that it does not depend on the side shown first.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from firsthand.bootstrap import LEVEL
from firsthand.collect.admin.figures import Conduct, Measured
from firsthand.estimates import Estimate

COLUMNS = (
    *("comparison_id", "annotator", "verdict", "shown_first", "repeat", "gold"),
    *("seconds", "length_a", "length_b", "created_at"),
)
CHOICES = {"a": "a", "b": "b", "tie": "neither", "both_bad": "neither"}
FASTEST_READING = 100.0
"""Characters a second: four times what adults read (238 words a minute, Brysbaert 2019, of about 6 characters)."""
LONGEST_ASKED = 10.0
"""Seconds; a bad response can show early, so that nobody has to read longer than this."""

Frame = pd.DataFrame


def conduct_by_rater(
    votes: Frame, gold: "pd.Series[str]", since: Mapping[str, str] | None = None
) -> dict[str, Conduct]:
    """The conduct of every rater in `votes`, skips aside.

    gold: the right choice by comparison; a rater's own gold verdicts are not held against themselves. since: for some
    raters, the time (as in created_at) after which their votes count; earlier ones only serve repeats to compare with.
    """
    rated = votes[votes["verdict"] != "skip"]
    rated = rated.assign(choice=rated["verdict"].map(CHOICES))
    new = rated if since is None else rated[_later(rated, since)]
    first = new[new["repeat"] == 0]
    found = {
        "gold": _shares(gold_outcomes(first, gold)),
        "consistency": _shares(repeat_outcomes(rated, new)),
        "first_side": _shares(side_outcomes(first)),
        "fast": _shares(fast_outcomes(new)),
    }
    medians = _median_seconds(new)
    return {
        str(name): Conduct(
            gold=found["gold"].get(name, _none("no verdict on a gold comparison")),
            consistency=found["consistency"].get(name, _none("no comparison was shown a second time")),
            first_side=found["first_side"].get(name, _none("no decisive verdict with a known side")),
            seconds=medians.get(str(name), _none("no verdict has a time")),
            fast=found["fast"].get(name, _none("no verdict has a time")),
        )
        for name in votes["annotator"].unique()
    }


def gold_outcomes(first: Frame, gold: "pd.Series[str]") -> "pd.Series[bool]":
    """Whether each verdict on a gold comparison is right, indexed by rater."""
    asked = first[~first["gold"] & first["comparison_id"].isin(gold.index)]
    return _by_rater(asked, asked["choice"] == asked["comparison_id"].map(gold))


def repeat_outcomes(rated: Frame, new: Frame) -> "pd.Series[bool]":
    """Whether each repeat in `new` got the verdict of the first time, which `rated` holds, indexed by rater."""
    key = ["annotator", "comparison_id"]
    again = new[new["repeat"] > 0]
    pairs = again.merge(rated[rated["repeat"] == 0], on=key, suffixes=("", "_first"))
    return _by_rater(pairs, pairs["choice"] == pairs["choice_first"])


def side_outcomes(first: Frame) -> "pd.Series[bool]":
    """Whether each decisive verdict went to the response shown first, indexed by rater."""
    decisive = first[first["verdict"].isin(["a", "b"]) & first["shown_first"].isin(["a", "b"])]
    return _by_rater(decisive, decisive["verdict"] == decisive["shown_first"])


def fast_outcomes(new: Frame) -> "pd.Series[bool]":
    """Whether each timed verdict came sooner than min(characters / FASTEST_READING, LONGEST_ASKED), by rater."""
    timed = new.dropna(subset="seconds")
    needed = ((timed["length_a"].fillna(0) + timed["length_b"].fillna(0)) / FASTEST_READING).clip(upper=LONGEST_ASKED)
    return _by_rater(timed, timed["seconds"] < needed)


def share(successes: int, n: int, why: str = "") -> Measured:
    """The share successes / n with the exact binomial interval (Clopper and Pearson 1934); undefined at n = 0.

    From the quantile of Beta(successes, n - successes + 1) at tail = (1 - LEVEL) / 2 to that of
    Beta(successes + 1, n - successes) at 1 - tail; 0 and 1 where no success, or nothing else, was seen.
    """
    if n == 0:
        return Measured(Estimate(None, None, why), 0)
    # scipy.stats has the interval too, but takes a second to load, and searches for the bounds.
    tail = (1 - LEVEL) / 2
    low = float(betaincinv(successes, n - successes + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, n - successes, 1 - tail)) if successes < n else 1.0
    return Measured(Estimate(successes / n, (low, high)), n)


def _later(rated: Frame, since: Mapping[str, str]) -> "pd.Series[bool]":
    """Whether each vote came after its rater's time in `since`; votes without a time did not."""
    start = rated["annotator"].map(lambda name: since.get(name, ""))
    return rated["created_at"].fillna("").astype(str) > start.astype(str)


def _shares(outcomes: "pd.Series[bool]") -> dict[str, Measured]:
    counts = outcomes.groupby(level=0).agg(["sum", "size"])
    rows = zip(counts.index, counts["sum"].tolist(), counts["size"].tolist(), strict=True)
    return {str(name): share(right, n) for name, right, n in rows}


def _by_rater(rows: Frame, outcome: "pd.Series[bool]") -> "pd.Series[bool]":
    return pd.Series(outcome.to_numpy(np.bool_), index=rows["annotator"].to_numpy())


def _median_seconds(new: Frame) -> dict[str, Measured]:
    seconds = new.dropna(subset="seconds").groupby("annotator")["seconds"].agg(["median", "size"])
    rows = zip(seconds.index, seconds["median"].tolist(), seconds["size"].tolist(), strict=True)
    return {str(name): Measured(Estimate(median), n) for name, median, n in rows}


def _none(why: str) -> Measured:
    return Measured(Estimate(None, None, why), 0)
