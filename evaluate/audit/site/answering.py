"""What the Audit page asks, answered in a process beside the server: findings as HTML, and comparisons to read."""

from dataclasses import dataclass

from firsthand.errors import FirsthandError
from firsthand.evaluate.audit.cards import cards, effects, findings_table, pictures_of
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.finding import Finding
from firsthand.evaluate.audit.lineage import Lineages, lineages_of, read_lineages
from firsthand.evaluate.audit.read import read_table
from firsthand.evaluate.audit.report import simulated_words, verdict_section, what_was_audited
from firsthand.evaluate.audit.run import Audit, run_audit
from firsthand.evaluate.audit.site.listing import listing
from firsthand.evaluate.audit.site.question import Answer, Question, Wanted
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.audit.words import headlines
from firsthand.markup import Html, element, join
from firsthand.store import Store


@dataclass(frozen=True, slots=True)
class _Done:
    audit: Audit
    table: AuditTable
    lineages: Lineages


KEPT = 4
_done: dict[tuple[str, str], _Done] = {}
"""The last audits: this process answers one page after another about them."""


def answer(store: Store, question: Question) -> Answer:
    """The answer to a question over `store`."""
    try:
        done = _audit(store, question.asked, question.config)
    except FirsthandError as error:
        return Answer({}, f"{error}")
    if question.wanted is None:
        return Answer(_sections(done))
    if not 0 <= question.wanted.finding < len(done.audit.findings):
        return Answer({}, "there is no such finding; audit again")
    finding = done.audit.findings[question.wanted.finding]
    if finding.judge not in done.table.judges:
        return Answer({}, "this finding is of several judges together; read the comparisons of each of them")
    return Answer(_comparisons(store, done, finding, question.wanted))


def _audit(store: Store, asked: str, config: AuditConfig) -> _Done:
    key = (asked, config.model_dump_json())
    if key not in _done:
        table = read_table(store, config)
        lineages = lineages_of(table, read_lineages(config.lineage))
        while len(_done) >= KEPT:
            _done.pop(next(iter(_done)))
        _done[key] = _Done(run_audit(table, lineages, config), table, lineages)
    return _done[key]


def _sections(done: _Done) -> dict[str, str]:
    findings, config = done.audit.findings, done.audit.config
    first = headlines(findings)
    ordered = [*first, *(finding for finding in findings if finding not in first)]
    pictures = pictures_of(findings, done.table, done.lineages, config)
    numbers = {id(finding): number for number, finding in enumerate(findings)}

    def read_it(finding: Finding) -> Html:
        if not finding.n or finding.judge not in done.table.judges:
            return Html("")
        button = element(
            "button", "Read the comparisons", type="button", data_finding=numbers[id(finding)], aria_expanded="false"
        )
        return element("div", button, element("div", class_="comparisons"), class_="follow")

    judges = dict.fromkeys(finding.judge for finding in ordered)
    return {
        "verdict": join([*simulated_words(done.table), verdict_section(findings, config.alpha)]),
        "effects": effects(ordered, config),
        "findings": join(cards(judge, ordered, pictures, config.margin_points, read_it) for judge in judges),
        "table": findings_table(findings),
        "audited": what_was_audited(done.table, config),
    }


def _comparisons(store: Store, done: _Done, finding: Finding, wanted: Wanted) -> dict[str, str]:
    return {"comparisons": listing(store, done.table, done.lineages, finding, wanted.page)}
