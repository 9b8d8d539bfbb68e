"""Judges' labels beside people's votes on the same comparisons."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.errors import InputError
from firsthand.evaluate.agreement import ordered_counts
from firsthand.evaluate.ratings import Ratings, human_ratings
from firsthand.train.labels import per_judgment, signed

COLUMNS = (
    "comparison_id prompt_id annotator source simulated verdict p_a strength shown_first prompt_sha256 repeat"
    " swap_consistent gold seconds author_a author_b length_a length_b tags".split()
)
CHOICES = ("b", "neither", "a", "changed")
"""A choice is an index into these; changed: the answer turned with the order, and neither order said tie."""
B, NEITHER, A, CHANGED = range(4)
DECISIVE = (B, A)
SPLIT = -1
"""People's verdict where no choice leads."""
BANDS = ("lengths within 10 %", "lengths 10 to 50 % apart", "lengths over 50 % apart")
UNKNOWN = "(unknown)"
LEAST_PROMPTS = 10
"""What rests on fewer prompts is not tested in a group of labels."""


@dataclass(frozen=True, slots=True)
class Judge:
    """One judge's M labels on comparisons that people rated; its labels on others are only counted.

    unit: (M,), index of the comparison; choice: (M,), index into CHOICES; p_a: (M,); has_p: (M,), whether p_a is a
    probability the judge gave; templates: (M,), a tuple of the prompt_sha256 it was asked with. alone: labels on
    comparisons that no person rated. votes: every verdict of the judge, orders and repeats apart, with the `unit` of
    its comparison, -1 where no person rated it.
    """

    name: str
    simulated: bool
    unit: IntArray
    choice: IntArray
    p_a: FloatArray
    has_p: npt.NDArray[np.bool_]
    templates: npt.NDArray[np.object_]
    alone: int
    votes: pd.DataFrame

    def part(self, rows: npt.NDArray[np.bool_]) -> "Judge":
        """The judge on the labels in `rows` alone: (M,)."""
        unit = self.unit[rows]
        return replace(
            self,
            unit=unit,
            choice=self.choice[rows],
            p_a=self.p_a[rows],
            has_p=self.has_p[rows],
            templates=self.templates[rows],
            alone=0,
            votes=self.votes[np.isin(self.votes["unit"], unit)],
        )


@dataclass(frozen=True, slots=True)
class Bench:
    """U comparisons that people rated, and the judges.

    counts: (U, 3), votes for b, neither, a; majority: (U,), the choice with most votes, SPLIT where none leads;
    pair, band: (U,), the two authors and how far the lengths differ.
    """

    people: Ratings
    counts: FloatArray
    majority: IntArray
    pair: npt.NDArray[np.object_]
    band: npt.NDArray[np.object_]
    tag: str | None
    judges: list[Judge]

    @property
    def prompt(self) -> IntArray:
        """(U,), the prompt of each comparison."""
        return self.people.unit_prompt


def read_bench(votes: pd.DataFrame, tag: str | None = None) -> Bench:
    """The bench in a table of votes with COLUMNS; judges by name.

    Raises InputError where there are no people or no judges, or no rated comparison carries `tag`.
    """
    people = human_ratings([votes], tag)
    judged = votes[(votes["source"] == "synthetic") & (votes["verdict"] != "skip")]
    if judged.empty:
        raise InputError(
            "the store holds no judgments to hold against people; firsthand collect judge CONFIG makes some, "
            "firsthand collect import FILE brings them"
        )
    counts = ordered_counts(people.counts())
    units = votes.drop_duplicates("comparison_id").set_index("comparison_id").loc[list(people.unit_id)]
    voted = counts.sum(axis=1) > 0
    numbers = pd.Series(np.flatnonzero(voted), index=people.unit_id[voted])
    judged = judged.assign(unit=judged["comparison_id"].map(numbers).fillna(-1).astype("int64"))
    labels = per_judgment(signed(judged))
    labels["unit"] = labels["comparison_id"].map(numbers).fillna(-1).astype("int64")
    of_votes = dict(list(judged.groupby("annotator", sort=True)))
    return Bench(
        people=people,
        counts=counts,
        majority=leader(counts),
        pair=_pairs(units),
        band=_bands(units),
        tag=tag,
        judges=[_judge(str(name), rows, of_votes[name]) for name, rows in labels.groupby("annotator", sort=True)],
    )


def leader(counts: FloatArray) -> IntArray:
    """The column with most votes in each row of (U, 3), SPLIT where two or more share the lead or nobody voted."""
    ranked = np.sort(counts, axis=1)
    return np.where(ranked[:, -1] > ranked[:, -2], counts.argmax(axis=1), SPLIT).astype(np.int64)


def too_few(prompts: IntArray, least: int) -> str:
    """What is missing where the rows' prompts (N,) are fewer than `least`; empty where they suffice."""
    count = len(np.unique(prompts))
    return f"needs {least} prompt{'s' if least > 1 else ''} to rest on, has {count}" if count < least else ""


def _judge(name: str, labels: pd.DataFrame, votes: pd.DataFrame) -> Judge:
    rated = labels[labels["unit"] >= 0]
    p_a = rated["p_a"].to_numpy(np.float64)
    changed = (rated["orders"] == "flipped").to_numpy(np.bool_) & (p_a == 0.5)
    return Judge(
        name=name,
        simulated=bool(labels["simulated"].any()),
        unit=rated["unit"].to_numpy(np.int64),
        choice=np.where(changed, CHANGED, np.sign(p_a - 0.5).astype(np.int64) + NEITHER),
        p_a=p_a,
        has_p=np.logical_and(rated["has_p"].to_numpy(np.bool_), not _all_certain(p_a)),
        templates=rated["templates"].to_numpy(object),
        alone=len(labels) - len(rated),
        votes=votes,
    )


def _all_certain(p_a: FloatArray) -> bool:
    """Whether the probabilities are verdicts in other words: 0, 1/2 and 1 alone."""
    return bool(np.isin(p_a, (0.0, 0.5, 1.0)).all())


def _pairs(units: pd.DataFrame) -> npt.NDArray[np.object_]:
    a, b = (units[name].fillna(UNKNOWN).to_numpy(object) for name in ("author_a", "author_b"))
    names = [" / ".join(sorted((str(one), str(other)))) for one, other in zip(a, b, strict=True)]
    return np.array(names, dtype=object)


def _bands(units: pd.DataFrame) -> npt.NDArray[np.object_]:
    """How far the shorter response falls short of the longer one."""
    a, b = (units[name].to_numpy(np.float64) for name in ("length_a", "length_b"))
    longer = np.fmax(np.fmax(a, b), 1.0)
    apart = np.abs(a - b) / longer
    band = np.array(BANDS, dtype=object)[np.digitize(np.nan_to_num(apart), [0.1, 0.5])]
    return np.where(np.isfinite(apart), band, UNKNOWN)
