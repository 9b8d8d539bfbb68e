"""The whole audit: every detector on one table of votes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from tqdm import tqdm

from firsthand.bootstrap import FloatArray, sums_by
from firsthand.errors import InputError
from firsthand.evaluate.audit.affinity_findings import affinity_findings
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.detectors.ceiling import ceiling_findings
from firsthand.evaluate.audit.detectors.crossover import crossover_findings
from firsthand.evaluate.audit.detectors.disagreement import disagreement_findings
from firsthand.evaluate.audit.detectors.lineage import lineage_findings
from firsthand.evaluate.audit.detectors.mediation import mediation_findings
from firsthand.evaluate.audit.detectors.panel import panel_findings
from firsthand.evaluate.audit.detectors.position import position_findings
from firsthand.evaluate.audit.detectors.proxy import proxy_findings
from firsthand.evaluate.audit.finding import Finding, finding_json
from firsthand.evaluate.audit.lineage import Lineages
from firsthand.evaluate.audit.read import JUDGE_SKIPPED
from firsthand.evaluate.audit.table import P_A, AuditTable, Votes
from firsthand.evaluate.table import counted

Detector: TypeAlias = Callable[[AuditTable, Lineages, AuditConfig], list[Finding]]
Table: TypeAlias = list[dict[str, Any]]
"""Rows with equal keys, for a CSV file."""

SCHEMA = 1
DETECTORS: dict[str, Detector] = {
    "affinity": affinity_findings,
    "lineage": lineage_findings,
    "ceiling": ceiling_findings,
    "position": position_findings,
    "disagreement": disagreement_findings,
    "proxy": proxy_findings,
    "crossover": crossover_findings,
    "mediation": mediation_findings,
    "panel": panel_findings,
}
"""By name, in the order in which a report tells them."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found; counts: of what it read; tables: rows by the name of their CSV file."""

    findings: list[Finding]
    counts: dict[str, int]
    config: AuditConfig
    tables: dict[str, Table]


def run_audit(table: AuditTable, lineages: Lineages, config: AuditConfig) -> Audit:
    """Every detector's findings; equal tables, lineages and configurations give equal audits.

    Raises InputError where there is no judge to audit.
    """
    if not table.judges:
        skips = table.left_out.get(JUDGE_SKIPPED, 0)
        found = f" but {counted(skips, 'skip')}" if skips else ""
        raise InputError(
            f"the store holds no verdict of a judge{found}, and an audit is of judges; import some with firsthand "
            "collect import, or ask a judge with firsthand collect judge"
        )
    findings = [
        finding
        for detector in tqdm(DETECTORS.values(), desc="audit", unit="detector", disable=None)
        for finding in detector(table, lineages, config)
    ]
    return Audit(
        findings,
        _counts(table),
        config,
        {
            "findings": [_flat(finding_json(finding)) for finding in findings],
            "choices": _choices(table),
            "left_out": [{"reason": reason, "votes": votes} for reason, votes in table.left_out.items()],
        },
    )


def audit_json(audit: Audit) -> dict[str, Any]:
    """The audit as `--json` prints it and audit.json holds it, described by audit.schema.json."""
    return {
        "schema": SCHEMA,
        "alpha": audit.config.alpha,
        "margin_points": audit.config.margin_points,
        "seed": audit.config.seed,
        "counts": audit.counts,
        "left_out": {row["reason"]: row["votes"] for row in audit.tables["left_out"]},
        "findings": [finding_json(finding) for finding in audit.findings],
    }


def _counts(table: AuditTable) -> dict[str, int]:
    return {
        "human": len(table.people),
        "synthetic": len(table.judged),
        "prompts": len(np.unique(table.prompt)),
        "comparisons": len(table),
        "raters": len(table.raters),
        "simulated_raters": len(table.simulated),
        "judges": len(table.judges),
        "authors": len(table.authors),
    }


def _choices(table: AuditTable) -> Table:
    """How often people and each judge chose each author, ties half, on the comparisons with another one."""
    choosers = {"people": table.people} | {name: table.judged.of(number) for number, name in enumerate(table.judges)}
    rows = []
    for chooser, votes in choosers.items():
        chosen, number = _chosen(table, votes)
        for author, name in enumerate(table.authors):
            share = chosen[author] / number[author] if number[author] else None
            rows.append({"author": name, "chosen_by": chooser, "votes": int(number[author]), "share": share})
    return rows


def _chosen(table: AuditTable, votes: Votes) -> tuple[FloatArray, FloatArray]:
    """How much each author was chosen, and how often it could be: (authors,) each."""
    for_a = np.where(np.isnan(votes.p_a), P_A[votes.outcome], votes.p_a)
    author = table.author[votes.pair]
    other = author[:, 0] != author[:, 1]
    chosen, number = np.zeros(len(table.authors)), np.zeros(len(table.authors))
    for side, share in ((0, for_a), (1, 1 - for_a)):
        rows = other & (author[:, side] >= 0)
        sums = sums_by(np.stack([share[rows], np.ones(rows.sum())], axis=1), author[rows, side])
        chosen[: len(sums)] += sums[:, 0]
        number[: len(sums)] += sums[:, 1]
    return chosen, number


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """A finding on one line: intervals as two cells, caveats as one text."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if key in ("ci", "points_ci"):
            flat[f"{key}_low"], flat[f"{key}_high"] = value or (None, None)
        else:
            flat[key] = " ".join(value) if key == "caveats" else value
    return flat
