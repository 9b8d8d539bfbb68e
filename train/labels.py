"""From votes to labels: one preferred response for each comparison and labeller, with its probability.

A label is a row with the columns of LABEL_COLUMNS. `chosen` is "a" or "b"; `p_chosen` the probability that it is the
better one; `margin` the mean strength in its favour divided by 3 (0 to 1, 0 where no strength was given).
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from firsthand.records import MAX_STRENGTH, Source
from firsthand.train.drops import Drops
from firsthand.train.mix_config import HumanRules, SyntheticRules

LABEL_COLUMNS = ["comparison_id", "prompt_id", "source", "annotator", "simulated", "chosen", "p_chosen", "margin"]
JUDGE_COLUMNS = [*LABEL_COLUMNS, "templates"]
"""Of a judge's labels: templates has the distinct prompt_sha256 of its votes, sorted, as a tuple."""
P_A = {"a": 1.0, "b": 0.0, "tie": 0.5, "both_bad": 0.5}
"""Probability that A is better, where an annotator gave none."""


def usable(votes: pd.DataFrame, drops: Drops) -> pd.DataFrame:
    """The votes that say something of two texts; adds `sign`: +1 for A, -1 for B, 0 for neither."""
    votes = drops.keep(votes, votes["verdict"] != "skip", "skipped by the annotator")
    second_look = (votes["source"] == Source.HUMAN.value) & (votes["repeat"] > 0)
    votes = drops.keep(
        votes, ~second_look, "a rater's second look at a comparison, which shows how consistent they are"
    )
    votes = drops.keep(votes, votes["has_text"], "no text: only the responses' ids are known")
    return signed(votes)


def once_each(votes: pd.DataFrame, drops: Drops) -> pd.DataFrame:
    """People's `usable` votes, by comparison and annotator, with one of each person on each comparison.

    Who saw it in both orders counts once, as in `evaluate agreement`: not at all where the two verdicts differ.
    """
    keys = ["comparison_id", "annotator"]
    if not (votes[keys] == votes[keys].shift()).all(axis=1).any():
        return votes
    keys.append("gold")
    differ = votes.groupby(keys)["sign"].transform("nunique") > 1
    votes = drops.keep(votes, ~differ, "a rater's votes on one comparison, different verdicts")
    return drops.keep(votes, ~votes.duplicated(keys), "a rater's further votes on one comparison, same verdict")


def signed(votes: pd.DataFrame) -> pd.DataFrame:
    """Adds `sign` to votes: +1 for A, -1 for B, 0 for neither."""
    return votes.assign(sign=votes["verdict"].map({"a": 1, "b": -1}).fillna(0).astype("int8"))


def human_labels(votes: pd.DataFrame, rules: HumanRules, drops: Drops) -> pd.DataFrame:
    """People's labels: one a comparison, or one a vote with `each-vote`; `votes` come by comparison and annotator.

    A gold verdict outweighs the others on its comparison. Ties end in no label: training needs a better response.
    """
    if votes.empty:
        return pd.DataFrame(columns=LABEL_COLUMNS)
    votes = _not_outweighed(votes, drops)
    if rules.aggregate == "each-vote":
        labels = votes.assign(p_a=votes["verdict"].map(P_A), signed_strength=votes["sign"] * votes["strength"])
    else:
        labels = _of_people(votes, rules).reset_index()
    return _decided(labels, drops)


def people_say(votes: pd.DataFrame, rules: HumanRules) -> pd.DataFrame:
    """What people say of each comparison, by its id: p_a, 1/2 for a tie, and how many `votes` count.

    It is what human_labels goes by; with `each-vote`, what it would with `majority`.
    """
    if votes.empty:
        return pd.DataFrame({"p_a": [], "votes": []}, dtype="float64")
    votes = _not_outweighed(votes, Drops())
    return pd.DataFrame({"p_a": _of_people(votes, rules)["p_a"], "votes": votes.groupby("comparison_id").size()})


