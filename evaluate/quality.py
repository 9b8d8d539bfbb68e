"""The live quality of a rating site: every rater's work and the state of the whole, measured on the store.

The gold that raters are held against is what was planted: verdicts of an expert's adjudication are on comparisons
chosen because raters contradict each other, so that one of them would be wrong by construction. Agreement leaves
all gold verdicts and all repeats out.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

import numpy as np
import orjson
import pandas as pd
import sqlalchemy as sa

from firsthand.bootstrap import FloatArray
from firsthand.collect.admin.figures import Coverage, Measured, Moment, Quality, RaterFigures
from firsthand.collect.admin.log import last_resumed
from firsthand.collect.work.turns import skips_left
from firsthand.errors import InputError
from firsthand.estimates import Estimate
from firsthand.evaluate.agreement_report import agreement_figures
from firsthand.evaluate.conduct import CHOICES, COLUMNS, conduct_by_rater, share, side_outcomes
from firsthand.evaluate.pace import hours_left, per_hour, throughput
from firsthand.evaluate.raters import Rater, first_position_share, rater_figures
from firsthand.evaluate.ratings import human_ratings
from firsthand.evaluate.reliability import reliability_by_rater
from firsthand.store import Store, schema, tag_values

DRAWS = 400
"""Resamples of a live figure; `firsthand evaluate agreement` takes more."""
MOMENTS, FEWEST_AT_ONCE = 12, 20
"""Points of the course of agreement at most, and comparisons each rests on at least."""
READ = list(dict.fromkeys((*COLUMNS, "prompt_id", "source", "simulated", "tags")))
NOBODY = "nobody has rated anything yet"


def measure_quality(store: Store, coverage_by: str | None = None, now: datetime | None = None) -> Quality:
    """Every figure of the admin page; coverage_by: the tag whose values are told apart, else the commonest one."""
    now = now or datetime.now(UTC)
    votes = store.votes(READ)
    votes = votes[votes["source"] == "human"]
    first = votes[(votes["repeat"] == 0) & (votes["verdict"] != "skip")]
    peers = first[~first["gold"]]
    times = pd.to_datetime(first["created_at"].dropna(), format="ISO8601", utc=True)
    alpha, agreement = _agreement(peers)
    wanted = _wanted(store, first)
    coverage_by = coverage_by or _commonest_tag(wanted)
    open_votes = int((wanted["target"] - wanted["given"]).clip(lower=0).sum())
    pace = per_hour(times, now)
    accounts = _accounts(store)
    return Quality(
        measured_at=now.isoformat(),
        votes=len(first),
        skips=int((votes["verdict"] == "skip").sum()),
        alpha=alpha,
        agreement=agreement,
        first_side=first_position_share(_chose_first(first)),
        disagreement=disagreement(peers),
        course=alpha_course(peers),
        coverage_by=coverage_by,
        coverage=coverage(wanted, coverage_by),
        throughput=throughput(times, now),
        open_votes=open_votes,
        wanted_votes=int(wanted["target"].sum()),
        per_hour=pace,
        hours_left=hours_left(open_votes, pace),
        raters=_raters(votes, peers, planted_gold(store), accounts, last_resumed(store)),
        people_without_account=len(set(first["annotator"]) - accounts),
    )


def planted_gold(store: Store) -> "pd.Series[str]":
    """The right choice (a, b or neither) of each planted gold comparison, but where gold verdicts contradict."""
    table = schema.preferences
    query = sa.select(table.c.comparison_id, table.c.verdict, table.c.detail).where(
        table.c.gold, table.c.is_current, table.c.verdict != "skip"
    )
    with store.engine.connect().execution_options(read_only=True) as connection:
        rows = connection.execute(query).all()
    choices: dict[str, set[str]] = {}
    for row in rows:
        if orjson.loads(row.detail).get("kind") != "adjudication":
            choices.setdefault(row.comparison_id, set()).add(CHOICES[row.verdict])
    sure = {comparison: one for comparison, (one, *others) in choices.items() if not others}
    return pd.Series(sure, dtype=object)


def disagreement(peers: pd.DataFrame) -> Measured:
    """Of the comparisons with several raters, the share on which one chose A and another B."""
    of_each = peers.groupby("comparison_id")
    several = of_each["annotator"].nunique() > 1
    chosen = peers["verdict"].where(peers["verdict"].isin(["a", "b"])).groupby(peers["comparison_id"]).nunique()
    return share(int((several & (chosen > 1)).sum()), int(several.sum()), "no comparison has two raters")


def alpha_course(peers: pd.DataFrame) -> list[Moment]:
    """Agreement as the work went on: comparisons with several raters, in the order of their last verdict, in groups.

    The groups are apart from each other, so that a change shows at once; there are at most MOMENTS, of equal size
    (give or take one), each of FEWEST_AT_ONCE comparisons or more.
    """
    dated = peers[peers["created_at"].notna()]
    raters = dated.groupby("comparison_id")["annotator"].nunique()
    last = dated.groupby("comparison_id")["created_at"].max()[raters > 1].sort_values(kind="stable")
    groups = min(MOMENTS, len(last) // FEWEST_AT_ONCE)
    found = []
    for part in np.array_split(np.arange(len(last)), groups) if groups else ():
        ids = last.iloc[part]
        alpha, _ = _agreement(dated[dated["comparison_id"].isin(ids.index)])
        found.append(Moment(str(ids.iloc[-1]), len(ids), alpha))
    return found


def coverage(wanted: pd.DataFrame, tag: str | None) -> list[Coverage]:
    """Verdicts given and wanted for each value of `tag`, by value; none where there is no tag to tell them apart by."""
    if tag is None:
        return []
    value = tag_values(wanted["tags"], tag).fillna("(none)").astype(str)
    capped = wanted.assign(value=value, given=wanted[["given", "target"]].min(axis=1))
    sums = capped.groupby("value").agg(comparisons=("target", "size"), given=("given", "sum"), target=("target", "sum"))
    return [
        Coverage(str(name), int(row["comparisons"]), int(row["given"]), int(row["target"]))
        for name, row in sums.sort_index().iterrows()
    ]


def _raters(
    votes: pd.DataFrame,
    peers: pd.DataFrame,
    gold: "pd.Series[str]",
    accounts: Collection[str],
    resumed: Mapping[str, str],
) -> list[RaterFigures]:
    """The figures of everyone with an account who has rated or skipped anything, by name.

    resumed: when some of them were last resumed.
    """
    own = votes[votes["annotator"].isin(list(accounts))]
    conduct = conduct_by_rater(own, gold)
    since = conduct_by_rater(own[own["annotator"].isin(list(resumed))], gold, resumed)
    together = _with_others(peers, accounts)
    reliability = reliability_by_rater(peers.assign(choice=peers["verdict"].map(CHOICES)))
    nothing = Measured(Estimate(None, None, "no other rater saw these comparisons"), 0)
    found = []
    for name, group in own.groupby("annotator", sort=True):
        other = together.get(str(name))
        skipped = group["verdict"] == "skip"
        found.append(
            RaterFigures(
                name=str(name),
                simulated=bool(group["simulated"].any()),
                votes=int((~skipped & (group["repeat"] == 0)).sum()),
                skips=int(skipped.sum()),
                last_at=None if group["created_at"].isna().all() else str(group["created_at"].max()),
                conduct=conduct[str(name)],
                since_resume=since.get(str(name), conduct[str(name)]),
                agreement=Measured(other.agreement, other.overlap) if other else nothing,
                reliability=reliability.get(str(name), nothing),
            )
        )
    return found


def _with_others(peers: pd.DataFrame, names: Collection[str]) -> dict[str, Rater]:
    """How far each of the raters `names` agrees with the others."""
    try:
        ratings = human_ratings([peers])
    except InputError:
        return {}
    return {rater.name: rater for rater in rater_figures(ratings, DRAWS, only=names)}


def _agreement(peers: pd.DataFrame) -> tuple[Estimate, Estimate]:
    """Krippendorff's ordinal alpha, and the share of pairs of votes that agree."""
    try:
        ratings = human_ratings([peers])
    except InputError:
        return Estimate(None, None, NOBODY), Estimate(None, None, NOBODY)
    figures = agreement_figures(ratings.counts(), ratings.unit_prompt, DRAWS)
    return figures["alpha_ordinal"], figures["agreement"]


