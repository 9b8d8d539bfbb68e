"""The command `firsthand evaluate generations`."""

import argparse
from pathlib import Path
from typing import Any

from firsthand.commandline import add_command, note, say, say_json


def add_generations_command(group: Any) -> None:
    """Add `generations` to the evaluate commands."""
    parser = add_command(
        group,
        "generations",
        generations,
        "see what a loop of generator, judge and training does over generations",
        store=True,
        as_json=True,
    )
    parser.add_argument("config", type=Path, metavar="CONFIG", help="YAML; configs/generations.yaml explains every key")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for the models, generations.json and report.html"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the run that --out holds")


def generations(args: argparse.Namespace) -> None:
    """Run the loops beside their twin, write the page, and print what was found."""
    from firsthand.config import load_config
    from firsthand.evaluate.generations.analysis import analysis_json
    from firsthand.evaluate.generations.config import GenerationsConfig
    from firsthand.evaluate.generations.run import FIGURES, PAGE, run_generations
    from firsthand.evaluate.generations.text import analysis_text

    config = load_config(args.config, GenerationsConfig)
    found = run_generations(config, args.store, args.out, args.config.resolve().parent, args.overwrite)
    for name in (FIGURES, PAGE):
        note(f"wrote {args.out / name}")
    if args.json:
        say_json(analysis_json(found))
    else:
        say(analysis_text(found))
