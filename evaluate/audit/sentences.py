"""What the affinity findings say: one sentence to act on, the next step, and what the finding rests on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from firsthand.evaluate.audit.affinity import Fit
from firsthand.evaluate.audit.finding import Finding, Interval, Verdict
from firsthand.evaluate.audit.power import MOST_VOTES
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.audit.targets import Overlap, Target
from firsthand.evaluate.table import counted, plain
from firsthand.lineage import Lineage, Relation

NAMED = 3
WIDEST_SPREAD = 2.0
"""Of quality around what the authors explain, in log-odds. Simulated worlds of spread 1 come out at 0.6 to 1.4; those
with 70 % of the comparisons that people disagree on dropped at 2.2 to 3.6.
"""
TASTE = "Affinity is relative to these people: a taste of theirs for an author can't be told from its quality."


@dataclass(frozen=True, slots=True)
class Said:
    """What a sentence is about; points and the interval in percentage points.

    needed: further human votes; out_of_reach: it is None since no number that can be collected would do.
    """

    verdict: Verdict
    judge: str
    target: Target
    points: float
    points_ci: Interval
    shared: Overlap
    needed: int | None
    out_of_reach: bool
    margin: float
    control: bool


@dataclass(frozen=True, slots=True)
class Advice:
    """The sentence of a finding and its next step."""

    why: str
    next_step: str


def sentence(said: Said) -> Advice:
    """The sentence and the next step of a tested affinity."""
    judge, whom = plain(said.judge), plain(said.target.name)
    low, high = said.points_ci
    size = f"{abs(said.points):.1f} points ({_signed(said.points, low, high)})"
    more = "more" if said.points > 0 else "less"
    beside = ", set beside the other authors" if said.control else ""
    explained = f"than quality as people see it explains{beside}"
    pairs = counted(said.shared.judged, "comparison")
    if said.verdict is Verdict.DETECTED and said.control:
        return Advice(
            f"{judge} {'favours' if said.points > 0 else 'is set against'} {whom} ({said.target.relation}): it chooses "
            f"{whom} {size} {more} often {explained}.",
            f"Have people check {judge}'s verdicts on {whom}, {pairs}, before you train on them.",
        )
    if said.verdict is Verdict.DETECTED:
        return Advice(
            f"Do not let {judge} judge pairs that contain {whom}: it chooses {whom} {size} {more} often {explained}.",
            f"Route these {pairs} to people, or to a judge of another family; leave {judge}'s verdicts on them out of "
            "the mix.",
        )
    if said.verdict is Verdict.RULED_OUT:
        return Advice(
            f"{judge} chooses {whom} no more than {said.margin:g} points more or less often {explained} "
            f"({said.points:+.1f}, {low:+.1f} to {high:+.1f}).",
            f"As far as affinity goes, its verdicts on these {pairs} may be used.",
        )
    return Advice(
        f"It can't be told whether {judge} chooses {whom} {said.margin:g} points more, or less, often {explained} "
        f"({said.points:+.1f}, {low:+.1f} to {high:+.1f}).",
        _what_would_tell(said, judge, whom),
    )


def _what_would_tell(said: Said, judge: str, whom: str) -> str:
    check = f"until then have people check some of {judge}'s verdicts on {whom}"
    if said.needed is not None:
        return f"About {counted(said.needed, 'further human vote')} on comparisons like these would tell; {check}."
    if said.out_of_reach:
        return (
            f"More than {MOST_VOTES:,} further human votes on comparisons like these would be needed: add comparisons "
            f"of {whom} instead, with further authors as well; {check}."
        )
    return (
        f"The estimate is so close to the margin of {said.margin:g} points that it can't be foretold how many votes "
        f"would tell: decide whether an effect as large as the margin matters to you; {check}."
    )


def unknown_kind(judge: str, authors: Sequence[Lineage], of_judge: Lineage) -> Finding:
    """The finding on a judge that is related to none of the authors, as far as is known."""
    unknown = [author.name for author in authors if author.family is None]
    name = plain(judge)
    if of_judge.family is None:
        why = f"The lineage of {name} is unknown, so that it can't be told which author is of its kind."
        step = "State its family (judge.family in the data, or lineage: in the configuration)."
    elif unknown:
        some = ", ".join(plain(author) for author in unknown[:NAMED])
        why = (
            f"No author is known to be of the kind of {name}, and the lineage of {counted(len(unknown), 'author')} is "
            f"unknown ({some}{', …' if len(unknown) > NAMED else ''})."
        )
        step = "State their families (family_a, family_b in the data, or lineage: in the configuration)."
    else:
        why = f"No response here is by an author of the kind of {name} ({plain(of_judge.family)})."
        step = f"To test it, add comparisons of {plain(of_judge.family)} models with others."
    return Finding(
        detector="affinity",
        judge=judge,
        verdict=Verdict.NOT_TESTABLE,
        relation=Relation.UNKNOWN if of_judge.family is None or unknown else Relation.UNRELATED,
        why=why,
        next_step=step,
    )


def among_others(judge: str, own: Target, kin: Sequence[str], unknown: Sequence[str]) -> list[str]:
    """The caveats on authors that are, or may be, of the judge's own kind, but stand among the others."""
    if_favoured = (
        f"if {plain(judge)} favours them as well, its affinity for {plain(own.name)} is larger than this, and smaller "
        "if it is set against them."
    )
    caveats = []
    if kin:
        caveats.append(f"Of {plain(judge)}'s own kind, but among the others here: {_named(kin)}; {if_favoured}")
    if unknown:
        caveats.append(f"Of unknown kind, and among the others here: {_named(unknown)}; {if_favoured}")
    return caveats


