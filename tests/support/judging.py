"""A small store to be judged, and a judge of it."""

import json
from pathlib import Path
from typing import Any

from builders import fill, line

from firsthand.cli import main
from firsthand.collect.judge.config import JudgeJob
from firsthand.collect.judge.job import run_job
from firsthand.collect.judge.report import Report
from firsthand.config import check_config
from firsthand.records import Entry
from firsthand.store import Store

TEMPLATE = "Q: {{ prompt }}\nA: {{ first }}\nB: {{ second }}\nBetter, {{ answers.first }} or {{ answers.second }}?"


def comparisons(store: Store, count: int) -> Store:
    """Add `count` short comparisons."""
    return fill(store, [line(number) for number in range(count)])


def judge(folder: Path, url: str, endpoint: dict[str, Any] | None = None, **keys: Any) -> dict[str, Any]:
    """A judge's configuration, its template in `folder`."""
    (folder / "compare.txt").write_text(TEMPLATE, encoding="utf-8")
    return {"endpoint": {"url": url, "in_flight": 4, **(endpoint or {})}, "template": "compare.txt", **keys}


def run(store: Store, folder: Path, judges: dict[str, Any], **keys: Any) -> dict[str, Report]:
    """Run a job of `judges`; its reports by name."""
    job = check_config({"judges": judges, **keys}, JudgeJob)
    return {report.name: report for report in run_job(store, job, folder)}


def run_one(store: Store, folder: Path, one: dict[str, Any], **keys: Any) -> Report:
    """Run a job of one judge, named `j`."""
    return run(store, folder, {"j": one}, **keys)["j"]


def verdicts(store: Store, name: str = "j") -> list[Entry]:
    """What the annotator `name` said, by comparison and order."""
    return [entry for entry in store.entries() if entry.annotator and entry.annotator.name == name]


def command(folder: Path, store: Store, *options: str, **job: Any) -> int:
    """`firsthand collect judge` of the configuration `job`, written to `folder`; its exit status."""
    config = folder / "judge.yaml"
    config.write_text(json.dumps(job), encoding="utf-8")
    return main(["collect", "judge", str(config), "--store", str(store.engine.url), *options])
