"""The `firsthand evaluate` commands."""

import argparse
from typing import Any

from firsthand.commandline import add_command, say, say_json


def add_evaluate_commands(group: Any) -> None:
    """Add the commands of this group."""
    agree = add_command(
        group, "agreement", agreement, "measure how far people agree with people", store=True, as_json=True
    )
    agree.add_argument("--tag", metavar="NAME", help="also measure each value of this tag apart, such as domain")


def agreement(args: argparse.Namespace) -> None:
    """Print how far people agree, over all and rater by rater."""
    from firsthand.evaluate.agreement_report import agreement_json, agreement_text, measure_agreement
    from firsthand.evaluate.ratings import human_ratings
    from firsthand.store import Store

    with Store(args.store) as store:
        ratings = human_ratings(store.vote_frames(), args.tag)
    found = measure_agreement(ratings)
    if args.json:
        say_json(agreement_json(found))
    else:
        say(agreement_text(found))
