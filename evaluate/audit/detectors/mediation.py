"""D7, style: what a judge's tastes add to people's, and how much of its affinity those tastes carry.

The tastes lambda come from the affinity model with length, and the further styles that the configuration names, as
values of people and tastes of the judge (affinity.py), each given the others. Mediation is D_0 - D_1, the share of
verdicts that the affinity moves (effect.py) in the model without style and in the one with it. Not the difference of
the affinities themselves: a taste that is left out flattens every logit, so that they would differ though nothing is
carried (Karlson, Holm and Breen 2012, Sociological Methodology 42). Both come from the same votes, so their errors
belong together: with d_c0 and d_c1 the influence of prompt c on each (its score times the inverse Hessian times the
derivative of D),

    Var(D_0 - D_1) = C / (C - 1) sum_c (d_c0 - d_c1)^2,

the limit of the paired bootstrap over prompts (the infinitesimal jackknife, Efron 1982, chapter 6). Null: the judge
likes a style as people do, or (for mediation) its own kind writes like the others. Style is a carrier, not an excuse.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.audit.affinity import Design, Fit, design, fit
from firsthand.evaluate.audit.config import LENGTH, AuditConfig
from firsthand.evaluate.audit.detectors.measured import Measured, in_points, not_testable, settled
from firsthand.evaluate.audit.detectors.said import people_votes, style_columns, with_authors
from firsthand.evaluate.audit.effect import effect
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.lineage import Lineages
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.audit.targets import Target, own_target, without
from firsthand.evaluate.audit.testable import FEWEST_PROMPTS, Refusal, no_authors, no_people, no_target
from firsthand.evaluate.table import counted, plain
from firsthand.lineage import Relation

STYLE, MEDIATION = "style", "mediation"
STEP = 0.01


@dataclass(frozen=True, slots=True)
class Styled:
    """The affinity model of a judge with style in it; own: its own kind, where people and it judged enough of it."""

    given: Design
    found: Fit
    own: Target | None


def mediation_findings(table: AuditTable, lineages: Lineages, settings: AuditConfig) -> list[Finding]:
    """For each judge, its taste for each style, and what of its affinity for the closest authors they carry."""
    table = with_authors(table)
    by_judge = [_of_judge(table, number, lineages, settings) for number in range(len(table.judges))]
    votes = [people_votes(table, number) for number in range(len(table.judges))]
    tastes = [taste for tastes, _ in by_judge for taste in tastes]
    used = [apart(table, number, own_target(table, judge, lineages))[0] for number, judge in enumerate(table.judges)]
    of_tastes = [people_votes(used[number], number) for number, (tastes, _) in enumerate(by_judge) for _ in tastes]
    carried = [carried for _, carried in by_judge]
    return settled(tastes, settings, of_tastes) + settled(carried, settings, votes)


def no_fit(table: AuditTable, number: int) -> Refusal | None:
    """Why the model can't be fitted to this judge's verdicts, or its errors be told."""
    refusal = no_people(table, number)
    shared = np.intersect1d(table.judged.of(number).pair, table.people.pair)
    prompts = len(np.unique(table.prompt[shared]))
    if refusal is not None or prompts >= FEWEST_PROMPTS:
        return refusal
    name = plain(table.judges[number])
    return Refusal(
        f"{name} and people both judged comparisons of {counted(prompts, 'prompt')}; {FEWEST_PROMPTS} are needed.",
        f"Add comparisons on {counted(FEWEST_PROMPTS - prompts, 'further prompt')}.",
        2 * (FEWEST_PROMPTS - prompts),
    )


def apart(table: AuditTable, number: int, own: Target | None) -> tuple[AuditTable, Target | None]:
    """The comparisons that tell the judge's tastes, and its own kind if its affinity for that can be fitted with them.

    Where it can't, it would look like a taste: without the own kind's comparisons, if the others are enough.
    """
    if own is None or no_target(table, number, own) is None:
        return table, own
    others = without(table, own.authors)
    return (table if no_fit(others, number) else others), None


def told_apart(found: Finding, table: AuditTable, used: AuditTable, own: Target | None) -> Finding:
    """`found`, with a caveat where `apart` left the own kind's comparisons out."""
    if used is table or own is None:
        return found
    said = (
        f"Without the comparisons of {plain(own.name)}: the judge's affinity for its own kind can't be measured there, "
        "and would look like this."
    )
    return replace(found, caveats=(*found.caveats, said))


