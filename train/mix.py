"""Drawing a training set from the store at a ratio: votes -> labels -> conflicts -> split -> draw -> files.

The prompts of the anchor are the same for every ratio and seed, and for a store that grows: a prompt is in it when the
hash of its id, as a number from 0 to 1, is below the anchor's fraction.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from firsthand import __version__
from firsthand.errors import InputError
from firsthand.records import Source, content_id
from firsthand.store import Counts, Store, tag_values
from firsthand.train.admitted import admitted_labels
from firsthand.train.calibrate import calibrated, people_prefer
from firsthand.train.draw import draw
from firsthand.train.drops import Drops
from firsthand.train.labels import human_labels, once_each, synthetic_labels, usable
from firsthand.train.mix_card import mix_card
from firsthand.train.mix_config import MixConfig
from firsthand.train.mix_files import CARD, DATA, content_sha256, write_manifest, write_split, write_text, written_whole
from firsthand.train.row_weights import weighed, weight_facts
from firsthand.train.trust import trusted

SPLITS = ("train", "anchor", "synthetic_heldout")
UNTAGGED = "(untagged)"
VOTES_READ = (
    "comparison_id prompt_id annotator source simulated verdict p_a strength shown_first prompt_sha256 repeat"
    " swap_consistent gold has_text".split()
)


@dataclass(frozen=True, slots=True)
class Mix:
    """The rows of each split, and the facts that the manifest tells of them."""

    splits: dict[str, pd.DataFrame]
    facts: dict[str, Any]


def write_mix(store: Store, config: MixConfig, out: Path) -> dict[str, Any]:
    """Draw the mix and write it to the folder `out`; returns the manifest.

    Same store, config and seed give the same bytes. Raises InputError when the store can't give such a mix; then, and
    on a full disk, nothing is left at `out` that was not there before.
    """
    return write_drawn(store, draw_mix(store, config), out)


def write_drawn(store: Store, mix: Mix, out: Path) -> dict[str, Any]:
    """Write a drawn mix to the folder `out`; returns the manifest."""
    with written_whole(out) as folder:
        for name, rows in mix.splits.items():
            if len(rows):
                write_split(store, rows, folder / DATA, name)
        manifest = {**mix.facts, "content_sha256": content_sha256(folder / DATA)}
        write_text(folder / CARD, mix_card(manifest))
        write_manifest(folder, manifest)
    return manifest


@dataclass(frozen=True, slots=True)
class Pools:
    """What a draw takes rows from, and what is held out; labels as labels.LABEL_COLUMNS.

    human, synthetic: on training prompts, after every filter. anchor, heldout: of people and of judges, on held-out
    prompts. strata: the tag of each comparison. anchor_share: of the prompts people labelled. admitted: what the
    admission file let in. trust, curves: how people's and judges' labels were weighed and calibrated, None for not.
    drops: why rows are in none of these.
    """

    human: pd.DataFrame
    synthetic: pd.DataFrame
    anchor: pd.DataFrame
    heldout: pd.DataFrame
    strata: "pd.Series[str] | None"
    anchor_share: float
    admitted: dict[str, Any] | None
    trust: dict[str, Any] | None
    curves: list[dict[str, Any]] | None
    drops: Drops


def read_pools(store: Store, config: MixConfig) -> Pools:
    """The labels that a mix of `config` may draw, whatever its ratio, size and seed; raises InputError as draw_mix."""
    drops = Drops()
    reads_tags = config.stratify or config.synthetic.validated
    votes = usable(store.votes([*VOTES_READ, *(["tags"] if reads_tags else [])]), drops)
    if votes.empty:
        raise InputError("the store holds no preferences to mix; firsthand collect import FILE brings some")
    is_human = votes["source"] == Source.HUMAN.value
    people = once_each(votes[is_human], drops)
    synthetic = synthetic_labels(votes[~is_human], config.synthetic, drops)
    _check_judges(votes[~is_human], config)
    synthetic, admitted = admitted_labels(synthetic, votes, config.synthetic.admission, drops)

    prompts = pa.array(votes["prompt_id"]).unique().to_pylist()
    held_out = [prompt_id for prompt_id in prompts if in_anchor(prompt_id, config.anchor.fraction)]
    # Votes are split before they become labels: what a model learns of raters must not come from the anchor.
    people, of_anchor = _split(people, held_out)
    human_train, anchor = (human_labels(part, config.human, drops) for part in (people, of_anchor))
    synthetic_train, heldout = _split(synthetic, held_out)
    anchor_share = _anchor_share(human_train, anchor)
    curves = None
    if config.synthetic.calibrate:
        synthetic_train, heldout, curves = calibrated(synthetic_train, heldout, people_prefer(people), drops)
    drops.count("prompt held out in the anchor", pd.concat([anchor["source"], heldout["source"]]))
    people_saw = votes.loc[is_human, "comparison_id"]
    human_train, synthetic_train = _settle_conflicts(human_train, synthetic_train, people_saw, config, drops)

    human_train, trust = trusted(human_train, people, config.human, drops)
    human_train = weighed(human_train, Source.HUMAN, config)
    synthetic_train = weighed(synthetic_train.assign(weight=1.0), Source.SYNTHETIC, config)

    strata = _strata(votes, config.stratify)
    return Pools(
        human_train,
        synthetic_train,
        anchor,
        heldout,
        strata,
        anchor_share=anchor_share,
        admitted=admitted,
        trust=trust,
        curves=curves,
        drops=drops,
    )


def draw_mix(store: Store, config: MixConfig) -> Mix:
    """Decide which rows the mix holds, without their texts."""
    return mix_from(read_pools(store, config), config, store.counts())


def mix_from(pools: Pools, config: MixConfig, counts: Counts) -> Mix:
    """The mix that `config` draws from pools of it, whatever its ratio, size and seed; counts: of the whole store."""
    left = {Source.HUMAN: len(pools.human), Source.SYNTHETIC: len(pools.synthetic)}
    _check_sources(left, pools.drops, config)
    drawn = draw(pools.human, pools.synthetic, pools.strata, config)
    rows = drawn.rows
    plain = {"weight": 1.0, "repetition": 0}
    splits = {
        "train": rows,
        "anchor": pools.anchor.assign(**plain),
        "synthetic_heldout": pools.heldout.assign(**plain),
    }
    facts = {
        "schema": 1,
        "firsthand": __version__,
        "config": config.model_dump(mode="json"),
        "requested": {
            source: {"rows": rows, "share": config.ratio.of(Source(source))} for source, rows in drawn.requested.items()
        },
        "realised": _shares({source.value: int((rows["source"] == source.value).sum()) for source in Source}),
        "repeated": int((rows["repetition"] > 0).sum()),
        "splits": {
            name: {"rows": len(split), "prompts": int(split["prompt_id"].nunique())} for name, split in splits.items()
        },
        "anchor": {"requested": config.anchor.fraction, "realised": pools.anchor_share},
        "available": {source.value: count for source, count in left.items()},
        "simulated": {name: int(split["simulated"].sum()) for name, split in splits.items()},
        "drops": pools.drops.as_dict(),
        "admission": pools.admitted,
        "weights": weight_facts(rows),
        "trust": pools.trust,
        "calibration": pools.curves,
        "not_drawn": {
            source.value: count - int(((rows["source"] == source.value) & (rows["repetition"] == 0)).sum())
            for source, count in left.items()
        },
        "strata": _coverage(pools.human, pools.synthetic, rows, pools.strata),
        "store": asdict(counts),
    }
    return Mix(splits, {**facts, "warnings": _warnings(facts, config)})


def in_anchor(prompt_id: str, fraction: float) -> bool:
    """Whether the prompt is held out, whatever the ratio, the seed and the rest of the store."""
    return int(content_id("anchor", prompt_id)[:16], 16) < fraction * 2**64


def _check_sources(left: dict[Source, int], drops: Drops, config: MixConfig) -> None:
    for source, rows in left.items():
        if config.ratio.of(source) > 0 and rows == 0:
            reasons = "; ".join(
                f"{reason}: {counts[source.value]:,}"
                for reason, counts in drops.as_dict().items()
                if source.value in counts
            )
            raise InputError(
                f"the mix asks for {config.ratio.of(source):.0%} {source} rows but none is left "
                f"({reasons or f'the store holds no {source} preferences'}); collect some, change what took them "
                f"(the filters, conflict or anchor), or set ratio.{source} to 0"
            )


def _check_judges(votes: pd.DataFrame, config: MixConfig) -> None:
    known = sorted(votes["annotator"].unique())
    for key, names in (("judges", config.synthetic.judges or []), ("weights", config.synthetic.weights)):
        unknown = sorted(set(names) - set(known))
        if unknown:
            raise InputError(
                f"synthetic.{key} names {', '.join(map(repr, unknown))}, but the store holds judgments of "
                f"{', '.join(map(repr, known)) or 'no judge'}"
            )


def _split(labels: pd.DataFrame, held_out: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The labels on training prompts and those on held-out ones."""
    is_held_out = _is_among(labels["prompt_id"], held_out)
    return labels[~is_held_out], labels[is_held_out]


