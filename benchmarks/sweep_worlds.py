"""Whether a sweep's verdicts hold on worlds with a known answer: continue, and write docs/calibration-sweep.md anew.

    cd benchmarks; python -m sweep_worlds [--worlds 200] [--kinds unbiased affinity-0.5] [--render]

Kinds take turns, a few worlds each, and results are kept after every turn: stop it at any time.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import beta

from firsthand.evaluate.sweep.cells import cells_of
from firsthand.evaluate.sweep.resample import figures
from firsthand.evaluate.sweep.settings import AnalysisConfig
from firsthand.evaluate.sweep.simulate import JudgeWorld, SweepWorld, simulate
from firsthand.evaluate.sweep.skew import SkewCurve, skew_curves, targets, wanted_skew
from firsthand.evaluate.sweep.tolerance import crossing
from firsthand.evaluate.sweep.verdicts import Effect, Help, effects_of, wanted_effects

DOCS = Path(__file__).parents[1] / "docs"
RESULTS, PAGE = DOCS / "calibration-sweep.json", DOCS / "calibration-sweep.md"
TURN = 5
TRUE_WORLDS, TRUE_ANCHOR = 100, 3_000
"""What the true curve of a world is averaged over: trained worlds, and comparisons to measure each on."""
TENTHS = tuple(number / 10 for number in range(11))
TWENTIETHS = tuple(number / 20 for number in range(21))
NO_INTERVALS = AnalysisConfig(refits=0)


@dataclass(frozen=True, slots=True)
class Kind:
    """Worlds of one kind; says: what they hold; gate: what of a world's outcome must be true, and how often."""

    says: str
    world: SweepWorld
    gate: str
    least: float


def affine(affinity: float) -> SweepWorld:
    """A judge as sharp as people that favours its own."""
    return SweepWorld(JudgeWorld(affinity=affinity), human=600, synthetic=600, anchor=1_500, ratios=TENTHS, seeds=3)


UNBIASED = replace(affine(0.0), human=2_000, synthetic=2_000, anchor=5_000, own_share=1.0, ratios=TENTHS[::2], seeds=2)
HELPING = SweepWorld(
    JudgeWorld(accuracy=0.9),
    human=200,
    synthetic=3_800,
    anchor=4_000,
    votes=3,
    features=48,
    ratios=(),
    add=(0.0, 0.8, 0.95),
)
HURTING = replace(HELPING, human=600, synthetic=1_200, anchor=1_500, features=8, add=(0.0, 0.25, 0.5, 2 / 3))
KINDS: Mapping[str, Kind] = {
    "accurate-0.9": Kind(
        "judge right 9 times in 10, 200 human rows, up to 3,800 added, 48 features", HELPING, "helps", 0.95
    ),
    "accurate-0.6": Kind(
        "judge right 6 times in 10 by chance alone, 600 human rows, up to 1,200 added",
        replace(HURTING, judge=JudgeWorld(accuracy=0.6)),
        "no_help",
        0.95,
    ),
    "tasteful-0.6": Kind(
        "judge right 6 times in 10 since it follows a style instead, 600 human rows, up to 1,200 added",
        replace(HURTING, judge=JudgeWorld(sharpness=0.35, taste=0.8)),
        "no_help",
        0.95,
    ),
    "affinity-0.5": Kind("judge favours its own by 0.5 logit, 600 rows", affine(0.5), "covered", 0.93),
    "affinity-1": Kind("judge favours its own by 1 logit, 600 rows", affine(1.0), "covered", 0.93),
    "unbiased": Kind(
        "judge without affinity, 2,000 rows, 5,000 comparisons in the anchor", UNBIASED, "not_detected", 0.95
    ),
    "noisier-better": Kind(
        "no affinity, own responses truly better, judge half as sharp as people",
        replace(UNBIASED, judge=JudgeWorld(sharpness=0.5), advantage=0.5),
        "not_detected",
        0.95,
    ),
    "noisier-worse": Kind(
        "no affinity, own responses truly worse, judge half as sharp as people",
        replace(UNBIASED, judge=JudgeWorld(sharpness=0.5), advantage=-0.5),
        "not_detected",
        0.95,
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sweep_worlds", description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=200, help="worlds of a kind (default: 200)")
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS), help="default: all")
    parser.add_argument("--refits", type=int, default=60, help="how often a world is trained again (default: 60)")
    parser.add_argument("--render", action="store_true", help="only write the page")
    args = parser.parse_args()
    if not args.render:
        for goal in range(TURN, args.worlds + TURN, TURN):
            for name in args.kinds:
                continue_to(name, min(goal, args.worlds), args.refits, RESULTS)
    PAGE.write_text(page(load(RESULTS)), "utf-8")


