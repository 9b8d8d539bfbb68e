"""D3, disagreement by stratum: where a judge departs from people more, or less, than people from each other.

With s_i and p_i of ceiling.py, the effect in a stratum S is mean_{i in S}(p_i) - mean_{i in S}(s_i), the judge's
disagreement with one person less that of two people there. Null: a judge that votes as one more person. It is
descriptive: a judge that is noisier than people departs from them everywhere.
"""

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import FloatArray, Resampled, Sums, resample_each
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.detectors.ceiling import agreement_rows, comparable, excess, untold
from firsthand.evaluate.audit.detectors.measured import in_points, measured, settled
from firsthand.evaluate.audit.detectors.said import judge_counts, people_counts
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.lineage import Lineages
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.table import plain

DETECTOR = "disagreement"
MOST_VALUES = 12
"""A tag with more values names comparisons rather than groups of them, and makes no strata."""
BANDS = ("lengths within 10 %", "lengths 10 to 50 % apart", "lengths over 50 % apart")


def disagreement_findings(table: AuditTable, _lineages: Lineages, settings: AuditConfig) -> list[Finding]:
    """One finding for each judge and stratum: pair of authors, how far the lengths differ, and value of a tag."""
    people, members = people_counts(table), strata(table)
    judged = [judge_counts(table, number) for number in range(len(table.judges))]
    agreement = [agreement_rows(people, counts) for counts in judged]
    comparisons = [comparable(people, counts) for counts in judged]
    findings: dict[tuple[int, str], Finding] = {}
    votes: dict[tuple[int, str], int] = {}
    for name, member in members.items():
        there = [number for number, counts in enumerate(judged) if (counts[member] > 0).any()]
        chosen = [comparisons[number] & member for number in there]
        sets = [{"agreement": agreement[number][rows]} for number, rows in zip(there, chosen, strict=True)]
        prompts = [table.prompt[rows] for rows in chosen]
        resampled = resample_each(sets, prompts, draws=settings.draws, seed=settings.seed)
        for number, rows, draws in zip(there, chosen, resampled, strict=True):
            found = _in_stratum(table.judges[number], name, draws, settings)
            if found is None:
                judged_here = (judged[number].sum(axis=1) > 0) & member
                found = untold(DETECTOR, table, table.judges[number], name, people, judged_here)
            findings[number, name], votes[number, name] = found, int(people[rows].sum())
    in_order = [(number, name) for number in range(len(judged)) for name in members if (number, name) in findings]
    return settled([findings[key] for key in in_order], settings, [votes[key] for key in in_order])


def strata(table: AuditTable) -> dict[str, npt.NDArray[np.bool_]]:
    """Which comparisons belong to each stratum: name -> (N,)."""
    found = {}
    authors = np.sort(table.author, axis=1)
    for one, other in np.unique(authors[(authors >= 0).all(axis=1)], axis=0):
        name = f"{table.authors[one]} and {table.authors[other]}"
        found[name] = (authors == (one, other)).all(axis=1)
    known = (table.length > 0).all(axis=1)
    longer = np.maximum(table.length.max(axis=1), 1.0)
    band = np.digitize(np.abs(table.length[:, 0] - table.length[:, 1]) / longer, [0.1, 0.5])
    for number, name in enumerate(BANDS):
        found[name] = known & (band == number)
    for tag, values in table.tags.items():
        told = sorted({value for value in values if value is not None})
        if len(told) <= MOST_VALUES:
            found |= {f"{tag}: {value}": values == value for value in told if (values != value).any()}
    return {name: member for name, member in found.items() if member.any()}


def _in_stratum(judge: str, name: str, resampled: Resampled, settings: AuditConfig) -> Finding | None:
    figure = measured(resampled, _more_disagreement)
    if figure is None:
        return None
    n = int(resampled.total["agreement"][2])
    with_person, between = resampled.total["agreement"][:2] / n
    return in_points(
        Finding(
            detector=DETECTOR,
            judge=judge,
            target=name,
            verdict=Verdict.INCONCLUSIVE,
            direction="more than people" if figure.value > 0 else "less than people",
            unit="difference of shares",
            n=n,
            n_prompts=figure.clusters,
            why=f"On {plain(name)}, {plain(judge)} disagrees with one person on {1 - with_person:.1%} of comparisons, "
            f"people with each other on {1 - between:.1%}.",
            caveats=("Descriptive: a judge that is noisier than people departs from them everywhere.",),
            next_step="Let people rate these comparisons where the judge departs from them.",
        ),
        figure,
        settings,
    )


def _more_disagreement(sums: Sums) -> FloatArray:
    return -excess(sums)
