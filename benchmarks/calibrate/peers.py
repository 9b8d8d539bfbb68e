"""The same question asked of other packages, each by its own statistic for self-preference.

A graded package is given each response's score: 5 where the judge chose it, 1 where it chose the other, 3 for neither;
and as people's score 1 + 4 x their share for it. A package that wants one label of people is given their majority.
Intervals are the packages' own, and a flag is raised by the package's own rule where it has one.
"""

import json
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from judge_audit_mcp.models import SEV_CLEAN
from judge_audit_mcp.probes.self_preference import probe_self_preference
from judgebias import self_preference as judgebias_self_preference
from judgecal.core import Judgment
from judgecal.probes.base import ProbeConfig
from judgecal.probes.self_preference import SelfPreferenceProbe
from judgecal.report.thresholds import SELF_PREFERENCE_MIN_EFFECT
from judgekit.bias import self_preference as judgekit_self_preference
from judgekit.schema import GradedVerdict
from judgemetry.metrics import self_preference as judgemetry_self_preference
from judgemetry.records import JudgedPair, PairRecord, Verdict
from metajudge.data import Ratings
from metajudge.dif import logistic_dif

from calibrate.methods import Method, Outcome, own_side
from firsthand.evaluate.audit.table import P_A, AuditTable

LEVEL = 0.05
OWN, OTHER = "own", "other"


@dataclass(frozen=True, slots=True)
class View:
    """N comparisons: the judge's and people's mean verdict for A (1, 0.5 or 0 a vote), and own_side."""

    judge: np.ndarray
    people: np.ndarray
    own: np.ndarray

    def of_own(self, verdicts: np.ndarray) -> np.ndarray:
        """Verdicts for the own response, on the comparisons that hold one."""
        held = self.own != 0
        return np.where(self.own[held] > 0, verdicts[held], 1 - verdicts[held])


def view(table: AuditTable) -> View:
    """What the packages read of a world: means over people, and over the first judge's verdicts."""
    judged = table.judged.of(0)
    return View(
        _mean(judged.pair, P_A[judged.outcome], len(table)),
        _mean(table.people.pair, P_A[table.people.outcome], len(table)),
        own_side(table),
    )


def judgebias(table: AuditTable) -> Outcome:
    """Share of own responses chosen by the judge less the share chosen by people's majority, percentile bootstrap."""
    seen = view(table)
    found = judgebias_self_preference(seen.of_own(seen.judge), seen.of_own(_majority(seen.people)))
    return Outcome(found.effect, found.ci_low, found.ci_high)


def judgekit(table: AuditTable) -> Outcome | None:
    """Mean of judge's less people's score, own less other responses; flagged outside its innocent band of 0.2."""
    pairs = [
        (
            GradedVerdict(item_id=item, score=judge, candidate_model=author),
            GradedVerdict(item_id=item, judge_id="human", score=human, candidate_model=author),
        )
        for item, author, judge, human in _graded(view(table))
    ]
    found = judgekit_self_preference(pairs, OWN)
    if found is None or found.triggered is None:
        return None
    return Outcome(found.value, *found.ci, flagged=found.triggered)


def judgemetry(table: AuditTable) -> Outcome | None:
    """The judge's rate for own responses in both orders less that of people's majority, percentile bootstrap."""
    seen = view(table)
    judged = table.judged.of(0)
    winners: list[list[str]] = [[] for _ in range(len(table))]
    for pair, outcome in zip(judged.pair, judged.outcome, strict=True):
        winners[pair].append(("A", "tie", "B")[outcome])
    pairs = []
    for number, (people, own, said) in enumerate(zip(seen.people, seen.own, winners, strict=True)):
        human = "A" if people > 0.5 else "B" if people < 0.5 else "tie"
        authors = [OWN if own == side else OTHER for side in (1, -1)]
        record = PairRecord(str(number), "", "", "", *authors, human)
        # A judge asked once has not judged the second order; the package leaves refused verdicts out.
        both = [Verdict(winner, 0.5, "") for winner in said] + [Verdict("tie", 0.5, "", refused=True)]
        pairs.append(JudgedPair(record, both[0], both[1], "judge"))
    found = judgemetry_self_preference(pairs, OWN)
    return None if found is None else Outcome(found.value, found.ci_low, found.ci_high)