def continue_to(name: str, worlds: int, refits: int, path: Path) -> dict[str, Any]:
    """Bring a kind to so many worlds and keep the results; returns those of the kind."""
    kept: dict[str, Any] = load(path).get(name, {"refits": refits, "truth": None, "outcomes": []})
    if kept["truth"] is None:
        kept["truth"] = truth(KINDS[name].world)
    for seed in range(len(kept["outcomes"]), worlds):
        kept["outcomes"].append(outcome(KINDS[name].world, seed, kept["refits"], kept["truth"]))
    save(name, kept, path)
    return kept


def truth(world: SweepWorld, worlds: int = TRUE_WORLDS, anchor: int = TRUE_ANCHOR) -> dict[str, Any]:
    """The mean effects, inherited skew and tolerance ratio over worlds of their own, by large anchors."""
    finer = replace(world, anchor=anchor, ratios=TWENTIETHS if world.ratios else ())
    found = [_measured(finer, 10**6 + seed, NO_INTERVALS) for seed in range(worlds)]
    helped = np.mean([[effect.difference.value for effect in effects] for effects, _ in found], axis=0).tolist()
    if not world.ratios:
        return {"difference": helped, "ratio": None}
    inherited = np.mean([[figure.value for figure in curve.inherited] for _, (curve, *_) in found], axis=0)
    ratio = crossing(np.array(TWENTIETHS), np.maximum.accumulate(inherited), NO_INTERVALS.margin_points / 100)
    return {"difference": helped, "inherited": inherited.tolist(), "ratio": ratio}


def outcome(world: SweepWorld, seed: int, refits: int, true: Mapping[str, Any]) -> dict[str, Any]:
    """What the analysis said of one world, beside the truth."""
    effects, curves = _measured(world, seed, AnalysisConfig(refits=refits, seed=seed))
    verdicts = {effect.verdict for effect in effects}
    said: dict[str, Any] = {
        "helps": Help.HELP in verdicts,
        "hurts": Help.HURT in verdicts,
        "no_help": Help.HELP not in verdicts,
    }
    if curves:
        reached, inherited = curves[0].tolerance, curves[0].inherited[-1]
        at = np.inf if true["ratio"] is None else true["ratio"]
        said |= {
            "ratio": reached.ratio,
            "low": reached.low,
            "high": reached.high,
            "covered": _or_inf(reached.low) <= at <= _or_inf(reached.high),
            "no_crossing": reached.ratio is None,
            "not_detected": reached.high is None,
            "ruled_out": reached.low is None,
            "inherited": inherited.value,
            "error": inherited.error,
        }
    return said


def page(results: Mapping[str, Any]) -> str:
    """docs/calibration-sweep.md."""
    rows = [_row(name, KINDS[name], kept) for name, kept in results.items() if kept["outcomes"]]
    return HEAD + "\n".join(rows) + "\n" + TAIL


def save(name: str, kept: Mapping[str, Any], path: Path) -> None:
    """Put the results of a kind beside those of the others, which another run may have continued."""
    draft = path.with_suffix(f".{name}.new")
    draft.write_text(json.dumps({**load(path), name: kept}) + "\n", "utf-8")
    draft.replace(path)


def load(path: Path) -> dict[str, Any]:
    """The kept results, empty where there are none."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def _measured(world: SweepWorld, seed: int, config: AnalysisConfig) -> tuple[list[Effect], list[SkewCurve]]:
    """The effects on all comparisons and the skew to the judge's own kind, as `analyse` has them."""
    sweep, refit = simulate(world, seed)
    sweep = replace(sweep, table=replace(sweep.table, tags=()))
    cells = cells_of(sweep.points)
    own = targets(sweep)[:1]
    wanted = {**wanted_effects(sweep.table, cells), **wanted_skew(sweep, own, cells, config)}
    found = figures(sweep, refit if config.refits else None, wanted, config.refits, config.seed)
    return effects_of(sweep.table, cells, found, config), skew_curves(own, cells, found, config)