def styled(table: AuditTable, number: int, own: Target | None, settings: AuditConfig) -> Styled:
    """The model with what is known of the styles, and with the affinity for `own`."""
    given = design(table, number, _columns(table, own), style_columns(table, settings.covariates))
    return Styled(given, fit(given), own)


def taste(model: Styled, style: str) -> tuple[Measured, float]:
    """lambda, in logits for a typical difference in the style, and the percentage points that one logit makes."""
    value, error = model.found.of(f"taste for {style}")
    more = model.given.by_offset[:, model.found.names.index(f"taste for {style}") - _before_offsets(model)]
    judged = model.given.given.judge.any(axis=1)
    typical = float(np.abs(more[judged]).mean())
    scale = typical * points_per_logit(model, np.sign(more))
    return Measured(value, error, len(model.found.influence)), scale


def mediated(table: AuditTable, number: int, model: Styled, own: Target) -> Measured | None:
    """D_0 - D_1, a share of the verdicts on comparisons of `own`; None where the fit does not converge."""
    given = design(table, number, _columns(table, own), {})
    without = fit(given, model.found.values())
    if not without.converged:
        return None
    moved, influence = _moved(given, without, own)
    moved_with, influence_with = _moved(model.given, model.found, own)
    apart = influence - influence_with
    error = float(np.sqrt(len(apart) / (len(apart) - 1) * (apart**2).sum()))
    return Measured(moved - moved_with, error, len(apart))


def points_per_logit(model: Styled, sign: FloatArray) -> float:
    """Percentage points of the verdicts where `sign` (C,) is not 0 that one logit towards it makes, near 0."""
    found = model.found
    place = found.names.index("order_pull")
    small = replace(found, value=np.where(np.arange(len(found.value)) == place, STEP, found.value))
    contrast = (np.arange(len(found.value)) == place).astype(np.float64)
    return effect(model.given, small, contrast, sign).points / STEP


def _of_judge(
    table: AuditTable, number: int, lineages: Lineages, settings: AuditConfig
) -> tuple[list[Finding], Finding]:
    """The judge's tastes, and what they carry."""
    judge = table.judges[number]
    own = own_target(table, judge, lineages)
    kin = own.name if own else ""
    asked = (LENGTH, *(name for name in settings.covariates if name != LENGTH))
    known = style_columns(table, asked)
    refusal = no_fit(table, number) or (None if known else _no_style(judge, asked))
    if refusal is not None:
        said = (refusal.why, refusal.next_step)
        tastes = [not_testable(STYLE, judge, *said, more_of(style), needed=refusal.needed) for style in asked]
        return tastes, not_testable(MEDIATION, judge, *said, kin, needed=refusal.needed)
    no_kin = no_authors(table, number) or (no_target(table, number, own) if own else None)
    used, fitted = apart(table, number, own)
    known = style_columns(used, asked)
    model = styled(used, number, fitted, settings)
    tastes = [
        told_apart(_taste_finding(table, number, model, style, settings), table, used, own)
        if style in known
        else _untold(judge, style)
        for style in asked
    ]
    if no_kin is not None:
        return tastes, not_testable(MEDIATION, judge, no_kin.why, no_kin.next_step, kin, needed=no_kin.needed)
    if own is None:
        why = f"No author of a comparison is known to be related to {plain(judge)}."
        return tastes, not_testable(MEDIATION, judge, why, "Add responses of its own kind, or state the families.")
    return tastes, _mediation_finding(table, number, model, own, tuple(known), settings)


def more_of(style: str) -> str:
    """What a taste for the style is one for."""
    return "longer responses" if style == LENGTH else f"more {style}"


def _no_style(judge: str, styles: Sequence[str]) -> Refusal:
    return Refusal(
        f"In the responses that {plain(judge)} judged, {' and '.join(styles)} {'is' if len(styles) == 1 else 'are'} "
        "unknown, or no different from one comparison to another.",
        "Import the responses, or their lengths; where these are known, add comparisons in which they differ.",
    )


def _untold(judge: str, style: str) -> Finding:
    refusal = _no_style(judge, [style])
    return not_testable(STYLE, judge, refusal.why, refusal.next_step, more_of(style))


