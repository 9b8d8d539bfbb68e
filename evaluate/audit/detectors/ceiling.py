"""D1, ceiling: whether a judge agrees with people as well as people agree with each other.

On each comparison i that the judge and at least two people voted on, with n_iv votes of people for verdict v, m_i in
all, and q_iv the share of the judge's verdicts,

    s_i = sum_v q_iv n_iv / m_i,        p_i = sum_v n_iv (n_iv - 1) / (m_i (m_i - 1)),

the chance that the judge agrees with one person, and one person with another. The effect is mean(s_i) - mean(p_i), with
the bootstrap over prompts. Null: a judge that votes as one more person of the same kind has E s_i = E p_i. Beside it
stand Krippendorff's alpha and Gwet's AC1 of the judge with one person and of people, with intervals of the same draws.
"""

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import FloatArray, Resampled, Sums, ratio, resample_each
from firsthand.estimates import Estimate
from firsthand.evaluate.agreement import ac1_rows, alpha_nominal, coincidences, gwet_ac1, with_person_rows
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.detectors.measured import (
    LEAST_PROMPTS,
    in_points,
    measured,
    not_testable,
    settled,
    votes_missing,
)
from firsthand.evaluate.audit.detectors.said import judge_counts, outcome_of, people_counts, prompts_of, score
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.lineage import Lineages
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.judges.alternative import alternative_test
from firsthand.evaluate.table import counted, plain

DETECTOR = "ceiling"
TARGET = "agreement with people"


def ceiling_findings(table: AuditTable, _lineages: Lineages, settings: AuditConfig) -> list[Finding]:
    """One finding a judge; points below 0: it agrees with people less than they agree with each other."""
    people = people_counts(table)
    judged = [judge_counts(table, number) for number in range(len(table.judges))]
    rows = [comparable(people, counts) for counts in judged]
    given = [
        {"agreement": agreement_rows(people[there], counts[there]), **coefficient_rows(people[there], counts[there])}
        for there, counts in zip(rows, judged, strict=True)
    ]
    prompts = [table.prompt[there] for there in rows]
    resampled = resample_each(given, prompts, draws=settings.draws, seed=settings.seed)
    findings = [
        _of_judge(table, number, people, judged[number], resampled[number], settings)
        for number in range(len(table.judges))
    ]
    return settled(findings, settings, [int(people[there].sum()) for there in rows])


def agreement_rows(people: FloatArray, judged: FloatArray) -> FloatArray:
    """s_i and p_i of each comparison, with 1 for counting: (N, 3), from votes and verdicts by outcome (N, 3)."""
    votes = people.sum(axis=1)
    with_person = ratio((judged * people).sum(axis=1), judged.sum(axis=1) * votes)
    between = ratio((people * (people - 1)).sum(axis=1), votes * (votes - 1))
    return np.stack([with_person, between, np.ones(len(people))], axis=1)


def excess(sums: Sums) -> FloatArray:
    """mean(s_i) - mean(p_i)."""
    rows = sums["agreement"]
    return ratio(rows[..., 0] - rows[..., 1], rows[..., 2])


def comparable(people: FloatArray, judged: FloatArray) -> npt.NDArray[np.bool_]:
    """Comparisons with a verdict of the judge and votes of two people: (N,)."""
    both: npt.NDArray[np.bool_] = np.logical_and(people.sum(axis=1) >= 2, judged.sum(axis=1) > 0)
    return both


def untold(
    detector: str,
    table: AuditTable,
    judge: str,
    target: str,
    people: FloatArray,
    judged: npt.NDArray[np.bool_],
) -> Finding:
    """Why agreement can't be told among the comparisons `judged` (N,), with people's votes by outcome (N, 3)."""
    votes = people.sum(axis=1)
    rows = judged & (votes >= 2)
    n, prompts = int(rows.sum()), prompts_of(table, rows)
    why = f"{plain(judge)} and two people voted on {counted(n, 'comparison')} of {counted(prompts, 'prompt')}"
    if prompts >= LEAST_PROMPTS:
        why = f"{why}, and agree alike on all of them, so that the error of the difference can't be told."
        return not_testable(detector, judge, why, "Add comparisons on which they may vote otherwise.", target, n)
    step = f"Have two people rate what {plain(judge)} judged on {counted(LEAST_PROMPTS - prompts, 'further prompt')}."
    missing = votes_missing(votes[judged], table.prompt[judged], LEAST_PROMPTS)
    return not_testable(detector, judge, f"{why}; {LEAST_PROMPTS} prompts are needed.", step, target, n, missing)


