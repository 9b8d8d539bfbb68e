"""D4 as findings: which judge favours whom, by how much, and what to do about it.

For each judge, the headline is its affinity for its own kind (targets.py), against all other authors. Beside it stands
every other author as a control, each in a fit of its own that also holds the affinities for the judge's kin: one of
them that it dislikes would make the rest look favoured. Comparisons of kin whose affinity can't be measured are left
out of it. (With an affinity for every author in one fit, they can't be told from the sharpness between authors.)
Intervals and p values are Wald's with the sandwich covariance clustered by prompt and Student's t with one degree of
freedom less than there are prompts. Headlines are adjusted for one another (Holm 1979), controls for all headlines
and controls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import t as student

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.audit.affinity import Around, Design, Fit, around, design, fit
from firsthand.evaluate.audit.config import LENGTH, AuditConfig
from firsthand.evaluate.audit.effect import Effect, effect
from firsthand.evaluate.audit.finding import Finding, Verdict, verdict_of
from firsthand.evaluate.audit.power import mde, needed_votes, out_of_reach
from firsthand.evaluate.audit.resting import of_order, of_people
from firsthand.evaluate.audit.sentences import (
    Said,
    among_others,
    caveats_of,
    left_apart,
    sentence,
    shared_lean,
    unknown_kind,
)
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.audit.targets import (
    OWN,
    Overlap,
    Target,
    other_targets,
    overlap,
    own_target,
    own_targets,
    without,
)
from firsthand.evaluate.audit.testable import Refusal, no_authors, no_people, no_target, not_apart, untested_kin
from firsthand.evaluate.multiple import holm
from firsthand.lineage import Lineage, Relation

FEWEST_OTHERS = 3
"""Authors beside the target; with fewer, sharpness between authors can't be told from affinity."""
WIDEST_BETWEEN = 1.0
"""Standard error of xi above which the votes do not tell it."""


@dataclass(frozen=True, slots=True)
class Measured:
    """An affinity.

    fit: where it comes from, kept while others begin near it. degrees: of freedom. votes: of people, that the fit used.
    """

    judge: str
    target: Target
    effect: Effect
    degrees: int
    shared: Overlap
    votes: int
    control: bool
    caveats: tuple[str, ...]
    fit: Fit | None

    def p(self) -> float:
        """Two-sided."""
        return float(2 * student.sf(abs(self.effect.logits) / self.effect.error, self.degrees))


def affinity_findings(table: AuditTable, lineages: Mapping[str, Lineage], settings: AuditConfig) -> list[Finding]:
    """The headline of every judge, then the controls of every judge."""
    known = table.attributed()
    by_judge = [_of_judge(known, judge, lineages, settings, table) for judge in range(len(table.judges))]
    headlines = [headline for headline, _ in by_judge]
    controls = [control for _, controls in by_judge for control in controls]
    told, others = _settled(headlines, [], settings), _settled(controls, headlines, settings)
    return [_beside_others(headline, others) for headline in told] + others


def _beside_others(headline: Finding, controls: Sequence[Finding]) -> Finding:
    """The headline, with a caveat where judges that are no kin of its target lean the same way."""
    if headline.verdict is not Verdict.DETECTED:
        return headline
    same = [
        control.judge
        for control in controls
        if control.verdict is Verdict.DETECTED
        and (control.target, control.direction) == (headline.target, headline.direction)
        and control.relation is Relation.UNRELATED
    ]
    if not same:
        return headline
    said = shared_lean(headline.target, headline.direction == "favours", same)
    return replace(headline, caveats=(*headline.caveats, said))


def headline_findings(table: AuditTable, lineages: Mapping[str, Lineage], settings: AuditConfig) -> list[Finding]:
    """The affinity of every judge for its own kind."""
    known = table.attributed()
    headlines = [_headline(known, judge, lineages, settings, table) for judge in range(len(table.judges))]
    return _settled(headlines, [], settings)


def _of_judge(
    table: AuditTable, judge: int, lineages: Mapping[str, Lineage], settings: AuditConfig, whole: AuditTable
) -> tuple[Measured | Finding, list[Measured | Finding]]:
    """The headline and the controls; what is kept has no fit, of which a few would fill the memory."""
    headline = _headline(table, judge, lineages, settings, whole)
    controls = []
    if no_people(table, judge) is None:
        controls = _controls(table, judge, lineages, settings, whole, _fit_of(headline))
    return _without_fit(headline), controls


