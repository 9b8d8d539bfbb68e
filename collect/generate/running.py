"""A whole run: ask what is missing, then compare what there is."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from tqdm import tqdm

from firsthand.collect.generate.asking import ask_endpoint
from firsthand.collect.generate.best_of import Picker
from firsthand.collect.generate.config import GenerateJob, ModelConfig
from firsthand.collect.generate.pairing import add_comparisons
from firsthand.collect.generate.plan import ModelPlan, Plan, plan
from firsthand.collect.generate.prompts import Prompts
from firsthand.collect.generate.report import ModelReport, Report
from firsthand.collect.generate.requests import Wanted, with_answers
from firsthand.endpoint.budget import Budget
from firsthand.errors import InputError
from firsthand.store import Store
from firsthand.store.calls import Call, record


@dataclass(slots=True)
class Run:
    """A job over a store. versions: what tells each model from another of its name."""

    job: GenerateJob
    store: Store
    prompts: Prompts
    versions: dict[str, str]


def make_run(job: GenerateJob, store: Store) -> Run:
    """Prepare the job; raises InputError where a trained model or a reward model is missing."""
    Picker(job, store)  # says now what would fail after all is written
    versions = {name: _version(model) for name, model in job.models.items()}
    return Run(job, store, Prompts(job.prompts, store, job.limit), versions)


def plan_of(run: Run) -> Plan:
    """What there is to ask; raises InputError where there are no prompts."""
    made = plan(run.job, run.store, run.prompts, run.versions)
    if made.prompts == 0:
        reasons = "".join(f"\n  {count:,} rows: {reason}" for reason, count in run.prompts.unreadable.items())
        raise InputError(f"prompts: {run.job.prompts} holds none{reasons}")
    return made


def generate(run: Run) -> Report:
    """Ask every model for what the journal does not hold, one model after another, and add the comparisons.

    Raises InputError where an endpoint can't be opened or a model can't be loaded; what was answered is kept.
    """
    made = plan_of(run)
    budget = Budget(run.job.budget)
    models = [_ask(run, made.models[name], budget) for name in run.job.models]
    complete = not budget.exhausted and not any(model.stopped for model in models)
    pairs = add_comparisons(run.job, run.store, run.prompts, run.versions, complete)
    used = budget.used() if budget.exhausted else None
    return Report(made.prompts, run.prompts.unreadable, models, pairs, used)


def _version(model: ModelConfig) -> str:
    if model.endpoint is not None:
        return model.endpoint.model or ""
    from firsthand.collect.generate.trained import trained_version

    return trained_version(str(model.trained))


def _ask(run: Run, planned: ModelPlan, budget: Budget) -> ModelReport:
    """Ask one model; it is started or loaded only where there is something to ask."""
    config = run.job.models[planned.name]
    report = ModelReport(planned.name, planned.wanted, planned.known)
    todo = _unanswered(run, planned.name)
    first = next(todo, None)
    if first is None or budget.exhausted:
        return report
    todo = chain([first], todo)
    with tqdm(desc=planned.name, total=planned.calls, unit="response", disable=None, leave=False) as progress:

        def keep(calls: Sequence[Call]) -> None:
            record(run.store, calls)
            for call in calls:
                report.count(call)
            progress.update(len(calls))

        if config.endpoint is not None:
            asyncio.run(ask_endpoint(run.job, config.endpoint, todo, budget, keep, report))
        else:
            from firsthand.collect.generate.trained import ask_trained

            ask_trained(run.job, config, todo, budget, keep)
    return report


def _unanswered(run: Run, model: str) -> Iterator[Wanted]:
    for responses in with_answers(run.job, run.store, run.prompts, {model: run.versions[model]}):
        for one, reply in responses:
            if reply is None:
                yield one
