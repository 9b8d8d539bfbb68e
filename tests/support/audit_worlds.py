"""Simulated votes as lines for a store, and the lineages of their names."""

from typing import Any

from firsthand.evaluate.audit.table import AuditTable, Votes
from firsthand.lineage import Lineage

VERDICTS = ("a", "tie", "b")
SIDES = {1: "a", -1: "b", 0: ""}


def lineages(table: AuditTable) -> dict[str, Lineage]:
    """Every judge is the author `own`; the others are of other families."""
    known = {name: Lineage(name, name) for name in table.authors}
    return known | dict.fromkeys(table.judges, Lineage("own", "own"))


def lines(table: AuditTable, family: str = "own") -> list[dict[str, Any]]:
    """The votes as interchange lines; the judges and the author `own` state the same family."""
    return [*_votes(table, table.people, table.raters, {"source": "human"}), *_judged(table, family)]


def _judged(table: AuditTable, family: str) -> list[dict[str, Any]]:
    states = {"source": "synthetic", "judge": {"model": "judge-model", "family": family}}
    return _votes(table, table.judged, table.judges, states)


def _votes(table: AuditTable, votes: Votes, names: tuple[str, ...], more: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for pair, voter, outcome, first in zip(votes.pair, votes.voter, votes.outcome, votes.first, strict=True):
        line = {
            "prompt": f"prompt {table.prompt[pair]}",
            "annotator": names[voter],
            "verdict": VERDICTS[outcome],
            "shown_first": SIDES[int(first)],
            **more,
        }
        for side, key in enumerate("ab"):
            author = table.author[pair, side]
            line[f"response_{key}_id"] = f"comparison {pair} response {key}"
            line[f"length_{key}"] = int(table.length[pair, side])
            if author >= 0:
                line[f"author_{key}"] = table.authors[author]
                line[f"family_{key}"] = table.authors[author]
        found.append(line)
    return found