def synthetic_labels(votes: pd.DataFrame, rules: SyntheticRules, drops: Drops) -> pd.DataFrame:
    """Judges' labels, with JUDGE_COLUMNS: one a comparison and judge, both orders and repeats merged.

    Each order counts the same, however often it was asked: p is the mean over the orders of the mean within each
    (Zheng et al. 2023, arXiv 2306.05685, on judging in both orders).
    """
    if rules.judges is not None:
        votes = drops.keep(votes, votes["annotator"].isin(rules.judges), "judge not in synthetic.judges")
    if votes.empty:
        return pd.DataFrame(columns=JUDGE_COLUMNS)
    labels = per_judgment(votes)
    if rules.swap_consistent:
        labels = drops.keep(labels, labels["orders"] != "one", "asked in one order only")
        labels = drops.keep(labels, labels["orders"] != "flipped", "the judge's answer flipped with the order")
    if rules.min_confidence > 0.5:
        confidence = (labels["p_a"] - 0.5).abs() + 0.5
        labels = drops.keep(labels, labels["has_p"], "no probability to hold against min_confidence")
        labels = drops.keep(labels, confidence[labels.index] >= rules.min_confidence, "below min_confidence")
    return _decided(labels, drops, JUDGE_COLUMNS)


def _decided(labels: pd.DataFrame, drops: Drops, columns: list[str] = LABEL_COLUMNS) -> pd.DataFrame:
    """The labels that prefer one response, with `columns`; p_a and signed strength turned towards it."""
    labels = drops.keep(labels, labels["p_a"] != 0.5, "tie: no response preferred")
    sign = np.where(labels["p_a"] > 0.5, 1, -1)
    margin = (labels["signed_strength"] * sign / MAX_STRENGTH).clip(lower=0).fillna(0.0)
    labels = labels.assign(
        chosen=np.where(sign > 0, "a", "b"),
        p_chosen=np.maximum(labels["p_a"], 1 - labels["p_a"]),
        margin=margin.astype("float64"),
    )
    return labels[columns].reset_index(drop=True)


def outweighed(votes: pd.DataFrame) -> "pd.Series[bool]":
    """Which votes do not count, as another one on their comparison is gold and they are not."""
    has_gold = votes.groupby("comparison_id")["gold"].transform("any").astype(bool)
    return has_gold & ~votes["gold"].astype(bool)


def _not_outweighed(votes: pd.DataFrame, drops: Drops) -> pd.DataFrame:
    return drops.keep(votes, ~outweighed(votes), "a gold verdict outweighs it")


def _of_people(votes: pd.DataFrame, rules: HumanRules) -> pd.DataFrame:
    labels = _per_comparison(votes)
    return labels.assign(p_a=_dawid_skene(votes) if rules.aggregate == "dawid-skene" else _vote_share(labels))


def _per_comparison(votes: pd.DataFrame) -> pd.DataFrame:
    """One row a comparison, by its id: who voted, how many for A, B and neither, and their mean signed strength."""
    votes = votes.assign(
        signed_strength=votes["sign"] * votes["strength"],
        for_a=votes["sign"] == 1,
        for_b=votes["sign"] == -1,
        for_neither=votes["sign"] == 0,
    )
    groups = votes.groupby("comparison_id", sort=True)
    labels = groups[["prompt_id", "source"]].first()
    labels["annotator"] = _joined(votes["annotator"], groups.size())
    labels["simulated"] = groups["simulated"].any()
    labels["signed_strength"] = groups["signed_strength"].mean()
    labels[["for_a", "for_b", "for_neither"]] = groups[["for_a", "for_b", "for_neither"]].sum()
    return labels


def _joined(names: "pd.Series[str]", sizes: "pd.Series[int]") -> "pd.Series[str]":
    """The names of each run of `sizes`, joined by +."""
    ends = np.concatenate([[0], np.cumsum(sizes)])
    runs = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.array(names.to_numpy(dtype=object), pa.string()))
    return pd.Series(pc.binary_join(runs, "+").to_pandas().to_numpy(), index=sizes.index, dtype="str")


