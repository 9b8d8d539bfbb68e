"""What a text looks like, whatever it says: style that an audit holds constant and the fast engine learns from.

Counts enter as log(1 + count), so that a difference between two responses is the log of a ratio.
"""

import re
from collections.abc import Sequence

import numpy as np

from firsthand.bootstrap import FloatArray

LINES = {
    "headers": re.compile(r"^#{1,6} ", re.MULTILINE),
    "list items": re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)]) ", re.MULTILINE),
    "bold": re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__"),
    "code": re.compile(r"```|`[^`\n]+`"),
    "paragraphs": re.compile(r"\n\s*\n"),
    "exclamation marks": re.compile("!"),
    "question marks": re.compile(r"\?"),
    "digits": re.compile(r"\d"),
    "apologies": re.compile(r"\b(?:sorry|apologi[sz]e|as an ai|i can(?:no|')t)\b", re.IGNORECASE),
}
"""What is counted of a response, by name."""
WORD = re.compile(r"\w+")
STYLE = ("characters", *LINES)
WORDING = ("repeated words", "words of the prompt", "ends in a full stop")
NAMES = (*STYLE, *WORDING)
"""The columns of `surface`: those of STYLE can be exchanged between two responses, the content staying."""


def surface(prompts: Sequence[str], responses: Sequence[str]) -> FloatArray:
    """The features NAMES of each response: (N, len(NAMES))."""
    rows = [_row(prompt, response) for prompt, response in zip(prompts, responses, strict=True)]
    return np.array(rows, np.float64).reshape(len(rows), len(NAMES))


def _row(prompt: str, response: str) -> list[float]:
    counts = [len(response), *(len(pattern.findall(response)) for pattern in LINES.values())]
    words = WORD.findall(response.lower())
    asked = set(WORD.findall(prompt.lower()))
    number = max(1, len(words))
    repeated = 1 - len(set(words)) / number
    echoed = sum(word in asked for word in words) / number
    finished = float(response.rstrip().endswith((".", "!", "?", "```", '"')))
    return [*np.log1p(counts), repeated, echoed, finished]
