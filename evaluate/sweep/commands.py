"""The command `firsthand evaluate sweep`."""

import argparse
from pathlib import Path
from typing import Any

from firsthand.commandline import add_command, note, say, say_json


def add_sweep_command(group: Any) -> None:
    """Add `sweep` to the evaluate commands."""
    parser = add_command(
        group, "sweep", sweep, "find out which share of synthetic labels helps or hurts", store=True, as_json=True
    )
    parser.add_argument("config", type=Path, metavar="CONFIG", help="YAML; configs/sweep.yaml explains every key")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for sweep.json and report.html")
    parser.add_argument("--judge", metavar="NAME", help="replaces the config's judge")
    parser.add_argument("--engine", choices=["fast", "full"], help="replaces the config's engine")


def sweep(args: argparse.Namespace) -> None:
    """Train at every ratio, and say what the synthetic labels did."""
    from firsthand.config import load_config
    from firsthand.evaluate.sweep.analysis import analyse
    from firsthand.evaluate.sweep.config import SweepConfig
    from firsthand.evaluate.sweep.files import sweep_json, write_sweep
    from firsthand.evaluate.sweep.run import run_sweep
    from firsthand.evaluate.sweep.text import sweep_text
    from firsthand.store import Store

    overrides = {name: value for name in ("judge", "engine") if (value := getattr(args, name)) is not None}
    config = load_config(args.config, SweepConfig, overrides)
    with Store(args.store, must_exist=True) as store:
        found, refit = run_sweep(store, config, args.out)
    analysis = analyse(found, refit, config.analysis)
    for path in write_sweep(analysis, args.out):
        note(f"wrote {path}")
    if args.json:
        say_json(sweep_json(analysis))
    else:
        say(sweep_text(analysis))
