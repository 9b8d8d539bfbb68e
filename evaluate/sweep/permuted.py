"""T5, the causal control: the same models with the judge's labels permuted among comparisons alike.

Permuted within strata of people's margin and of style, the labels keep how often the judge agrees with people and lose
whom it chose. What the model leans more with the judge's own labels than with permuted ones is the judge's doing; skew
that stays is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from firsthand.evaluate.sweep.cells import Cell, Line, against, lines
from firsthand.evaluate.sweep.measures import probes, skew
from firsthand.evaluate.sweep.outcome import Sweep
from firsthand.evaluate.sweep.resample import Figure, Wanted
from firsthand.evaluate.sweep.settings import AnalysisConfig
from firsthand.evaluate.sweep.skew import Target


@dataclass(frozen=True, slots=True)
class Control:
    """Of an arm and a target at the largest ratio that has a control.

    kept: skew with permuted labels against the human-only twin. caused: skew with the judge's labels minus that.
    """

    arm: str
    target: Target
    ratio: float
    kept: Figure
    caused: Figure


def wanted_controls(
    sweep: Sweep, sides: Sequence[Target], cells: Sequence[Cell], config: AnalysisConfig
) -> dict[str, Wanted]:
    """What is kept and what is caused, of every arm that has a control."""
    rows, found = probes(sweep.table, config.probe_margin), {}
    for target in sides:
        measure = skew(sweep.table, target.side, rows)
        for line, number, same in _pairs(cells):
            found[_name("kept", line, target)] = Wanted(measure, against(cells, [number], line.numbers[0]))
            found[_name("caused", line, target)] = Wanted(measure, against(cells, [same], number))
    return found


def controls(sides: Sequence[Target], cells: Sequence[Cell], found: dict[str, list[Figure]]) -> list[Control]:
    """The controls from the figures of `wanted_controls`."""
    return [
        Control(
            arm=line.arm.name,
            target=target,
            ratio=cells[number].ratio,
            kept=found[_name("kept", line, target)][0],
            caused=found[_name("caused", line, target)][0],
        )
        for target in sides
        for line, number, _ in _pairs(cells)
    ]


def _pairs(cells: Sequence[Cell]) -> list[tuple[Line, int, int]]:
    """Each arm with its largest permuted cell, and the cell of the judge's own labels at that ratio."""
    pairs = []
    for line in lines(cells, "replace"):
        permuted = [
            (cell.ratio, number)
            for number, cell in enumerate(cells)
            if cell.arm.design == "permuted" and cell.arm.name == line.arm.name and cell.ratio > 0
        ]
        if permuted:
            ratio, number = max(permuted)
            same = min(zip(line.ratios, line.numbers, strict=True), key=lambda each: abs(each[0] - ratio))
            pairs.append((line, number, same[1]))
    return pairs


def _name(what: str, line: Line, target: Target) -> str:
    return f"{what} {line.arm.name} {target.name}"
