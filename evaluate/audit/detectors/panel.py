"""D8, panel: how many independent judges several are worth, and whether they share more than quality explains.

The effective number is m / (1 + (m - 1) r), r the mean correlation of two judges' errors against the majority of people
(evaluate/judges/panel.py). Judges that know nothing of each other also err together where a comparison is hard, or
people err. So the test is Spearman's tetrad: with z_j = +1 for A, 0, -1 for B, C_jk = mean(z_j z_k), C_jh the same of
judge j with people and C_hh of two people on one comparison,

    effect = mean_{j < k} (C_jk C_hh - C_jh C_kh) / (2 C_hh),

the share by which two judges agree beyond what each has in common with people. Null: verdicts that depend on people's
quality alone, where judges' and people's curves are proportional (for curves of unequal sharpness it is near 0).
"""

from dataclasses import replace

import numpy as np

from firsthand.bootstrap import FloatArray, Resampled, Sums, percentile_interval, ratio, resample_prompts
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.detectors.measured import (
    LEAST_PROMPTS,
    in_points,
    measured,
    not_testable,
    settled,
    votes_missing,
)
from firsthand.evaluate.audit.detectors.said import judge_score, outcome_of, people_counts, prompts_of
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.lineage import Lineages
from firsthand.evaluate.audit.table import P_A, AuditTable
from firsthand.evaluate.judges.panel import effective_size
from firsthand.evaluate.table import counted
from firsthand.lineage import Relation

DETECTOR = "panel"
TARGET = "independence of the judges"


def panel_findings(table: AuditTable, _lineages: Lineages, settings: AuditConfig) -> list[Finding]:
    """One finding on all judges together; none where there is one judge."""
    if len(table.judges) < 2:
        return []
    finding, votes = _of_panel(table, settings)
    return settled([finding], settings, [votes])


def tetrad_rows(scores: FloatArray, people: FloatArray) -> dict[str, FloatArray]:
    """What each comparison adds: z_j z_k, z_j h, products of two people's votes, and counts.

    scores: (N, m), mean verdicts for A; people: (N, 3), votes by outcome, at least one each.
    """
    verdicts = 2 * scores - 1
    votes = people.sum(axis=1)
    signs = 2 * P_A - 1
    total, squares = people @ signs, people @ signs**2
    pairs = np.nan_to_num(ratio(total**2 - squares, votes * (votes - 1)))
    return {
        "judges": verdicts[:, :, None] * verdicts[:, None, :],
        "with_people": verdicts * (total / votes)[:, None],
        "people": np.stack([pairs, votes >= 2], axis=1),
        "one": np.ones(len(people)),
    }


def tetrad(sums: Sums) -> FloatArray:
    """The mean of C_jk C_hh - C_jh C_kh over j < k; it is tested, since a quotient by C_hh would be skewed."""
    one = np.asarray(sums["one"])
    between = ratio(sums["judges"], one[..., None, None])
    with_people = ratio(sums["with_people"], one[..., None])
    product = with_people[..., :, None] * with_people[..., None, :]
    beyond = between * among_people(sums)[..., None, None] - product
    first, second = np.triu_indices(beyond.shape[-1], 1)
    mean: FloatArray = beyond[..., first, second].mean(axis=-1)
    return mean


def among_people(sums: Sums) -> FloatArray:
    """The mean product C_hh of two people's votes on one comparison."""
    return ratio(sums["people"][..., 0], sums["people"][..., 1])


def _of_panel(table: AuditTable, settings: AuditConfig) -> tuple[Finding, int]:
    """The finding, and how many votes of people it rests on."""
    names = ", ".join(table.judges)
    scores = np.stack([judge_score(table, number) for number in range(len(table.judges))], axis=1)
    people = people_counts(table)
    judged = np.isfinite(scores).all(axis=1)
    rows = judged & (people.sum(axis=1) > 0)
    scores, people = scores[rows], people[rows]
    resampled = resample_prompts(
        {**tetrad_rows(scores, people), **_errors(scores, people)},
        table.prompt[rows],
        draws=settings.draws,
        seed=settings.seed,
    )
    figure = measured(resampled, tetrad)
    common = measured(resampled, among_people)
    if figure is None or common is None or common.interval(settings.alpha)[0] <= 0:
        why = (
            f"All {len(table.judges)} judges and people judged {counted(int(rows.sum()), 'comparison')} of "
            f"{counted(prompts_of(table, rows), 'prompt')}, {int((people.sum(axis=1) >= 2).sum())} of them rated by "
            f"two people; {LEAST_PROMPTS} prompts are needed on which people agree more than by chance."
        )
        missing = votes_missing(people_counts(table).sum(axis=1)[judged], table.prompt[judged], LEAST_PROMPTS)
        step = (
            "Let all judges judge the same comparisons, and two people rate them."
            if missing
            else "Add comparisons whose responses differ in quality, judged by all judges and two people."
        )
        return not_testable(DETECTOR, names, why, step, TARGET, int(rows.sum()), missing), 0
    worth = _worth(resampled, settings)
    scale = 50 / common.value
    said = (
        f"are worth {worth[0]:.1f} independent ones by their errors;"
        if worth
        else "err too seldom to say what they are worth;"
    )
    found = in_points(
        Finding(
            detector=DETECTOR,
            judge=names,
            target=TARGET,
            relation=Relation.UNRELATED,
            verdict=Verdict.INCONCLUSIVE,
            direction="share tastes" if figure.value > 0 else "differ in tastes",
            n=int(rows.sum()),
            n_prompts=figure.clusters,
            why=f"{len(table.judges)} judges {said} two of them agree on {scale * figure.value:+.1f} percentage points "
            "of comparisons beyond what they share with people.",
            caveats=("A taste that judges share, such as length, counts as theirs whatever its cause.",),
            next_step="Count the panel as its effective number, not as so many votes.",
        ),
        figure,
        settings,
        scale,
    )
    value, interval = worth if worth else (None, None)
    return replace(found, estimate=value, ci=interval, unit="independent judges"), int(people.sum())


def _errors(scores: FloatArray, people: FloatArray) -> dict[str, FloatArray]:
    """The sums of `effective_size`: errors against the majority of people, where there is one."""
    top = np.sort(people, axis=1)
    clear = top[:, 2] > top[:, 1]
    wrong = (outcome_of(scores) != people.argmax(axis=1)[:, None]) * clear[:, None].astype(np.float64)
    return {"clear": clear.astype(np.float64), "wrong": wrong, "both": wrong[:, :, None] * wrong[:, None, :]}


def _worth(resampled: Resampled, settings: AuditConfig) -> tuple[float, tuple[float, float]] | None:
    """The effective number of judges and its interval; None where it is undefined."""

    def size(sums: Sums) -> FloatArray:
        return effective_size({**sums, "one": sums["clear"]})

    value, drawn = float(size(resampled.total)), size(resampled.draws)
    drawn = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or not len(drawn):
        return None
    return value, percentile_interval(drawn, 1 - settings.alpha)
