"""What the admin page shows; firsthand.evaluate.quality measures it."""

from dataclasses import dataclass
from typing import Literal

from firsthand.estimates import Estimate


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure, and on how many observations it rests."""

    estimate: Estimate
    n: int


@dataclass(frozen=True, slots=True)
class Conduct:
    """How one rater works, measured on their votes alone.

    gold: share of verdicts on planted gold comparisons that are right. consistency: share of repeats, shown with their
    sides swapped, that got the same verdict. first_side: share of decisive verdicts for the response shown first.
    seconds: median active time of a verdict. fast: share of verdicts given sooner than the texts can be read.
    """

    gold: Measured
    consistency: Measured
    first_side: Measured
    seconds: Measured
    fast: Measured


@dataclass(frozen=True, slots=True)
class RaterFigures:
    """One rater's figures.

    since_resume: conduct on what came after the rater was last resumed; rules judge by it, so that a pause lifted by
    a person is not imposed again on the same evidence. agreement: share of others' verdicts on the same
    comparisons that say the same. reliability: chance of the true verdict under Dawid and Skene's model.
    """

    name: str
    simulated: bool
    votes: int
    skips: int
    last_at: str | None
    conduct: Conduct
    since_resume: Conduct
    agreement: Measured
    reliability: Measured


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many verdicts a tag's comparisons have, of those wanted."""

    value: str
    comparisons: int
    given: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Moment:
    """Agreement on the comparisons that got their last verdict until `at`, since the moment before."""

    at: str
    comparisons: int
    alpha: Estimate


@dataclass(frozen=True, slots=True)
class Throughput:
    """Verdicts given in each hour or day; `counts` holds (start, verdicts), without gaps, the last still running."""

    unit: Literal["hour", "day"]
    counts: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Quality:
    """The state of the work at one moment.

    votes: people's verdicts, without skips and repeats. alpha: Krippendorff's, ordinal. disagreement: share of
    the comparisons with several raters on which one chose A and another B. open_votes: verdicts still wanted.
    per_hour: verdicts an hour lately. hours_left: until every comparison has the verdicts wanted.
    """

    measured_at: str
    votes: int
    skips: int
    alpha: Estimate
    agreement: Estimate
    first_side: Estimate
    disagreement: Measured
    course: list[Moment]
    coverage_by: str | None
    coverage: list[Coverage]
    throughput: Throughput
    open_votes: int
    wanted_votes: int
    per_hour: Estimate
    hours_left: Estimate
    raters: list[RaterFigures]
    people_without_account: int
