"""From what a loop of real models left to what the statistics read."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from firsthand.bootstrap import FloatArray
from firsthand.config import closest
from firsthand.errors import InputError
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.lineage import lineages_of, read_lineages
from firsthand.evaluate.audit.read import read_table
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.audit.targets import Target, own_target
from firsthand.evaluate.generations.config import GenerationsConfig, ModelLoop
from firsthand.evaluate.generations.diversity import measure_sets, words_of
from firsthand.evaluate.generations.loop import Ran
from firsthand.evaluate.generations.outcome import TWIN, Generation, Loops
from firsthand.evaluate.generations.source import ANCHOR
from firsthand.lineage import Relation
from firsthand.store import Store

OFF = 0.05
"""Of rows, and of their ratio: what is further from what was asked for is told."""
SHOWN = 3
"""Models that a warning names."""


def loops_of(ran: Ran, config: GenerationsConfig, loop: ModelLoop, out: Path) -> Loops:
    """The loops with their anchor; raises InputError where models.own names an author that the anchor does not hold."""
    with Store(str(out / ANCHOR), must_exist=True) as store:
        whole = read_table(store, AuditConfig(judges=[loop.judge_name]))
    if whole.ids is None:
        raise AssertionError("a table that was read from a store has ids")
    row = {pair.id: number for number, pair in enumerate(ran.pairs)}
    anchor = whole.part(np.array([id_ in row for id_ in whole.ids], np.bool_))
    rows = np.array([row[id_] for id_ in whole.ids if id_ in row], np.int64)
    sets = {("first", seed): responses for seed, responses in ran.first.items()}
    sets |= {(f"{one.ratio:g}-{one.generation}", one.seed): one.responses for one in ran.models}
    named = {f"{name}-{seed}": responses for (name, seed), responses in sets.items()}
    diversity, matched = measure_sets(named, loop.probes.fewest_words)
    models = [
        Generation(TWIN, 0, seed, 0, 0, None, diversity[f"first-{seed}"], _words(responses))
        for seed, responses in ran.first.items()
    ]
    models += [
        Generation(
            one.ratio,
            one.generation,
            one.seed,
            one.rows.get("human", 0),
            one.rows.get("synthetic", 0),
            one.beta * one.gap[rows],
            diversity[f"{one.ratio:g}-{one.generation}-{one.seed}"],
            _words(one.responses),
        )
        for one in ran.models
    ]
    left_out = ran.split.anchor_comparisons - len(anchor)
    facts = {
        "first model": loop.model,
        "each generation starts from": "the one before" if loop.training.start == "previous" else "the first model",
        "rows of a mix": loop.rows,
        "rows longer than max_length, not trained on": sum(one.too_long for one in ran.models),
        "rows that are there again": sum(one.repeated for one in ran.models),
        "comparisons of people to train on": ran.split.human_comparisons,
        "comparisons without texts, left out": ran.split.without_text,
        "prompts that a generation answers": ran.split.prompts,
        "anchor comparisons longer than max_length, left out": left_out,
        "probe prompts": matched.prompts,
        "probe prompts left out, fewer than two long responses": matched.left_out,
        "responses compared on a probe prompt (k)": _rounded(matched.k),
        "words that they are cut to": _rounded(matched.words),
        "responses too short for it": f"{matched.too_short:,} of {matched.responses:,}",
        **ran.counts,
    }
    own = _own(anchor, config, loop)
    return Loops(anchor, loop.judge_name, own, tuple(models), "models", facts, warnings=tuple(_warnings(models, loop)))


def _warnings(models: Sequence[Generation], loop: ModelLoop) -> Iterator[str]:
    """Where the rows that were trained on are not those that were asked for, in number or in their ratio."""
    off = []
    for model in models:
        rows = model.human_rows + model.synthetic_rows
        share = model.synthetic_rows / rows if rows else 0.0
        if model.generation and (rows < (1 - OFF) * loop.rows or abs(share - model.ratio) > OFF):
            off.append(f"generation {model.generation} at {model.ratio:g}: {rows:,} rows, {share:.0%} of them judged")
    if off:
        yield (
            f"{len(off):,} of {len(models):,} models were trained on other rows than asked for ({loop.rows:,}), since "
            f"training leaves out what is longer than max_length: {'; '.join(off[:SHOWN])}"
            f"{'; …' if len(off) > SHOWN else ''}. A loop and its twin then differ in more than the judge: raise "
            "max_length, or shorten responses."
        )


def _own(anchor: AuditTable, config: GenerationsConfig, loop: ModelLoop) -> Target | None:
    """The judge's own kind: as configured, else by lineage."""
    if loop.own is None:
        return own_target(anchor, loop.judge_name, lineages_of(anchor, read_lineages(config.lineage)))
    for name in loop.own:
        if name not in anchor.authors:
            raise InputError(
                f"models.own names {name!r}{closest(name, anchor.authors)}, but the authors of the anchor are "
                f"{', '.join(map(repr, anchor.authors)) or 'unknown'}"
            )
    places = tuple(anchor.authors.index(name) for name in loop.own)
    return Target(", ".join(loop.own), places, Relation.SAME_FAMILY) if places else None


def _words(responses: Sequence[Sequence[str]]) -> float | None:
    lengths: FloatArray = np.array([len(words_of(text)) for each in responses for text in each], np.float64)
    return float(lengths.mean()) if len(lengths) else None


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 1)
