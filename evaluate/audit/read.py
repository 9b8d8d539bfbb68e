"""From the store to what an audit reads; texts only where their style is to be held constant."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.config import closest
from firsthand.errors import InputError
from firsthand.evaluate.audit.config import LENGTH, AuditConfig
from firsthand.evaluate.audit.table import NEITHER, A, AuditTable, B, Votes
from firsthand.evaluate.ratings import SECOND_LOOK, SKIPPED, one_vote_each
from firsthand.evaluate.style import LINES
from firsthand.records import Annotator, written_texts
from firsthand.store import Store, tag_values

COLUMNS = (
    "comparison_id prompt_id annotator source verdict shown_first author_a author_b tags p_a length_a length_b"
    " swap_consistent simulated repeat"
).split()
OUTCOMES = {"a": A, "tie": NEITHER, "both_bad": NEITHER, "b": B}
SIDES = {"a": 1, "b": -1}
BOTH = "both"
TEXTS_AT_ONCE = 2_000
NOT_CHOSEN = "verdicts of judges that the configuration does not name"
OTHER_TAGS = "votes on comparisons without the tags asked for"
JUDGE_SKIPPED = "a judge's skips: no verdict was given"


def read_table(store: Store, config: AuditConfig) -> AuditTable:
    """The store's votes; raises InputError where the judges or tags asked for are not there, or no vote is left."""
    table = audit_table(store.votes(COLUMNS), store.annotators(), store.families(), config)
    wanted = [name for name in config.covariates if name != LENGTH]
    if not wanted or table.ids is None:
        return table
    return replace(table, styles=_styles(store, table.ids.tolist(), wanted))


def audit_table(
    votes: pd.DataFrame, annotators: Mapping[str, Annotator], families: Mapping[str, str], config: AuditConfig
) -> AuditTable:
    """The table from `votes` with COLUMNS; what is left out is counted by reason."""
    left_out: Counter[str] = Counter()
    votes = _with_tags(votes, config.tags, left_out)
    people = _people(votes[votes["source"] == "human"], left_out)
    judged = _judged(votes[votes["source"] != "human"], config.judges, left_out)
    kept = pd.concat([people, judged])
    if kept.empty:
        found = "; ".join(f"{count:,} {reason}" for reason, count in left_out.items()) or "the store holds none"
        raise InputError(
            f"there is no vote to audit ({found}); import preferences with firsthand collect import, let people vote "
            "with firsthand collect serve, or check --store"
        )
    kept = kept.assign(unit=pd.factorize(kept["comparison_id"])[0])
    units = kept.drop_duplicates("unit")
    known = pd.Index(sorted({*units["author_a"].dropna(), *units["author_b"].dropna()}), dtype=object)
    author = np.stack(
        [known.get_indexer(pd.Index(units[name], dtype=object)) for name in ("author_a", "author_b")], axis=1
    )
    raters, judges = (sorted(part["annotator"].unique()) for part in (people, judged))
    return AuditTable(
        prompt=pd.factorize(units["prompt_id"])[0].astype(np.int64),
        author=author.astype(np.int64),
        length=units[["length_a", "length_b"]].to_numpy(np.float64),
        authors=tuple(known),
        raters=tuple(raters),
        judges=tuple(judges),
        people=_votes(kept.iloc[: len(people)], raters),
        judged=_votes(kept.iloc[len(people) :], judges),
        ids=units["comparison_id"].to_numpy(object),
        models={name: model for name in judges if (model := annotators[name].model)},
        families={name: families[name] for name in (*judges, *known) if name in families},
        simulated=tuple(name for name in raters if annotators[name].simulated),
        left_out=dict(left_out),
        tags=_tags(units["tags"]),
    )


def _styles(store: Store, ids: Sequence[str], names: Sequence[str]) -> dict[str, FloatArray]:
    """For each of `names`, log(1 + count) in both responses of the comparisons `ids`: (N, 2)."""
    number = {id_: place for place, id_ in enumerate(ids)}
    styles = {name: np.full((len(ids), 2), np.nan) for name in names}
    for start in range(0, len(ids), TEXTS_AT_ONCE):
        for texts in store.texts(ids[start : start + TEXTS_AT_ONCE]):
            for id_, _, *responses, _, _ in texts:
                for side, response in enumerate(responses):
                    if response is not None:
                        written = "\n\n".join(written_texts(response))
                        for name in names:
                            styles[name][number[id_], side] = math.log1p(len(LINES[name].findall(written)))
    return styles


def _tags(column: "pd.Series[str]") -> dict[str, npt.NDArray[np.object_]]:
    """Every tag that a comparison carries: name -> (N,), its values as text, None where there is none."""
    names = sorted({name for text in column.unique() for name in orjson.loads(text)})
    found = {name: tag_values(column, name) for name in names}
    return {
        name: np.array([None if pd.isna(value) else str(value) for value in values], object)
        for name, values in found.items()
    }


def _with_tags(votes: pd.DataFrame, tags: Mapping[str, list[str]], left_out: Counter[str]) -> pd.DataFrame:
    for name, values in tags.items():
        found = tag_values(votes["tags"], name)
        chosen = found.isin(values)
        if not chosen.any():
            there = sorted({str(value) for value in found.dropna()})[:20]
            raise InputError(
                f"no comparison has the tag {name} with a value of {values}; "
                f"{f'its values are {there}' if there else 'no comparison has that tag'}"
            )
        left_out[OTHER_TAGS] += int((~chosen).sum())
        votes = votes[chosen]
    return votes


def _people(votes: pd.DataFrame, left_out: Counter[str]) -> pd.DataFrame:
    given, again = votes["verdict"] != "skip", votes["repeat"] > 0
    _count(left_out, {SKIPPED: ~given, SECOND_LOOK: given & again})
    votes = votes[given & ~again]
    return votes[one_vote_each(votes, left_out)]


def _judged(votes: pd.DataFrame, judges: list[str] | None, left_out: Counter[str]) -> pd.DataFrame:
    if judges is not None:
        there = sorted(votes["annotator"].unique())
        for name in judges:
            if name not in there:
                raise InputError(f"the store holds no verdict of a judge {name!r}{closest(name, there)}")
        chosen = votes["annotator"].isin(judges)
        _count(left_out, {NOT_CHOSEN: ~chosen})
        votes = votes[chosen]
    given = votes["verdict"] != "skip"
    _count(left_out, {JUDGE_SKIPPED: ~given})
    return votes[given]


def _count(left_out: Counter[str], dropped: "Mapping[str, pd.Series[bool]]") -> None:
    for reason, votes in dropped.items():
        if votes.any():
            left_out[reason] += int(votes.sum())


def _votes(kept: pd.DataFrame, voters: list[str]) -> Votes:
    return Votes(
        pair=kept["unit"].to_numpy(np.int64),
        voter=pd.Index(voters, dtype=object).get_indexer(pd.Index(kept["annotator"], dtype=object)).astype(np.int64),
        outcome=_coded(kept["verdict"], OUTCOMES),
        first=_coded(kept["shown_first"], SIDES),
        p_a=kept["p_a"].to_numpy(np.float64),
        consistent=_numbers(kept["swap_consistent"]),
        both=(kept["shown_first"] == BOTH).fillna(False).to_numpy(np.bool_),
    )


def _coded(column: "pd.Series[str]", codes: Mapping[str, int]) -> IntArray:
    return np.asarray(column.map(codes).fillna(0), np.int64)


def _numbers(column: "pd.Series[bool]") -> FloatArray:
    return np.asarray(column.astype("Float64").to_numpy(na_value=np.nan), np.float64)
