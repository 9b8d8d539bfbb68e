"""From the store to what an engine trains on and is measured on; labels and draws are those of `train mix`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from firsthand.bootstrap import IntArray
from firsthand.config import closest
from firsthand.errors import InputError
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.lineage import lineages_of, read_lineages
from firsthand.evaluate.audit.read import read_table
from firsthand.evaluate.audit.targets import own_target
from firsthand.evaluate.sweep.config import SweepConfig
from firsthand.evaluate.sweep.outcome import EvalTable
from firsthand.evaluate.table import counted
from firsthand.lineage import Relation
from firsthand.records import Annotator, Source, content_id
from firsthand.store import Store, tag_values
from firsthand.train.drops import Drops
from firsthand.train.labels import once_each, people_say, usable
from firsthand.train.mix import Pools, in_anchor, read_pools

COLUMNS = (
    "comparison_id prompt_id annotator source simulated verdict repeat has_text gold p_a strength response_a_id"
    " response_b_id author_a author_b length_a length_b shown_first tags"
).split()
Facts: TypeAlias = dict[str, str | int | float]
"""Label -> value, as the page lists them."""
FEWEST_ROWS = 30
"""Human training rows, synthetic rows of an arm, and comparisons of the anchor that people decided."""
FEWEST_PROMPTS = 10


@dataclass(frozen=True, slots=True)
class Material:
    """What an engine needs of the store.

    table: the human anchor. pools: by arm, the labels that its draws take rows from. labels_id: a hash of all of them,
    those too long for the full engine's model with them. comparisons: every comparison that is trained on or measured
    on, by id: prompt_id; p_human, the share of people for A, NaN where nobody voted; length_a, length_b. own, relation:
    as of a Sweep, and scripted. facts: counts, as the page lists them.
    """

    table: EvalTable
    judge: str
    own: tuple[int, ...]
    relation: Relation
    pools: Mapping[str, Pools]
    labels_id: str
    comparisons: pd.DataFrame
    scripted: tuple[int, int]
    facts: Facts

    @property
    def training_prompts(self) -> int:
        """How many prompts the training rows come from."""
        return int(self.comparisons["prompt"].max()) + 1


def read_material(store: Store, config: SweepConfig) -> Material:
    """Read the store; raises InputError where it can't carry a sweep, and says what is missing."""
    judge = choose_judge(store.annotators(), config.judge)
    pools = {name: read_pools(store, config.mix(name, judge)) for name in config.arms}
    labels_id = _labels_id(pools)
    if config.engine == "full":
        from firsthand.evaluate.sweep.fitting import fitting  # it loads TRL, which the fast engine does without

        pools = fitting(store, pools, config.full, config.seed)
    votes = usable(store.votes(COLUMNS), Drops())
    judged = votes[votes["annotator"] == judge]
    people = once_each(votes[votes["source"] == Source.HUMAN.value], Drops())
    _check_verdicts(judged, judge)
    held_out = _held_out(people["prompt_id"], config.anchor.fraction)
    # As in a mix: what is learned of raters on the anchor and on training prompts is learned apart.
    said = pd.concat([people_say(people[part], config.human) for part in (held_out, ~held_out)])
    units = _units(votes, said)
    anchor = units[units["p_human"].notna() & _held_out(units["prompt_id"], config.anchor.fraction)]
    table = _table(anchor, config.tag)
    _check(pools, table, judge, config)
    own, relation = _own(store, judge, table, config)
    scripted = (int(people["simulated"].sum()), len(people))
    drawn = [labels["comparison_id"] for pool in pools.values() for labels in (pool.human, pool.synthetic)]
    trained = units.index.isin(pd.concat(drawn))
    used = units.assign(prompt=_numbered(units["prompt_id"].where(trained)))[trained | units.index.isin(anchor.index)]
    return Material(table, judge, own, relation, pools, labels_id, used, scripted, _facts(pools, table, used))


