"""People's votes as arrays, ready to be counted."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.errors import InputError
from firsthand.evaluate.agreement import VERDICTS
from firsthand.store import tag_values

COLUMNS = "comparison_id prompt_id annotator simulated verdict shown_first seconds".split()
JUDGED = "votes of judges: this command compares people"
SKIPPED = "skips: no rating was given"
SECOND_LOOK = "a rater's second look at a comparison, sides exchanged: shows how consistent they are"
REPEATED = "a rater's further votes on one comparison, same verdict: counted once in agreement"
CONTRADICTED = "a rater's votes on one comparison, different verdicts: left out of agreement"


@dataclass(frozen=True, slots=True)
class Ratings:
    """N votes of people; a unit is a comparison.

    unit, rater, verdict (index into VERDICTS): (N,). counted: (N,), whether the vote enters agreement; at most one of
    each rater on each unit does. chose_first: (N,), 1 or 0 where a decisive verdict chose or did not choose
    the response shown first, NaN where that is unknown. seconds: (N,), NaN where unknown. unit_id: (U,), the
    comparison's id. unit_prompt: (U,), the prompt of each unit, an index into prompt_id. unit_tag: (U,), the unit's
    value of the tag asked for, or None. raters, simulated: by rater. left_out: reason -> number of votes.
    """

    unit: IntArray
    rater: IntArray
    verdict: IntArray
    counted: npt.NDArray[np.bool_]
    chose_first: FloatArray
    seconds: FloatArray
    unit_id: npt.NDArray[np.object_]
    unit_prompt: IntArray
    prompt_id: npt.NDArray[np.object_]
    unit_tag: npt.NDArray[np.object_] | None
    raters: list[str]
    simulated: list[bool]
    left_out: dict[str, int]

    @property
    def units(self) -> int:
        """How many comparisons have a vote."""
        return len(self.unit_prompt)

    @property
    def prompts(self) -> int:
        """How many prompts have a vote."""
        return int(self.unit_prompt.max()) + 1

    def counts(self) -> FloatArray:
        """How many raters gave each unit each verdict: (U, V)."""
        cells = self.unit[self.counted] * len(VERDICTS) + self.verdict[self.counted]
        counted = np.bincount(cells, minlength=self.units * len(VERDICTS))
        return counted.reshape(self.units, len(VERDICTS)).astype(np.float64)


def human_ratings(frames: Iterable[pd.DataFrame], tag: str | None = None) -> Ratings:
    """The people's ratings in tables of votes, as `Store.vote_frames` gives them.

    Skips and judges' votes are no ratings of people; what is left out is counted by reason.
    Raises InputError when no person rated anything, or no rated comparison has the tag.
    """
    left_out: Counter[str] = Counter()
    kept = [_people(frame, tag, left_out) for frame in frames]
    table = pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=COLUMNS)
    if table.empty:
        raise InputError(_nobody(left_out))
    if tag is not None and table["tag"].isna().all():
        raise InputError(f"no comparison that people rated has the tag {tag!r}")
    unit, _ = pd.factorize(table["comparison_id"])
    rater, raters = pd.factorize(table["annotator"], sort=True)
    units = table[~pd.Series(unit).duplicated()]
    unit_prompt, prompt_id = pd.factorize(units["prompt_id"].astype(object))
    return Ratings(
        unit=unit.astype(np.int64),
        rater=rater.astype(np.int64),
        verdict=table["verdict"].map({word: index for index, word in enumerate(VERDICTS)}).to_numpy().astype(np.int64),
        counted=one_vote_each(table, left_out),
        chose_first=_chose_first(table),
        seconds=table["seconds"].to_numpy(np.float64),
        unit_id=units["comparison_id"].to_numpy(object),
        unit_prompt=unit_prompt.astype(np.int64),
        prompt_id=np.asarray(prompt_id, object),
        unit_tag=None if tag is None else units["tag"].to_numpy(object),
        raters=[str(name) for name in raters],
        simulated=table["simulated"].groupby(rater).any().to_list(),
        left_out=dict(left_out),
    )


def one_vote_each(table: pd.DataFrame, left_out: Counter[str]) -> npt.NDArray[np.bool_]:
    """Which votes of people count: the first of a rater's equal ones on a comparison, none of contradictory ones.

    (N,) for N votes; the others are counted in `left_out`.
    """
    cell = [table["comparison_id"], table["annotator"]]
    contradicted = table.groupby(cell)["verdict"].transform("nunique") > 1
    repeated = table.duplicated(["comparison_id", "annotator"]) & ~contradicted
    for reason, votes in ((REPEATED, repeated.sum()), (CONTRADICTED, contradicted.sum())):
        if votes:
            left_out[reason] += int(votes)
    return (~(contradicted | repeated)).to_numpy(np.bool_)


def _people(frame: pd.DataFrame, tag: str | None, left_out: Counter[str]) -> pd.DataFrame:
    human = frame["source"] == "human"
    given = human & (frame["verdict"] != "skip")
    rated = given & (frame["repeat"] == 0)
    for reason, votes in ((JUDGED, ~human), (SKIPPED, human & ~given), (SECOND_LOOK, given & ~rated)):
        if votes.any():
            left_out[reason] += int(votes.sum())
    people = frame.loc[rated, COLUMNS]
    if tag is not None:
        people = people.assign(tag=tag_values(frame.loc[rated, "tags"], tag))
    return people


def _chose_first(table: pd.DataFrame) -> FloatArray:
    known = table["verdict"].isin(["a", "b"]) & table["shown_first"].isin(["a", "b"])
    same = (table["verdict"] == table["shown_first"]).astype(np.float64)
    return same.where(known).to_numpy().astype(np.float64)


def _nobody(left_out: Counter[str]) -> str:
    found = "; ".join(f"{votes:,} {reason}" for reason, votes in left_out.items())
    return (
        f"the store holds no ratings by people ({found or 'it is empty'}); agreement compares people with people: "
        "import their preferences with firsthand collect import, or check --store"
    )
