"""Cells of a table, which are texts, as the types that the parts of a native line have."""

from collections.abc import Iterable, Mapping
from typing import Any

from firsthand.collect.formats.form import Convert, LeftOut, Line

NUMBERS = ("p_a", "seconds", "strength", "length_a", "length_b")
FLAGS = ("gold", "simulated")
_FLAG = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


def typed(part: str, cell: Any) -> Any:
    """A cell as its part needs it; an empty cell is an empty text in prompt and response and nothing elsewhere."""
    if not isinstance(cell, str) or part in ("prompt", "response_a", "response_b"):
        return cell
    if cell == "":
        return None
    if part in NUMBERS:
        try:
            return float(cell)
        except ValueError:
            return cell
    return _FLAG.get(cell.lower(), cell) if part in FLAGS else cell


def of_cells(convert: Convert) -> Convert:
    """`convert` for a file whose values are all cells."""

    def converted(row: Mapping[str, Any]) -> Iterable[Line | LeftOut]:
        for line in convert(row):
            yield line if isinstance(line, LeftOut) else {part: typed(part, cell) for part, cell in line.items()}

    return converted
