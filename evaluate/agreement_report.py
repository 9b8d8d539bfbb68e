"""What `evaluate agreement` prints: people with people, and rater by rater."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import DRAWS, LEVEL, SEED, FloatArray, resample_prompts
from firsthand.estimates import Estimate
from firsthand.evaluate.agreement import (
    alpha_nominal,
    alpha_ordinal,
    gwet_ac1,
    ordered_counts,
    pair_agreement,
    unit_rows,
)
from firsthand.evaluate.raters import Rater, first_position_share, pair_figures, rater_figures
from firsthand.evaluate.ratings import Ratings
from firsthand.evaluate.table import counted, number, percent, plain, shown, table

SCHEMA = 1
LABELS = {
    "alpha_nominal": "Krippendorff's alpha, nominal",
    "alpha_ordinal": "Krippendorff's alpha, ordinal",
    "gwet_ac1": "Gwet's AC1",
    "agreement": "pairs of votes that agree",
    "agreement_decisive": "  of those, without ties",
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Everything the command tells.

    overall: a figure by its name in LABELS; by_tag: the same for each value of the tag asked for.
    """

    ratings: Ratings
    overall: dict[str, Estimate]
    first_position: Estimate
    raters: list[Rater]
    pairs: list[dict[str, Any]] | None
    by_tag: dict[str, dict[str, Estimate]] | None
    draws: int
    seed: int


def measure_agreement(ratings: Ratings, draws: int = DRAWS, seed: int = SEED) -> Agreement:
    """Every figure of agreement between people in `ratings`."""
    counts = ratings.counts()
    return Agreement(
        ratings=ratings,
        overall=agreement_figures(counts, ratings.unit_prompt, draws, seed),
        first_position=first_position_share(ratings.chose_first),
        raters=rater_figures(ratings, draws, seed),
        pairs=pair_figures(ratings),
        by_tag=_by_tag(ratings, counts, draws, seed),
        draws=draws,
        seed=seed,
    )


def agreement_figures(
    counts: FloatArray, prompts: npt.NDArray[np.int64], draws: int = DRAWS, seed: int = SEED
) -> dict[str, Estimate]:
    """The figures in LABELS from counts (U, 4) of verdicts by unit, and the prompt (U,) of each unit."""
    rated = counts.sum(axis=1) > 0
    resampled = resample_prompts(unit_rows(counts[rated]), prompts[rated], draws=draws, seed=seed)
    unpaired, constant, unordered, indecisive = _reasons(counts)
    categories = int((counts.sum(axis=0) > 0).sum())
    return {
        "alpha_nominal": resampled.estimate(lambda s: alpha_nominal(s["nominal"]), unpaired or constant),
        "alpha_ordinal": resampled.estimate(lambda s: alpha_ordinal(s["ordinal"]), unpaired or constant or unordered),
        "gwet_ac1": resampled.estimate(
            lambda s: gwet_ac1(s["ac1_agreement"], s["ac1_shares"], categories), unpaired or constant
        ),
        "agreement": resampled.estimate(lambda s: pair_agreement(s["pairs"]), unpaired),
        "agreement_decisive": resampled.estimate(lambda s: pair_agreement(s["decisive"]), unpaired or indecisive),
    }


def agreement_json(found: Agreement) -> dict[str, Any]:
    """The figures as `--json` prints them."""
    ratings = found.ratings
    result: dict[str, Any] = {
        "schema": SCHEMA,
        "interval": {"level": LEVEL, "method": "percentile bootstrap over prompts", "draws": found.draws},
        "seed": found.seed,
        "counts": _counts(ratings),
        "left_out": ratings.left_out,
        "simulated_raters": sum(ratings.simulated),
        "agreement": {name: figure.as_json() for name, figure in found.overall.items()},
        "first_position": found.first_position.as_json(),
        "raters": [_rater_json(rater) for rater in found.raters],
        "pairs": found.pairs,
    }
    if found.by_tag is not None:
        result["by_tag"] = {
            value: {name: figure.as_json() for name, figure in figures.items()}
            for value, figures in found.by_tag.items()
        }
    return result


