"""How a sweep's figures are put into words, for the terminal and the page."""

import math

from firsthand.evaluate.audit.words import interval, signed
from firsthand.evaluate.sweep.baselines import Engines
from firsthand.evaluate.sweep.cells import Cell
from firsthand.evaluate.sweep.resample import Figure
from firsthand.evaluate.sweep.worth import Worth
from firsthand.evaluate.table import UNDEFINED, plain


def points(figure: Figure, alpha: float) -> str:
    """`+4.1 (+0.3 to +7.9)`, in percentage points."""
    if not math.isfinite(figure.value):
        return UNDEFINED
    ci = figure.interval(alpha)
    return signed(100 * figure.value) + ("" if ci is None else f" ({interval((100 * ci[0], 100 * ci[1]))})")


def rows_words(cell: Cell) -> str:
    """`300 + 1,200`: human and synthetic rows."""
    return f"{cell.human_rows:,.0f} + {cell.synthetic_rows:,.0f}"


def worth_words(worth: Worth) -> str:
    """What one synthetic row is worth, as a sentence."""
    where = f"At {worth.ratio:.0%} (arm {plain(worth.arm)})"
    if worth.as_human is None or worth.value is None:
        return (
            f"{where}, the model is as accurate as one of all {worth.most_rows:,.0f} human rows, or more: beyond what "
            f"the learning curve can price. {_least(worth)}"
        )
    return (
        f"{where}, the model is as accurate as one of {worth.as_human:,.0f} human rows: a synthetic row is worth "
        f"{worth.value:.2f} human ones (interval {_ends(worth)})."
    )


def engines_words(found: Engines | None) -> str:
    """How the two engines agree, and where one misleads."""
    if found is None:
        return ""
    rank = "undefined" if found.rank is None else f"{found.rank:.2f}"
    apart = found.apart
    agreement = (
        f"{found.this} against {found.other} on {len(found.cells)} models: rank correlation of accuracy {rank}; "
        f"largest disagreement {abs(100 * (apart.this - apart.other)):.1f} points, at {apart.cell.ratio:.0%} "
        f"({plain(apart.cell.arm.name)}, {apart.cell.arm.design}): {apart.this:.1%} against {apart.other:.1%}. "
        f"{_ordered(found)}"
    )
    if not found.misled:
        return f"{agreement} At no ratio are they shown to move accuracy to different sides of human-only."
    where = ", ".join(
        f"{each.cell.ratio:.0%} ({plain(each.cell.arm.name)}, {each.cell.arm.design})" for each in found.misled
    )
    return f"{agreement} Fast misleads at {where}: full moves them the other way."


def _ordered(found: Engines) -> str:
    pairs = len(found.cells) * (len(found.cells) - 1) // 2
    (this, mine), (other, theirs) = zip((found.this, found.other), found.ordered, strict=True)
    told = f"Of {pairs} pairs of these models, {this} is shown to find {mine} unequally accurate, {other} {theirs}"
    return f"{told}." if min(found.ordered) else f"{told}: this order, and the correlation, may be chance."


def _least(worth: Worth) -> str:
    if worth.low is None:
        return "With all its uncertainty, a synthetic row is worth more than the curve reaches."
    if worth.low <= 0:
        return "It does not tell whether a synthetic row is worth anything."
    return f"A synthetic row is worth {worth.low:.2f} human ones or more (the lower end of the interval)."


def _ends(worth: Worth) -> str:
    low = "beyond the curve" if worth.low is None else f"{worth.low:.2f}"
    high = "beyond the curve" if worth.high is None else f"{worth.high:.2f}"
    return f"{low} to {high}"