def _of_judge(
    table: AuditTable,
    number: int,
    people: FloatArray,
    judged: FloatArray,
    resampled: Resampled,
    settings: AuditConfig,
) -> Finding:
    judge, rows = table.judges[number], comparable(people, judged)
    figure = measured(resampled, excess)
    if figure is None:
        return untold(DETECTOR, table, judge, TARGET, people, judged.sum(axis=1) > 0)
    with_person, between = resampled.total["agreement"][:2] / rows.sum()
    return in_points(
        Finding(
            detector=DETECTOR,
            judge=judge,
            target=TARGET,
            verdict=Verdict.INCONCLUSIVE,
            direction="below people" if figure.value < 0 else "above people",
            unit="difference of shares",
            n=int(rows.sum()),
            n_prompts=figure.clusters,
            why=f"{plain(judge)} agrees with one person on {with_person:.1%}, people with each other on {between:.1%} "
            f"of the same comparisons{_coefficients(resampled, people[rows], judged[rows])}"
            f"{_alternative(table, people, judged)}.",
            caveats=("Agreement says how alike a judge and people vote, not whether it favours anyone.",),
            next_step="Keep its labels where it agrees: firsthand evaluate judges says which.",
        ),
        figure,
        settings,
    )


def coefficient_rows(people: FloatArray, judged: FloatArray) -> dict[str, FloatArray]:
    """What each comparison adds to the coefficients' sums, from votes and verdicts by outcome (N, 3).

    Of the judge with one person as `with_person_rows` says; people, people_ac1, people_shares: the same of two people.
    """
    own = ac1_rows(people)
    return {
        **with_person_rows(people, judged),
        "people": coincidences(people),
        "people_ac1": own["ac1_agreement"],
        "people_shares": own["ac1_shares"],
    }


def _coefficients(resampled: Resampled, people: FloatArray, judged: FloatArray) -> str:
    """Krippendorff's alpha and Gwet's AC1 of the judge with one person, and of people, with intervals."""
    used_by_people = int((people.sum(axis=0) > 0).sum())
    used = int(((people + judged).sum(axis=0) > 0).sum())
    alpha = resampled.estimate(lambda sums: alpha_nominal(sums["coincidence"]))
    people_alpha = resampled.estimate(lambda sums: alpha_nominal(sums["people"]))
    ac1 = resampled.estimate(lambda sums: gwet_ac1(sums["ac1"], sums["shares"], used))
    people_ac1 = resampled.estimate(lambda sums: gwet_ac1(sums["people_ac1"], sums["people_shares"], used_by_people))
    return (
        f" (Krippendorff's alpha {_figure(alpha)}, of people {_figure(people_alpha)}; "
        f"Gwet's AC1 {_figure(ac1)}, of people {_figure(people_ac1)})"
    )


def _figure(found: Estimate) -> str:
    if found.value is None:
        return "undefined"
    return f"{found.value:.2f}" + (f" [{found.ci[0]:.2f} to {found.ci[1]:.2f}]" if found.ci else "")


def _alternative(table: AuditTable, people: FloatArray, judged: FloatArray) -> str:
    """The alternative annotator test in words."""
    item = np.where(judged.sum(axis=1) > 0, np.cumsum(judged.sum(axis=1) > 0) - 1, -1)
    votes = table.people.where(item[table.people.pair] >= 0)
    rows = item >= 0
    verdict = outcome_of(score(judged[rows]))
    test = alternative_test(people[rows], verdict, item[votes.pair], votes.voter, votes.outcome)
    if test.omega is None:
        return f"; the alternative annotator test is refused: {test.refused}"
    rates = ", ".join(f"{rate:.2f} as for {word} raters" for word, rate in test.omega.items())
    return f"; alternative annotator test: winning rate {rates}, at least as good on {test.rho:.0%} of items"
