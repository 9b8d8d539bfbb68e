"""From a judge's answers to preferences: one row an order, both written together."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from firsthand.collect.judge.answers import Shares, from_json, shares_of_samples, verdict_of
from firsthand.collect.judge.asked import Asked
from firsthand.collect.judge.config import Method
from firsthand.collect.judge.questions import Answer, Unit
from firsthand.collect.work.turns import stamp
from firsthand.errors import InputError, RecordError
from firsthand.records import Annotator, Entry, Preference, Source
from firsthand.store import Store


def entries_of(asked: Asked, unit: Unit) -> list[Entry]:
    """The preferences of a complete unit, one an order, with whether the orders agree where both were asked."""
    now = stamp(datetime.now(UTC))
    orders = {side: [unit.answers[side, sample] for sample in range(unit.samples)] for side in unit.orders}
    turned = {side: _shares(asked, answers).turned(side) for side, answers in orders.items()}
    verdicts = {side: verdict_of(*shares) for side, shares in turned.items()}
    consistent = len({verdict for verdict, _ in verdicts.values()}) == 1 if len(orders) == 2 else None
    model = next(iter(unit.answers.values()))["model"]
    annotator = Annotator(asked.name, Source.SYNTHETIC, model, asked.judge.family)
    return [
        Entry(
            unit.comparison,
            annotator,
            Preference(
                verdict=verdicts[side][0],
                p_a=verdicts[side][1],
                shown_first=side,
                prompt_sha256=asked.template.sha256,
                repeat=unit.repeat,
                swap_consistent=consistent,
                created_at=now,
                detail=_detail(asked, answers, turned[side][2]),
            ),
        )
        for side, answers in orders.items()
    ]


def add_verdicts(store: Store, entries: Sequence[Entry]) -> None:
    """Add judges' preferences in one transaction; raises InputError where the store refuses one."""
    refused = [error for error in store.add(entries) if isinstance(error, RecordError)] if entries else []
    if refused:
        raise InputError(f"the store refuses {len(refused)} of {len(entries)} verdicts; the first: {refused[0]}")


def _shares(asked: Asked, answers: list[Answer]) -> Shares:
    if asked.method is Method.SAMPLES:
        return shares_of_samples([answer["word"] for answer in answers], asked.judge.answers)
    return from_json(answers[0]["shares"])


def _detail(asked: Asked, answers: list[Answer], tie: float) -> dict[str, Any]:
    """What is kept of how the verdict came about; docs/judging.md says what each is."""
    costs = [answer["cost"] for answer in answers]
    sampled = asked.method is Method.SAMPLES
    detail = {
        **asked.facts(),
        "endpoint_model": answers[0]["model"],
        "p_tie": tie,
        "outside": None if sampled else answers[0]["shares"]["outside"],
        "sampled": dict(Counter(answer["word"] for answer in answers)) if sampled else None,
        "prompt_tokens": sum(answer["prompt_tokens"] for answer in answers),
        "completion_tokens": sum(answer["completion_tokens"] for answer in answers),
        "cost": None if None in costs else sum(costs),
    }
    return {name: value for name, value in detail.items() if value is not None}
