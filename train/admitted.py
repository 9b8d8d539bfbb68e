"""Only labels that were held against people, and found to agree with them, enter a validated mix."""

from collections import Counter
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd

from firsthand.admission import Admission, Rule, read_admission
from firsthand.train.drops import Drops
from firsthand.train.labels import LABEL_COLUMNS

Tag: TypeAlias = dict[str, str | None] | None
UNKNOWN = "not admitted: no rule for this judge and tag, so that people were never asked"
REFUSED = "not admitted: the judge's rule admits none of its labels here"
OTHER_TEMPLATE = "not admitted: asked with another template than the one that was validated"
UNSURE = "not admitted: below the confidence that the rule asks for"
REASONS = (UNKNOWN, REFUSED, OTHER_TEMPLATE, UNSURE)
ADMITTED = ""


def admitted_labels(
    labels: pd.DataFrame, votes: pd.DataFrame, path: Path | None, drops: Drops
) -> tuple[pd.DataFrame, dict[str, Any] | None]:
    """The judges' labels that the admission file at `path` admits, and what the manifest tells of it.

    labels come with JUDGE_COLUMNS, and are returned with LABEL_COLUMNS. votes hold the tags of each comparison. Every
    label stays where no file is named. Raises InputError where the file can't be read.
    """
    if path is None:
        return labels[LABEL_COLUMNS], None
    admission, sha256 = read_admission(path)
    rules = _rules(labels, votes, admission)
    reasons = _reasons(labels, [rule for _, rule in rules])
    facts = {
        "sha256": sha256,
        "target": admission.target,
        "confidence": admission.confidence,
        "labels": _counted(labels, rules, reasons),
    }
    for reason in REASONS:
        drops.count(reason, labels.loc[reasons == reason, "source"])
    return labels.loc[reasons == ADMITTED, LABEL_COLUMNS].reset_index(drop=True), facts


def tag_name(tag: Tag) -> str:
    """A rule's tag as a person reads it."""
    if tag is None:
        return "all"
    return ", ".join(f"{name}: {'(none)' if value is None else value}" for name, value in tag.items())


def _rules(labels: pd.DataFrame, votes: pd.DataFrame, admission: Admission) -> list[tuple[Tag, Rule | None]]:
    """For each label its rule, and the tag it is counted under: the rule's, or without one the comparison's own."""
    names = sorted({name for rule in admission.rules for name in rule.tag or ()})
    by_comparison = votes.drop_duplicates("comparison_id").set_index("comparison_id")["tags"]
    keys = list(zip(labels["annotator"], labels["comparison_id"].map(by_comparison), strict=True))
    known: dict[tuple[str, str], tuple[Tag, Rule | None]] = {}
    for judge, text in set(keys):
        tags = orjson.loads(text)
        rule = admission.rule_for(judge, tags)
        own = {name: tags.get(name) for name in names} or None
        known[judge, text] = (rule.tag if rule else own, rule)
    return [known[key] for key in keys]


def _reasons(labels: pd.DataFrame, rules: list[Rule | None]) -> npt.NDArray[np.str_]:
    """Why each label is refused; ADMITTED where it is not."""
    thresholds = np.array([np.nan if rule is None or rule.threshold is None else rule.threshold for rule in rules])
    conditions = [
        np.array([rule is None for rule in rules], np.bool_),
        np.isnan(thresholds),
        _asked_otherwise(labels, rules),
        labels["p_chosen"].to_numpy(np.float64) < thresholds,
    ]
    return np.select(conditions, [np.array(reason) for reason in REASONS], default=ADMITTED)


def _asked_otherwise(labels: pd.DataFrame, rules: list[Rule | None]) -> npt.NDArray[np.bool_]:
    """Whether each label was asked with a template that its rule was not tested on."""
    asked = zip(labels["templates"], rules, strict=True)
    return np.array([rule is not None and not rule.tested_on(used) for used, rule in asked], np.bool_)


def _counted(
    labels: pd.DataFrame, rules: list[tuple[Tag, Rule | None]], reasons: npt.NDArray[np.str_]
) -> list[dict[str, Any]]:
    """Labels admitted and refused, by judge and tag."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    about: dict[tuple[str, str], tuple[Tag, Rule | None]] = {}
    for judge, (tag, rule), reason in zip(labels["annotator"], rules, reasons, strict=True):
        key = (str(judge), tag_name(tag))
        about[key] = (tag, rule)
        counts.setdefault(key, Counter())[str(reason)] += 1
    return [
        {
            "judge": key[0],
            "tag": about[key][0],
            "threshold": rule.threshold if (rule := about[key][1]) else None,
            "admitted": count[ADMITTED],
            "refused": {reason: count[reason] for reason in REASONS},
        }
        for key, count in sorted(counts.items())
    ]
