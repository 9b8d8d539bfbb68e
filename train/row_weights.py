"""How much each training row counts: by its source, its judge, and how far its raters are trusted."""

import pandas as pd

from firsthand.records import Source
from firsthand.train.mix_config import MixConfig


def weighed(labels: pd.DataFrame, source: Source, config: MixConfig) -> pd.DataFrame:
    """The labels of `source` with their column `weight` multiplied by what the config says of them."""
    if source is Source.HUMAN:
        return labels.assign(weight=config.weights.human * labels["weight"])
    judges = labels["annotator"].map(config.synthetic.weights).astype("float64").fillna(1.0)
    return labels.assign(weight=config.weights.synthetic * judges * labels["weight"])


def weight_facts(rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """What the manifest tells of the training rows of each source.

    share: of the sum of all weights. effective_rows: sum(w)^2 / sum(w^2), the equally weighed rows that would leave the
    variance of a mean the same (Kish 1965).
    """
    total = rows["weight"].sum()
    return {
        source.value: {
            "mean": float(weight.mean()),
            "min": float(weight.min()),
            "max": float(weight.max()),
            "share": float(weight.sum() / total),
            "effective_rows": float(weight.sum() ** 2 / (weight**2).sum()),
        }
        for source in Source
        if len(weight := rows.loc[rows["source"] == source.value, "weight"])
    }