def _or_inf(value: float | None) -> float:
    return np.inf if value is None else value


def _row(name: str, kind: Kind, kept: Mapping[str, Any]) -> str:
    outcomes = kept["outcomes"]
    met = sum(outcome[kind.gate] for outcome in outcomes)
    low, high = _bounds(met, len(outcomes))
    gate = "met" if low >= kind.least else "**not met**" if high < kind.least else "open"
    cells = [
        f"`{name}`",
        kind.says,
        _true_words(kept["truth"]),
        f"{len(outcomes)}",
        f"{GATES[kind.gate]} {met / len(outcomes):.1%} ({low:.1%} to {high:.1%})",
        f"{gate} ({kind.least:.0%})",
        _also(outcomes),
    ]
    return f"| {' | '.join(cells)} |"


GATES = {
    "helps": "help",
    "no_help": "not help",
    "covered": "interval holds the true ratio",
    "not_detected": "no crossing detected",
}
HEAD = """# Calibration of the sweep

How often a sweep's verdicts are right on simulated worlds with a known answer (`evaluate/sweep/simulate.py`). A world
is one whole sweep: training rows, models at every ratio for 2 or 3 seeds, an anchor, and the sweep trained again 60
times on halves of its training prompts. `cd benchmarks; python -m sweep_worlds` continues to 200 worlds of each kind
and writes this page anew from `calibration-sweep.json`. The truth is the mean over 100 other worlds, measured on 3,000
comparisons each. Brackets: exact 95 % bounds (Clopper and Pearson). A gate is *met* where the lower bound reaches it,
*not met* where the upper one stays below, else *open*: too few worlds to tell.

| world | what it holds | truth | worlds | said | gate | also |
|---|---|---|---|---|---|---|
"""
TAIL = """
Margin 3 points, alpha 5 %, Holm over the ratios. *help*: at one ratio at least. *detected*: the lower end of the band
reaches the margin; *ruled out*: the upper end never does. *none by the estimate alone*: the isotonic fit stays below
the margin. Without any bias it still reaches it now and then, as its standard error lets it; that is why the verdict
rests on the band.

A judge that is right 6 times in 10 by chance alone hardly moves a model at 2 rows to each human one: its labels point
the right way, faintly. A judge that is wrong for a reason is another matter: its labels pull the model to that reason,
and hurt.
"""


def _true_words(true: Mapping[str, Any]) -> str:
    if true.get("inherited") is None:
        return f"accuracy {100 * true['difference'][-1]:+.1f} points at the largest ratio"
    crossing_words = "no crossing" if true["ratio"] is None else f"crosses at {true['ratio']:.0%}"
    return f"{crossing_words}; {100 * true['inherited'][-1]:+.1f} points at 100 %"


def _also(outcomes: list[Mapping[str, Any]]) -> str:
    def share(key: str) -> str:
        return f"{np.mean([outcome[key] for outcome in outcomes]):.0%}"

    if "covered" not in outcomes[0]:
        return f"help {share('helps')}, hurt {share('hurts')}"
    spread = np.std([outcome["inherited"] for outcome in outcomes], ddof=1)
    error = np.sqrt(np.mean([outcome["error"] ** 2 for outcome in outcomes]))
    detected = np.mean([not outcome["not_detected"] for outcome in outcomes])
    return (
        f"crossing detected {detected:.0%}, ruled out {share('ruled_out')}, none by the estimate alone "
        f"{share('no_crossing')}; skew at 100 %: spread "
        f"{100 * spread:.2f} points, mean standard error {100 * error:.2f}"
    )


def _bounds(met: int, worlds: int) -> tuple[float, float]:
    low = float(beta.ppf(0.025, met, worlds - met + 1)) if met else 0.0
    high = float(beta.ppf(0.975, met + 1, worlds - met)) if met < worlds else 1.0
    return low, high


if __name__ == "__main__":
    main()
