"""Scripted annotators for the unattended demo: three raters and a judge that are programs, labelled simulated.

Each response has a latent quality that is the same for all (`quality`); an annotator sees the difference of the two
qualities, their own leanings and logistic noise, and answers by fixed thresholds. Nothing here says anything about how
people judge: it gives the pipeline something to run on, with a signal that a model can learn and disagreement that can
be measured. Seeded by names and content, so that every run gives the same verdicts.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from firsthand.lines import as_line, parse_line
from firsthand.records import Comparison, Entry, Response

GOOD_LENGTH = (150, 500)
"""Characters; inside, length costs nothing."""
TIE_BELOW = 0.2
STRENGTHS = (0.8, 1.6)
"""Differences from which a verdict is `clearly` (2) and `much` (3)."""


@dataclass(frozen=True, slots=True)
class Scripted:
    """A scripted annotator: noise is the logistic noise's scale; leanings are added to the quality of an author.

    longer: added for each doubling of length. judges: which comparisons, as an interval of the numbers from 0 to 1 that
    their ids draw.
    """

    name: str
    source: str
    noise: float
    leanings: dict[str, float] = field(default_factory=dict)
    longer: float = 0.0
    judges: tuple[float, float] = (0.0, 1.0)


RATED = (0.0, 0.6)
RATERS = (
    Scripted("simulated-1", "human", noise=0.2, judges=RATED),
    Scripted("simulated-2", "human", noise=0.4, judges=RATED),
    Scripted("simulated-3", "human", noise=0.7, leanings={"smollm2-brief": 0.2}, judges=RATED),
)
JUDGE = Scripted(
    "simulated-judge", "synthetic", noise=0.3, leanings={"smollm2-warm": 0.4}, longer=0.3, judges=(0.5, 1.0)
)
"""Has two faults on purpose: it likes long answers, and those of smollm2-warm."""


def simulated_entries(comparisons: Iterable[Comparison]) -> Iterator[Entry]:
    """The verdicts of RATERS and JUDGE on `comparisons`; the raters share three fifths, the judge the other half."""
    for comparison in comparisons:
        drawn = _draw("share", comparison.id)
        for annotator in (*RATERS, JUDGE):
            if annotator.judges[0] <= drawn < annotator.judges[1]:
                yield _verdict(annotator, comparison)


def quality(prompt: str, response: Response) -> float:
    """The latent quality of a response, without a unit.

    2 x the share of the prompt's words of five letters or more that come up in the response, less log2 of how many
    times its length is below or above GOOD_LENGTH (0 inside).
    """
    text = str(response.content)
    words = set(re.findall(r"[a-z]{5,}", prompt.lower()))
    taken_up = len(words & set(re.findall(r"[a-z]{5,}", text.lower()))) / len(words) if words else 0.0
    shortest, longest = GOOD_LENGTH
    length = max(len(text), 1)
    outside = max(shortest / length, length / longest, 1.0)
    return 2.0 * taken_up - math.log2(outside)


def _verdict(annotator: Scripted, comparison: Comparison) -> Entry:
    difference = _seen(annotator, comparison, comparison.a) - _seen(annotator, comparison, comparison.b)
    chance = min(max(_draw(annotator.name, comparison.id), 1e-9), 1 - 1e-9)
    difference += annotator.noise * math.log(chance / (1 - chance))
    verdict = "tie" if abs(difference) < TIE_BELOW else "a" if difference > 0 else "b"
    line: dict[str, Any] = as_line(Entry(comparison)) | {
        "annotator": annotator.name,
        "source": annotator.source,
        "simulated": True,
        "verdict": verdict,
        "shown_first": "a" if _draw("side", annotator.name, comparison.id) < 0.5 else "b",
        "rationale": "Simulated: a script's verdict, not a person's.",
    }
    if annotator is JUDGE:
        line["p_a"] = 1 / (1 + math.exp(-2 * difference))
        line["judge"] = {"model": JUDGE.name}
    elif verdict != "tie":
        line["strength"] = 1 + sum(abs(difference) >= step for step in STRENGTHS)
    return parse_line(line)


def _seen(annotator: Scripted, comparison: Comparison, response: Response) -> float:
    """The quality of a response as the annotator leans."""
    prompt = " ".join(message["content"] for message in comparison.prompt)
    leaning = annotator.leanings.get(response.author or "", 0.0)
    return quality(prompt, response) + leaning + annotator.longer * math.log2(max(response.length or 1, 1))


def _draw(*names: str) -> float:
    """A number from 0 to 1 that depends on `names` alone: seven bytes of their BLAKE2b, scaled."""
    digest = hashlib.blake2b("\x00".join(names).encode(), digest_size=7).digest()
    return int.from_bytes(digest, "big") / 2**56
