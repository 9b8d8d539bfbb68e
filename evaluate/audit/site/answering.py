"""What the Audit page asks, answered in a process beside the server: findings as HTML, and comparisons to read."""

from dataclasses import dataclass

from firsthand.config import Config
from firsthand.errors import FirsthandError
from firsthand.evaluate.audit.cards import cards, effects, findings_table, pictures_of
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.finding import Finding
from firsthand.evaluate.audit.lineage import Lineages, lineages_of, read_lineages
from firsthand.evaluate.audit.read import read_table
from firsthand.evaluate.audit.report import simulated_words, verdict_section
from firsthand.evaluate.audit.run import Audit, run_audit
from firsthand.evaluate.audit.site.listing import listing
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.audit.words import headlines
from firsthand.markup import Html, element, join
from firsthand.store import Store


class Wanted(Config):
    """A finding whose comparisons are asked for, by its place in the audit, and which page of them."""

    finding: int
    page: int = 0


class Question(Config):
    """An audit, or with `wanted` comparisons behind one of its findings.

    asked: names the audit; it is done once, and what is asked of it later is about the same votes.
    """

    asked: str
    config: AuditConfig
    wanted: Wanted | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """HTML by section of the page, or of the comparisons; or why there is none."""

    sections: dict[str, str]
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class _Done:
    audit: Audit
    table: AuditTable
    lineages: Lineages


KEPT = 4
_done: dict[tuple[str, str], _Done] = {}
"""The last audits: this process answers one page after another about them."""


def answer(store: Store, question: str) -> Answer:
    """The answer to a Question, given as JSON, over `store`."""
    read = Question.model_validate_json(question)
    try:
        done = _audit(store, read.asked, read.config)
    except FirsthandError as error:
        return Answer({}, f"{error}")
    if read.wanted is None:
        return Answer(_sections(done))
    if not 0 <= read.wanted.finding < len(done.audit.findings):
        return Answer({}, "there is no such finding; audit again")
    finding = done.audit.findings[read.wanted.finding]
    return Answer(_comparisons(store, done, finding, read.wanted))


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
        if not finding.n or not finding.judge:
            return Html("")
        button = element(
            "button", "Read the comparisons", type="button", data_finding=numbers[id(finding)], aria_expanded="false"
        )
        return element("div", button, element("div", class_="comparisons"), class_="follow")

    judges = dict.fromkeys(finding.judge for finding in ordered)
    return {
        "verdict": join([*simulated_words(done.table), verdict_section(findings)]),
        "effects": effects(ordered, config),
        "findings": join(cards(judge, ordered, pictures, read_it) for judge in judges),
        "table": findings_table(findings),
    }


def _comparisons(store: Store, done: _Done, finding: Finding, wanted: Wanted) -> dict[str, str]:
    return {"comparisons": listing(store, done.table, done.lineages, finding, wanted.page)}
