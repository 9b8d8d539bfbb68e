"""The command `firsthand evaluate policies`."""

import argparse
from pathlib import Path
from typing import Any

from firsthand.commandline import add_command, note, say, say_json
from firsthand.errors import InputError


def add_policies_command(group: Any) -> None:
    """Add `policies` to the evaluate commands."""
    parser = add_command(
        group,
        "policies",
        policies,
        "rank policies by people's comparisons of their responses",
        store=True,
        as_json=True,
    )
    parser.add_argument(
        "config", type=Path, nargs="?", metavar="CONFIG", help="YAML; configs/policies.yaml explains every key"
    )
    parser.add_argument("--authors", nargs="+", metavar="NAME", help="only these, two at least (replaces authors)")
    parser.add_argument("--by", metavar="NAME", help="a judge's votes instead of people's (replaces by)")
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="also write a page with the plots")


def policies(args: argparse.Namespace) -> None:
    """Rank the authors of the store's responses and, where asked, tell which way to train pays."""
    from firsthand.config import check_config, load_config
    from firsthand.evaluate.policies.config import PoliciesConfig
    from firsthand.evaluate.policies.page import write_policies_page
    from firsthand.evaluate.policies.ranking import rank_policies
    from firsthand.evaluate.policies.read import read_compared
    from firsthand.evaluate.policies.report import ranking_json, ranking_text
    from firsthand.evaluate.policies.verdict import make_answer
    from firsthand.evaluate.policies.ways import read_trained, trained_on
    from firsthand.evaluate.policies.ways_report import ways_json, ways_text
    from firsthand.store import Store

    if args.report and not args.report.parent.is_dir():
        raise InputError(f"can't write {args.report}: the folder {args.report.parent} does not exist")
    given = {name: value for name in ("authors", "by") if (value := getattr(args, name)) is not None}
    if args.config:
        config = load_config(args.config, PoliciesConfig, given)
    else:
        config = check_config(given, PoliciesConfig, where="the command's options")
    asked = config.reward_or_dpo
    answer = None
    with Store(args.store, must_exist=True) as store:
        trained = read_trained(asked) if asked else None
        ranking = rank_policies(read_compared(store, config, trained_on(trained) if trained else ()), config)
        if asked and trained:
            from firsthand.evaluate.policies.measuring import measure_ways

            answer = make_answer(measure_ways(store, trained, asked, config), ranking, config)
    if args.report:
        write_policies_page(args.report, ranking, config, answer)
        note(f"wrote {args.report}")
    if args.json:
        say_json({**ranking_json(ranking, config), "reward_or_dpo": ways_json(answer) if answer else None})
    else:
        say(ranking_text(ranking, config))
        if answer:
            say(f"\n{ways_text(answer, ranking)}")
