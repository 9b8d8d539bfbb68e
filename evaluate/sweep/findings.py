"""What a sweep found about what its models inherit, as findings with verdicts, in the words of an audit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from firsthand.evaluate.audit.finding import Finding, Verdict, verdict_of
from firsthand.evaluate.audit.power import mde
from firsthand.evaluate.audit.words import interval, signed
from firsthand.evaluate.multiple import holm
from firsthand.evaluate.sweep.outcome import Sweep
from firsthand.evaluate.sweep.permuted import Control
from firsthand.evaluate.sweep.proxy_gold import ProxyGold
from firsthand.evaluate.sweep.resample import Figure
from firsthand.evaluate.sweep.settings import AnalysisConfig
from firsthand.evaluate.sweep.skew import SkewCurve, Target
from firsthand.evaluate.table import counted
from firsthand.lineage import Relation

SKEW, GOLD, TOLERANCE, PROXY, CONTROL = "inherited-skew", "gold-gap", "tolerance", "proxy-gold", "permuted-control"
NOBODY = ("", Relation.UNKNOWN)
SHARPER = (
    "What a model promises grows with the size of its scores: a sharper one that ranks alike promises more. What "
    "people say of its pick rests on the ranking alone."
)
FIXED = "The interval leaves out what other training prompts would change."
BORROWED = "What other training prompts would change is told from the fast engine's models, not from these."


@dataclass(frozen=True, slots=True)
class _Said:
    """What is common to the findings of one sweep."""

    sweep: Sweep
    config: AnalysisConfig
    refitted: bool
    arms: int

    def named(self, target: Target, arm: str) -> tuple[str, Relation]:
        """The target, and its arm where there are several."""
        return target.name if self.arms < 2 else f"{target.name}, arm {arm}", target.relation


def findings(
    sweep: Sweep,
    curves: Sequence[SkewCurve],
    picked: Sequence[ProxyGold],
    held: Sequence[Control],
    config: AnalysisConfig,
    refitted: bool,
) -> list[Finding]:
    """The findings of T1 to T5; p-values are adjusted by Holm's method within each detector."""
    said = _Said(sweep, config, refitted, len({curve.arm for curve in curves}))
    return [
        *_adjusted([_skew(said, curve) for curve in curves], config),
        *_adjusted([_gold(said, curve) for curve in curves], config),
        *(_tolerance(said, curve) for curve in curves),
        *_adjusted([_proxy(said, each) for each in picked], config),
        *([] if picked or not curves else [_no_choices(said)]),
        *_adjusted([_control(said, each) for each in held], config),
        *([] if held else [_no_control(said)]),
        *(_nobody_of_its_own(said) if curves else _no_twins(said)),
    ]


def _skew(said: _Said, curve: SkewCurve) -> Finding:
    figure, ratio = curve.inherited[-1], curve.ratios[-1]
    what = (
        f"Where people are split, a model trained with {ratio:.0%} labels of {said.sweep.judge} (arm {curve.arm}) "
        f"prefers {curve.target.name} {_points(figure, said.config)} more often than its human-only twin."
    )
    style = curve.style[-1]
    part = [] if style.interval(said.config.alpha) is None else [f"Style carries {_points(style, said.config)} of it."]
    short = f"only {counted(figure.rows, 'comparison')} of the anchor are probes: people split, one side of the target"
    step = "Have people judge more of the close comparisons, or widen probe_margin."
    return _measured(said, SKEW, said.named(curve.target, curve.arm), figure, what, part, (short, step))


def _gold(said: _Said, curve: SkewCurve) -> Finding:
    figure, ratio = curve.gold[-1], curve.ratios[-1]
    what = (
        f"With {ratio:.0%} labels of {said.sweep.judge} (arm {curve.arm}), accuracy where people chose "
        f"{curve.target.name} less that where they chose against it moves by {_points(figure, said.config)} against "
        "the human-only twin; overall accuracy does not show it."
    )
    short = f"only {counted(figure.rows, 'decided comparison')} of the anchor have one side of the target"
    return _measured(
        said,
        GOLD,
        said.named(curve.target, curve.arm),
        figure,
        what,
        [],
        (short, "Have people judge more such comparisons."),
    )