def choose_judge(annotators: Mapping[str, Annotator], wanted: str | None) -> str:
    """The judge of the sweep; raises InputError where the store lacks it, or holds several and none is named."""
    judges = sorted(name for name, each in annotators.items() if each.source is Source.SYNTHETIC)
    if not judges:
        raise InputError(
            "the store holds no verdict of a judge, and a sweep is over their share; import some with firsthand "
            "collect import, or ask a judge with firsthand collect judge"
        )
    if wanted is None and len(judges) > 1:
        raise InputError(f"the store holds verdicts of {len(judges)} judges: {', '.join(judges)}; name one as judge")
    if wanted is not None and wanted not in judges:
        raise InputError(
            f"judge is {wanted!r}, but the store's judges are {', '.join(judges)}{closest(wanted, judges)}"
        )
    return wanted or judges[0]


def _check_verdicts(judged: pd.DataFrame, judge: str) -> None:
    """InputError where the judge gives one verdict whatever it is asked."""
    decided = judged[judged["verdict"].isin(["a", "b"])]
    if decided.empty:
        raise InputError(f"{judge} never preferred a response: none of its {len(judged):,} verdicts teaches anything")
    known = decided[decided["shown_first"].isin(["a", "b"])]
    if len(known) >= FEWEST_ROWS:
        first = (known["verdict"] == known["shown_first"]).mean()
        if first in (0.0, 1.0):
            place = "first" if first else "second"
            raise InputError(
                f"{judge} has one verdict only: in all {len(known):,} it preferred the response shown {place}. "
                "Its labels say nothing of the responses; ask another judge, or in another way"
            )
    if len(decided) >= FEWEST_ROWS and decided["verdict"].nunique() == 1:
        raise InputError(
            f"{judge} has one verdict only: all {len(decided):,} are for {decided['verdict'].iloc[0].upper()}. "
            "Its labels say nothing of the responses; check the import, or ask another judge"
        )


def _labels_id(pools: Mapping[str, Pools]) -> str:
    """Equal for equal labels, in all that a draw, a training or the anchor takes of them."""
    columns = "comparison_id chosen p_chosen margin".split()
    parts = [
        pd.util.hash_pandas_object(labels[[*columns, *more]], index=False).to_numpy().tobytes().hex()
        for pool in pools.values()
        for labels, more in ((pool.human, ["weight"]), (pool.synthetic, ["weight"]), (pool.anchor, []))
    ]
    return content_id(*pools, *parts)


def _units(votes: pd.DataFrame, said: pd.DataFrame) -> pd.DataFrame:
    """One row a comparison, by id; said: of each, what people say."""
    kept = "prompt_id response_a_id response_b_id author_a author_b length_a length_b tags".split()
    units = votes.drop_duplicates("comparison_id").set_index("comparison_id")[kept]
    return units.assign(p_human=said["p_a"], votes=said["votes"]).sort_index()


def _numbered(prompts: "pd.Series[str]") -> IntArray:
    """A number for each different prompt, -1 where it is missing."""
    return pd.factorize(prompts)[0].astype(np.int64)


def _held_out(prompts: "pd.Series[str]", fraction: float) -> "pd.Series[bool]":
    chosen = {prompt: in_anchor(prompt, fraction) for prompt in prompts.unique()}
    return prompts.map(chosen).astype(bool)


