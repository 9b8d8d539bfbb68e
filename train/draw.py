"""Drawing the training rows: exact shares, nested across ratios, strata kept, shortages by policy."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from firsthand.errors import InputError
from firsthand.records import Source
from firsthand.train.mix_config import MixConfig


@dataclass(frozen=True, slots=True)
class Draw:
    """The drawn rows, with `repetition` counting from 0, and how many rows each source was asked for."""

    rows: pd.DataFrame
    requested: dict[str, int]


def draw(human: pd.DataFrame, synthetic: pd.DataFrame, strata: "pd.Series[str] | None", config: MixConfig) -> Draw:
    """Draw the shares of `config.ratio` from the two pools of labels, which come by comparison and annotator.

    Both pools are put into one seeded order of the comparisons, people's from its front and judges' from its back, and
    each source takes a prefix of its own. So a larger share only adds rows to what a smaller one took, and a comparison
    labelled by both is drawn twice only when the two prefixes meet. `strata` maps comparisons to tags: with it every
    prefix holds each tag in its pool's share, within one row.

    A source with a share has rows. Raises InputError where they are too few under `shortage: error`.
    """
    pools = {
        Source.HUMAN: _in_order(human, config.seed, strata),
        Source.SYNTHETIC: _in_order(synthetic, config.seed, strata, from_the_back=True),
    }
    available = {source: len(pool) for source, pool in pools.items()}
    largest = _largest(config, available)
    size = largest if config.size == "max" else config.size
    short = size > largest
    if short and config.shortage == "error":
        raise InputError(
            f"size {size} at this ratio needs {_sentence(_rows(config, size))} but the store gives "
            f"{_sentence(available)}; at most {largest} rows hold the ratio (shortage: shrink or repeat)"
        )
    if short and config.shortage == "shrink":
        size = largest
    drawn = [_take(pools[source], count) for source, count in _rows(config, size).items() if count]
    wanted = _rows(config, size if config.size == "max" else config.size)
    return Draw(pd.concat(drawn, ignore_index=True), {source.value: rows for source, rows in wanted.items()})


def _rows(config: MixConfig, size: int) -> dict[Source, int]:
    """Rows of each source in a mix of `size`: the requested share to the nearest row."""
    synthetic = int(Fraction(str(config.ratio.synthetic)) * size + Fraction(1, 2))
    return {Source.HUMAN: size - synthetic, Source.SYNTHETIC: synthetic}


def _largest(config: MixConfig, available: dict[Source, int]) -> int:
    """The largest size that holds the ratio without repeating a row."""
    bounds = [
        Fraction(rows) / Fraction(str(config.ratio.of(source)))
        for source, rows in available.items()
        if config.ratio.of(source) > 0
    ]
    return int(min(bounds))


def _in_order(
    pool: pd.DataFrame, seed: int, strata: "pd.Series[str] | None", *, from_the_back: bool = False
) -> pd.DataFrame:
    """The pool in the seeded order of its comparisons, each prefix holding every stratum in its share."""
    key = f"{seed & (2**64 - 1):016x}"
    position = pd.util.hash_array(pool["comparison_id"].to_numpy(dtype=object), hash_key=key, categorize=False)
    pool = pool.iloc[np.argsort(~position if from_the_back else position, kind="stable")]
    if strata is not None and len(pool):
        tag = pool["comparison_id"].map(strata)
        groups = tag.groupby(tag)
        place = (groups.cumcount() + 0.5) / groups.transform("size")
        pool = pool.iloc[np.argsort(place.to_numpy(), kind="stable")]
    return pool.reset_index(drop=True)


def _take(pool: pd.DataFrame, count: int) -> pd.DataFrame:
    """The first `count` rows, beginning anew at the end of the pool; `repetition` counts the rounds."""
    index = np.arange(count)
    return pool.iloc[index % len(pool)].assign(repetition=index // len(pool))


def _sentence(rows: dict[Source, int]) -> str:
    return " and ".join(f"{count} {source}" for source, count in rows.items())
