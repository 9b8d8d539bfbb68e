"""Agreement between annotators: pure functions of how many of them gave each comparison each verdict.

`counts` is (U, V): of unit u, how many annotators chose verdict v; absent votes are simply not counted. What a unit
adds to a sum comes from `unit_rows`; the statistics take such sums, over all units or over resampled prompts alike.
"""

import numpy as np

from firsthand.bootstrap import FloatArray, ratio

VERDICTS = ("a", "b", "tie", "both_bad")
"""Columns of nominal counts. Ordered counts have a verdict's rank as column: b, neither, a."""


def ordered_counts(counts: FloatArray) -> FloatArray:
    """Counts (U, 3) in the order b, neither, a, from counts (U, 4) in the order of VERDICTS.

    Asked which response is better, `tie` and `both_bad` give the same answer: neither.
    """
    return np.stack([counts[:, 1], counts[:, 2] + counts[:, 3], counts[:, 0]], axis=1)


def unit_rows(counts: FloatArray) -> dict[str, FloatArray]:
    """What each unit of counts (U, 4) adds to the sums of the statistics below."""
    ordered = ordered_counts(counts)
    decisive = ordered[:, [0, 2]]
    return {
        "nominal": coincidences(counts),
        "ordinal": coincidences(ordered),
        "pairs": pair_counts(ordered),
        "decisive": pair_counts(decisive),
        **ac1_rows(counts),
    }


def coincidences(counts: FloatArray) -> FloatArray:
    """Each unit's coincidence matrix (U, V, V): o_ck = n_c (n_k - [c = k]) / (m - 1), m its number of votes.

    Units with fewer than two votes give zeros: nothing can be paired (Krippendorff 2011, steps 2 to 4).
    """
    votes = counts.sum(axis=1)
    products = counts[:, :, None] * counts[:, None, :]
    products -= counts[:, :, None] * np.eye(counts.shape[1])
    matrices: FloatArray = products / np.maximum(votes - 1, 1)[:, None, None]
    return matrices


def alpha_nominal(coincidence: FloatArray) -> FloatArray:
    """Krippendorff's alpha, any two different verdicts being equally far apart; NaN where all are the same.

    coincidence: (..., V, V), symmetric. alpha = 1 - (n - 1) sum_{c != k} o_ck / sum_{c != k} n_c n_k
    with n_c = sum_k o_ck and n = sum_c n_c (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability).
    """
    different = 1.0 - np.eye(coincidence.shape[-1])
    return _alpha(coincidence, np.broadcast_to(different, coincidence.shape))


def alpha_ordinal(coincidence: FloatArray) -> FloatArray:
    """Krippendorff's alpha for verdicts in the order of the columns; NaN where all are the same.

    coincidence: (..., V, V), symmetric. The distance of ranks c < k is
    (sum_{g=c..k} n_g - (n_c + n_k) / 2)^2 = (r_k - r_c)^2 with the mid-rank r_c = sum_{g <= c} n_g - n_c / 2.
    """
    totals = coincidence.sum(axis=-1)
    midranks = np.cumsum(totals, axis=-1) - totals / 2.0
    return _alpha(coincidence, (midranks[..., :, None] - midranks[..., None, :]) ** 2)


def ac1_rows(counts: FloatArray) -> dict[str, FloatArray]:
    """What each unit adds to Gwet's AC1: its agreement and its shares of verdicts."""
    votes = counts.sum(axis=1)
    agreement = ratio((counts * (counts - 1)).sum(axis=1), votes * (votes - 1))
    return {
        "ac1_agreement": np.stack([np.nan_to_num(agreement), votes >= 2], axis=1),
        "ac1_shares": np.nan_to_num(ratio(counts, votes[:, None])),
    }


def with_person_rows(people: FloatArray, judged: FloatArray) -> dict[str, FloatArray]:
    """What each unit adds to the sums of a judge's alpha and AC1 with one person; votes and verdicts by choice, (U, V).

    coincidence: (U, V, V), the judge's verdicts paired with each vote, both ways, weight 1 a unit. ac1, shares: as
    `gwet_ac1` takes them.
    """
    votes = people / np.maximum(people.sum(axis=1, keepdims=True), 1.0)
    verdicts = judged / np.maximum(judged.sum(axis=1, keepdims=True), 1.0)
    product = verdicts[:, :, None] * votes[:, None, :]
    return {
        "coincidence": product + product.transpose(0, 2, 1),
        "ac1": np.stack([(verdicts * votes).sum(axis=1), np.ones(len(people))], axis=1),
        "shares": (verdicts + votes) / 2.0,
    }


def gwet_ac1(agreement: FloatArray, shares: FloatArray, categories: int) -> FloatArray:
    """Gwet's AC1 for any number of annotators and absent votes; NaN with fewer than two categories.

    agreement: (..., 2), over units with two votes or more: the sum of p_u = sum_v n_uv (n_uv - 1) / (m_u (m_u - 1)),
    and their number. shares: (..., V), the sum of n_uv / m_u over all units. categories: q, the verdicts in use.
    AC1 = (p_a - p_e) / (1 - p_e), p_a = mean p_u, pi_v = mean n_uv / m_u, p_e = sum_v pi_v (1 - pi_v) / (q - 1)
    (Gwet 2008, Computing inter-rater reliability and its variance in the presence of high agreement).
    """
    if categories < 2:
        return np.full(agreement.shape[:-1], np.nan)
    observed = ratio(agreement[..., 0], agreement[..., 1])
    prevalence = ratio(shares, shares.sum(axis=-1, keepdims=True))
    expected = (prevalence * (1.0 - prevalence)).sum(axis=-1) / (categories - 1)
    return ratio(observed - expected, 1.0 - expected)


def pair_counts(counts: FloatArray) -> FloatArray:
    """Each unit's pairs of votes (U, 2): those with the same verdict, and all."""
    votes = counts.sum(axis=1)
    return np.stack([(counts * (counts - 1)).sum(axis=1) / 2.0, votes * (votes - 1) / 2.0], axis=1)


def pair_agreement(pairs: FloatArray) -> FloatArray:
    """Share of pairs of votes with the same verdict, from (..., 2) sums of `pair_counts`; every pair counts once."""
    return ratio(pairs[..., 0], pairs[..., 1])


def cohen_kappa(table: FloatArray) -> FloatArray:
    """Cohen's kappa of two annotators from their joint counts (..., V, V); NaN where both always say one thing alone.

    kappa = (p_o - p_e) / (1 - p_e), p_o = sum_v t_vv / n, p_e = sum_v t_v. t_.v / n^2 (Cohen 1960).
    """
    total = table.sum(axis=(-2, -1))
    observed = ratio(np.trace(table, axis1=-2, axis2=-1), total)
    expected = ratio((table.sum(axis=-2) * table.sum(axis=-1)).sum(axis=-1), total**2)
    return ratio(observed - expected, 1.0 - expected)


def _alpha(coincidence: FloatArray, distance: FloatArray) -> FloatArray:
    totals = coincidence.sum(axis=-1)
    observed = (coincidence * distance).sum(axis=(-2, -1))
    expected = (totals[..., :, None] * totals[..., None, :] * distance).sum(axis=(-2, -1))
    alpha: FloatArray = 1.0 - (totals.sum(axis=-1) - 1.0) * ratio(observed, expected)
    return alpha