def _table(anchor: pd.DataFrame, tag: str | None) -> EvalTable:
    authors = sorted({*anchor["author_a"].dropna(), *anchor["author_b"].dropna()})
    number = pd.Index(authors, dtype=object)
    author = [number.get_indexer(pd.Index(anchor[name], dtype=object)) for name in ("author_a", "author_b")]
    of_prompt = [anchor["prompt_id"] + anchor[name] for name in ("response_a_id", "response_b_id")]
    response = pd.factorize(pd.concat(of_prompt))[0].reshape(2, -1).T
    values = tag_values(anchor["tags"], tag) if tag else pd.Series(None, index=anchor.index, dtype=object)
    tags = sorted({str(value) for value in values.dropna()})
    if tag and not tags:
        raise InputError(f"tag is {tag!r}, but no comparison of the anchor carries it; name another, or remove it")
    return EvalTable(
        comparison_id=tuple(anchor.index),
        prompt=pd.factorize(anchor["prompt_id"])[0].astype(np.int64),
        p_human=anchor["p_human"].to_numpy(np.float64),
        votes=anchor["votes"].to_numpy(np.int64),
        response=response.astype(np.int64),
        author=np.stack(author, axis=1).astype(np.int64),
        authors=tuple(authors),
        length=anchor[["length_a", "length_b"]].to_numpy(np.float64),
        tag=values.map({value: index for index, value in enumerate(tags)}).fillna(-1).to_numpy().astype(np.int64),
        tags=tuple(tags),
    )


def _check(pools: Mapping[str, Pools], table: EvalTable, judge: str, config: SweepConfig) -> None:
    decided = int((table.p_human != 0.5).sum())
    if decided < FEWEST_ROWS:
        raise InputError(
            f"the human anchor holds {decided} comparisons that people decided; below {FEWEST_ROWS} nothing can be "
            "said of any ratio. Collect more votes of people, or raise anchor.fraction (now "
            f"{config.anchor.fraction:g})"
        )
    for key, limit in (("rows", config.rows), ("human_rows", config.human_rows)):
        if limit != "max" and limit < FEWEST_ROWS:
            raise InputError(
                f"{key} is {limit}; below {FEWEST_ROWS} rows no claim is possible. Raise it, or set it to max"
            )
    for name, pool in pools.items():
        prompts = pool.human["prompt_id"].nunique()
        if len(pool.human) < FEWEST_ROWS or prompts < FEWEST_PROMPTS:
            raise InputError(
                f"arm {name}: people's labels give {len(pool.human)} training rows on {prompts} prompts; below "
                f"{FEWEST_ROWS} rows or {FEWEST_PROMPTS} prompts no claim is possible. Collect more, lower "
                f"anchor.fraction (now {config.anchor.fraction:g}), or set conflict: keep_both (now {config.conflict})"
            )
        if len(pool.synthetic) < FEWEST_ROWS:
            reasons = "; ".join(
                f"{counts['synthetic']:,} {reason}"
                for reason, counts in pool.drops.as_dict().items()
                if "synthetic" in counts
            )
            raise InputError(
                f"arm {name}: {counted(len(pool.synthetic), 'label')} of {judge} to train on, {FEWEST_ROWS} are needed "
                f"(left out: {reasons or 'none'})"
            )


def _own(store: Store, judge: str, table: EvalTable, config: SweepConfig) -> tuple[tuple[int, ...], Relation]:
    audited = read_table(store, AuditConfig(judges=[judge]))
    target = own_target(audited, judge, lineages_of(audited, read_lineages(config.lineage)))
    if target is None:
        return (), Relation.UNKNOWN
    names = {audited.authors[number] for number in target.authors}
    own = tuple(number for number, name in enumerate(table.authors) if name in names)
    return own, target.relation if own else Relation.UNKNOWN


def counts_of(table: EvalTable) -> Facts:
    """What the anchor holds."""
    return {
        "prompts of the anchor": len(np.unique(table.prompt)),
        "decided comparisons of the anchor": int((table.p_human != 0.5).sum()),
    }


def _facts(pools: Mapping[str, Pools], table: EvalTable, used: pd.DataFrame) -> Facts:
    facts: Facts = {
        "comparisons trained or measured on": len(used),
        **counts_of(table),
    }
    for name, pool in pools.items():
        facts[f"human training rows ({name})"] = len(pool.human)
        facts[f"synthetic training rows ({name})"] = len(pool.synthetic)
    return facts
