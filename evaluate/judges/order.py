"""Whether a judge's answer depends on which response it was shown first."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from firsthand.bootstrap import FloatArray, Sums, ratio, resample_prompts
from firsthand.estimates import Estimate
from firsthand.evaluate.judges.bench import NEITHER, A, B, Bench, Judge, leader, too_few

ASKED_BOTH = "no comparison was asked in both orders"
NO_REPEATS = "no comparison was asked twice in the same order; repeats tell an order effect from noise"


@dataclass(frozen=True, slots=True)
class OrderBias:
    """What a change of order does.

    both_orders: comparisons asked in both. flips: share of them whose answer changes with the order; noise: share of
    repeats in one order that differ; excess: flips - noise. first_both, second_both: comparisons on which the response
    shown first, or second, was chosen both times. pull: share by which answers lean to the first position, over both
    orders (first_both - second_both) / both_orders, or, where each comparison was asked in one order, how much more
    often than people the judge chose the response it saw first. p: that there is no pull, two-sided: McNemar's exact
    test, or of one order the normal approximation.
    """

    both_orders: int
    flips: Estimate
    noise: Estimate
    excess: Estimate
    first_both: int
    second_both: int
    p: float | None
    pull: Estimate
    pull_from: str


def order_bias(bench: Bench, judge: Judge, draws: int, seed: int, least_prompts: int = 1) -> OrderBias:
    """The order bias of `judge`; refused, which each figure's `why` says, on fewer than `least_prompts`."""
    votes = _votes(judge)
    asked, by_order = _asked(votes)
    stated = judge.votes[judge.votes["swap_consistent"].notna() & (judge.votes["shown_first"] == "both")]
    if not len(asked) and len(stated):
        return _stated(stated, draws, seed, least_prompts)
    if not len(asked):
        return _one_order(bench, votes, draws, seed, least_prompts)
    prompts = asked["prompt"].to_numpy(np.int64)
    if why := too_few(prompts, least_prompts):
        return _refused(len(asked), why)
    rows = _rows(asked, by_order)
    resampled = resample_prompts(rows, prompts, draws=draws, seed=seed)
    first, second = (int(total) for total in rows["leans"].sum(axis=0))
    return OrderBias(
        both_orders=len(asked),
        flips=resampled.estimate(lambda s: ratio(s["swap"][..., 0], s["swap"][..., 1])),
        noise=resampled.estimate(lambda s: ratio(s["repeat"][..., 0], s["repeat"][..., 1]), NO_REPEATS),
        excess=resampled.estimate(
            lambda s: ratio(s["swap"][..., 0], s["swap"][..., 1]) - ratio(s["repeat"][..., 0], s["repeat"][..., 1]),
            NO_REPEATS,
        ),
        first_both=first,
        second_both=second,
        p=float(binomtest(first, first + second).pvalue) if first + second else None,
        pull=resampled.estimate(lambda s: ratio(s["leans"][..., 0] - s["leans"][..., 1], s["swap"][..., 1])),
        pull_from="both orders",
    )


def _votes(judge: Judge) -> pd.DataFrame:
    """The judge's verdicts with a known order, and the choice (index into CHOICES) of each."""
    known = judge.votes[judge.votes["shown_first"].isin(["a", "b"])]
    choice = known["verdict"].map({"b": B, "a": A}).fillna(NEITHER).astype("int64")
    return known.assign(choice=choice, first_verdict=choice)


def _asked(votes: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, FloatArray]]:
    """Comparisons and prompt templates asked in both orders, and counts (K, 3) of the choices in each order."""
    keys = ["comparison_id", "prompt_sha256"]
    counted = votes.groupby([*keys, "shown_first", "choice"], sort=True).size().unstack(["shown_first", "choice"])
    counted = counted.reindex(columns=pd.MultiIndex.from_product([["a", "b"], range(3)])).fillna(0.0)
    by_order = {side: counted[side].to_numpy(np.float64) for side in ("a", "b")}
    both = (by_order["a"].sum(axis=1) > 0) & (by_order["b"].sum(axis=1) > 0)
    prompts = votes.drop_duplicates("comparison_id").set_index("comparison_id")["prompt_id"]
    asked = counted.index[both].get_level_values("comparison_id").to_frame(index=False)
    asked["prompt"] = pd.factorize(asked["comparison_id"].map(prompts))[0]
    return asked, {side: counts[both] for side, counts in by_order.items()}


