"""The whole command: how often `--fail-on detected` fails where no judge is biased in any way that it looks for."""

from collections.abc import Mapping

from calibrate.methods import Method, Outcome
from firsthand.evaluate.audit.biases import detected, holding
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.run import run_audit
from firsthand.evaluate.audit.table import AuditTable
from firsthand.lineage import Lineage

DRAWS = 500


def fail_on(table: AuditTable) -> Outcome:
    """Flagged where the exit status would be 3; judge number j is of the kind of author number j.

    verdict: the detectors with a verdict of `detected`, whether they count or not.
    """
    known = {name: Lineage(name, name) for name in table.authors}
    known |= {judge: Lineage(judge, author) for judge, author in zip(table.judges, table.authors, strict=False)}
    found = run_audit(table, known, AuditConfig(draws=DRAWS))
    alone = sorted({finding.detector for finding in detected(found.findings)})
    return Outcome(
        float(len(alone)), flagged=bool(holding(found.findings, found.config.alpha)), verdict=", ".join(alone) or "none"
    )


COMMAND: Mapping[str, Method] = {"fail on detected": fail_on}
