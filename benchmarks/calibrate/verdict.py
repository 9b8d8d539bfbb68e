"""The audit's own verdict on judge-0 and `own`, with its margin and its correction for several judges."""

from calibrate.methods import Outcome
from firsthand.evaluate.audit.affinity_findings import headline_findings
from firsthand.evaluate.audit.config import LENGTH, AuditConfig
from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.audit.table import AuditTable
from firsthand.lineage import Lineage


def verdict(table: AuditTable) -> Outcome | None:
    """`detected` is a flag; coverage is of the interval in logits, whatever the verdict."""
    own = {name: Lineage(name, family="own") for name in (*table.judges, "own")}
    lineages = {name: Lineage(name, family=name) for name in table.authors} | own
    findings = headline_findings(table, lineages, AuditConfig(covariates=(LENGTH, *table.styles)))
    found = next(one for one in findings if one.judge == table.judges[0] and one.target == "own")
    if found.estimate is None or found.ci is None:
        return None
    return Outcome(found.estimate, *found.ci, flagged=found.verdict is Verdict.DETECTED, verdict=str(found.verdict))
