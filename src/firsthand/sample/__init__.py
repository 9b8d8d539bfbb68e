"""Sample comparisons that come with firsthand: prompts written for it, answered by SmolLM2-135M-Instruct three ways.

prompts.yaml holds the prompts, sample.json how the answers were made, generate.py makes them again. Apache-2.0.
"""

import gzip
from collections.abc import Iterator
from importlib.resources import files

import orjson

from firsthand.lines import parse_line
from firsthand.records import Entry

NOTICE = (
    "Sample comparisons: the answers are a very small model's (SmolLM2-135M) and nobody has checked them. Many are "
    "wrong, none is advice. Some prompts are about illness, self-harm and loss; skip any that you would rather not "
    "read."
)


def sample_entries() -> Iterator[Entry]:
    """The sample comparisons, without verdicts; tags: domain, and kind (ordinary, expert or sensitive)."""
    packed = files("firsthand.sample").joinpath("comparisons.jsonl.gz").read_bytes()
    for line in gzip.decompress(packed).splitlines():
        yield parse_line(orjson.loads(line))
