"""The `firsthand collect generate` command."""

import argparse
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firsthand.commandline import add_command, note, say, say_json

if TYPE_CHECKING:
    from firsthand.collect.generate.plan import Plan
    from firsthand.collect.generate.report import ModelReport, Report


def add_generate_commands(group: Any) -> None:
    """Add `generate` to the group."""
    generating = add_command(
        group, "generate", run, "have models answer prompts, and compare their responses", store=True, as_json=True
    )
    generating.add_argument("config", metavar="CONFIG", type=Path, help="configs/generate.yaml explains it")
    generating.add_argument(
        "--dry-run", action="store_true", help="only print the number of calls and an estimate of tokens and cost"
    )


def run(args: argparse.Namespace) -> int:
    """Generate, or estimate; status 1 where a model was given up."""
    from firsthand.collect.generate.config import GenerateJob
    from firsthand.collect.generate.running import generate, make_run, plan_of
    from firsthand.collect.work.renewing import prepare_new_work
    from firsthand.config import load_config
    from firsthand.store import Store

    job = load_config(args.config, GenerateJob)
    with Store(args.store) as store:
        prepared = make_run(job, store)
        if args.dry_run:
            planned = plan_of(prepared)
            say_json(_plan_json(planned)) if args.json else _tell_plan(planned)
            return 0
        report = generate(prepared)
        prepare_new_work(store)
    say_json(report.as_json()) if args.json else _tell(report)
    for model in report.models:
        if model.stopped:
            note(f"firsthand: {model.name}: {model.stopped}")
    return 1 if any(model.stopped for model in report.models) else 0


def _plan_json(plan: "Plan") -> dict[str, Any]:
    models = [{**asdict(model), "calls": model.calls} for model in plan.models.values()]
    return {"prompts": plan.prompts, "calls": plan.calls, "models": models}


def _tell_plan(plan: "Plan") -> None:
    say(f"{plan.prompts:,} prompts, {plan.calls:,} calls to make")
    for model in plan.models.values():
        cost = "" if model.cost is None else f", at most ${model.cost:,.4f}"
        say(
            f"  {model.name}: {model.calls:,} calls ({model.known:,} of {model.wanted:,} responses are there); about "
            f"{model.prompt_tokens:,} tokens asked, at most {model.completion_tokens:,} answered{cost}"
        )


def _tell(report: "Report") -> None:
    say(f"{report.prompts:,} prompts")
    _tell_counts("rows without a prompt", report.unreadable)
    for model in report.models:
        _tell_model(model)
    pairs = report.pairs
    if pairs.picked:
        say(f"best of n: {pairs.picked:,} responses picked")
    say(f"comparisons: {pairs.added:,} added, {pairs.known:,} known already")
    _tell_counts("left out", pairs.left_out)
    if pairs.waiting:
        say(f"  {pairs.waiting:,} prompts wait for the rest of their responses")
    if report.budget:
        say(f"The budget is spent: {report.budget}. Run the command again with another to go on.")


def _tell_model(model: "ModelReport") -> None:
    cost = "" if model.cost is None else f", ${model.cost:,.4f}"
    say(
        f"{model.name}: {model.wanted:,} responses wanted, {model.known:,} known already, {model.answered:,} written; "
        f"{model.prompt_tokens:,} tokens asked, {model.completion_tokens:,} answered{cost}"
    )
    if model.cut:
        say(f"  {model.cut:,} responses end at max_tokens")
    for kind, count in model.failures.most_common():
        say(f"  {count:,} failed: {kind}: {model.examples[kind]}")
    if model.left:
        say(f"  {model.left:,} responses are missing; the command, run again, asks for them again")


def _tell_counts(what: str, reasons: Counter[str]) -> None:
    for reason, count in reasons.most_common():
        say(f"  {count:,} {what}: {reason}")
