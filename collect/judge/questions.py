"""What a judge is still to be asked: every comparison, order, repeat and sample that the journal has no answer to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, TypeAlias

from firsthand.collect.judge.asked import Asked
from firsthand.collect.judge.config import Choice, Method
from firsthand.collect.judge.pages import has_text, judged, pages
from firsthand.records import Comparison, Message, Side, content_id, dump
from firsthand.store import Store
from firsthand.store.calls import answered, failed_calls

KIND = "judge"
Answer: TypeAlias = dict[str, Any]
"""An answer as the journal keeps it: what it says (`shares` or `word`), the model, tokens and cost."""


@dataclass(slots=True, eq=False)
class Unit:
    """One comparison asked once in each order; its verdicts are written together, once every answer is there."""

    comparison: Comparison
    repeat: int
    orders: tuple[Side, ...]
    samples: int
    answers: dict[tuple[Side, int], Answer] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every order has all its answers."""
        return len(self.answers) == len(self.orders) * self.samples


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One call to be made; failures: how often it was made before and brought no answer, counted for samples."""

    unit: Unit
    shown_first: Side
    sample: int
    key: str
    messages: list[Message]
    failures: int = 0


@dataclass(slots=True)
class Backlog:
    """What was met while questions were listed: comparisons, those without texts, units that had their verdicts.

    ready: units whose answers were all in the journal. reused: answers found there.
    """

    comparisons: int = 0
    without_text: int = 0
    units: int = 0
    judged_before: int = 0
    reused: int = 0
    ready: list[Unit] = field(default_factory=list)


def questions(store: Store, asked: Asked, choice: Choice, backlog: Backlog) -> Iterator[Question]:
    """Every call that is still to be made, by prompt, then by the response shown first, then by the other one.

    So those that begin alike follow each other, and a server that keeps what it has read reads that once.
    """
    failures = failed_calls(store, KIND) if asked.method is Method.SAMPLES else {}
    for page in pages(store, choice):
        readable = [comparison for comparison in page if has_text(comparison)]
        backlog.comparisons += len(readable)
        backlog.without_text += len(page) - len(readable)
        yield from _of_page(store, asked, readable, failures, backlog)


def _of_page(
    store: Store, asked: Asked, comparisons: Sequence[Comparison], failures: Mapping[str, int], backlog: Backlog
) -> Iterator[Question]:
    units = [
        Unit(comparison, repeat, _orders(asked, comparison), asked.samples)
        for comparison in comparisons
        for repeat in range(asked.judge.repeats)
    ]
    known_verdicts = judged(store, asked.name, asked.template.sha256, comparisons)
    open_units = [unit for unit in units if not _keys_of_verdicts(unit) <= known_verdicts]
    backlog.units += len(units)
    backlog.judged_before += len(units) - len(open_units)
    calls = {
        _key(asked, unit, side, sample): (unit, side, sample)
        for unit in open_units
        for side in unit.orders
        for sample in range(unit.samples)
    }
    known = answered(store, KIND, calls.keys())
    backlog.reused += len(known)
    for key, answer in known.items():
        unit, side, sample = calls[key]
        unit.answers[side, sample] = answer
    backlog.ready += [unit for unit in open_units if unit.complete]
    still = [(*_shown(unit.comparison, side), key) for key, (unit, side, _) in calls.items() if key not in known]
    for *_, key in sorted(still, key=itemgetter(0, 1, 2)):
        unit, side, sample = calls[key]
        messages = asked.template.messages(unit.comparison, side)
        yield Question(unit, side, sample, key, messages, failures.get(key, 0))


def _shown(comparison: Comparison, first: Side) -> tuple[str, str, str]:
    """What is read, in this order: the ids of the prompt and of the two responses."""
    a, b = comparison.a.id, comparison.b.id
    return (comparison.prompt_id, a, b) if first is Side.A else (comparison.prompt_id, b, a)


def _orders(asked: Asked, comparison: Comparison) -> tuple[Side, ...]:
    """Both; or one, drawn by a hash of the judge and the comparison."""
    if asked.judge.orders == "both":
        return Side.A, Side.B
    return (Side.A if int(content_id("order", asked.name, comparison.id), 16) % 2 else Side.B,)


def _keys_of_verdicts(unit: Unit) -> set[tuple[str, str, int]]:
    return {(unit.comparison.id, side.value, unit.repeat) for side in unit.orders}


def _key(asked: Asked, unit: Unit, side: Side, sample: int) -> str:
    """What a call is known by: all that decides its answer, but the endpoint."""
    which = (unit.comparison.id, side.value, str(unit.repeat), str(sample))
    return content_id(KIND, *which, asked.name, asked.template.sha256, dump(asked.facts()))
