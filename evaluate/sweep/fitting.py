"""Labels whose texts are too long for the full engine's model leave every draw.

Training would drop them anyhow, from one model more than from another: the ratios would not be those asked for, and
twins not of one size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd
from trl import DPOConfig, RewardConfig

from firsthand.errors import InputError
from firsthand.evaluate.sweep.config import FullRules
from firsthand.evaluate.sweep.read import FEWEST_ROWS
from firsthand.models import load_tokenizer
from firsthand.records import as_messages
from firsthand.store import Store
from firsthand.train.drops import Drops
from firsthand.train.mix import Pools
from firsthand.train.pairs import conversation_ids

TOO_LONG = "too long for the model"
IDS_AT_ONCE = 1000


def fitting(store: Store, pools: Mapping[str, Pools], rules: FullRules, seed: int) -> dict[str, Pools]:
    """The pools without the labels that a training of `rules` would drop; their drops count them as TOO_LONG.

    Raises InputError where an arm keeps too few rows of people or of the judge, and as FullRules.job_for.
    """
    job = rules.job_for(seed)
    default = (RewardConfig if rules.kind == "reward" else DPOConfig).max_length
    limit = int(job.trainer.get("max_length", default))
    ids = {
        name for pool in pools.values() for labels in (pool.human, pool.synthetic) for name in labels["comparison_id"]
    }
    long = _longer(store, sorted(ids), job.model, limit)
    return {name: _without(pool, long, name, limit) for name, pool in pools.items()}


def too_long(drops: Drops) -> int:
    """How many labels `fitting` left out."""
    return sum(drops.as_dict().get(TOO_LONG, {}).values())


def _longer(store: Store, ids: Sequence[str], model: str, limit: int) -> set[str]:
    """The comparisons whose prompt and longer response are over `limit` tokens, as train.pairs.tokenise counts them."""
    tokenizer, found = load_tokenizer(model), set()
    for start in range(0, len(ids), IDS_AT_ONCE):
        for texts in store.texts(ids[start : start + IDS_AT_ONCE]):
            both = [(name, prompt, text) for name, prompt, a, b, *_ in texts for text in (a, b) if text is not None]
            tokens = conversation_ids(tokenizer, [prompt + as_messages(text) for _, prompt, text in both])
            found |= {name for (name, *_), of in zip(both, tokens, strict=True) if len(of) > limit}
    return found


def _without(pool: Pools, long: set[str], name: str, limit: int) -> Pools:
    def kept(labels: pd.DataFrame) -> pd.DataFrame:
        return pool.drops.keep(labels, ~labels["comparison_id"].isin(long), TOO_LONG)

    found = replace(pool, human=kept(pool.human), synthetic=kept(pool.synthetic))
    if min(len(found.human), len(found.synthetic)) < FEWEST_ROWS:
        raise InputError(
            f"arm {name}: of {len(pool.human):,} human and {len(pool.synthetic):,} synthetic training rows only "
            f"{len(found.human):,} and {len(found.synthetic):,} fit into the model, and {FEWEST_ROWS} of each are "
            f"needed; raise full.job.trainer.max_length (it is {limit})"
        )
    return found
