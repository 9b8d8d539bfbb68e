"""Tables and numbers for the terminal."""

from collections.abc import Sequence

from firsthand.estimates import Estimate

UNDEFINED = "undefined"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell: the first to the left, the others to the right."""
    lines = [list(heads), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(_line(line, widths) for line in lines)


def shown(estimate: Estimate, places: int = 3) -> tuple[str, str]:
    """The value and the interval of an estimate."""
    if estimate.ci is None:
        return number(estimate.value, places), ""
    low, high = estimate.ci
    return number(estimate.value, places), f"({low:.{places}f} to {high:.{places}f})"


def number(value: float | None, places: int = 3) -> str:
    """`value` to so many places, or that it is undefined."""
    return UNDEFINED if value is None else f"{value:.{places}f}"


def percent(share: float) -> str:
    """A share of one as a percentage."""
    return f"{100 * share:.1f} %"


def plain(text: str, longest: int = 40) -> str:
    """A name as the terminal may show it: no control characters, not too long."""
    printable = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return printable if len(printable) <= longest else printable[: longest - 1] + "…"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.rjust(width) if column else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *others]).rstrip()


def counted(count: int, thing: str) -> str:
    """`1 rater`, `2 raters`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
