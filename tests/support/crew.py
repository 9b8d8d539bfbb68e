"""A rating site some hours into its work: accounts, and verdicts by people of known habits."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from firsthand.collect.accounts.account import Account, Role
from firsthand.collect.accounts.people import add
from firsthand.collect.serve_config import Assignment, Overlap
from firsthand.collect.work.targets import prepare_work
from firsthand.errors import RecordError
from firsthand.records import Annotator, Comparison, Entry, Preference, Side, Source, Verdict
from firsthand.sample import sample_entries
from firsthand.store import Store

PASSWORD = "correct horse battery"
ASSIGNMENT = Assignment(overlap=Overlap(share=0.7, raters=4))
GOLD_EVERY = 8


@dataclass(frozen=True)
class Habit:
    """skill: chance of the right verdict; first: chance of simply taking the first side; seconds: typical time."""

    login: str
    skill: float = 0.88
    first: float = 0.0
    seconds: float = 24.0


HABITS = (
    Habit("amara@example.org", 0.93, seconds=31),
    Habit("bo@example.org", 0.9),
    Habit("chen@example.org", 0.86, seconds=19),
    Habit("dilek@example.org", 0.9, seconds=27),
    Habit("emil@example.org", 0.85, first=0.5, seconds=12),
    Habit("farah@example.org", 0.3, seconds=4),
)


def crew(store: Store, hours: float = 20.0) -> dict[str, Account]:
    """Fill an empty store; returns the accounts by login, an admin, an auditor and an expert among them."""
    comparisons = [entry.comparison for entry in sample_entries()]
    truth = {one.id: Verdict.A if int(one.id[:2], 16) % 2 else Verdict.B for one in comparisons}
    gold = Annotator("experts", Source.HUMAN)
    _add(store, [Entry(one) for one in comparisons])
    _add(store, [Entry(one, gold, Preference(truth[one.id], gold=True)) for one in comparisons[::GOLD_EVERY]])
    accounts = {habit.login: add(store, habit.login) for habit in HABITS}
    for login, role in (("ada", Role.ADMIN), ("otto", Role.AUDITOR), ("eva", Role.EXPERT)):
        accounts[login] = add(store, login, role, password=PASSWORD)
    dice = random.Random(11)
    until = datetime.now(UTC)
    for number, habit in enumerate(HABITS):
        seen = [one for place, one in enumerate(comparisons) if place % GOLD_EVERY == 0 or (place + number) % 3]
        dice.shuffle(seen)
        start = until - timedelta(hours=hours * dice.uniform(0.7, 1))
        verdicts = list(_verdicts(habit, seen[:96], truth, start, until, dice))
        annotator = Annotator(accounts[habit.login].id, Source.HUMAN)
        _add(store, [Entry(one, annotator, preference) for one, preference in verdicts])
    prepare_work(store, ASSIGNMENT)
    return accounts


def _verdicts(
    habit: Habit,
    seen: list[Comparison],
    truth: dict[str, Verdict],
    start: datetime,
    until: datetime,
    dice: random.Random,
) -> Iterator[tuple[Comparison, Preference]]:
    """The rater's verdicts in order, and a second look, sides exchanged, at every sixth."""
    looks = []
    for place, one in enumerate(seen):
        looks.append((one, 0))
        if place % 6 == 5:
            looks.append((seen[place - 5], 1))
    step = (until - start) / (len(looks) + 1)
    for number, (one, repeat) in enumerate(looks, start=1):
        side = Side.A if (int(one.id[2:4], 16) + repeat) % 2 else Side.B
        right = truth[one.id]
        said = right if dice.random() < habit.skill else dice.choice([right.swapped(), Verdict.TIE])
        if dice.random() < habit.first:
            said = Verdict(side.value)
        at = (start + number * step).isoformat(timespec="microseconds").replace("+00:00", "Z")
        seconds = round(habit.seconds * dice.lognormvariate(0, 0.35), 1)
        yield one, Preference(said, shown_first=side, seconds=seconds, repeat=repeat, created_at=at)


def _add(store: Store, entries: list[Entry]) -> None:
    refused = [error for error in store.add(entries) if isinstance(error, RecordError)]
    assert not refused, refused[:3]
