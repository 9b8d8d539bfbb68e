"""T1 and T2: how far a model leans to the judge's own kind, or to the longer response, beyond its human-only twin.

T1, inherited skew: on comparisons that people are split on, how often the model prefers the side, minus the same of the
twin trained on human rows alone, as many. T2, directional gold gap: the model's accuracy where people chose the side,
minus that where they chose against it, again against the twin; overall accuracy hides it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.sweep.cells import Cell, Line, against, alone, lines
from firsthand.evaluate.sweep.measures import gold_gap, longer_side, probes, side_of, skew, style_skew
from firsthand.evaluate.sweep.outcome import Sweep
from firsthand.evaluate.sweep.resample import Figure, Wanted
from firsthand.evaluate.sweep.settings import AnalysisConfig
from firsthand.evaluate.sweep.tolerance import Tolerance, tolerance
from firsthand.lineage import Relation

LONGER = "the longer response"


@dataclass(frozen=True, slots=True)
class Target:
    """A side that the judge may favour: side (M,) is +1 where A is of it, -1 where B is, 0 where neither or both."""

    name: str
    relation: Relation
    side: FloatArray


@dataclass(frozen=True, slots=True)
class SkewCurve:
    """Of an arm and a target, by rising ratio (R,): T1 and T2 against the human-only twin, whose own are `twin`.

    style: the part of T1 that goes with the style features. tolerance: T3.
    """

    arm: str
    target: Target
    ratios: tuple[float, ...]
    inherited: list[Figure]
    style: list[Figure]
    gold: list[Figure]
    twin: Figure
    tolerance: Tolerance


def targets(sweep: Sweep) -> list[Target]:
    """The judge's own kind, where one wrote any of the responses, and the longer response."""
    own = ", ".join(sweep.table.authors[number] for number in sweep.own)
    kin = [Target(own, sweep.relation, side_of(sweep.table, sweep.own))] if sweep.own else []
    return [*kin, Target(LONGER, Relation.UNKNOWN, longer_side(sweep.table))]


def wanted_skew(
    sweep: Sweep, sides: Sequence[Target], cells: Sequence[Cell], config: AnalysisConfig
) -> dict[str, Wanted]:
    """T1, its style part and T2 of every arm that replaces human rows, for every target of `sides`."""
    table, found = sweep.table, {}
    rows = probes(table, config.probe_margin)
    for target in sides:
        measures = {
            "skew": skew(table, target.side, rows),
            "style": style_skew(table, target.side, rows),
            "gold": gold_gap(table, target.side),
        }
        for line in lines(cells, "replace"):
            for name, measure in measures.items():
                found[_name(name, line, target)] = Wanted(measure, against(cells, line.numbers, line.numbers[0]))
            found[_name("twin", line, target)] = Wanted(measures["skew"], alone(cells, line.numbers[:1]))
    return found


def skew_curves(
    sides: Sequence[Target], cells: Sequence[Cell], found: dict[str, list[Figure]], config: AnalysisConfig
) -> list[SkewCurve]:
    """The curves from the figures of `wanted_skew`."""
    curves = []
    for target in sides:
        for line in lines(cells, "replace"):
            inherited = found[_name("skew", line, target)]
            reached = tolerance(line.ratios, inherited, config.margin_points / 100, config.alpha)
            curves.append(
                SkewCurve(
                    arm=line.arm.name,
                    target=target,
                    ratios=line.ratios,
                    inherited=inherited,
                    style=found[_name("style", line, target)],
                    gold=found[_name("gold", line, target)],
                    twin=found[_name("twin", line, target)][0],
                    tolerance=reached,
                )
            )
    return curves


def _name(what: str, line: Line, target: Target) -> str:
    return f"{what} {line.arm.name} {target.name}"