def _chose_first(first: pd.DataFrame) -> FloatArray:
    return side_outcomes(first).to_numpy().astype(np.float64)


def _wanted(store: Store, first: pd.DataFrame) -> pd.DataFrame:
    """Each comparison that people shall rate: its tags (JSON), how many verdicts are wanted and how many given.

    What too many have skipped is wanted no more, and gold is for checks only.
    """
    work, comparisons = schema.work, schema.comparisons
    is_wanted = sa.and_(work.c.target > 0, skips_left(work.c))
    query = sa.select(work.c.comparison_id, work.c.target, comparisons.c.tags).where(is_wanted)
    query = query.join(comparisons, comparisons.c.id == work.c.comparison_id)
    with store.engine.connect().execution_options(read_only=True) as connection:
        rows = connection.execute(query).all()
    table = pd.DataFrame(rows, columns=["comparison_id", "target", "tags"])
    given = first.groupby("comparison_id")["annotator"].nunique()
    return table.assign(given=table["comparison_id"].map(given).fillna(0).astype(int))


def _commonest_tag(wanted: pd.DataFrame) -> str | None:
    """The tag that most comparisons carry, by name where several do."""
    counts: Counter[str] = Counter()
    for tags, comparisons in wanted["tags"].value_counts().items():
        counts.update(dict.fromkeys(orjson.loads(str(tags)), int(comparisons)))
    return min(counts, key=lambda name: (-counts[name], name)) if counts else None


def _accounts(store: Store) -> set[str]:
    with store.engine.connect().execution_options(read_only=True) as connection:
        return set(connection.execute(sa.select(schema.accounts.c.id)).scalars())
