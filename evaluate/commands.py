"""The `firsthand evaluate` commands."""

import argparse
from pathlib import Path
from typing import Any

from firsthand.commandline import add_command, note, say, say_json
from firsthand.errors import InputError
from firsthand.evaluate.audit.commands import add_audit_command
from firsthand.evaluate.generations.commands import add_generations_command
from firsthand.evaluate.judges.commands import add_judges_command
from firsthand.evaluate.policies.commands import add_policies_command
from firsthand.evaluate.sweep.commands import add_sweep_command
from firsthand.evaluate.winrate.commands import add_winrate_commands


def add_evaluate_commands(group: Any) -> None:
    """Add the commands of this group."""
    agree = add_command(
        group, "agreement", agreement, "measure how far people agree with people", store=True, as_json=True
    )
    agree.add_argument("--tag", metavar="NAME", help="also measure each value of this tag apart, such as domain")
    add_judges_command(group)
    trained = add_command(
        group, "model", model, "measure a trained model against people and two baselines", as_json=True
    )
    trained.add_argument("model", type=Path, metavar="DIR", help="the folder that train reward or train dpo wrote")
    trained.add_argument("--data", type=Path, metavar="MIX", help="another mix than the model was trained on")
    trained.add_argument("--report", type=Path, metavar="FILE.html", help="also write a page with the plots")
    add_winrate_commands(group)
    add_policies_command(group)
    add_audit_command(group)
    add_generations_command(group)
    add_sweep_command(group)


def agreement(args: argparse.Namespace) -> None:
    """Print how far people agree, over all and rater by rater."""
    from firsthand.evaluate.agreement_report import agreement_json, agreement_text, measure_agreement
    from firsthand.evaluate.ratings import human_ratings
    from firsthand.store import Store

    with Store(args.store, must_exist=True) as store:
        ratings = human_ratings(store.vote_frames(), args.tag)
    found = measure_agreement(ratings)
    if args.json:
        say_json(agreement_json(found))
    else:
        say(agreement_text(found))


def model(args: argparse.Namespace) -> None:
    """Print how often a trained model agrees with people, and how sure it may be."""
    from firsthand.evaluate.held_out import read_held_out
    from firsthand.evaluate.model_page import write_model_page
    from firsthand.evaluate.model_report import evaluate_scores, evaluation_json, evaluation_text
    from firsthand.evaluate.scoring import score_rows
    from firsthand.evaluate.trained_model import mix_of, read_model

    if args.report and not args.report.parent.is_dir():
        raise InputError(f"can't write {args.report}: the folder {args.report.parent} does not exist")
    trained = read_model(args.model)
    mix = mix_of(trained, args.data)
    rows = read_held_out(mix[0])
    scores = score_rows(trained, rows)
    found = evaluate_scores(trained, mix, rows, scores.chosen - scores.rejected)
    if args.report:
        write_model_page(found, args.report)
        note(f"wrote {args.report}")
    if args.json:
        say_json(evaluation_json(found))
    else:
        say(evaluation_text(found))
