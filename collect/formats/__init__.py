"""The interchange formats that can be imported: one module each, told apart by the columns of a row."""

from collections.abc import Iterable, Mapping
from typing import Any

from firsthand.collect.formats import arena, dialogues, mtbench, native, pandalm, qafeedback, scored, trl
from firsthand.collect.formats.form import Format
from firsthand.errors import InputError

FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        native.FORMAT,
        trl.FORMAT,
        dialogues.FORMAT,
        arena.FORMAT,
        scored.FORMAT,
        pandalm.FORMAT,
        pandalm.JUDGE_FORMAT,
        qafeedback.FORMAT,
        mtbench.FORMAT,
    )
}


def format_named(name: str) -> Format:
    """The format called `name`; raises InputError with the known names."""
    if name not in FORMATS:
        from firsthand.config import closest

        raise InputError(f"unknown format {name!r}{closest(name, FORMATS)}; known: {', '.join(FORMATS)}, table (--map)")
    return FORMATS[name]


def detect(rows: Iterable[Mapping[str, Any]], where: str) -> Format:
    """The format of the first of `rows` that has one; raises InputError when none has, or one has two."""
    columns: dict[str, None] = {}
    for row in rows:
        found = [form for form in FORMATS.values() if form.matches(row)]
        if len(found) == 1:
            return found[0]
        if found:
            names = " and ".join(form.name for form in found)
            raise InputError(f"{where} could be {names}; name one with --format")
        columns.update(dict.fromkeys(row))
    known = "".join(f"\n  {form.name:14} {form.summary}" for form in FORMATS.values())
    raise InputError(
        f"{where} is in no format known here: its columns are {', '.join(columns) or 'none'}. "
        f"Give a column map with --map (see configs/column-map.yaml), or one of{known}"
    )
