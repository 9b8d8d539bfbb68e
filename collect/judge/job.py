"""A whole job: every judge in the order of the configuration, then the panels."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from tqdm import tqdm

from firsthand.collect.judge.config import Choice, Judge, JudgeJob
from firsthand.collect.judge.panels import convene
from firsthand.collect.judge.report import Report
from firsthand.collect.judge.running import JudgeRun, Progress, ask_judge
from firsthand.collect.judge.settled import check_annotator
from firsthand.collect.judge.template import Template, load_template
from firsthand.collect.tags import check_tag
from firsthand.endpoint.budget import Budget
from firsthand.store import Store


def run_job(store: Store, job: JudgeJob, folder: Path) -> list[Report]:
    """Run the job; returns a report for each judge and panel. `folder`: what the paths of templates are relative to.

    Raises InputError, before the first call, where a template, a key or a name can't be used.
    """
    templates = prepare(store, job, folder)
    for judge in job.judges.values():
        if judge.endpoint is not None:
            judge.endpoint.api_key()
    budget = Budget(job.budget)
    reports: dict[str, Report] = {}
    for name, judge in job.judges.items():
        started = monotonic()
        with _bar(name) as progress:
            reports[name] = _judge(store, name, judge, templates.get(name), job.comparisons, budget, progress)
        reports[name].seconds = monotonic() - started
    for name, panel in job.panels.items():
        members = {member: reports[member].prompt_sha256 for member in panel.members}
        started = monotonic()
        with _bar(name) as progress:
            reports[name] = convene(store, name, panel, members, job.comparisons, progress)
        reports[name].seconds = monotonic() - started
    return list(reports.values())


def prepare(store: Store, job: JudgeJob, folder: Path) -> dict[str, Template]:
    """The templates of the judges that are asked; raises InputError where one, a name or a tag can't be used."""
    for name, judge in job.judges.items():
        check_annotator(store, name, judge.family)
    for name in job.panels:
        check_annotator(store, name, None, panel=True)
    for tag in job.comparisons.tags:
        check_tag(store, tag, "comparisons.tags")
    return {name: load_template(judge, folder) for name, judge in job.judges.items() if judge.endpoint}


def _judge(
    store: Store,
    name: str,
    judge: Judge,
    template: Template | None,
    choice: Choice,
    budget: Budget,
    progress: Progress,
) -> Report:
    if judge.reward_model is not None:
        from firsthand.collect.judge.reward import score_all

        return score_all(store, name, judge, judge.reward_model, choice, progress)
    if judge.endpoint is None or template is None:
        raise AssertionError("a judge is a model behind an endpoint or a reward model")
    return asyncio.run(ask_judge(JudgeRun(store, name, judge, template, choice, budget, progress), judge.endpoint))


@contextmanager
def _bar(name: str) -> Iterator[Progress]:
    """A progress bar on a terminal, told how far it is."""
    with tqdm(desc=name, unit="comparison", disable=None) as bar:

        def progress(done: int) -> None:
            bar.update(done - bar.n)

        yield progress