def _named(names: Sequence[str]) -> str:
    return ", ".join(map(plain, names[:NAMED])) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def left_apart(names: Sequence[str]) -> str:
    """The caveat on a control without the comparisons of the judge's kin whose affinity can't be measured."""
    return (
        f"Without the comparisons of {_named(names)}, of the judge's own kind: its affinity there can't be measured, "
        "and would be taken for one against those they are compared with."
    )


def shared_lean(target: str, favours: bool, judges: Sequence[str]) -> str:
    """The caveat on an affinity for its own kind that unrelated judges show too."""
    return (
        f"{_named(judges)}, no kin of {plain(target)}, {'leans' if len(judges) == 1 else 'lean'} "
        f"{'to' if favours else 'away from'} it as well: a style that judges value otherwise than people do looks like "
        "this. Hold more of the style constant (covariates) before you put it down to kinship."
    )


def caveats_of(
    whole: AuditTable,
    used: AuditTable,
    found: Fit,
    one_slope: bool,
    held: Sequence[str],
    left_out: tuple[str, ...],
) -> tuple[str, ...]:
    """What a finding rests on; whole: the table, used: what of it the model could use, held: what is held constant."""
    caveats = [
        TASTE,
        f"Held constant: {', '.join(held) or 'nothing'}. Any other style that the target has more of, and that the "
        "judge values otherwise than people do, counts as affinity (covariates: in the configuration).",
    ]
    if one_slope:
        caveats.append(
            "The votes can't tell whether the judge follows differences between authors as it follows those between "
            "single responses; this takes them to be the same. Where the data were filtered for agreement between "
            "people, a better author then looks favoured."
        )
    spread = float(np.exp(found.of("log_spread")[0]))
    if spread > WIDEST_SPREAD:
        caveats.append(
            f"People hardly disagree here (spread of quality {spread:.1f} log-odds), as in data filtered for "
            "agreement; there a sharp judge without bias is called biased more often than it should be, and an audit "
            "says little of comparisons that people find hard. Do not filter by agreement before an audit."
        )
    if whole.simulated:
        caveats.append(
            f"{counted(len(whole.simulated), 'rater')} of {len(whole.raters):,} "
            f"{'is' if len(whole.simulated) == 1 else 'are'} simulated: scripts answered in their name."
        )
    if len(whole) > len(used):
        missing = counted(len(whole) - len(used), "comparison")
        caveats.append(f"{missing} without the name of an author could not be used.")
    return (*caveats, *(f"{text[0].upper()}{text[1:]}." for text in left_out))


def _signed(points: float, low: float, high: float) -> str:
    """The interval in the direction of the estimate."""
    ends = (low, high) if points > 0 else (-high, -low)
    return f"{ends[0]:.1f} to {ends[1]:.1f}"