def _rows(asked: pd.DataFrame, by_order: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """What each comparison asked in both orders adds: flips, differing repeats, and first or second chosen twice."""
    a, b = by_order["a"], by_order["b"]
    asked_a, asked_b = a.sum(axis=1), b.sum(axis=1)
    same_across = (a * b).sum(axis=1) / (asked_a * asked_b)
    pairs = asked_a * (asked_a - 1) / 2 + asked_b * (asked_b - 1) / 2
    same_within = (a * (a - 1) / 2 + b * (b - 1) / 2).sum(axis=1)
    noise = np.nan_to_num(1.0 - ratio(same_within, pairs))
    lead_a, lead_b = leader(a), leader(b)
    first, second = (lead_a == A) & (lead_b == B), (lead_a == B) & (lead_b == A)
    return {
        "swap": np.stack([1.0 - same_across, np.ones(len(asked))], axis=1),
        "repeat": np.stack([noise, pairs > 0], axis=1).astype(np.float64),
        "leans": np.stack([first, second], axis=1).astype(np.float64),
    }


def _refused(both_orders: int, why: str) -> OrderBias:
    nothing = Estimate(None, None, why)
    return OrderBias(both_orders, nothing, nothing, nothing, 0, 0, None, nothing, "")


def _stated(votes: pd.DataFrame, draws: int, seed: int, least_prompts: int) -> OrderBias:
    """Where the store has one verdict for both orders and says whether they agreed."""
    prompts = pd.factorize(votes["prompt_id"])[0].astype(np.int64)
    if why := too_few(prompts, least_prompts):
        return _refused(len(votes), why)
    flipped = (~votes["swap_consistent"].astype(bool)).to_numpy(np.float64)
    resampled = resample_prompts(
        {"flips": np.stack([flipped, np.ones_like(flipped)], 1)}, prompts, draws=draws, seed=seed
    )
    unknown = Estimate(None, None, "the two orders' own verdicts are not in the store")
    return OrderBias(
        both_orders=len(votes),
        flips=resampled.estimate(lambda s: ratio(s["flips"][..., 0], s["flips"][..., 1])),
        noise=Estimate(None, None, NO_REPEATS),
        excess=Estimate(None, None, NO_REPEATS),
        first_both=0,
        second_both=0,
        p=None,
        pull=unknown,
        pull_from="",
    )


def _one_order(bench: Bench, votes: pd.DataFrame, draws: int, seed: int, least_prompts: int) -> OrderBias:
    """How much more often the judge chose the response it saw first than people's votes favour that response."""
    rated = votes[votes["unit"] >= 0]
    unit = rated["unit"].to_numpy(np.int64)
    nothing = _refused(0, ASKED_BOTH)
    if not len(unit):
        return replace(nothing, pull=Estimate(None, None, "no verdict says which response was shown first"))
    if why := too_few(bench.prompt[unit], least_prompts):
        return _refused(0, why)
    counts = bench.counts[unit]
    side = np.where(rated["shown_first"] == "a", 1.0, -1.0)
    judged = 0.5 + side * (rated["choice"].to_numpy(np.float64) - NEITHER) / 2
    people = 0.5 + side * (counts[:, A] - counts[:, B]) / counts.sum(axis=1) / 2
    lean = np.stack([judged - people, np.ones(len(unit))], axis=1)
    resampled = resample_prompts({"lean": lean}, bench.prompt[unit], draws=draws, seed=seed)
    return replace(
        nothing,
        p=resampled.p_value(_mean_lean),
        pull=resampled.estimate(_mean_lean),
        pull_from="one order, beside people's votes",
    )


def _mean_lean(sums: Sums) -> FloatArray:
    return ratio(sums["lean"][..., 0], sums["lean"][..., 1])
