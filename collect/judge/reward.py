"""Reward models as judges: they score each response on its own, so that no order of showing comes into it."""

import hashlib
import math
from datetime import UTC, datetime
from typing import Any

import numpy as np

from firsthand.collect.judge.config import Choice, Judge
from firsthand.collect.judge.pages import has_text, judged, pages
from firsthand.collect.judge.report import Report
from firsthand.collect.judge.running import Progress
from firsthand.collect.judge.settled import check_settled
from firsthand.collect.judge.verdicts import add_verdicts
from firsthand.collect.work.turns import stamp
from firsthand.records import Annotator, Comparison, Entry, Message, Preference, Response, Side, Source, Verdict
from firsthand.rewards import RewardModel
from firsthand.store import Store

METHOD = "reward"


def score_all(store: Store, name: str, judge: Judge, model_name: str, choice: Choice, progress: Progress) -> Report:
    """Score every comparison that the reward model has not judged; one verdict each, that stands for both orders.

    p_a = sigmoid(reward of A - reward of B), as in training (Bradley & Terry 1952). A comparison with a response longer
    than the model reads is left, and counted.
    Raises InputError where the model can't be used, or has changed since its earlier verdicts.
    """
    report = Report(name, method=METHOD)
    model = RewardModel(model_name)
    sha256 = hashlib.sha256(str(model.tokenizer.chat_template).encode()).hexdigest()
    report.prompt_sha256 = sha256
    parameters = {"max_length": model.max_length}
    facts = {"method": METHOD, "parameters": parameters, "version": judge.version, "weights": model.version}
    check_settled(store, name, sha256, facts)
    for page in pages(store, choice):
        readable = [comparison for comparison in page if has_text(comparison)]
        known = judged(store, name, sha256, readable)
        wanted = [comparison for comparison in readable if (comparison.id, Side.BOTH.value, 0) not in known]
        report.comparisons += len(readable)
        report.units += len(readable)
        report.without_text += len(page) - len(readable)
        report.judged_before += len(readable) - len(wanted)
        pairs = [conversation(one, response) for one in wanted for response in (one.a, one.b)]
        scores = model.scores(pairs).reshape(-1, 2)
        tokens = np.array(model.lengths(pairs)).reshape(-1, 2).sum(axis=1)
        annotator = Annotator(name, Source.SYNTHETIC, model_name, judge.family)
        entries = [
            Entry(comparison, annotator, _preference(float(a), float(b), int(read), sha256, facts))
            for comparison, (a, b), read in zip(wanted, scores, tokens, strict=True)
            if np.isfinite(a) and np.isfinite(b)
        ]
        add_verdicts(store, entries)
        for entry in entries:
            report.count_verdicts([entry])
        report.count_left(f"longer than the {model.max_length} tokens that the model reads", len(wanted) - len(entries))
        progress(report.done)
    return report


def conversation(comparison: Comparison, response: Response) -> list[Message]:
    """The prompt and one response as one conversation; the response's text must be known."""
    content = response.content
    answer = [{"role": "assistant", "content": content}] if isinstance(content, str) else content or []
    return [*comparison.prompt, *answer]


def _preference(a: float, b: float, tokens: int, sha256: str, facts: dict[str, Any]) -> Preference:
    """The verdict of two rewards, `tokens` read. A difference beyond floating point's reach leaves p_a at 0 or 1."""
    margin = max(-700.0, min(700.0, a - b))
    verdict = Verdict.A if a > b else Verdict.B if b > a else Verdict.TIE
    return Preference(
        verdict=verdict,
        p_a=1 / (1 + math.exp(-margin)),
        shown_first=Side.BOTH,
        prompt_sha256=sha256,
        swap_consistent=True,
        created_at=stamp(datetime.now(UTC)),
        detail={
            **{name: fact for name, fact in facts.items() if fact is not None},
            "reward_a": a,
            "reward_b": b,
            "prompt_tokens": tokens,
            "completion_tokens": 0,
            "cost": 0.0,
        },
    )
