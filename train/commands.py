"""The `firsthand train` commands."""

import argparse
from pathlib import Path
from typing import Any

from firsthand.commandline import add_command, note, say, say_json
from firsthand.train.tested_trl import check_trl


def add_train_commands(group: Any) -> None:
    """Add the commands of this group."""
    parser = add_command(group, "mix", mix, "draw a training set from the store at a ratio", store=True, as_json=True)
    parser.add_argument("config", type=Path, metavar="CONFIG", help="YAML; configs/mix.yaml explains every key")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write the mix into")
    parser.add_argument("--ratio", metavar="SHARES", help="replaces the config's ratio: human=0.7,synthetic=0.3")
    for name, run, summary in (
        ("reward", reward, "train a reward model on a mix"),
        ("dpo", dpo, "train a language model on a mix by direct preference optimisation"),
    ):
        parser = add_command(group, name, run, summary)
        parser.add_argument("config", type=Path, metavar="CONFIG", help=f"the job in YAML, such as configs/{name}.yaml")
        parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the mix that `train mix` wrote")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the model goes")
        parser.add_argument("--overwrite", action="store_true", help="replace the run that --out holds")


def mix(args: argparse.Namespace) -> None:
    """Draw a mix, write it, and print what was realised."""
    from firsthand.config import load_config
    from firsthand.store import Store
    from firsthand.train.mix import write_mix
    from firsthand.train.mix_config import MixConfig, parse_ratio

    overrides = {"ratio": parse_ratio(args.ratio)} if args.ratio is not None else {}
    config = load_config(args.config, MixConfig, overrides)
    with Store(args.store, must_exist=True) as store:
        manifest = write_mix(store, config, args.out)
    if args.json:
        say_json(manifest)
    else:
        _say_manifest(manifest, args.out)


def _say_manifest(manifest: dict[str, Any], out: Path) -> None:
    say(f"{'source':24}{'requested':>12}{'realised':>12}{'rows':>10}")
    for source, realised in manifest["realised"].items():
        requested = manifest["requested"][source]
        say(f"{source:24}{requested['share']:>12.1%}{realised['share']:>12.1%}{realised['rows']:>10,}")
    say(f"\n{'split':24}{'rows':>12}{'prompts':>12}")
    for name, split in manifest["splits"].items():
        say(f"{name:24}{split['rows']:>12,}{split['prompts']:>12,}")
    anchor = manifest["anchor"]
    say(f"anchor: {anchor['realised']:.1%} of the prompts people labelled, {anchor['requested']:.1%} requested")
    say(f"\n{'left out':44}{'human':>10}{'synthetic':>12}")
    for reason, counts in {**manifest["drops"], "not drawn": manifest["not_drawn"]}.items():
        say(f"{reason:44}{counts.get('human', 0):>10,}{counts.get('synthetic', 0):>12,}")
    _say_admission(manifest["admission"])
    _say_weights(manifest)
    _say_calibration(manifest["calibration"])
    for warning in manifest["warnings"]:
        note(f"warning: {warning}")
    say(f"\nwrote {out} (content {manifest['content_sha256'][:12]})")


def _say_admission(admission: dict[str, Any] | None) -> None:
    if admission is None:
        return
    from firsthand.train.admitted import tag_name

    say(f"\n{'judge':24}{'tag':20}{'admitted':>12}{'refused':>12}")
    for row in admission["labels"]:
        say(f"{row['judge']:24}{tag_name(row['tag']):20}{row['admitted']:>12,}{sum(row['refused'].values()):>12,}")


def _say_weights(manifest: dict[str, Any]) -> None:
    weights = manifest["weights"]
    if all(weight["min"] == weight["max"] == 1 for weight in weights.values()):
        return
    say(f"\n{'weights':24}{'mean':>10}{'least':>10}{'most':>10}{'share':>12}{'counts as rows':>18}")
    for source, weight in weights.items():
        figures = "".join(f"{weight[name]:>10.3f}" for name in ("mean", "min", "max"))
        say(f"{source:24}{figures}{weight['share']:>12.1%}{weight['effective_rows']:>18,.0f}")
    trust = manifest["trust"]
    if trust:
        say(
            f"trust: {trust['raters']} raters, {trust['raters_never_compared']} of them never compared with another; "
            f"{trust['comparisons_with_several_raters']:,} comparisons rated by several"
        )


def _say_calibration(calibration: list[dict[str, Any]] | None) -> None:
    for judge in calibration or []:
        say(
            f"\n{judge['judge']}: {judge['claimed']:.3f} sure on average, people agree with {judge['agreed']:.3f} "
            f"({judge['comparisons']:,} comparisons, {judge['prompts']:,} prompts)"
        )
        for step in judge["steps"]:
            say(f"  at least {step['from']:.3f} sure: p_chosen {step['p_chosen']:.3f}")


def reward(args: argparse.Namespace) -> None:
    """Train a reward model."""
    from firsthand.train.jobs import RewardJob

    _train(args, RewardJob)


def dpo(args: argparse.Namespace) -> None:
    """Train a DPO model."""
    from firsthand.train.jobs import DPOJob

    _train(args, DPOJob)


def _train(args: argparse.Namespace, job: Any) -> None:
    check_trl()  # before what may not even load with another one
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
    if record["model_of_step"] != record["steps"]:
        say(f"the model is that of step {record['model_of_step']}, which agreed best with people")
    say(f"model: {args.out}")
