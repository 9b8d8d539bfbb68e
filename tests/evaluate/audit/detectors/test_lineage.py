"""D0: which authors are of a judge's own kind."""

from dataclasses import replace

import numpy as np
from detector_worlds import SETTINGS, A, B, table

from firsthand.evaluate.audit.detectors.lineage import lineage_findings
from firsthand.evaluate.audit.finding import Verdict
from firsthand.lineage import Lineage, Relation

JUDGED = [(0, 0, A, 0), (1, 0, B, 0), (2, 0, A, 0)]
FOUR = table([], JUDGED, comparisons=4, authors=[(0, 1), (1, 2), (0, 2), (0, 1)])


def known(**families: str | None) -> dict[str, Lineage]:
    return {name: Lineage(name, family) for name, family in families.items()} | {
        "judge-0": Lineage("judge-0", families["judge"], "series")
    }


def test_a_related_author_is_named_with_its_relation() -> None:
    lineages = known(judge="f", x="f", y="g", z="h")
    (found,) = lineage_findings(FOUR, lineages, SETTINGS)
    # x wrote a response in comparisons 0 and 2 of the three that the judge judged.
    assert (found.target, found.relation, found.verdict, found.n) == ("x", Relation.SAME_FAMILY, Verdict.DETECTED, 2)
    assert found.estimate == 2 / 3
    assert "Related is not biased" in found.caveats[0]


def test_the_closest_relation_comes_first() -> None:
    lineages = known(judge="f", x="f", y="g", z="h") | {"z": Lineage("judge-0", "f")}
    assert [found.relation for found in lineage_findings(FOUR, lineages, SETTINGS)] == [
        Relation.SAME_MODEL,
        Relation.SAME_FAMILY,
    ]


def test_unrelated_authors_are_ruled_out_and_unknown_ones_are_not() -> None:
    (found,) = lineage_findings(FOUR, known(judge="f", x="e", y="g", z="h"), SETTINGS)
    assert found.verdict is Verdict.RULED_OUT
    (found,) = lineage_findings(FOUR, known(judge="f", x="e", y="g", z=None), SETTINGS)
    assert (found.verdict, found.target) == (Verdict.NOT_TESTABLE, "z")
    (found,) = lineage_findings(FOUR, known(judge=None, x="e", y="g", z="h"), SETTINGS)
    assert found.verdict is Verdict.NOT_TESTABLE
    assert found.why == "The lineage of judge-0 is unknown."


def test_comparisons_without_authors_are_counted() -> None:
    nameless = replace(FOUR, author=np.array([[0, 1], [1, -1], [-1, -1], [0, 1]]))
    (found,) = lineage_findings(nameless, known(judge="f", x="e", y="g", z="h"), SETTINGS)
    assert found.verdict is Verdict.NOT_TESTABLE
    assert found.why == "No author is named for a response of 2 comparisons."
