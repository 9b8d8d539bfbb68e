"""Which rows each model of a sweep trains on: every arm, ratio and seed, drawn as `train mix` draws.

Draws are nested: with one seed a larger share only adds rows to what a smaller one took.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pandas as pd

from firsthand.errors import InputError
from firsthand.evaluate.sweep.config import SweepConfig
from firsthand.evaluate.sweep.outcome import Arm
from firsthand.evaluate.sweep.permute import permuted
from firsthand.evaluate.sweep.read import Material
from firsthand.train.draw import draw
from firsthand.train.mix import Pools
from firsthand.train.mix_config import MixConfig, Ratio

HUMAN = "human"


@dataclass(frozen=True, slots=True)
class Planned:
    """A model to be trained on so many rows of people and of the judge, drawn from `pools` as `mix` says."""

    arm: Arm
    seed: int
    human_rows: int
    synthetic_rows: int
    pools: Pools
    mix: MixConfig

    @property
    def ratio(self) -> float:
        """The share of synthetic rows."""
        return self.synthetic_rows / (self.human_rows + self.synthetic_rows)

    def rows(self) -> pd.DataFrame:
        """The labels, as labels.LABEL_COLUMNS has them; drawn at each call, for all of them would fill the memory."""
        return draw(self.pools.human, self.pools.synthetic, self.pools.strata, self.mix).rows


def plan(material: Material, config: SweepConfig) -> Iterator[Planned]:
    """Every model of the sweep, seed by seed."""
    for seed in config.all_seeds():
        for name, pools in material.pools.items():
            base = config.mix(name, material.judge).model_copy(update={"seed": seed})
            if "replace" in config.designs:
                yield from _replace(Arm(name, "replace"), pools, base, config)
            if "add" in config.designs:
                yield from _add(Arm(name, "add"), pools, base, config)
            if "permuted" in config.designs:
                control = replace(pools, synthetic=permuted(pools.synthetic, material.comparisons, seed))
                yield from _replace(Arm(name, "permuted"), control, base, config)
        first = next(iter(material.pools))
        base = config.mix(first, material.judge).model_copy(update={"seed": seed})
        yield from _curve(material.pools[first], base, config)


def mixes(material: Material, config: SweepConfig) -> dict[str, Mapping[str, object]]:
    """By arm, the values of its `train mix` config but for the ratio."""
    found = {name: config.mix(name, material.judge).model_dump(mode="json", exclude={"ratio"}) for name in config.arms}
    return {**found, HUMAN: found[next(iter(config.arms))]}


def check_ratios(material: Material, config: SweepConfig) -> None:
    """Raises InputError where no model would train on synthetic rows beside one that trains on none."""
    for pools in material.pools.values():
        if len(_replaced(pools, config)) > 1 and "replace" in config.designs:
            return
        if len(_added(pools, config)) > 1 and "add" in config.designs:
            return
    ratios = _shares(config.ratios)
    raise InputError(
        f"the ratios {ratios} give no model with synthetic rows to compare with people's rows alone: put 0 and at "
        "least one larger ratio under ratios, or raise rows and human_rows so that one of them makes a row"
    )


def left_out(pools: Pools, config: SweepConfig) -> list[str]:
    """The ratios below 1 that a design trains no model of its own for, and why."""
    people, size = _people(pools, config), _size(pools, config)
    counts = {
        "replace": {ratio: round(ratio * size) for ratio in config.ratios},
        "add": {ratio: _beside(people, ratio) for ratio in config.ratios if ratio < 1},
    }
    found = []
    for design in (each for each in config.designs if each in counts):
        same = [ratio for (_, fewer), (ratio, count) in pairwise(counts[design].items()) if count == fewer]
        if same:
            found.append(f"{design} leaves out {_shares(same)}: as many synthetic rows as a smaller ratio")
    far = [ratio for ratio, count in counts["add"].items() if count > len(pools.synthetic)]
    if "add" in config.designs and far:
        found.append(f"add leaves out {_shares(far)}: the judge has only {len(pools.synthetic):,} labels to train on")
    return found


def _replace(arm: Arm, pools: Pools, base: MixConfig, config: SweepConfig) -> Iterator[Planned]:
    """Twins: the same number of rows at every ratio."""
    for synthetic in _replaced(pools, config):
        yield _drawn(arm, pools, base, _size(pools, config) - synthetic, synthetic)


def _add(arm: Arm, pools: Pools, base: MixConfig, config: SweepConfig) -> Iterator[Planned]:
    """All human rows, and as many synthetic ones as make the ratio; at last as many as there are."""
    for synthetic in _added(pools, config):
        yield _drawn(arm, pools, base, _people(pools, config), synthetic)


def _replaced(pools: Pools, config: SweepConfig) -> list[int]:
    """Synthetic rows of each twin, rising."""
    return list(dict.fromkeys(round(ratio * _size(pools, config)) for ratio in config.ratios))


def _added(pools: Pools, config: SweepConfig) -> list[int]:
    """Synthetic rows of each model that adds them, rising."""
    people = _people(pools, config)
    counts = [_beside(people, ratio) for ratio in config.ratios if ratio < 1]
    reached = [count for count in counts if count <= len(pools.synthetic)]
    if len(reached) < len(config.ratios) and reached[-1] < len(pools.synthetic):
        reached.append(len(pools.synthetic))
    return list(dict.fromkeys(reached))


def _curve(pools: Pools, base: MixConfig, config: SweepConfig) -> Iterator[Planned]:
    """Shares of the human rows alone."""
    counts = [round(share * len(pools.human)) for share in config.curve]
    for count in dict.fromkeys(max(1, count) for count in counts):
        yield _drawn(Arm(HUMAN, "human"), pools, base, count, 0)


def _drawn(arm: Arm, pools: Pools, base: MixConfig, human: int, synthetic: int) -> Planned:
    size = human + synthetic
    ratio = Ratio(human=human / size, synthetic=synthetic / size)
    # The pools hold as many; `shrink` would lose a row to the rounding of the shares.
    mix = base.model_copy(update={"ratio": ratio, "size": size, "shortage": "repeat"})
    return Planned(arm, base.seed, human, synthetic, pools, mix)


def _size(pools: Pools, config: SweepConfig) -> int:
    size = min(len(pools.human), len(pools.synthetic))
    return size if config.rows == "max" else min(config.rows, size)


def _people(pools: Pools, config: SweepConfig) -> int:
    return len(pools.human) if config.human_rows == "max" else min(config.human_rows, len(pools.human))


def _beside(people: int, ratio: float) -> int:
    """Synthetic rows that make the ratio beside `people` human ones."""
    return round(people * ratio / (1 - ratio))


def _shares(ratios: Sequence[float]) -> str:
    return ", ".join(f"{100 * ratio:g}%" for ratio in ratios)
