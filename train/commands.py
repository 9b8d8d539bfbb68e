"""The `firsthand train` commands."""

import argparse
from pathlib import Path
from typing import Any

from firsthand.commandline import add_command, note, say, say_json


def add_train_commands(group: Any) -> None:
    """Add the commands of this group."""
    parser = add_command(group, "mix", mix, "draw a training set from the store at a ratio", store=True, as_json=True)
    parser.add_argument("config", type=Path, metavar="CONFIG", help="YAML; configs/mix.yaml explains every key")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write the mix into")
    parser.add_argument("--ratio", metavar="SHARES", help="replaces the config's ratio: human=0.7,synthetic=0.3")


def mix(args: argparse.Namespace) -> None:
    """Draw a mix, write it, and print what was realised."""
    from firsthand.config import load_config
    from firsthand.store import Store
    from firsthand.train.mix import write_mix
    from firsthand.train.mix_config import MixConfig, parse_ratio

    overrides = {"ratio": parse_ratio(args.ratio)} if args.ratio else {}
    config = load_config(args.config, MixConfig, overrides)
    with Store(args.store) as store:
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
    for warning in manifest["warnings"]:
        note(f"warning: {warning}")
    say(f"\nwrote {out} (content {manifest['content_sha256'][:12]})")
