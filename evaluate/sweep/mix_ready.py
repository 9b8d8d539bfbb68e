"""The recommendation as the configuration of a mix, ready for `firsthand train mix`."""

from collections.abc import Mapping
from typing import Any

import yaml

from firsthand.evaluate.sweep.outcome import Sweep
from firsthand.evaluate.sweep.recommend import Recommendation
from firsthand.evaluate.table import plain

LONGEST = 1_000
PLACES = 4
"""Of a ratio: finer than a sweep can tell."""


def mix_yaml(sweep: Sweep, recommendation: Recommendation) -> str | None:
    """The YAML, headed by the recommendation and the command; None where nothing can be recommended."""
    if recommendation.ratio is None:
        return None
    synthetic = round(recommendation.ratio, PLACES)
    ratio = {"human": round(1 - synthetic, PLACES), "synthetic": synthetic}
    limited = sweep.sized or recommendation.replaces
    size = {"size": recommendation.rows} if limited else {}
    content: Mapping[str, Any] = {**sweep.mix.get(recommendation.arm, {}), **size, "ratio": ratio}
    said = plain(recommendation.sentence, LONGEST)
    heads = ["# firsthand train mix mix.yaml --out runs/mix", "#", f"# {said}", ""]
    return "\n".join(heads) + yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True)
