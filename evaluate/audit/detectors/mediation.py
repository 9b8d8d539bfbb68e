"""D7, style mediation: how much of a judge's affinity for its own kind does a taste for style carry?

With gamma_0 the affinity fitted without style and gamma_1 with it, as taste of the judge and value of people, the
effect is gamma_0 - gamma_1. Both come from the same votes, so their errors belong together: with g_c0 and g_c1 the
influence of prompt c on each (its score times the inverse Hessian),

    Var(gamma_0 - gamma_1) = C / (C - 1) sum_c (g_c0 - g_c1)^2,

the limit of the paired bootstrap over prompts (the infinitesimal jackknife, Efron 1982, chapter 6). Null: the judge
likes style as people do, or its own kind has the same style as others. Style is a carrier, not an excuse.
"""

from dataclasses import replace

import numpy as np

from firsthand.evaluate.audit.affinity import Design, Fit, design, fit
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.detectors.measured import Measured, in_points, not_testable, settled
from firsthand.evaluate.audit.detectors.said import judge_counts, length_column, people_counts
from firsthand.evaluate.audit.effect import effect
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.lineage import Lineages
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.audit.targets import Target, own_target

DETECTOR = "mediation"
LEAST_PAIRS, LEAST_DOUBLED, LEAST_PROMPTS = 50, 30, 30
"""Own comparisons that people rated, comparisons with two people's votes, and prompts, without which none is fitted."""
STYLE = "length"


def mediation_findings(table: AuditTable, lineages: Lineages, settings: AuditConfig) -> list[Finding]:
    """One finding a judge, for the authors closest to it and the style `length`."""
    findings = []
    for number, judge in enumerate(table.judges):
        own = own_target(table, judge, lineages)
        if own is None:
            why = f"no author of a comparison is known to be related to {judge}"
            step = "add responses of its own kind, or state the families"
            findings.append(not_testable(DETECTOR, judge, why, step))
        else:
            findings.append(_of_judge(table, number, own, settings))
    return settled(findings, settings)


def mediated(table: AuditTable, number: int, own: Target) -> tuple[Measured, float] | None:
    """gamma_0 - gamma_1 in logits, and the percentage points of a logit; None where a fit does not converge."""
    sign, name = {own.name: own.sign(table)}, f"affinity for {own.name}"
    bare, styled = design(table, number, sign, {}), design(table, number, sign, {STYLE: length_column(table)})
    without, with_style = fit(bare), fit(styled)
    if not (without.converged and with_style.converged):
        return None
    influence = _influence(without, name) - _influence(with_style, name)
    clusters = len(influence)
    error = float(np.sqrt(clusters / (clusters - 1) * (influence**2).sum()))
    if error < 1e-12:
        return None
    value = without.of(name)[0] - with_style.of(name)[0]
    return Measured(value, error, clusters), _points_per_logit(styled, with_style, name)


def _of_judge(table: AuditTable, number: int, own: Target, settings: AuditConfig) -> Finding:
    judge, people = table.judges[number], people_counts(table).sum(axis=1)
    judged = judge_counts(table, number).sum(axis=1) > 0
    pairs = judged & (people > 0) & (own.sign(table) != 0)
    twice, prompts = int((people >= 2).sum()), len(np.unique(table.prompt[people > 0]))
    why = (
        f"{judge} and people both judged {int(pairs.sum())} comparisons of {own.name} with others, two people rated "
        f"{twice} comparisons, on {prompts} prompts; {LEAST_PAIRS}, {LEAST_DOUBLED} and {LEAST_PROMPTS} are needed"
    )
    step = "let two people rate more comparisons of the judge's own kind"
    if pairs.sum() < LEAST_PAIRS or twice < LEAST_DOUBLED or prompts < LEAST_PROMPTS:
        return not_testable(DETECTOR, judge, why, step, own.name, int(pairs.sum()))
    if not np.ptp(length_column(table)[pairs]) > 0:
        why = f"the lengths of the responses that {judge} judged are unknown or all the same"
        return not_testable(DETECTOR, judge, why, "import the responses or their lengths", own.name, int(pairs.sum()))
    found = mediated(table, number, own)
    if found is None:
        why = f"the affinity model of {judge} did not converge without or with length"
        return not_testable(DETECTOR, judge, why, step, own.name, int(pairs.sum()))
    figure, scale = found
    return replace(
        in_points(
            Finding(
                detector=DETECTOR,
                judge=judge,
                target=own.name,
                relation=own.relation,
                verdict=Verdict.INCONCLUSIVE,
                direction="favours" if figure.value > 0 else "disfavours",
                unit="logit",
                n=int(pairs.sum()),
                n_prompts=figure.clusters,
                why=f"a taste for length carries {figure.value:+.2f} logits ({scale * figure.value:+.1f} percentage "
                f"points) of what {judge} gives to {own.name}",
                caveats=("style is a carrier, not an excuse: labels lean to the author either way",),
                next_step="hold length in what you train on, or ask the judge to ignore it, and audit again",
            ),
            figure,
            settings,
            scale,
        )
    )


def _influence(found: Fit, name: str) -> np.ndarray:
    """Of each prompt on the parameter: (C,)."""
    return found.influence[:, found.names.index(name)]


def _points_per_logit(given: Design, found: Fit, name: str) -> float:
    """Percentage points of the verdicts on own comparisons that one logit of affinity makes, near 0."""
    place = found.names.index(name)
    small = replace(found, value=np.where(np.arange(len(found.value)) == place, 0.01, found.value))
    contrast = (np.arange(len(found.value)) == place).astype(np.float64)
    sign = given.by_offset[:, 0]
    return effect(given, small, contrast, sign).points / 0.01
