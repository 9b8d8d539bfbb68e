"""What a job would take, asked of nobody."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from firsthand.collect.judge.asked import asked_by, settled
from firsthand.collect.judge.config import Choice, Judge, JudgeJob, Method
from firsthand.collect.judge.job import prepare
from firsthand.collect.judge.pages import has_text, pages
from firsthand.collect.judge.questions import Backlog, questions
from firsthand.collect.judge.template import Template
from firsthand.endpoint.config import EndpointConfig
from firsthand.endpoint.reply import estimated_tokens
from firsthand.store import Store

ANSWER_TOKENS = {Method.LOGPROBS: 1, Method.SAMPLES: 10}
"""About what an answer takes."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a judge's part of a job would take.

    method: `logprobs, else samples` where the endpoint's first answer will tell; the calls are then for the first of
    the two. calls: those without an answer in the journal. tokens: from characters. cost: US dollars, None without a
    price.
    """

    name: str
    method: str
    comparisons: int = 0
    without_text: int = 0
    judged_before: int = 0
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def estimate_job(store: Store, job: JudgeJob, folder: Path) -> list[Estimate]:
    """An estimate for each judge; panels take no calls. Raises InputError as the job itself would."""
    templates = prepare(store, job, folder)
    return [
        _calls(store, name, judge, judge.endpoint, templates[name], job.comparisons)
        if judge.endpoint
        else _scores(store, name, job.comparisons)
        for name, judge in job.judges.items()
    ]


def _calls(
    store: Store, name: str, judge: Judge, endpoint: EndpointConfig, template: Template, choice: Choice
) -> Estimate:
    known = settled(store, name, judge, template)
    asked = known or asked_by(Method.LOGPROBS, name, judge, template)
    backlog = Backlog()
    calls = prompt_tokens = 0
    for question in questions(store, asked, choice, backlog):
        calls += 1
        prompt_tokens += estimated_tokens(message["content"] for message in question.messages)
        backlog.ready.clear()
    completion_tokens = calls * ANSWER_TOKENS[asked.method]
    return Estimate(
        name,
        asked.method.value if known else "logprobs, else samples",
        backlog.comparisons,
        backlog.without_text,
        backlog.judged_before,
        calls,
        prompt_tokens,
        completion_tokens,
        endpoint.price.of(prompt_tokens, completion_tokens) if endpoint.price else None,
    )


def _scores(store: Store, name: str, choice: Choice) -> Estimate:
    found = [has_text(comparison) for page in pages(store, choice) for comparison in page]
    return Estimate(name, "reward", sum(found), len(found) - sum(found))