def _headline(
    table: AuditTable, judge: int, lineages: Mapping[str, Lineage], settings: AuditConfig, whole: AuditTable
) -> Measured | Finding:
    name = table.judges[judge]
    refusal = no_people(table, judge)
    own = own_target(table, name, lineages)
    if nameless := no_authors(table, judge):
        return Finding(
            detector="affinity",
            judge=name,
            verdict=Verdict.NOT_TESTABLE,
            why=nameless.why,
            next_step=nameless.next_step,
        )
    if own is None:
        return unknown_kind(name, [lineages[author] for author in table.authors], lineages[name])
    if refusal is not None:
        return _refused(table, judge, own, refusal)
    result = _tested(table, judge, own, (own,), settings, whole)
    if not isinstance(result, Measured):
        return result
    kin = [target.name for target in own_targets(table, name, lineages) if target != own]
    unknown = [author for author in table.authors if lineages[author].family is None]
    return replace(result, caveats=(*result.caveats, *among_others(name, own, kin, unknown)))


def _controls(
    table: AuditTable,
    judge: int,
    lineages: Mapping[str, Lineage],
    settings: AuditConfig,
    whole: AuditTable,
    near: Fit | None,
) -> list[Measured | Finding]:
    own = own_target(table, table.judges[judge], lineages)
    others = other_targets(table, table.judges[judge], lineages)
    if len(others) < 2:
        return []
    kin = [target for target in ([own] if own else []) + others if target.relation in OWN]
    apart = untested_kin(table, judge, lineages)
    beside = [target for target in kin if target not in apart]
    authors = [author for target in apart for author in target.authors]
    used, whole = (without(table, authors), without(whole, authors)) if apart else (table, whole)
    start = None if near is None else _around(used, judge, (*beside, *others), settings, near)
    tested: list[Measured | Finding] = []
    for target in others:
        if refusal := no_target(table, judge, target):
            tested.append(_refused(table, judge, target, refusal))
            continue
        if apart and (refusal := no_target(used, judge, target) or no_people(used, judge)):
            tested.append(_told_apart(_refused(used, judge, target, refusal), apart))
            continue
        result = _tested(used, judge, target, (*beside, target), settings, whole, control=True, start=start)
        if start is None and (first := _fit_of(result)) is not None:
            start = _around(used, judge, (*beside, *others), settings, first)
        tested.append(_told_apart(_without_fit(result), apart))
    return tested


def _told_apart(result: Measured | Finding, apart: Sequence[Target]) -> Measured | Finding:
    """The result, with a caveat where comparisons of the judge's kin are left out."""
    if not apart:
        return result
    return replace(result, caveats=(*result.caveats, left_apart([target.name for target in apart])))


def _around(table: AuditTable, judge: int, targets: Sequence[Target], settings: AuditConfig, near: Fit) -> Around:
    """The likelihood with an affinity for each target, near a fit of some: others begin from it."""
    columns = {target.name: target.sign(table) for target in targets}
    return around(design(table, judge, columns, _covariates(table, settings)[0]), near)


def _fit_of(result: Measured | Finding) -> Fit | None:
    return result.fit if isinstance(result, Measured) else None


def _without_fit(result: Measured | Finding) -> Measured | Finding:
    return replace(result, fit=None) if isinstance(result, Measured) else result


def _tested(
    table: AuditTable,
    judge: int,
    target: Target,
    targets: Sequence[Target],
    settings: AuditConfig,
    whole: AuditTable,
    control: bool = False,
    start: Around | None = None,
) -> Measured | Finding:
    """The affinity for `target` in a fit of those for `targets`, begun from `start`, or why there is none."""
    if refusal := no_target(table, judge, target):
        return _refused(table, judge, target, refusal)
    covariates, left_out = _covariates(table, settings)
    columns = {one.name: one.sign(table) for one in targets}
    given, found, one_slope = _fitted(table, judge, columns, covariates, target, start)
    if not found.converged:
        return _unconverged(table, judge, target)
    contrast = (np.array(found.names) == f"affinity for {target.name}").astype(np.float64)
    if found.untold(contrast):
        return _refused(table, judge, target, not_apart(table, judge, target, covariates))
    caveats = caveats_of(whole, table, found, one_slope, tuple(covariates), left_out)
    caveats = (*caveats, *of_people(table, judge), *of_order(table, judge, target))
    return _measured(table, judge, target, given, found, contrast, caveats, control)


def _fitted(
    table: AuditTable,
    judge: int,
    columns: dict[str, FloatArray],
    covariates: dict[str, FloatArray],
    target: Target,
    start: Around | None,
) -> tuple[Design, Fit, bool]:
    """Two slopes where the votes can tell them apart, else one; whether it is one."""
    rated = table.author[np.bincount(table.people.pair, minlength=len(table)) > 0]
    others = np.setdiff1d(rated, target.authors)
    if len(others) >= FEWEST_OTHERS:
        given = design(table, judge, columns, covariates)
        found = fit(given, start.top(given.names) if start else None)
        between = (np.array(found.names) == "between").astype(np.float64)
        if found.converged and found.of("between")[1] <= WIDEST_BETWEEN and not found.untold(between):
            return given, found, False
    given = design(table, judge, columns, covariates, one_slope=True)
    return given, fit(given, start.top(given.names) if start else None), True


