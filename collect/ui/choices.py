"""What a rater can say of a pair, and what is recorded for it; A is the response shown first."""

from dataclasses import asdict, dataclass
from typing import Any

from firsthand.collect.serve_config import Rating
from firsthand.records import Verdict

SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Choice:
    """One button: its id in requests, its key, its words, and what it means."""

    id: str
    key: str
    label: str
    verdict: Verdict
    strength: int | None = None


_Step = tuple[str, str, Verdict, int | None]
_TIE: _Step = ("tie", "No difference", Verdict.TIE, None)
_SCALES: dict[int, tuple[_Step, ...]] = {
    3: (("a", "A better", Verdict.A, None), _TIE, ("b", "B better", Verdict.B, None)),
    5: (
        ("a3", "A much better", Verdict.A, 3),
        ("a1", "A slightly better", Verdict.A, 1),
        _TIE,
        ("b1", "B slightly better", Verdict.B, 1),
        ("b3", "B much better", Verdict.B, 3),
    ),
    7: (
        ("a3", "A much better", Verdict.A, 3),
        ("a2", "A better", Verdict.A, 2),
        ("a1", "A slightly better", Verdict.A, 1),
        _TIE,
        ("b1", "B slightly better", Verdict.B, 1),
        ("b2", "B better", Verdict.B, 2),
        ("b3", "B much better", Verdict.B, 3),
    ),
}


def choices(rating: Rating) -> list[Choice]:
    """The buttons of the page, in the order they are shown: the steps from A to B, then "both bad"."""
    steps = [
        Choice(name, str(number), label, verdict, strength)
        for number, (name, label, verdict, strength) in enumerate(_SCALES[rating.steps], start=1)
    ]
    return [*steps, Choice("both_bad", "0", "Both bad", Verdict.BOTH_BAD)] if rating.both_bad else steps


def choices_json(rating: Rating) -> list[dict[str, Any]]:
    """The buttons as the page's script takes them."""
    return [asdict(choice) for choice in choices(rating)]


def choice_id(rating: Rating, verdict: Verdict, strength: int | None) -> str:
    """The id of the choice that stands for a recorded verdict: the nearest one where the scale has changed since."""
    same = [choice for choice in choices(rating) if choice.verdict is verdict]
    if not same:
        return SKIP
    return min(same, key=lambda choice: abs((choice.strength or 2) - (strength or 2))).id
