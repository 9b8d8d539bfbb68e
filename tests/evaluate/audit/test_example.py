"""The table of real votes that comes with firsthand."""

import zipfile
from importlib.resources import files
from pathlib import Path

import pytest

from firsthand.evaluate.audit.affinity_findings import headline_findings
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.example import example_entries
from firsthand.evaluate.audit.example.make import make
from firsthand.evaluate.audit.lineage import lineages_of, read_lineages
from firsthand.evaluate.audit.read import read_table
from firsthand.store import Store

EXAMPLE = files("firsthand.evaluate.audit.example")


def test_it_holds_real_votes_and_no_text(tmp_path: Path) -> None:
    entries = list(example_entries())
    assert all(entry.comparison.a.content is None and entry.comparison.b.content is None for entry in entries)
    assert all(entry.preference.rationale is None for entry in entries)
    assert {len(entry.comparison.prompt[0]["content"].split()) for entry in entries} == {3}
    with Store(str(tmp_path / "example.db")) as store:
        store.add(entries)
        counts = store.counts()
        table = read_table(store, AuditConfig())
    assert (counts.human, counts.synthetic, counts.comparisons, counts.prompts) == (1_751, 1_232, 1_232, 80)
    assert (counts.raters, table.judges, len(table.authors)) == (65, ("gpt-4",), 6)
    # 15.7 % of GPT-4's verdicts changed with the order.
    assert round(100 * (1 - table.judged.consistent.mean()), 1) == 15.7
    assert table.left_out == {}
    # What docs/audit.md tells of them; a rough fit gave +1.07 logits, 0.42 to 1.67.
    (own,) = headline_findings(table, lineages_of(table, read_lineages()), AuditConfig())
    assert (own.target, own.relation, own.verdict, own.direction) == ("gpt-4", "same model", "detected", "favours")
    assert (own.estimate, *own.ci) == pytest.approx((0.87, 0.28, 1.46), abs=0.006)
    assert (own.points, *own.points_ci) == pytest.approx((7.0, 1.7, 12.3), abs=0.06)
    assert own.n == 399


def test_whose_data_it_is_stands_beside_it() -> None:
    said = EXAMPLE.joinpath("ATTRIBUTION.md").read_text()
    for word in ("CC-BY-4.0", "arXiv 2306.05685", "lmsys/mt_bench_human_judgments", "What was changed"):
        assert word in said


def test_the_script_makes_the_same_bytes_again(tmp_path: Path, shared_data: Path) -> None:
    packed = shared_data / "mtbench-human-gpt4" / "data" / "processed" / "human_gpt_comparison.zip"
    zipfile.ZipFile(packed).extractall(tmp_path)
    assert make(tmp_path / "human_gpt_comparison.csv", tmp_path / "made.jsonl.gz") == 2_983
    assert (tmp_path / "made.jsonl.gz").read_bytes() == EXAMPLE.joinpath("mtbench.jsonl.gz").read_bytes()
