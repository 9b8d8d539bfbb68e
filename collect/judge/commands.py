"""The command `firsthand collect judge`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firsthand.commandline import add_command, say, say_json

if TYPE_CHECKING:
    from firsthand.collect.judge.estimate import Estimate
    from firsthand.collect.judge.report import Report


def add_judge_commands(group: Any) -> None:
    """Add `judge` to the group `collect`."""
    summary = "have models judge comparisons: synthetic preferences, in both orders, resumable"
    judging = add_command(group, "judge", judge, summary, store=True, as_json=True)
    judging.add_argument("config", metavar="CONFIG", type=Path, help="configs/judge.yaml explains it")
    judging.add_argument("--dry-run", action="store_true", help="only say how many calls it would take")


def judge(args: argparse.Namespace) -> int:
    """Run the job, or estimate it; status 1 where calls failed that the next run has to make."""
    from firsthand.collect.judge.config import JudgeJob
    from firsthand.collect.judge.estimate import estimate_job
    from firsthand.collect.judge.job import run_job
    from firsthand.collect.work.renewing import prepare_new_work
    from firsthand.config import load_config
    from firsthand.store import Store

    job = load_config(args.config, JudgeJob)
    folder = args.config.resolve().parent
    with Store(args.store, must_exist=True) as store:
        if args.dry_run:
            _tell_estimates(estimate_job(store, job, folder), args.json)
            return 0
        reports = run_job(store, job, folder)
        prepare_new_work(store)
    if args.json:
        say_json([report.as_json() for report in reports])
    else:
        for report in reports:
            _tell(report)
    return int(any(report.failures and report.left for report in reports))


def _tell_estimates(estimates: "list[Estimate]", as_json: bool) -> None:
    if as_json:
        say_json([estimate.as_json() for estimate in estimates])
        return
    for estimate in estimates:
        cost = "" if estimate.cost is None else f", ${estimate.cost:,.4f}"
        tokens = f"about {estimate.prompt_tokens:,} + {estimate.completion_tokens:,} tokens{cost}"
        say(
            f"{estimate.name} ({estimate.method}): {estimate.comparisons:,} comparisons, "
            f"{estimate.judged_before:,} judged before; {estimate.calls:,} calls, {tokens}"
        )
        _tell_without_text(estimate.without_text)


def _tell(report: "Report") -> None:
    counts = f"{report.judged:,} judged now, {report.judged_before:,} before, {report.left:,} left"
    say(f"{report.name} ({report.method}): {report.comparisons:,} comparisons; {counts}; {report.seconds:.1f} s")
    _tell_without_text(report.without_text)
    if report.calls:
        cost = "" if report.cost is None else f", ${report.cost:,.4f}"
        tokens = f"{report.prompt_tokens:,} + {report.completion_tokens:,} tokens{cost}"
        say(f"  {report.calls:,} calls in {report.requests:,} requests, {tokens}")
    if report.reused:
        say(f"  {report.reused:,} answers were in the journal")
    if report.judged and report.verdicts > report.judged:
        first = report.first_chosen / report.verdicts
        say(
            f"  the orders agree on {report.consistent / report.judged:.0%}; "
            f"{first:.0%} of the verdicts are for the response shown first"
        )
    if report.judged and report.method == "logprobs":
        say(f"  {report.outside / report.verdicts:.0%} of the probability is outside the answer words")
    for kind, count in report.failures.most_common():
        say(f"  {count:,} calls failed: {kind}: {report.examples[kind]}")
    for reason, count in report.reasons.most_common():
        say(f"  {count:,} left: {reason}")
    if report.stopped:
        say(f"  stopped: {report.stopped}")
    if report.left and (report.failures or report.stopped):
        say("  run the command again to go on; nothing that was answered is asked again")


def _tell_without_text(count: int) -> None:
    if count:
        say(f"  {count:,} comparisons not judged: only the ids of their responses are known")