def _vote_share(counts: pd.DataFrame) -> "pd.Series[float]":
    """Share of the votes for A, ties counting half; 0.5 where A, B and tie have no single leader or tie leads."""
    a, b, neither = (counts[name].astype("float64") for name in ("for_a", "for_b", "for_neither"))
    share: pd.Series[float] = (a + neither / 2) / (a + b + neither)
    leads = np.maximum(a, b) > np.maximum(np.minimum(a, b), neither)
    return share.where(leads, 0.5)


def _dawid_skene(votes: pd.DataFrame) -> "pd.Series[float]":
    """P(A is better) + P(tie)/2 under Dawid & Skene (1979), each person with a confusion matrix of their own.

    0.5 where a tie is the most probable.
    """
    from crowdkit.aggregation import DawidSkene

    answers = pd.DataFrame(
        {"task": votes["comparison_id"], "worker": votes["annotator"], "label": votes["sign"].astype("int64")}
    )
    posterior = DawidSkene(n_iter=100).fit_predict_proba(answers).reindex(columns=[-1, 0, 1]).fillna(0.0)
    share: pd.Series[float] = posterior[1] + posterior[0] / 2
    return share.where(posterior[0] < np.maximum(posterior[1], posterior[-1]), 0.5)


def per_judgment(votes: pd.DataFrame) -> pd.DataFrame:
    """One row a comparison and judge from `signed` votes: p_a, has_p, templates, and orders: one, agree or flipped.

    p_a is 1/2 where every verdict is a tie, whatever probability stands beside it. has_p says whether p_a is a real
    probability. `evaluate judges` measures the very labels that a mix would take.
    """
    keys = ["comparison_id", "annotator"]
    votes = votes.assign(
        has_p=votes["p_a"].notna(),
        p_a=votes["p_a"].fillna(votes["verdict"].map(P_A)),
        signed_strength=votes["sign"] * votes["strength"],
        says_flipped=votes["swap_consistent"].eq(False),
        says_consistent=votes["swap_consistent"].eq(True),
        decides=votes["sign"] != 0,
    )
    by_order = votes.groupby([*keys, "shown_first"])[["p_a", "sign"]].mean().groupby(level=keys)
    groups = votes.groupby(keys, sort=True)
    labels = groups[["prompt_id", "source", "simulated"]].first()
    labels["signed_strength"] = groups["signed_strength"].mean()
    labels["p_a"] = by_order["p_a"].mean().where(groups["decides"].any(), 0.5)
    labels["has_p"] = groups["has_p"].all() | (groups.size() > 1)
    turns = np.sign(by_order["sign"].min()) != np.sign(by_order["sign"].max())
    both = groups["says_consistent"].any() | (by_order.size() > 1)
    labels["orders"] = np.select([groups["says_flipped"].any() | turns, both], ["flipped", "agree"], default="one")
    labels["templates"] = _templates(votes, keys)
    return labels.reset_index()


def _templates(votes: pd.DataFrame, keys: list[str]) -> list[tuple[str, ...]]:
    """The distinct prompt_sha256 of each judgment's votes, sorted; judgments in the order of `keys`."""
    template, values = pd.factorize(votes["prompt_sha256"], sort=True)
    judgment = votes.groupby(keys, sort=True).ngroup().to_numpy()
    cells = np.unique(judgment * len(values) + template)
    _, starts = np.unique(cells // len(values), return_index=True)
    names = np.array([str(value) for value in values], object)[cells % len(values)].tolist()
    known: dict[tuple[str, ...], tuple[str, ...]] = {}  # most judgments share one tuple: one of each is kept
    used = (tuple(names[start:end]) for start, end in zip(starts, [*starts[1:], len(cells)], strict=True))
    return [known.setdefault(templates, templates) for templates in used]