def _tolerance(said: _Said, curve: SkewCurve) -> Finding:
    found, config, last = curve.tolerance, said.config, curve.ratios[-1]
    at_end = curve.inherited[-1]
    if at_end.rows < config.least_rows or at_end.interval(config.alpha) is None:
        why = f"No tolerance ratio for {curve.target.name}: the inherited skew can't be told on {at_end.rows:,} probes."
        return _finding(said, TOLERANCE, said.named(curve.target, curve.arm), Verdict.NOT_TESTABLE, why)
    margin = f"{config.margin_points:g} points"
    band = f"{_ratio(found.low, last)} to {_ratio(found.high, last)}"
    if found.high is not None:
        verdict = Verdict.DETECTED
        why = (
            f"From {_ratio(found.ratio, last)} synthetic rows on ({1 - config.alpha:.0%} interval {band}), a model of "
            f"arm {curve.arm} leans to {curve.target.name} by {margin} or more beyond its human-only twin."
        )
    elif found.low is None:
        verdict = Verdict.RULED_OUT
        why = (
            f"No crossing: up to {last:.0%} synthetic rows, a model of arm {curve.arm} stays below {margin} of "
            f"inherited skew to {curve.target.name}, the whole {1 - config.alpha:.0%} band with it."
        )
    else:
        verdict = Verdict.INCONCLUSIVE
        at = "not crossed" if found.ratio is None else f"crossed at {_ratio(found.ratio, last)}"
        why = (
            f"{margin} of inherited skew to {curve.target.name} (arm {curve.arm}) are {at} by the estimate, but the "
            f"interval reaches from {band}."
        )
    ends = None if found.low is None or found.high is None else (found.low, found.high)
    made = _finding(said, TOLERANCE, said.named(curve.target, curve.arm), verdict, why, _caveats(said, []))
    return replace(made, estimate=found.ratio, unit="synthetic share", ci=ends, n=at_end.rows, n_prompts=at_end.prompts)


def _proxy(said: _Said, each: ProxyGold) -> Finding:
    largest, config = each.n[-1], said.config
    what = (
        f"Picking the best of {largest}, a model trained with {each.ratio:.0%} labels of {said.sweep.judge} (arm "
        f"{each.arm}) promises {_points(each.gap, config)} more beyond what people confirm than its human-only twin; "
        f"people prefer its pick {_points(each.gold_difference, config)} more often."
    )
    short = ("too few prompts", "Have people compare more responses of a prompt.")
    part = [SHARPER, f"Best of {largest}, drawn freely, is {each.nats[-1]:.2f} nats from the responses as they come."]
    return _measured(
        said, PROXY, NOBODY if said.arms < 2 else (f"arm {each.arm}", Relation.UNKNOWN), each.gap, what, part, short
    )


def _control(said: _Said, each: Control) -> Finding:
    what = (
        f"At {each.ratio:.0%} (arm {each.arm}), the labels of {said.sweep.judge} make the model prefer "
        f"{each.target.name} {_points(each.caused, said.config)} more often than the same labels permuted among "
        f"comparisons alike; permuted ones leave {_points(each.kept, said.config)} against the human-only twin."
    )
    short = (f"only {counted(each.caused.rows, 'probe')}", "Have people judge more of the close comparisons.")
    return _measured(said, CONTROL, said.named(each.target, each.arm), each.caused, what, [], short)


def _no_choices(said: _Said) -> Finding:
    why = (
        f"Not testable: fewer than {said.config.least_rows} prompts of the anchor have responses that people compared "
        "and a model could pick from."
    )
    return _finding(said, PROXY, NOBODY, Verdict.NOT_TESTABLE, why)


