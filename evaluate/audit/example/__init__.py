"""A small real audit that comes with firsthand: MT-bench's human votes and GPT-4's verdicts, figures without texts.

mtbench.jsonl.gz holds native lines, ATTRIBUTION.md whose data they are (CC-BY-4.0), make.py makes them again.
"""

import gzip
from collections.abc import Iterator
from importlib.resources import files

import orjson

from firsthand.lines import parse_line
from firsthand.records import Entry

NOTICE = (
    "MT-bench human judgments (Zheng et al. 2023, arXiv 2306.05685), CC-BY-4.0: people's votes and GPT-4's verdicts, "
    "without the texts."
)


def example_entries() -> Iterator[Entry]:
    """The votes of people and the verdicts of GPT-4; tags: domain and turn."""
    packed = files("firsthand.evaluate.audit.example").joinpath("mtbench.jsonl.gz").read_bytes()
    for line in gzip.decompress(packed).splitlines():
        yield parse_line(orjson.loads(line))