def judgecal(table: AuditTable) -> Outcome | None:
    """How often the judge takes its own response where people's majority is against it, less its other errors.

    Flagged as on its card: p < .05, an excess over 0.05 and no warning on composition.
    """
    seen, judged = view(table), table.judged.of(0)
    authors = [(OWN if own > 0 else OTHER, OWN if own < 0 else OTHER) for own in seen.own]
    judgments = []
    for pair, outcome, first in zip(judged.pair, judged.outcome, judged.first, strict=True):
        a_first = bool(first >= 0)
        turned = seen.people[pair] if a_first else 1 - seen.people[pair]
        shown = outcome if a_first else 2 - outcome
        meta = {
            "probe": "self_preference",
            "condition": "orig" if a_first else "swap",
            "item_id": str(pair),
            "first_author": authors[pair][0 if a_first else 1],
            "second_author": authors[pair][1 if a_first else 0],
            "label_first": "first" if turned > 0.5 else "second" if turned < 0.5 else "tie",
        }
        judgments.append(Judgment(str(len(judgments)), ("first", "tie", "second")[shown], None, meta))
    found = SelfPreferenceProbe().analyze(judgments, ProbeConfig(judge_author=OWN)).estimates
    if not found:
        return None
    one = found[0]
    large = one.p_value < LEVEL and abs(one.estimate) > SELF_PREFERENCE_MIN_EFFECT
    flagged = large and not one.detail["composition_imbalance"]
    return Outcome(one.estimate, one.ci_low, one.ci_high, flagged=flagged)


def metajudge(table: AuditTable) -> Outcome | None:
    """Uniform DIF of own against other responses given people's mean score: likelihood-ratio test, p < .05.

    One response a comparison, the own one where there is one, else A, so that items are independent. The test has no
    direction; it is taken from own less other mean of judge less people.
    """
    seen = view(table)
    towards = np.where(seen.own < 0, -1.0, 1.0)
    judge, people = (np.where(towards > 0, verdicts, 1 - verdicts) for verdicts in (seen.judge, seen.people))
    rows = pd.DataFrame(
        {"item": np.arange(len(table)), "rater": "judge", "score": judge, "group": np.where(seen.own != 0, OWN, OTHER)}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = logistic_dif(
            Ratings.from_long(rows, item="item", rater="rater", score="score", stratum="group"),
            focal=OWN,
            reference=OTHER,
            conditioner=dict(enumerate(people)),
        )
    if not found.converged:
        return None
    excess = judge - people
    difference = float(excess[seen.own != 0].mean() - excess[seen.own == 0].mean())
    return Outcome(difference, flagged=found.p_uniform < LEVEL)


def judge_audit_mcp(table: AuditTable) -> Outcome | None:
    """Mean of judge's less people's score, own less other responses, percentile bootstrap of responses."""
    graded = list(_graded(view(table)))
    with tempfile.TemporaryDirectory() as folder:
        judged, gold = Path(folder) / "judged.jsonl", Path(folder) / "gold.jsonl"
        judged.write_text(
            "".join(
                json.dumps({"item_id": str(number), "score": score, "output_family": author, "judge_model": OWN}) + "\n"
                for number, (_, author, score, _) in enumerate(graded)
            )
        )
        gold.write_text(
            "".join(
                json.dumps({"item_id": str(number), "human_score": human}) + "\n"
                for number, (_, _, _, human) in enumerate(graded)
            )
        )
        found = probe_self_preference(str(judged), str(gold), judge_family=OWN).findings
    told = [one for one in found if one.id == "bias.self.delta"]
    return (
        Outcome(told[0].effect, told[0].ci_low, told[0].ci_high, flagged=told[0].severity != SEV_CLEAN)
        if told
        else None
    )


PEERS: Mapping[str, Method] = {
    "judgebias": judgebias,
    "judgekit": judgekit,
    "judgemetry": judgemetry,
    "judgecal": judgecal,
    "metajudge": metajudge,
    "judge-audit-mcp": judge_audit_mcp,
}


def _graded(seen: View) -> list[tuple[str, str, float, float]]:
    """Each response: its comparison, `own` or `other`, the judge's score and people's, from 1 to 5."""
    rows = []
    for number, (judge, people, own) in enumerate(zip(seen.judge, seen.people, seen.own, strict=True)):
        rows.append((str(number), OWN if own > 0 else OTHER, 1 + 4 * judge, 1 + 4 * people))
        rows.append((str(number), OWN if own < 0 else OTHER, 5 - 4 * judge, 5 - 4 * people))
    return [(item, author, float(judge), float(people)) for item, author, judge, people in rows]


def _majority(share: np.ndarray) -> np.ndarray:
    return np.where(share > 0.5, 1.0, np.where(share < 0.5, 0.0, 0.5))


def _mean(pair: np.ndarray, values: np.ndarray, pairs: int) -> np.ndarray:
    return np.bincount(pair, values, pairs) / np.bincount(pair, minlength=pairs)
