"""What an affinity rests on in the design and in the people: what to mind before it is believed."""

from math import sqrt

import numpy as np

from firsthand.evaluate.audit.detectors.said import people_counts
from firsthand.evaluate.audit.table import P_A, AuditTable, Votes, without_order
from firsthand.evaluate.audit.targets import Target, voted
from firsthand.evaluate.table import counted, plain

MOST_OF_ONE = 0.5
"""Share of the votes that one person may give before a finding says so."""
LEAST_LEAN, LEAN_ERRORS = 0.25, 3.3
"""Mean of +1 where the target came first and -1 where not, and its standard errors by chance, that are no accident."""
ASK_BOTH = "Ask the judge in both orders (firsthand collect judge does)."
CHANCE_ERRORS = 2.0
"""Standard errors above 0 that the agreement of two people must be."""


def order_lean(table: AuditTable, judge: int, target: Target) -> float:
    """By how much the judge saw the target first more often than second, -1 to 1; 0 where chance would explain it.

    A verdict without a recorded order counts as if A had come first; one for both orders as none.
    """
    return _lean(table, table.judged.of(judge), target)


def _lean(table: AuditTable, votes: Votes, target: Target) -> float:
    sign = target.sign(table)[votes.pair]
    side = (np.where(without_order(votes), 1, votes.first) * sign)[sign != 0]
    if not len(side):
        return 0.0
    lean = float(side.mean())
    return lean if abs(lean) > max(LEAST_LEAN, LEAN_ERRORS / sqrt(len(side))) else 0.0


def by_order(judge: str, target: Target, lean: float) -> str:
    """Why a comparison of win rates is not tested where the order went with the author."""
    return (
        f"{plain(target.name)} came {'first' if lean > 0 else 'second'} in {(1 + abs(lean)) / 2:.0%} of the verdicts "
        f"of {plain(judge)} on it (A, where no order is recorded): a pull to one position would look like this."
    )


def of_order(table: AuditTable, judge: int, target: Target) -> list[str]:
    """The caveats on an order that went with the target, or is not recorded, for the judge and for people."""
    name, whom = plain(table.judges[judge]), plain(target.name)
    lean, unknown = order_lean(table, judge, target), int(without_order(table.judged.of(judge)).sum())
    caveats = []
    if unknown:
        caveats.append(
            f"Which response came first is not recorded for {counted(unknown, 'verdict')}; a pull to response A is "
            f"held constant in its place. If {whom} came first, or second, more often than others did, a pull to one "
            "position counts as affinity."
        )
    if lean:
        came = f"was response {'A' if lean > 0 else 'B'}" if unknown else f"came {'first' if lean > 0 else 'second'}"
        caveats.append(
            f"{whom} {came} in {(1 + abs(lean)) / 2:.0%} of {name}'s verdicts on it: how much of its choice is a pull "
            "to that side is told from the few others, and from comparisons without it, alone. Ask in both orders."
        )
    seen = voted(table, table.judged.of(judge).pair)[table.people.pair]
    people = table.people.where(seen & without_order(table.people))
    if beside := _lean(table, people, target):
        caveats.append(
            f"{counted(len(people), 'vote')} of people do not say which response came first, and {whom} was response "
            f"{'A' if beside > 0 else 'B'} in {(1 + abs(beside)) / 2:.0%} of those on it: a pull of theirs to one side "
            f"would count as its quality, and make a judge without it look biased."
        )
    return caveats


def of_people(table: AuditTable, judge: int) -> list[str]:
    """The caveats on votes that are one person's, or agree by chance only, on what the judge judged."""
    seen = voted(table, table.judged.of(judge).pair)
    votes = table.people.where(seen[table.people.pair])
    caveats = []
    share = np.bincount(votes.voter).max() / len(votes)
    if share > MOST_OF_ONE:
        caveats.append(
            f"{share:.0%} of the votes are one person's: the affinity is relative to that person rather than to people."
        )
    counts = people_counts(table)[seen]
    given = counts.sum(axis=1)
    counts, given = counts[given >= 2], given[given >= 2]
    signs = 2 * P_A - 1
    alike = ((counts @ signs) ** 2 - counts @ signs**2) / (given * (given - 1))
    if alike.mean() <= CHANCE_ERRORS * alike.std() / sqrt(len(alike)):
        caveats.append(
            "Two people agree here hardly more than by chance, so that their votes say little of quality: what the "
            "judge sees in responses may then look like affinity. Have careful people vote first."
        )
    return caveats
