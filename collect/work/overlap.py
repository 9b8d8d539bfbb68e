"""Which comparisons several people shall label early on, and who follows one that nobody wants to."""

import math
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from firsthand.collect.serve_config import Overlap
from firsthand.collect.work.turns import Turn, change_work, skips_left
from firsthand.store import schema
from firsthand.store.driver import run

_WORK = schema.work
_NEXT = (
    sa.select(_WORK)
    .where(~_WORK.c.is_gold, ~_WORK.c.overlap, skips_left(_WORK.c))
    .order_by(_WORK.c.is_open.desc(), _WORK.c.position)
    .limit(1)
    .with_for_update(skip_locked=True)
)


def choose_overlap(rows: Collection[dict[str, Any]], own_family: Collection[str], overlap: Overlap) -> None:
    """Set `overlap` in rows of `work`.

    Own-family pairs come first. Among them, and among the rest, what several have labelled already comes before what
    was chosen before and is begun, and that before the store's random order. What too many have skipped comes last.
    """
    ratable = [row for row in rows if not row["is_gold"]]

    def rank(row: dict[str, Any]) -> tuple[bool, bool, bool, bool, float]:
        has_several = row["taken"] >= overlap.raters
        is_given_up = not has_several and not skips_left(row)
        is_begun = row["overlap"] and row["taken"] > 0
        return is_given_up, row["comparison_id"] not in own_family, not has_several, not is_begun, row["position"]

    # Rounded before the ceiling: 0.07 x 100 is 7.000000000000001.
    wanted = math.ceil(round(overlap.share * len(ratable), 9))
    ratable.sort(key=rank)
    for row in rows:
        row["overlap"] = False
    for row in ratable[:wanted]:
        row["overlap"] = True


def hand_on(turn: Turn, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, bool]:
    """Let another comparison be labelled by several, where the skip that makes `old` to `new` was one too many.

    Returns what else changes in the row of `work` that is given up. Own-family pairs are sorted out at the next start.
    """
    if not old["overlap"] or skips_left(new) or new["taken"] >= new["target"]:
        return {}
    heir = run(turn.connection, _NEXT, {}).first()
    if heir is None:
        return {}
    row = heir._asdict()
    change_work(turn, row, overlap=True, target=old["target"] - old["requeued"] + row["requeued"])
    return {"overlap": False}
