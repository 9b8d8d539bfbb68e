"""The `firsthand train` commands."""

import argparse
from pathlib import Path
from typing import Any

from firsthand.commandline import add_command, say


def add_train_commands(group: Any) -> None:
    """Add the commands of this group."""
    for name, run, summary in (
        ("reward", reward, "train a reward model on a mix"),
        ("dpo", dpo, "train a language model on a mix by direct preference optimisation"),
    ):
        parser = add_command(group, name, run, summary)
        parser.add_argument("config", type=Path, metavar="CONFIG", help=f"the job in YAML, such as configs/{name}.yaml")
        parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the mix that `train mix` wrote")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the model goes")
        parser.add_argument("--overwrite", action="store_true", help="replace the run that --out holds")


def reward(args: argparse.Namespace) -> None:
    """Train a reward model."""
    from firsthand.train.jobs import RewardJob

    _train(args, RewardJob)


def dpo(args: argparse.Namespace) -> None:
    """Train a DPO model."""
    from firsthand.train.jobs import DPOJob

    _train(args, DPOJob)


def _train(args: argparse.Namespace, job: Any) -> None:
    from accelerate import PartialState

    from firsthand.config import load_config
    from firsthand.train.run import train

    record = train(load_config(args.config, job), args.data, args.out, args.overwrite)
    if not PartialState().is_main_process:
        return
    for source in ("human", "synthetic"):
        if f"eval_{source}_loss" in record["metrics"]:
            loss, accuracy = (record["metrics"][f"eval_{source}_{name}"] for name in ("loss", "accuracy"))
            rows = record["counts"]["rows"][source]
            say(f"{source:10} {rows:>7} held-out pairs   loss {loss:.4f}   accuracy {accuracy:.3f}")
    say(f"model: {args.out}")