def _no_control(said: _Said) -> Finding:
    why = "Not testable: the sweep trained no model on permuted labels."
    return _finding(said, CONTROL, NOBODY, Verdict.NOT_TESTABLE, why)


def _nobody_of_its_own(said: _Said) -> list[Finding]:
    if said.sweep.own:
        return []
    why = (
        f"Not testable: no response of the anchor is known to be by {said.sweep.judge} or its kin, so whether the "
        "model inherits a taste for them can't be seen."
    )
    step = "Add comparisons with such responses, or state the lineage in the audit's families."
    found = _finding(said, SKEW, ("its own kind", Relation.UNKNOWN), Verdict.NOT_TESTABLE, why)
    return [replace(found, next_step=step)]


def _no_twins(said: _Said) -> list[Finding]:
    why = "Not testable: the sweep trained no twins of one size (the design replace)."
    found = [_finding(said, name, NOBODY, Verdict.NOT_TESTABLE, why) for name in (SKEW, GOLD, TOLERANCE, PROXY)]
    return [replace(each, next_step="Put replace under designs.") for each in found]


def _measured(
    said: _Said,
    detector: str,
    target: tuple[str, Relation],
    figure: Figure,
    what: str,
    parts: Sequence[str],
    short: tuple[str, str],
) -> Finding:
    """A finding on a figure in points, INCONCLUSIVE until its p-value is adjusted."""
    ci = figure.interval(said.config.alpha)
    if figure.rows < said.config.least_rows or ci is None:
        found = _finding(said, detector, target, Verdict.NOT_TESTABLE, f"Not testable: {short[0]}.")
        return replace(found, n=figure.rows, n_prompts=figure.prompts, next_step=short[1])
    found = _finding(said, detector, target, Verdict.INCONCLUSIVE, what, _caveats(said, parts))
    return replace(
        found,
        direction="favours" if figure.value > 0 else "disfavours",
        points=100 * figure.value,
        points_ci=(100 * ci[0], 100 * ci[1]),
        p=figure.p(),
        n=figure.rows,
        n_prompts=figure.prompts,
        mde_points=mde(100 * figure.error, said.config.margin_points, said.config.alpha),
    )


def _finding(
    said: _Said,
    detector: str,
    target: tuple[str, Relation],
    verdict: Verdict,
    why: str,
    caveats: Sequence[str] = (),
) -> Finding:
    return Finding(
        detector=detector,
        judge=said.sweep.judge,
        target=target[0],
        relation=target[1],
        verdict=verdict,
        why=why,
        caveats=tuple(caveats),
    )


def _adjusted(found: Sequence[Finding], config: AnalysisConfig) -> list[Finding]:
    """With Holm's p-values, and the verdicts that follow."""
    ps = [finding.p for finding in found if finding.p is not None]
    adjusted = iter(holm(ps))
    return [finding if finding.p is None else _judged(finding, next(adjusted), config) for finding in found]


def _judged(finding: Finding, p_adjusted: float, config: AnalysisConfig) -> Finding:
    if finding.points is None or finding.points_ci is None:
        return finding
    verdict = verdict_of(finding.points, finding.points_ci, p_adjusted, config.margin_points, config.alpha)
    return replace(finding, p_adjusted=p_adjusted, verdict=verdict)


def _caveats(said: _Said, parts: Sequence[str]) -> tuple[str, ...]:
    if not said.refitted:
        return (*parts, FIXED)
    return (*parts, *((BORROWED,) if said.sweep.engine == "full" else ()))


def _points(figure: Figure, config: AnalysisConfig) -> str:
    """`+4.1 points (+0.3 to +7.9)`."""
    ci = figure.interval(config.alpha)
    ends = "" if ci is None else f" ({interval((100 * ci[0], 100 * ci[1]))})"
    return f"{signed(100 * figure.value)} points{ends}"


def _ratio(ratio: float | None, last: float) -> str:
    return f"beyond {last:.0%}" if ratio is None else f"{ratio:.0%}"
