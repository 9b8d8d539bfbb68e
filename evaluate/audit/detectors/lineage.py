"""D0, lineage: which of the authors that a judge judges are of its own kind."""

import numpy as np

from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.detectors.measured import not_testable
from firsthand.evaluate.audit.detectors.said import by_any, prompts_of
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.lineage import Lineages
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.audit.targets import OWN
from firsthand.evaluate.table import counted, plain
from firsthand.lineage import Relation, relation

DETECTOR = "lineage"
STATE_FAMILIES = "State the families in the data (family_a, family_b, judge.family) or in the audit's lineage file."


def lineage_findings(table: AuditTable, lineages: Lineages, _settings: AuditConfig) -> list[Finding]:
    """For each judge, a finding for every related author, and one for the authors whose relation is unknown.

    `detected` means related, not biased: n counts the judge's comparisons with a response of that author.
    """
    return [finding for number in range(len(table.judges)) for finding in _of_judge(table, number, lineages)]


def _of_judge(table: AuditTable, number: int, lineages: Lineages) -> list[Finding]:
    judge = table.judges[number]
    judged = np.zeros(len(table), np.bool_)
    judged[table.judged.of(number).pair] = True
    authors = [table.authors[place] for place in np.unique(table.author[judged]) if place >= 0]
    relations = {name: relation(lineages[judge], lineages[name]) for name in authors}
    order = {kind: place for place, kind in enumerate(OWN)}
    related = sorted((name for name in authors if relations[name] in order), key=lambda name: order[relations[name]])
    found = [_related(table, judge, name, relations[name], judged) for name in related]
    unknown = tuple(name for name in authors if relations[name] is Relation.UNKNOWN)
    nameless = int((judged & (table.author < 0).any(axis=1)).sum())
    if unknown or nameless or not authors:
        found.append(_unknown(judge, unknown, nameless, int(judged.sum()), lineages))
    if not found:
        why = f"None of the {counted(len(authors), 'author')} that {plain(judge)} judged is related to it."
        found.append(
            Finding(
                detector=DETECTOR,
                judge=judge,
                target=", ".join(authors),
                relation=Relation.UNRELATED,
                verdict=Verdict.RULED_OUT,
                why=why,
                n=int(judged.sum()),
                n_prompts=prompts_of(table, judged),
            )
        )
    return found


def _related(table: AuditTable, judge: str, name: str, kind: Relation, judged: np.ndarray) -> Finding:
    rows = judged & by_any(table, (name,)).any(axis=1)
    share = rows.sum() / judged.sum()
    return Finding(
        detector=DETECTOR,
        judge=judge,
        target=name,
        relation=kind,
        verdict=Verdict.DETECTED,
        estimate=float(share),
        unit="share of its comparisons",
        n=int(rows.sum()),
        n_prompts=prompts_of(table, rows),
        why=f"{plain(judge)} judged {counted(int(rows.sum()), 'comparison')} with a response of {plain(name)} "
        f"({kind}).",
        caveats=("Related is not biased: the affinity finding says whether the judge favours its own kind.",),
        next_step=f"Read the affinity finding for {plain(name)}.",
    )


def _unknown(judge: str, names: tuple[str, ...], nameless: int, judged: int, lineages: Lineages) -> Finding:
    if lineages[judge].family is None:
        return not_testable(DETECTOR, judge, f"The lineage of {plain(judge)} is unknown.", STATE_FAMILIES, n=judged)
    said = [f"The lineage of {', '.join(map(plain, names))} is unknown."] if names else []
    if nameless or not names:
        said.append(f"No author is named for a response of {counted(nameless or judged, 'comparison')}.")
    step = STATE_FAMILIES if names else "Import the data again with author_a and author_b."
    return not_testable(DETECTOR, judge, " ".join(said), step, ", ".join(names), judged)