def _taste_finding(table: AuditTable, number: int, model: Styled, style: str, settings: AuditConfig) -> Finding:
    judge = table.judges[number]
    if not model.found.converged:
        return _unconverged(STYLE, judge, more_of(style))
    if model.found.untold((np.array(model.found.names) == f"taste for {style}").astype(np.float64)):
        why = f"By the design of these comparisons, a taste of {plain(judge)} for {style} can't be told from the rest."
        step = f"Add comparisons in which {style} does not go with an author, or with the order."
        return not_testable(STYLE, judge, why, step, more_of(style))
    figure, scale = taste(model, style)
    chosen = "longer responses" if style == LENGTH else f"responses with more {style}"
    likes = f"chooses {chosen} {'more' if figure.value > 0 else 'less'}"
    sign = 1 if figure.value > 0 else -1
    low, high = sorted(sign * scale * end for end in figure.interval(settings.alpha))
    size = f"{abs(scale * figure.value):.1f} percentage points ({low:.1f} to {high:.1f})"
    why = f"{plain(judge)} {likes} often than people's taste explains, by {size}."
    found = Finding(
        detector=STYLE,
        judge=judge,
        target=more_of(style),
        relation=Relation.UNRELATED,
        verdict=Verdict.INCONCLUSIVE,
        direction="favours" if figure.value > 0 else "disfavours",
        unit="logit",
        n=int(model.given.given.weight[model.given.given.judge.any(axis=1)].sum().round()),
        n_prompts=figure.clusters,
        why=why,
        caveats=(f"{style.capitalize()} stands for whatever comes with it and is not held constant, such as detail.",),
        next_step=_next_step(style),
    )
    return in_points(found, figure, settings, scale)


def _mediation_finding(
    table: AuditTable, number: int, model: Styled, own: Target, styles: tuple[str, ...], settings: AuditConfig
) -> Finding:
    judge = table.judges[number]
    contrast = (np.array(model.found.names) == f"affinity for {own.name}").astype(np.float64)
    if model.found.converged and model.found.untold(contrast):
        why = f"By the design of these comparisons, an affinity for {plain(own.name)} can't be told from other tastes."
        return not_testable(MEDIATION, judge, why, "Add comparisons of other authors, in both orders.", own.name)
    figure = mediated(table, number, model, own) if model.found.converged else None
    if figure is None or figure.error < 1e-12:
        return _unconverged(MEDIATION, judge, own.name)
    named = ", ".join(styles)
    low, high = figure.interval(settings.alpha)
    pairs = model.given.given.judge.any(axis=1) & (model.given.by_offset[:, 0] != 0)
    why = (
        f"A taste for {named} carries {100 * figure.value:+.1f} percentage points ({100 * low:+.1f} to "
        f"{100 * high:+.1f}) of what {plain(judge)} gives to {plain(own.name)}."
    )
    result = Finding(
        detector=MEDIATION,
        judge=judge,
        target=own.name,
        relation=own.relation,
        verdict=Verdict.INCONCLUSIVE,
        direction="favours" if figure.value > 0 else "disfavours",
        unit="share of verdicts",
        n=int(model.given.given.weight[pairs].sum().round()),
        n_prompts=len(np.unique(model.given.prompt[pairs])),
        why=why,
        caveats=("Style is a carrier, not an excuse: the labels lean to the author either way.",),
        next_step=_next_step(named),
    )
    return in_points(result, figure, settings)


def _next_step(styles: str) -> str:
    return (
        f"If that matters to you, hold {styles} in what you train on, or ask the judge to ignore it; then audit again."
    )


def _unconverged(detector: str, judge: str, target: str) -> Finding:
    why = f"The affinity model of {plain(judge)} did not converge: the votes do not tell its numbers apart."
    return not_testable(detector, judge, why, "Collect votes of several people on more comparisons.", target)


def _columns(table: AuditTable, own: Target | None) -> dict[str, FloatArray]:
    return {own.name: own.sign(table)} if own else {}


def _before_offsets(model: Styled) -> int:
    """How many parameters come before those of the judge's offset."""
    return len(model.found.names) - int(model.given.by_offset.shape[1])


def _moved(given: Design, found: Fit, own: Target) -> tuple[float, FloatArray]:
    """The share of verdicts that the affinity for `own` moves, and the influence of each prompt on it: (C,)."""
    contrast = (np.array(found.names) == f"affinity for {own.name}").astype(np.float64)
    what = effect(given, found, contrast, given.by_offset[:, 0])
    return what.points / 100, found.influence @ what.bend / 100
