"""How far one judge agrees with people, and people with each other on the same comparisons."""

import numpy as np

from firsthand.bootstrap import FloatArray, IntArray, Sums, ratio, resample_prompts
from firsthand.estimates import Estimate
from firsthand.evaluate.agreement import (
    ac1_rows,
    alpha_nominal,
    cohen_kappa,
    coincidences,
    gwet_ac1,
    pair_agreement,
    pair_counts,
    with_person_rows,
)
from firsthand.evaluate.judges.bench import DECISIVE, SPLIT, A, leader

LABELS = {
    "accuracy": "agrees with the majority of people",
    "accuracy_decisive": "  of those, where both chose a or b",
    "kappa": "Cohen's kappa with the majority",
    "agreement": "agrees with one person's vote",
    "agreement_decisive": "  of those, where both chose a or b",
    "alpha": "Krippendorff's alpha with one person",
    "ac1": "Gwet's AC1 with one person",
}
"""Figures of a judge; CEILINGS has, under the same names, what people reach on the same comparisons."""
Figures = dict[str, Estimate]


def judge_figures(
    counts: FloatArray, majority: IntArray, choice: IntArray, prompts: IntArray, draws: int, seed: int
) -> tuple[Figures, Figures]:
    """The figures in LABELS of a judge and, under the same names, of people, with intervals over prompts.

    counts: (M, 3), people's votes for b, neither, a; majority: (M,); choice: (M,), the judge's, index into CHOICES;
    prompts: (M,). A judge is held against the majority as each person is against the majority of the others, and
    against single votes as people are against each other. A choice `changed` agrees with nobody.
    """
    resampled = resample_prompts(figure_rows(counts, majority, choice), prompts, draws=draws, seed=seed)
    used = int(((counts.sum(axis=0) > 0) | np.isin(range(3), choice)).sum() + (choice > A).any())
    used_by_people = int((counts.sum(axis=0) > 0).sum())
    why = "no comparison with a majority"
    alone = "no comparison with votes of two people"
    judge = {
        "accuracy": resampled.estimate(lambda s: _right(s["table"]), why),
        "accuracy_decisive": resampled.estimate(lambda s: _right_decisive(s["table"]), why),
        "kappa": resampled.estimate(lambda s: cohen_kappa(s["table"]), why),
        "agreement": resampled.estimate(lambda s: pair_agreement(s["votes"])),
        "agreement_decisive": resampled.estimate(lambda s: pair_agreement(s["votes_decisive"])),
        "alpha": resampled.estimate(lambda s: alpha_nominal(s["coincidence"])),
        "ac1": resampled.estimate(lambda s: gwet_ac1(s["ac1"], s["shares"], used)),
    }
    people = {
        "accuracy": resampled.estimate(lambda s: _right(s["others"]), alone),
        "accuracy_decisive": resampled.estimate(lambda s: _right_decisive(s["others"]), alone),
        "kappa": resampled.estimate(lambda s: cohen_kappa(s["others"]), alone),
        "agreement": resampled.estimate(lambda s: pair_agreement(s["pairs"]), alone),
        "agreement_decisive": resampled.estimate(lambda s: pair_agreement(s["pairs_decisive"]), alone),
        "alpha": resampled.estimate(lambda s: alpha_nominal(s["people"]), alone),
        "ac1": resampled.estimate(lambda s: gwet_ac1(s["people_ac1"], s["people_shares"], used_by_people), alone),
    }
    return judge, people


def figure_rows(counts: FloatArray, majority: IntArray, choice: IntArray) -> dict[str, FloatArray]:
    """What each of M comparisons adds to the sums of the figures; arguments as in `judge_figures`.

    table: (M, 4, 4), judge's choice by people's majority; others: the same of each person by the majority of the
    others. With one person as `with_person_rows` says, of four choices.
    """
    chosen = np.eye(4)[choice]
    votes = np.pad(counts, ((0, 0), (0, 1)))
    people = votes.sum(axis=1)
    same = (chosen * votes).sum(axis=1)
    both = chosen[:, DECISIVE].sum(axis=1)
    own = ac1_rows(counts)
    return {
        "table": chosen[:, :, None] * _one_hot(majority)[:, None, :],
        "others": _by_others(counts),
        "votes": np.stack([same, people], axis=1),
        "votes_decisive": np.stack([same * both, counts[:, DECISIVE].sum(axis=1) * both], axis=1),
        "pairs": pair_counts(counts),
        "pairs_decisive": pair_counts(counts[:, DECISIVE]),
        **with_person_rows(votes, chosen),
        "people": coincidences(counts),
        "people_ac1": own["ac1_agreement"],
        "people_shares": own["ac1_shares"],
    }


def _one_hot(majority: IntArray) -> FloatArray:
    """(M, 4), all zeros where no choice leads."""
    one_hot: FloatArray = np.eye(4)[np.maximum(majority, 0)] * (majority != SPLIT)[:, None]
    return one_hot


def _by_others(counts: FloatArray) -> FloatArray:
    """(M, 4, 4): of each comparison, the votes for each choice by the majority of the other people's votes."""
    tables = np.zeros((len(counts), 4, 4))
    for vote in range(3):
        others = counts.copy()
        others[:, vote] -= 1.0
        tables[:, vote, :] = counts[:, vote, None] * _one_hot(leader(np.maximum(others, 0.0)))
    return tables


def _right(table: FloatArray) -> FloatArray:
    return ratio(np.trace(table, axis1=-2, axis2=-1), table.sum(axis=(-2, -1)))


def _right_decisive(table: FloatArray) -> FloatArray:
    return _right(table[..., DECISIVE, :][..., DECISIVE])


def right_rows(majority: IntArray, choice: IntArray) -> FloatArray:
    """(M, 2): whether the judge's choice is the majority's, and whether there is a majority."""
    settled = majority != SPLIT
    return np.stack([(choice == majority) & settled, settled], axis=1).astype(np.float64)


def share_right(sums: Sums) -> FloatArray:
    """Accuracy from sums of `right_rows` under the name `right`."""
    return pair_agreement(sums["right"])
