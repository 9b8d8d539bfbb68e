"""report.html: an audit as one page that needs no network, the verdict first; it prints, and reads without colour."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from firsthand.evaluate.audit.cards import cards, effects, findings_table, pictures_of, summary
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.finding import Finding
from firsthand.evaluate.audit.methods import methods
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.audit.words import headlines, name
from firsthand.lineage import Lineage
from firsthand.markup import Html, element
from firsthand.page import document, facts, simulated_notice

STYLE = files("firsthand.evaluate.audit").joinpath("audit.css").read_text(encoding="utf-8")
SORT = files("firsthand.evaluate.audit").joinpath("sort.js").read_text(encoding="utf-8")


def write_report(
    path: Path,
    findings: Sequence[Finding],
    table: AuditTable,
    lineages: Mapping[str, Lineage],
    config: AuditConfig,
) -> None:
    """Write the page to `path`; raises OSError where that can't be done."""
    path.write_text(report_page(findings, table, lineages, config), encoding="utf-8")


def report_page(
    findings: Sequence[Finding], table: AuditTable, lineages: Mapping[str, Lineage], config: AuditConfig
) -> str:
    """The whole page as HTML."""
    pictures = pictures_of(findings, table, lineages, config)
    first = headlines(findings)
    ordered = [*first, *(finding for finding in findings if finding not in first)]
    sections = [
        *simulated_words(table),
        verdict_section(findings, config.alpha),
        element("section", element("h2", "Every affinity"), effects(ordered, config)),
        *(
            cards(judge, ordered, pictures, config.margin_points)
            for judge in dict.fromkeys(finding.judge for finding in ordered)
        ),
        element("section", element("h2", "All findings"), findings_table(findings)),
        element("section", element("h2", "What was audited"), what_was_audited(table, config)),
        methods(config),
    ]
    return document("firsthand audit: circular bias", *sections, style=STYLE, script=SORT)


def verdict_section(findings: Sequence[Finding], alpha: float) -> Html:
    """What the findings say as a whole."""
    found = summary(findings, alpha)
    status = element("p", found.word, class_="status")
    sentences = (element("p", text, class_="sentence") for text in found.sentences)
    return element("section", status, *sentences, class_=f"verdict {found.tone}")


def simulated_words(table: AuditTable) -> list[Html]:
    """The banner where scripts stood for people."""
    if not table.simulated:
        return []
    scripts, raters = len(table.simulated), len(table.raters)
    who = "All raters are" if scripts == raters else f"{scripts:,} of {raters:,} raters are"
    return [simulated_notice(f"{who} scripts: these findings say nothing about people.")]


def what_was_audited(table: AuditTable, config: AuditConfig) -> Html:
    """What the audit read, and what it left out."""
    tags = "; ".join(f"{tag}: {', '.join(values)}" for tag, values in config.tags.items())
    pairs = [
        ("votes of people", f"{len(table.people):,} of {len(table.raters):,} people"),
        ("verdicts of judges", f"{len(table.judged):,} of {', '.join(map(name, table.judges)) or 'no judge'}"),
        ("comparisons, prompts", f"{len(table):,}, {len(set(table.prompt.tolist())):,}"),
        ("authors", ", ".join(map(name, table.authors)) or "none known"),
        ("only the tags", tags or "all"),
        ("margin", f"{config.margin_points:g} percentage points"),
        ("held constant", ", ".join(config.covariates) or "nothing"),
        *((f"left out: {reason}", f"{count:,} votes") for reason, count in table.left_out.items()),
    ]
    return facts(pairs)
