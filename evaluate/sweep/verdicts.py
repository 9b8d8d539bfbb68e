"""Do the synthetic rows help or hurt? At each ratio, on all comparisons and on each tag.

The figure is the accuracy of the model at the ratio minus that of its human-only twin. `help` and `hurt`: the p-value,
after Holm's correction over all ratios and arms, is below alpha. Tags are a family of tests of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from firsthand.evaluate.multiple import holm
from firsthand.evaluate.sweep.cells import Cell, Line, against, alone, lines
from firsthand.evaluate.sweep.measures import accuracy
from firsthand.evaluate.sweep.outcome import Design, EvalTable
from firsthand.evaluate.sweep.resample import Figure, Wanted
from firsthand.evaluate.sweep.settings import AnalysisConfig


class Help(StrEnum):
    """What is said of synthetic rows; little data never says that they do no harm."""

    HELP = "help"
    HURT = "hurt"
    NO_EVIDENCE = "no evidence"
    NOT_TESTABLE = "not testable"


@dataclass(frozen=True, slots=True)
class Effect:
    """Accuracy at a ratio against the human-only twin, on all comparisons (tag empty) or on those of a tag."""

    arm: str
    design: Design
    ratio: float
    tag: str
    human_rows: float
    synthetic_rows: float
    accuracy: Figure
    difference: Figure
    p_adjusted: float
    verdict: Help


def help_lines(cells: Sequence[Cell]) -> list[Line]:
    """The arms that decide: those that add to the human rows, else those that replace them."""
    return lines(cells, "add") or lines(cells, "replace")


def wanted_effects(table: EvalTable, cells: Sequence[Cell]) -> dict[str, Wanted]:
    """Accuracies and differences of each arm, on all comparisons and on each tag."""
    found = {}
    for tag, chosen in _parts(table):
        measure = accuracy(table, chosen)
        for line in help_lines(cells):
            found[_name("accuracy", line, tag)] = Wanted(measure, alone(cells, line.numbers))
            found[_name("difference", line, tag)] = Wanted(measure, against(cells, line.numbers, line.numbers[0]))
    return found


def effects_of(
    table: EvalTable, cells: Sequence[Cell], found: dict[str, list[Figure]], config: AnalysisConfig
) -> list[Effect]:
    """The verdicts from the figures of `wanted_effects`: those on all comparisons first."""
    whole = [_of_part(tag, cells, found, config) for tag, _ in _parts(table)]
    tags = [effect for part in whole[1:] for effect in part]
    return [*_adjusted(whole[0], config.alpha), *_adjusted(tags, config.alpha)]


def _parts(table: EvalTable) -> list[tuple[str, np.ndarray[tuple[int], np.dtype[np.bool_]]]]:
    every = np.ones(len(table), np.bool_)
    return [("", every), *((name, table.tag == number) for number, name in enumerate(table.tags))]


def _of_part(tag: str, cells: Sequence[Cell], found: dict[str, list[Figure]], config: AnalysisConfig) -> list[Effect]:
    effects = []
    for line in help_lines(cells):
        right, apart = found[_name("accuracy", line, tag)], found[_name("difference", line, tag)]
        for number, at, difference in list(zip(line.numbers, right, apart, strict=True))[1:]:
            cell = cells[number]
            testable = difference.rows >= config.least_rows and difference.interval(config.alpha) is not None
            effects.append(
                Effect(
                    arm=line.arm.name,
                    design=line.arm.design,
                    ratio=cell.ratio,
                    tag=tag,
                    human_rows=cell.human_rows,
                    synthetic_rows=cell.synthetic_rows,
                    accuracy=at,
                    difference=difference,
                    p_adjusted=difference.p(),
                    verdict=Help.NO_EVIDENCE if testable else Help.NOT_TESTABLE,
                )
            )
    return effects


def _adjusted(effects: Sequence[Effect], alpha: float) -> list[Effect]:
    """With Holm's p-values over the effects that could be tested, and the verdicts that follow."""
    tested = [number for number, effect in enumerate(effects) if effect.verdict is not Help.NOT_TESTABLE]
    adjusted = dict(zip(tested, holm([effects[number].difference.p() for number in tested]), strict=True))
    return [_judged(effect, adjusted.get(number), alpha) for number, effect in enumerate(effects)]


def _judged(effect: Effect, p_adjusted: float | None, alpha: float) -> Effect:
    if p_adjusted is None:
        return effect
    sign = Help.HELP if effect.difference.value > 0 else Help.HURT
    return replace(effect, p_adjusted=p_adjusted, verdict=sign if p_adjusted < alpha else Help.NO_EVIDENCE)


def _name(what: str, line: Line, tag: str) -> str:
    return f"{what} {line.arm.name} {tag}"
