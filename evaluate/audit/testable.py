"""Whether an affinity can be told from the votes there are, and what is missing where it can't."""

from dataclasses import dataclass

import numpy as np

from firsthand.evaluate.audit.table import NEITHER, P_A, AuditTable
from firsthand.evaluate.audit.targets import FEWEST_OWN, Target, overlap, voted
from firsthand.evaluate.table import counted, plain

FEWEST_DOUBLED = 30
"""Comparisons with two votes of people: with one vote each, their noise can't be told from differences in quality."""
FEWEST_PROMPTS = 20
"""Prompts, over which errors are clustered; with fewer the sandwich is too small."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an affinity can't be tested, what to do, and how many human votes are missing at least.

    needed: None where votes of people would not help; next_step then says what would.
    """

    why: str
    next_step: str
    needed: int | None = None


def no_people(table: AuditTable, judge: int) -> Refusal | None:
    """Why nothing can be said of `judge`, whatever the target."""
    name = plain(table.judges[judge])
    if not len(table.people):
        return Refusal(
            "No person has voted, and a judge's affinity is what people's view of the responses does not explain.",
            "Let people rate some of the comparisons: firsthand collect serve.",
            2 * FEWEST_OWN,
        )
    shared = voted(table, table.people.pair) & voted(table, table.judged.of(judge).pair)
    if not shared.any():
        return Refusal(
            f"{name} was never compared with people: no comparison has both its verdict and a person's vote.",
            f"Let {name} judge comparisons that people rated, or people rate those that it judged.",
            2 * FEWEST_OWN,
        )
    people, judged = table.people, table.judged.of(judge)
    if (people.outcome[shared[people.pair]] == NEITHER).all():
        return Refusal(
            f"People called every comparison that {name} judged a tie, so that nothing says which response is better.",
            f"Have two people each vote on {FEWEST_OWN} comparisons or more that {name} judged and whose responses "
            "differ in quality.",
            2 * FEWEST_OWN,
        )
    on_shared = judged.where(shared[judged.pair])
    if (on_shared.outcome == NEITHER).all() and np.isnan(on_shared.p_a).all():
        return Refusal(
            f"{name} called every comparison that people rated a tie.",
            f"Ask it in a way that lets it choose, on {FEWEST_OWN} of these comparisons or more: further votes of "
            "people would not help.",
        )
    votes = np.bincount(people.pair, minlength=len(table))[shared]
    doubled = int((votes >= 2).sum())
    if doubled < FEWEST_DOUBLED:
        one = "; only one person voted" if len(np.unique(people.voter)) == 1 else ""
        missing, single = FEWEST_DOUBLED - doubled, int((votes == 1).sum())
        return Refusal(
            f"{_only(doubled)} that {name} judged {_have(doubled)} votes of two people or more{one}; with one vote "
            "each, chance in people's votes can't be told from quality.",
            f"Have a second person rate {counted(missing, 'comparison')} or more of those that {name} judged."
            if missing <= single
            else f"Have two people each rate {counted(missing, 'further comparison')} or more that {name} judges too.",
            missing + max(0, missing - single),
        )
    return None


def no_target(table: AuditTable, judge: int, target: Target) -> Refusal | None:
    """Why the affinity of `judge` for `target` can't be tested where others could be."""
    name, whom = plain(table.judges[judge]), plain(target.name)
    there = overlap(table, judge, target)
    if there.n < FEWEST_OWN:
        missing = FEWEST_OWN - there.n
        alone = np.isin(table.author, target.authors).all()
        why = (
            f"Every response is by {whom}, so that there is nothing that {name} might like less."
            if alone
            else f"{_only(there.n)} of {whom} with another author {_have(there.n)} both a verdict of {name} and a "
            f"person's vote; {FEWEST_OWN} are needed."
        )
        step = (
            f"Have {name} and two people each vote on {counted(missing, 'further comparison')} of {whom} with others."
        )
        return Refusal(why, step, 2 * missing)
    if there.n_prompts < FEWEST_PROMPTS:
        return Refusal(
            f"The comparisons of {whom} come from {counted(there.n_prompts, 'prompt')}; errors are told from the "
            f"differences between prompts, and {FEWEST_PROMPTS} are needed.",
            f"Add comparisons on {counted(FEWEST_PROMPTS - there.n_prompts, 'further prompt')}.",
            2 * (FEWEST_PROMPTS - there.n_prompts),
        )
    chosen = choices(table, judge, target)
    if chosen.min() == chosen.max() and chosen[0] in (0.0, 1.0):
        return _separated(name, whom, chosen, against(table, judge, target, bool(chosen[0])))
    return None


def against(table: AuditTable, judge: int, target: Target, chose: bool) -> int:
    """On how many of the target's comparisons most people were against a judge that always, or never, chose it."""
    sign = target.sign(table)
    seen = voted(table, table.judged.of(judge).pair)
    for_a = 2 * P_A[table.people.outcome] - 1
    balance = sign * np.bincount(table.people.pair, for_a, len(table))
    return int((seen & (balance < 0 if chose else balance > 0)).sum())


def _separated(name: str, whom: str, chosen: "np.ndarray[tuple[int], np.dtype[np.float64]]", contrary: int) -> Refusal:
    what, turned = ("every time", "against") if chosen[0] else ("never", "for")
    missing = FEWEST_OWN - contrary
    why = (
        f"{name} chose {whom} {what}, in all {counted(len(chosen), 'verdict')} that people voted on too, though most "
        f"people were {turned} it in {counted(contrary, 'comparison')}: such an affinity has no finite estimate."
    )
    if missing > 0:
        step = (
            f"Have {name} and two people each vote on further comparisons until {missing:,} more are found in which "
            f"people are clearly {turned} {whom}: if it chooses otherwise in one of them, the affinity can be measured."
        )
        return Refusal(why, step, 2 * missing)
    step = (
        f"Do not let {name} judge pairs that contain {whom}: people's votes do not move it there, and more of them "
        "would not make the affinity measurable."
    )
    return Refusal(why, step)


def choices(table: AuditTable, judge: int, target: Target) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Whether the judge chose the target, 1 yes, 0 no, 1/2 a tie, in each verdict on comparisons that people rated."""
    votes = table.judged.of(judge)
    seen = voted(table, table.people.pair)
    votes = votes.where((target.sign(table)[votes.pair] != 0) & seen[votes.pair])
    for_a = np.where(np.isnan(votes.p_a), P_A[votes.outcome], votes.p_a)
    return np.where(target.sign(table)[votes.pair] > 0, for_a, 1 - for_a)


def _only(count: int) -> str:
    return f"Only {counted(count, 'comparison')}" if count else "No comparison"


def _have(count: int) -> str:
    return "have" if count > 1 else "has"
