"""Whether an affinity can be told from the votes there are, and what is missing where it can't."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.audit.table import NEITHER, P_A, AuditTable, Votes, for_first, one_position, without_order
from firsthand.evaluate.audit.targets import FEWEST_OWN, OWN, Target, other_targets, overlap, own_target, voted
from firsthand.evaluate.table import counted, plain
from firsthand.lineage import Lineage

FEWEST_DOUBLED = 30
"""Comparisons with two votes of people: with one vote each, their noise can't be told from differences in quality."""
FEWEST_PROMPTS = 20
"""Prompts, over which errors are clustered; with fewer the sandwich is too small."""

FIRST_SECOND, A_B = ("the response shown first", "the response shown second"), ("response A", "response B")
FEWEST_EFFECTIVE = 10
"""Prompts that comparisons must be worth: where a few hold most of them, the sandwich is too small as well."""


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
    if position := one_position(people.where(shared[people.pair])):
        return Refusal(
            f"People chose the response shown {'first' if position > 0 else 'second'} every time on what {name} judged:"
            " their votes say nothing of the responses.",
            f"Have two other people each vote on {FEWEST_OWN} comparisons or more that {name} judged.",
            2 * FEWEST_OWN,
        )
    if refusal := _constant(name, judged.where(shared[judged.pair])):
        return refusal
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


def _constant(name: str, votes: Votes) -> Refusal | None:
    """Why verdicts that are the same whatever the responses tell nothing."""
    given = for_first(votes)
    if np.ptp(given) > 0:
        return None
    if given[0] == P_A[NEITHER]:
        return Refusal(
            f"{name} called every comparison that people rated a tie.",
            f"Ask it in a way that lets it choose, on {FEWEST_OWN} of these comparisons or more: further votes of "
            "people would not help.",
        )
    first, second = FIRST_SECOND if votes.first.all() else A_B
    did = (
        f"chose {first if given[0] else second} every time"
        if given[0] in P_A
        else f"gave {first} a chance of {given[0]:.0%} every time"
    )
    return Refusal(
        f"{name} {did}, in all {counted(len(votes), 'verdict')} that people voted on too: they say nothing of the "
        "responses.",
        f"Do not use its verdicts. Ask it in a way that lets it weigh the responses, on {FEWEST_OWN} of these "
        "comparisons or more: further votes of people would not help.",
    )


def no_authors(table: AuditTable, judge: int) -> Refusal | None:
    """Why `judge` can't be held against its kind where no comparison names both authors."""
    if (table.author >= 0).all(axis=1).any():
        return None
    return Refusal(
        "No comparison here names the authors of both responses, so that "
        f"{plain(table.judges[judge])} can't be held against its kind.",
        "Import author_a and author_b: which model wrote each response.",
    )


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
    if there.effective_prompts < FEWEST_EFFECTIVE:
        return Refusal(
            f"The comparisons of {whom} are so unequally spread over {counted(there.n_prompts, 'prompt')} that they "
            f"are worth {there.effective_prompts:.1f} prompts; errors are told from the differences between prompts, "
            f"and {FEWEST_EFFECTIVE} are needed.",
            "Add comparisons on further prompts, or take those of the prompts with most of them apart (tags).",
        )
    chosen = choices(table, judge, target)
    if chosen.min() == chosen.max() and chosen[0] in (0.0, 1.0):
        return _separated(name, whom, chosen, against(table, judge, target, bool(chosen[0])))
    return None


def not_apart(table: AuditTable, judge: int, target: Target, covariates: Mapping[str, FloatArray]) -> Refusal:
    """Why the model can't tell the affinity from the rest: what is one with the target wherever it was judged."""
    name, whom = plain(table.judges[judge]), plain(target.name)
    votes, sign = table.judged.of(judge), target.sign(table)
    votes = votes.where((sign[votes.pair] != 0) & voted(table, table.people.pair)[votes.pair])
    side = sign[votes.pair]
    same = [style for style, column in covariates.items() if np.ptp(column[votes.pair] * side) == 0]
    if np.ptp(votes.first * side) == 0 and votes.first.any():
        same.append("order")
    elif without_order(votes).all() and np.ptp(side) == 0:
        same.append("side (A or B; no order is recorded)")
    one = f": {' and '.join(same)} went with {whom} every time" if same else ""
    return Refusal(
        f"By the design of these comparisons, an affinity of {name} for {whom} can't be told from its other tastes and "
        f"pulls{one}.",
        f"Have {name} judge these comparisons in both orders, and others without {whom} that people rate too.",
    )


def untested_kin(table: AuditTable, judge: int, lineages: Mapping[str, Lineage]) -> list[Target]:
    """The judge's own kind, and further kin among the other targets, whose affinity can't be tested."""
    name = table.judges[judge]
    own = own_target(table, name, lineages)
    kin = [target for target in ([own] if own else []) + other_targets(table, name, lineages) if target.relation in OWN]
    return [target for target in kin if no_target(table, judge, target) is not None]


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
