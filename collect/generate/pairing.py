"""Comparisons of the responses that the journal holds."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, islice
from typing import Any

from firsthand.collect.generate.best_of import Picker
from firsthand.collect.generate.config import GenerateJob, Pairs
from firsthand.collect.generate.prompts import Prompt
from firsthand.collect.generate.report import PairReport
from firsthand.collect.generate.requests import Wanted, with_answers
from firsthand.collect.generate.scoring import Scorer, Written, make_scorer
from firsthand.errors import RecordError
from firsthand.lines import parse_line
from firsthand.records import Entry
from firsthand.store import Outcome, Store

PROMPTS_AT_ONCE = 100
ORIGIN = (
    "model setting system parameters sample seed finish endpoint_model prompt_tokens completion_tokens cost".split()
)
"""What a comparison keeps of the journal's reply."""

Answered = tuple[Prompt, list[tuple[Wanted, dict[str, Any]]]]
Group = tuple[Prompt, list[Written]]


def add_comparisons(
    job: GenerateJob, store: Store, prompts: Iterable[Prompt], versions: dict[str, str], complete: bool
) -> PairReport:
    """Compare the responses to each prompt as job.pairs says, and add the comparisons to the store.

    complete: whether the run asked for all there is; else prompts that lack a response wait for it.
    Raises InputError when the scorer can't be loaded.
    """
    report = PairReport()
    scorer = None if job.scorer is None else make_scorer(job.scorer, store)
    pick = Picker(job, store)
    groups = _groups(job, store, prompts, versions, complete, report)
    while answers := list(islice(groups, PROMPTS_AT_ONCE)):
        entries = []
        page = _picked(job, answers, pick, versions)
        for (prompt, _), pairs in zip(page, _pairs(job, page, scorer, report), strict=True):
            for pair in pairs:
                entries += _entry(job, prompt, *pair, report)
        for outcome in store.add(entries):
            if isinstance(outcome, RecordError):
                report.left_out[str(outcome)] += 1
            elif outcome is Outcome.KNOWN:
                report.known += 1
            else:
                report.added += 1
    report.picked = pick.picked
    if pick.unscored:
        report.left_out["best-of-n responses: no candidate has a score"] += pick.unscored
    return report


def _groups(
    job: GenerateJob,
    store: Store,
    prompts: Iterable[Prompt],
    versions: dict[str, str],
    complete: bool,
    report: PairReport,
) -> Iterator[Answered]:
    """Each prompt with the answers it has."""
    for responses in with_answers(job, store, prompts, versions):
        if not complete and any(reply is None for _, reply in responses):
            report.waiting += 1
            continue
        yield responses[0][0].prompt, [(one, reply) for one, reply in responses if reply is not None]


def _picked(job: GenerateJob, page: Sequence[Answered], pick: Picker, versions: dict[str, str]) -> list[Group]:
    """Each prompt with its responses: of those picked from candidates, the picked ones alone."""
    kept = pick([answers for _, answers in page])
    return [
        (prompt, [_written(job, one, reply, versions[one.model]) for one, reply in answers])
        for (prompt, _), answers in zip(page, kept, strict=True)
    ]


def _written(job: GenerateJob, one: Wanted, reply: dict[str, Any], version: str) -> Written:
    """The response with its origin: what the journal keeps of it, the model behind the name, of how many it is best.

    version: of a trained model, the hash of its weights; of one behind an endpoint, its name there.
    """
    model = job.models[one.model]
    origin = {
        **{name: reply.get(name) for name in ORIGIN},
        "weights" if model.trained else "asked_model": version or None,
        "best_of": None if model.best_of is None else model.best_of.n,
    }
    known = {name: value for name, value in origin.items() if value is not None}
    return Written(job.author(one.model, one.setting), reply["text"], known)


def _pairs(
    job: GenerateJob, page: Sequence[Group], scorer: Scorer | None, report: PairReport
) -> list[list[tuple[Written, Written]]]:
    if scorer is not None:
        return [
            _best_vs_rest(responses, scores, report) for (_, responses), scores in zip(page, scorer(page), strict=True)
        ]
    return [[pair for pair in combinations(responses, 2) if _is_wanted(job.pairs, *pair)] for _, responses in page]


def _is_wanted(pairs: Pairs, one: Written, other: Written) -> bool:
    if pairs is Pairs.ALL:
        return True
    return (one.author == other.author) is (pairs is Pairs.SAME_AUTHOR)


def _best_vs_rest(
    responses: Sequence[Written], scores: Sequence[float | None], report: PairReport
) -> list[tuple[Written, Written]]:
    """The response with the highest score against each of the others; of equal scores the first."""
    if len(responses) < 2:
        return []
    if None in scores:
        report.left_out["prompts of which not every response has a score"] += 1
        return []
    best = max(range(len(responses)), key=lambda index: (scores[index], -index))
    return [(responses[best], other) for index, other in enumerate(responses) if index != best]


def _entry(job: GenerateJob, prompt: Prompt, one: Written, other: Written, report: PairReport) -> list[Entry]:
    """The comparison, in a list; empty, and counted, where the two are the same."""
    families = job.families()
    line = {
        "prompt": prompt.messages,
        "response_a": one.text,
        "response_b": other.text,
        "author_a": one.author,
        "author_b": other.author,
        "family_a": families.get(one.author),
        "family_b": families.get(other.author),
        "origin_a": one.origin,
        "origin_b": other.origin,
        "tags": prompt.tags,
    }
    try:
        return [parse_line(line)]
    except RecordError as error:
        report.left_out[f"pairs: {error}"] += 1
        return []
