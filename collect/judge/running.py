"""Asking one judge everything it has not been asked, writing down each answer before the next are taken."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TypeAlias

from firsthand.collect.judge.asked import Asked, asked_by, settled
from firsthand.collect.judge.calling import NoLogprobsError, NoWordError, ask
from firsthand.collect.judge.config import Choice, Judge, Method
from firsthand.collect.judge.questions import KIND, Backlog, Question, Unit, questions
from firsthand.collect.judge.report import Report
from firsthand.collect.judge.template import Template
from firsthand.collect.judge.verdicts import add_verdicts, entries_of
from firsthand.endpoint.budget import Budget
from firsthand.endpoint.calls import DOWN, EndpointDownError, run_call_batches
from firsthand.endpoint.client import Endpoint, open_endpoint
from firsthand.endpoint.config import EndpointConfig
from firsthand.endpoint.reply import CallFailed, FailureKind
from firsthand.store import Store
from firsthand.store.calls import Call, failed_call, record

Outcome: TypeAlias = tuple[Question, Call | CallFailed]
Progress: TypeAlias = Callable[[int], None]
"""Told how many units have their verdicts, those of earlier runs included."""
UNDECIDED = 10
"""Calls that may tell nothing of what the endpoint gives, one after the other, before it is taken to be the usual."""


@dataclass(slots=True)
class JudgeRun:
    """One judge's part of a job."""

    store: Store
    name: str
    judge: Judge
    template: Template
    choice: Choice
    budget: Budget
    progress: Progress
    report: Report = field(init=False)

    def __post_init__(self) -> None:
        self.report = Report(self.name)


async def ask_judge(run: JudgeRun, config: EndpointConfig) -> Report:
    """Ask all that is left, until done or the budget ends; answers that the journal holds are not asked for again.

    The endpoint is opened only where there is something to ask; one that is down ends in Report.stopped.
    Raises InputError where the judge was asked otherwise before, or the endpoint can't be opened.
    """
    known = settled(run.store, run.name, run.judge, run.template)
    asked, backlog = known or _by(run, Method.LOGPROBS), Backlog()
    todo = questions(run.store, asked, run.choice, backlog)
    try:
        if (first := next(todo, None)) is not None and run.budget.allows_another(0):
            todo = chain([first], todo)
            async with open_endpoint(config, run.budget) as endpoint:
                if known is None:
                    method, failed = await _decide(run, endpoint, asked, todo)
                    # What this run was told so far is no answer of an earlier one.
                    asked, backlog = _by(run, method), Backlog(reused=run.report.failures.total() - run.report.calls)
                    listed = _begun(questions(run.store, asked, run.choice, backlog))
                    todo = (question for question in listed if question.key not in failed)
                await _ask_all(run, endpoint, asked, todo, backlog)
                run.report.requests = endpoint.attempts
        _write(run, asked, [], backlog.ready)
    except EndpointDownError as error:
        run.report.stopped = str(error)
    if run.budget.exhausted:
        run.report.stopped = f"the budget is spent: {run.budget.used()}"
    run.report.method, run.report.prompt_sha256 = asked.method.value, run.template.sha256
    run.report.take(backlog)
    return run.report


def _begun(listed: Iterator[Question]) -> Iterator[Question]:
    """The questions, the first of them found already: the backlog then tells of its page even if none is asked."""
    return chain(list(islice(listed, 1)), listed)


def _by(run: JudgeRun, method: Method) -> Asked:
    return asked_by(method, run.name, run.judge, run.template)


async def _decide(run: JudgeRun, endpoint: Endpoint, asked: Asked, todo: Iterable[Question]) -> tuple[Method, set[str]]:
    """Log-probabilities where the endpoint's first answer has them, else samples; and the calls that failed till then.

    That answer is kept as any other. A refusal, a question too long and garbage tell nothing of what the endpoint
    gives: after UNDECIDED of them, log-probabilities are asked for.
    """
    failed: set[str] = set()
    for question in islice(todo, UNDECIDED):
        outcome: Call | CallFailed
        try:
            outcome = await ask(endpoint, asked, question)
        except CallFailed as failure:
            outcome = failure
            failed.add(question.key)
        _journal(run, [(question, outcome)])
        if isinstance(outcome, NoLogprobsError) or _kind(outcome) is FailureKind.REJECTED:
            return Method.SAMPLES, failed
        if isinstance(outcome, Call | NoWordError):
            return Method.LOGPROBS, failed
        if _kind(outcome) in DOWN:
            raise EndpointDownError(f"the endpoint did not answer the first call: {_kind(outcome)}: {outcome}")
    return Method.LOGPROBS, failed


def _kind(outcome: Call | CallFailed) -> FailureKind | None:
    return outcome.kind if isinstance(outcome, CallFailed) else None


async def _ask_all(run: JudgeRun, endpoint: Endpoint, asked: Asked, todo: Iterator[Question], backlog: Backlog) -> None:
    async def one(question: Question) -> Call:
        return await ask(endpoint, asked, question)

    in_flight = endpoint.config.in_flight
    async with aclosing(run_call_batches(todo, one, in_flight, run.budget, _prompt_of)) as batches:
        async for batch in batches:
            ready, backlog.ready = backlog.ready, []
            run.report.take(backlog)
            await asyncio.to_thread(_write, run, asked, batch, ready)


def _prompt_of(question: Question) -> str:
    return question.unit.comparison.prompt_id


def _write(run: JudgeRun, asked: Asked, batch: Sequence[Outcome], ready: list[Unit]) -> None:
    """Write down answers and failures, then the verdicts of `ready` and of the units that are now complete."""
    _journal(run, batch)
    for question, outcome in batch:
        if isinstance(outcome, Call):
            question.unit.answers[question.shown_first, question.sample] = outcome.reply
            if question.unit.complete:
                ready.append(question.unit)
    verdicts = [entries_of(asked, unit) for unit in ready]
    add_verdicts(run.store, [entry for entries in verdicts for entry in entries])
    for entries in verdicts:
        run.report.count_verdicts(entries)
    run.progress(run.report.done)


def _journal(run: JudgeRun, batch: Sequence[Outcome]) -> None:
    calls = [
        outcome if isinstance(outcome, Call) else failed_call(KIND, question.key, outcome)
        for question, outcome in batch
    ]
    record(run.store, calls)
    for call in calls:
        run.report.count_call(call)