def agreement_text(found: Agreement) -> str:
    """The figures as a person reads them in a terminal."""
    ratings = found.ratings
    counts = _counts(ratings)
    parts = [
        f"People with people: {counted(counts['raters'], 'rater')}, {counted(counts['votes'], 'vote')} on "
        f"{counted(counts['comparisons'], 'comparison')} of {counted(counts['prompts'], 'prompt')}; two raters or more "
        f"judged {counts['overlap']:,} of them.",
        _simulated_text(ratings),
        _figures_table(found.overall),
        *(f"Tag {plain(value)}:\n{_figures_table(figures)}" for value, figures in (found.by_tag or {}).items()),
        _raters_table(found.raters),
        _pairs_table(found.pairs or []),
        "\n".join(f"left out: {votes:,} {reason}" for reason, votes in ratings.left_out.items()),
        f"Intervals: {LEVEL:.0%}, {found.draws:,} resamples of prompts, seed {found.seed}.",
    ]
    return "\n\n".join(part for part in parts if part)


def _reasons(counts: FloatArray) -> tuple[str, str, str, str]:
    """Why figures are undefined: unpaired, constant, unordered, indecisive; empty where that is not so."""
    paired = counts[counts.sum(axis=1) >= 2]
    used = paired.sum(axis=0) > 0
    ordered = ordered_counts(paired).sum(axis=0) > 0
    unpaired = "no comparison was rated by two people; show the same comparison to at least two"
    constant = "all ratings are the same verdict; agreement beyond chance can't be told from a constant answer"
    unordered = "all ratings say that neither is better; tie and both_bad have no order"
    return (
        unpaired if not len(paired) else "",
        constant if used.sum() == 1 else "",
        unordered if ordered.sum() == 1 else "",
        "no two people chose a or b on the same comparison",
    )


def _by_tag(ratings: Ratings, counts: FloatArray, draws: int, seed: int) -> dict[str, dict[str, Estimate]] | None:
    if ratings.unit_tag is None:
        return None
    values = sorted({str(value) for value in ratings.unit_tag if isinstance(value, str)})
    found = {}
    for value in values:
        units = ratings.unit_tag == value
        found[value] = agreement_figures(counts[units], ratings.unit_prompt[units], draws, seed)
    return found


def _counts(ratings: Ratings) -> dict[str, int]:
    return {
        "raters": len(ratings.raters),
        "votes": len(ratings.unit),
        "comparisons": ratings.units,
        "prompts": ratings.prompts,
        "overlap": int((ratings.counts().sum(axis=1) >= 2).sum()),
    }


def _rater_json(rater: Rater) -> dict[str, Any]:
    return {
        "name": rater.name,
        "simulated": rater.simulated,
        "votes": rater.votes,
        "overlap": rater.overlap,
        "agreement": rater.agreement.as_json(),
        "ties": rater.ties,
        "both_bad": rater.both_bad,
        "first_position": {**rater.first_position.as_json(), "votes": rater.shown_first_known},
        "median_seconds": rater.median_seconds,
    }


def _simulated_text(ratings: Ratings) -> str:
    count = sum(ratings.simulated)
    if not count:
        return ""
    all_of_them = (
        "All raters here are simulated"
        if count == len(ratings.raters)
        else f"{count:,} of {len(ratings.raters):,} raters are simulated"
    )
    return f"{all_of_them}: scripts answered in their name. Their figures say nothing about people."


def _figures_table(figures: dict[str, Estimate]) -> str:
    rows = [[LABELS[name], *shown(figure)] for name, figure in figures.items()]
    whys = dict.fromkeys(figure.why for figure in figures.values() if figure.why)
    return "\n".join([table(["", "value", "interval"], rows), *(f"  {why}" for why in whys)])


def _raters_table(raters: list[Rater]) -> str:
    rows = [
        [
            f"{plain(rater.name)}{' (simulated)' if rater.simulated else ''}",
            f"{rater.votes:,}",
            f"{rater.overlap:,}",
            *shown(rater.agreement),
            percent(rater.ties + rater.both_bad),
            " ".join(shown(rater.first_position)).strip(),
            number(rater.median_seconds, 1),
        ]
        for rater in raters
    ]
    heads = ["rater", "votes", "shared", "agrees", "interval", "neither", "chose the first shown", "median s"]
    return table(heads, rows)


def _pairs_table(pairs: list[dict[str, Any]]) -> str:
    rows = [
        [
            " and ".join(plain(name) for name in pair["raters"]),
            f"{pair['comparisons']:,}",
            number(pair["agreement"]),
            number(pair["kappa"]),
        ]
        for pair in pairs
    ]
    return table(["two raters", "shared", "agree", "Cohen's kappa"], rows) if rows else ""