def _covariates(table: AuditTable, settings: AuditConfig) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """The columns, scaled to a mean square of 1, and what is to be said of those left out."""
    columns: dict[str, FloatArray] = {}
    said = []
    for name in settings.covariates:
        known = np.log1p(table.length) if name == LENGTH else table.styles[name]
        difference = known[:, 0] - known[:, 1]
        unknown = np.isnan(difference)
        filled = np.where(unknown, 0.0, difference)
        scale = float(np.sqrt((filled**2).mean())) if len(filled) else 0.0
        if unknown.all():
            said.append(f"{name} is not known here and could not be held constant")
        elif scale == 0:
            said.append(f"{name} is the same on both sides everywhere, so that a taste for it can't be told")
        else:
            columns[name] = filled / scale
            if unknown.any():
                said.append(f"{name} is unknown for {int(unknown.sum()):,} comparisons, taken as equal there")
    return columns, tuple(said)


def _measured(
    table: AuditTable,
    judge: int,
    target: Target,
    given: Design,
    found: Fit,
    contrast: FloatArray,
    caveats: tuple[str, ...],
    control: bool,
) -> Measured:
    place = found.names.index(f"affinity for {target.name}") - (len(found.names) - given.by_offset.shape[1])
    seen = np.bincount(table.judged.of(judge).pair, minlength=len(table)) > 0
    return Measured(
        judge=table.judges[judge],
        target=target,
        effect=effect(given, found, contrast, given.by_offset[:, place]),
        degrees=len(np.unique(given.prompt)) - 1,
        shared=overlap(table, judge, target),
        votes=int(seen[table.people.pair].sum()),
        control=control,
        caveats=caveats,
        fit=found,
    )


def _settled(
    results: Sequence[Measured | Finding], beside: Sequence[Measured | Finding], settings: AuditConfig
) -> list[Finding]:
    """Findings, with p values adjusted for all of `results` and `beside`."""
    measured = [result for result in (*results, *beside) if isinstance(result, Measured)]
    adjusted = dict(zip(map(id, measured), holm([result.p() for result in measured]), strict=True))
    return [
        result if isinstance(result, Finding) else _finding(result, adjusted[id(result)], len(measured), settings)
        for result in results
    ]


def _finding(result: Measured, p_adjusted: float, tests: int, settings: AuditConfig) -> Finding:
    found, margin, alpha = result.effect, settings.margin_points, settings.alpha
    wide = float(student.isf(alpha / 2, result.degrees))
    points_ci = (found.points - wide * found.points_error, found.points + wide * found.points_error)
    verdict = verdict_of(found.points, points_ci, p_adjusted, margin, alpha)
    needed: int | None = 0
    if verdict is Verdict.INCONCLUSIVE:
        needed = needed_votes(found.points, found.points_error, margin, alpha, result.votes, tests)
    said = sentence(
        Said(
            verdict=verdict,
            judge=result.judge,
            target=result.target,
            points=found.points,
            points_ci=points_ci,
            shared=result.shared,
            needed=needed,
            out_of_reach=out_of_reach(found.points_error, margin, alpha, result.votes),
            margin=margin,
            control=result.control,
        )
    )
    return Finding(
        detector="affinity",
        judge=result.judge,
        target=result.target.name,
        relation=result.target.relation,
        verdict=verdict,
        direction="favours" if found.logits > 0 else "disfavours",
        estimate=found.logits,
        unit="logit",
        ci=(found.logits - wide * found.error, found.logits + wide * found.error),
        points=found.points,
        points_ci=points_ci,
        flipped_per_1000=found.flipped_per_1000,
        p=result.p(),
        p_adjusted=p_adjusted,
        n=result.shared.n,
        n_prompts=result.shared.n_prompts,
        mde_points=mde(found.points_error, margin, alpha / tests),
        needed=needed,
        why=said.why,
        caveats=result.caveats,
        next_step=said.next_step,
    )


def _refused(table: AuditTable, judge: int, target: Target, refusal: Refusal) -> Finding:
    there = overlap(table, judge, target)
    return Finding(
        detector="affinity",
        judge=table.judges[judge],
        target=target.name,
        relation=target.relation,
        verdict=Verdict.NOT_TESTABLE,
        n=there.n,
        n_prompts=there.n_prompts,
        needed=refusal.needed,
        why=refusal.why,
        next_step=refusal.next_step,
    )


def _unconverged(table: AuditTable, judge: int, target: Target) -> Finding:
    refusal = Refusal(
        "The fit did not converge: the votes do not tell the model's numbers apart.",
        "Collect votes of several people on more comparisons, or leave the covariates out of the configuration.",
    )
    return replace(_refused(table, judge, target, refusal), verdict=Verdict.INCONCLUSIVE)