def _is_among(column: "pd.Series[str]", values: Iterable[str]) -> "pd.Series[bool]":
    """`column.isin(values)`, which pandas 3 does for texts by way of Python's objects, in many times the time."""
    found = pc.is_in(pa.array(column, pa.large_string()), value_set=pa.array(values, pa.large_string()))
    return pd.Series(found.to_numpy(zero_copy_only=False), index=column.index)


def _anchor_share(human_train: pd.DataFrame, anchor: pd.DataFrame) -> float:
    """Share of the prompts with human labels that are held out; chance moves it around the requested fraction."""
    held_out = anchor["prompt_id"].nunique()
    prompts = human_train["prompt_id"].nunique() + held_out
    return held_out / prompts if prompts else 0.0


def _settle_conflicts(
    human: pd.DataFrame, synthetic: pd.DataFrame, people_saw: "pd.Series[str]", config: MixConfig, drops: Drops
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Apply `conflict` to the comparisons that both people and a judge labelled."""
    if config.conflict == "keep_both":
        return human, synthetic
    if config.conflict == "drop":
        judged = _is_among(human["comparison_id"], synthetic["comparison_id"])
        human = drops.keep(human, ~judged, "conflict: a judge labelled it too")
    free = ~_is_among(synthetic["comparison_id"], people_saw)
    return human, drops.keep(synthetic, free, "conflict: people labelled it too")


def _strata(votes: pd.DataFrame, tag: str | None) -> "pd.Series[str] | None":
    """The tag of each comparison, by its id."""
    if tag is None:
        return None
    by_comparison = votes.drop_duplicates("comparison_id").set_index("comparison_id")["tags"]
    strata = tag_values(by_comparison, tag).fillna(UNTAGGED)
    if (strata == UNTAGGED).all():
        raise InputError(f"stratify is {tag!r}, but no comparison carries that tag; name one that exists, or remove it")
    return strata


def _coverage(
    human: pd.DataFrame, synthetic: pd.DataFrame, drawn: pd.DataFrame, strata: "pd.Series[str] | None"
) -> dict[str, dict[str, int]]:
    """Rows by tag: available from people and from judges, and drawn."""
    if strata is None:
        return {}
    tables = {"human": human, "synthetic": synthetic, "drawn": drawn}
    counts = {name: table["comparison_id"].map(strata).value_counts() for name, table in tables.items()}
    tags = sorted(set().union(*(count.index for count in counts.values())))
    return {tag: {name: int(count.get(tag, 0)) for name, count in counts.items()} for tag in tags}


def _shares(rows: dict[str, int]) -> dict[str, dict[str, float | int]]:
    total = sum(rows.values())
    return {source: {"rows": count, "share": count / total if total else 0.0} for source, count in rows.items()}


def _listed(rows: dict[str, int]) -> str:
    return ", ".join(f"{count} {source}" for source, count in rows.items())


def _warnings(facts: dict[str, Any], config: MixConfig) -> list[str]:
    """Plain sentences on what a reader of the manifest must not overlook."""
    warnings = []
    if not facts["splits"]["anchor"]["rows"]:
        warnings.append(
            "no human anchor: no held-out prompt carries a human label, so the effect of this mix on what people "
            "prefer can't be measured"
        )
    requested, realised = (
        {source: share["rows"] for source, share in facts[key].items()} for key in ("requested", "realised")
    )
    if requested != realised:
        warnings.append(f"shortage: asked for {_listed(requested)} rows, realised {_listed(realised)}")
    if facts["repeated"]:
        warnings.append(f"shortage: {facts['repeated']} rows are repetitions of rows already in the mix")
    if any(facts["simulated"].values()):
        warnings.append(
            f"simulated: {facts['simulated']['train']} training rows and {facts['simulated']['anchor']} anchor rows "
            "come from scripted annotators, not from people or real judges"
        )
    uncovered = [tag for tag, rows in facts["strata"].items() if rows["synthetic"] and not rows["human"]]
    if uncovered:
        warnings.append(f"{config.stratify} without any human label: {', '.join(uncovered)}")
    return warnings
