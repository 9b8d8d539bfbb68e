"""The detectors on real votes of people, GPT-4 and PandaLM-7B."""

from pathlib import Path

import pytest

from firsthand.collect.importing import Options, import_file
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.detectors.lineage import lineage_findings
from firsthand.evaluate.audit.detectors.position import position_findings
from firsthand.evaluate.audit.detectors.proxy import proxy_findings
from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.audit.lineage import lineages_of, read_lineages
from firsthand.evaluate.audit.read import read_table
from firsthand.lineage import Relation
from firsthand.store import Store

SETTINGS = AuditConfig(draws=500)


def test_mt_bench(store: Store, shared_data: Path) -> None:
    path = shared_data / "mtbench-human-gpt4" / "data" / "processed" / "human_gpt_comparison.zip"
    import_file(store, str(path), Options())
    table = read_table(store, SETTINGS)
    known = lineages_of(table, read_lineages())
    relations = {found.target: found.relation for found in lineage_findings(table, known, SETTINGS)}
    assert relations == {"gpt-4": Relation.SAME_MODEL, "gpt-3.5-turbo": Relation.SAME_FAMILY}
    order = position_findings(table, known, SETTINGS)[1]
    # SOURCE.md: 15.7 % of the items flip with the order; eight items with equal texts are not imported.
    assert order.estimate == pytest.approx(194 / 1_224)
    (own,) = proxy_findings(table, known, SETTINGS)
    assert (own.target, own.verdict, own.direction) == ("gpt-4", Verdict.DETECTED, "favours")


def test_pandalm(store: Store, shared_data: Path) -> None:
    for name in ("testset-v1.json", "pandalm-7b-testset-v1.json"):
        import_file(store, str(shared_data / "pandalm" / "data" / name), Options())
    table = read_table(store, SETTINGS)
    known = lineages_of(table, read_lineages())
    (related,) = lineage_findings(table, known, SETTINGS)
    assert (related.target, related.relation) == ("llama-7b", Relation.INHERITED)
    (own,) = proxy_findings(table, known, SETTINGS)
    assert own.verdict is not Verdict.DETECTED
