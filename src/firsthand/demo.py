"""`firsthand demo`: a real finding, sample comparisons, the rating page and the whole pipeline, by a person or scripts.

It begins with an audit of real votes of people and GPT-4, which come with firsthand. Attended, it then serves the
rating page over the sample comparisons and says how to train on the verdicts given there. Unattended, scripted
annotators (firsthand.sample.simulate) give the verdicts and every command of the pipeline runs; each is printed as a
user would type it, and what is done is not done again after an interruption.
"""

import argparse
import contextlib
import json
import shlex
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from firsthand.commandline import add_command, note, say
from firsthand.errors import FirsthandError, InputError, RecordError
from firsthand.records import Entry
from firsthand.sample import NOTICE, sample_entries
from firsthand.store import Store

OPEN_WORD = "demo-password"
ACCOUNTS = {"demo": "rater", "demo-admin": "admin"}
"""Who can log in, and their roles; the demo listens on this machine alone."""

AUDIT = "audit"
"""The folder of the audit's report."""
ENOUGH_VERDICTS = 40
"""Fewer leave too little to train on and nothing to measure on."""

RunCommand = Callable[[Sequence[str]], int]
"""firsthand.cli.main: runs one command line, returns its exit status."""


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the pipeline.

    done: a path that exists once the step is complete. capture: the file that takes what the command prints.
    """

    title: str
    command: list[str]
    done: Path
    capture: Path | None = None


def add_demo_command(groups: Any, run_command: RunCommand) -> None:
    """Add `firsthand demo`; `run_command` runs the pipeline's commands."""
    parser = add_command(groups, "demo", lambda args: demo(args, run_command), "see the whole job run on sample data")
    parser.add_argument("--unattended", action="store_true", help="scripted annotators, then the whole pipeline")
    parser.add_argument("--dir", type=Path, default=Path("runs/demo"), help="where everything goes (runs/demo)")
    parser.add_argument("--port", type=int, default=7860, help="the rating page's port; 0 takes a free one (7860)")


def demo(args: argparse.Namespace, run_command: RunCommand) -> None:
    """Run the demo in the folder args.dir."""
    folder: Path = args.dir
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("mix.yaml", "reward.yaml", "dpo.yaml"):
        shutil.copyfile(str(files("firsthand.sample").joinpath(name)), folder / name)
    show_real_finding(folder, run_command)
    if args.unattended:
        run_unattended(folder, run_command)
    else:
        rate(folder, args.port)


def show_real_finding(folder: Path, run_command: RunCommand) -> None:
    """Audit the real votes that come with firsthand, and say what was found."""
    from firsthand.evaluate.audit.example import NOTICE as WHOSE
    from firsthand.evaluate.audit.example import example_entries

    path = folder / "mtbench.db"
    with Store(str(path)) as store:
        _add(store, list(example_entries()))
    step = first_audit(folder, path)
    run_step(step, run_command)
    found = json.loads(step.done.read_text(encoding="utf-8"))["findings"][0]
    say(f"\n  {found['verdict'].upper()}: {found['why']}")
    say(f"  {WHOSE}\n  The whole report: {folder / AUDIT / 'report.html'}\n")


def first_audit(folder: Path, store: Path) -> Step:
    """The audit of the real votes."""
    figures = folder / "audit.json"
    command = ["evaluate", "audit", "--store", str(store), "--out", str(folder / AUDIT), "--json"]
    return Step("Does GPT-4 favour itself? Real votes of people on MT-bench", command, done=figures, capture=figures)


def rate(folder: Path, port: int) -> None:
    """Serve the rating page over the sample comparisons until interrupted, then say how to go on."""
    from firsthand.collect.serve_config import ServeConfig
    from firsthand.server import serve_site

    path = folder / "store.db"
    with Store(str(path)) as store:
        _add_sample(store)
        _add_accounts(store)
        counts = store.counts()
        say(f"{path}: {counts.comparisons} sample comparisons, {counts.human} of your verdicts.")
        say(f"Log in as {' or, for the admin page at /admin, as '.join(map(repr, ACCOUNTS))}; password {OPEN_WORD!r}.")
        say("To see the whole job without rating: firsthand demo --unattended\n")
        try:
            serve_site(store, ServeConfig(), "127.0.0.1", port, NOTICE)
        except KeyboardInterrupt:
            _say_how_to_go_on(folder, path, store.counts().human)
            raise


def _say_how_to_go_on(folder: Path, path: Path, verdicts: int) -> None:
    again = shlex.join(["firsthand", "demo", "--dir", str(folder)])
    say(f"\nYour verdicts so far: {verdicts}, kept in {path}.")
    if verdicts < ENOUGH_VERDICTS:
        say(f"Training needs about {ENOUGH_VERDICTS}. For {ENOUGH_VERDICTS - verdicts} more, go on with\n  {again}")
        say("and then run:")
    else:
        say(f"That is enough to train on (rate more with {again}). Run:")
    for step in pipeline(folder, path, ratio="human=1,synthetic=0"):
        say(f"  {shown(step)}")


def run_unattended(folder: Path, run_command: RunCommand) -> None:
    """Simulated verdicts, every command of the pipeline, and a page that links what they made."""
    from firsthand.demo_page import write_demo_page
    from firsthand.sample.simulate import simulated_entries

    started = time.monotonic()
    path = folder / "simulated.db"
    with Store(str(path)) as store:
        _add_sample(store)
        _add(store, list(simulated_entries(list(store.comparisons()))))
        counts = store.counts()
    say(
        f"{path}: {counts.comparisons} sample comparisons; {counts.human} verdicts of {counts.raters} SIMULATED raters "
        f"and {counts.synthetic} of a SIMULATED judge. They are scripts: the figures below say nothing about people."
    )
    steps = pipeline(folder, path)
    for step in steps:
        run_step(step, run_command)
    page = write_demo_page(folder, [(step.title, shown(step)) for step in steps], counts)
    say(f"\nDone in {time.monotonic() - started:.0f} s. Open {page}")


def pipeline(folder: Path, store: Path, ratio: str | None = None) -> list[Step]:
    """The commands from verdicts to evaluated models, in order."""
    mix = folder / "mix"
    shares = ["--ratio", ratio] if ratio else []
    steps = [
        Step(
            "How far the raters agree",
            ["evaluate", "agreement", "--store", str(store), "--json"],
            done=folder / "agreement.json",
            capture=folder / "agreement.json",
        ),
        Step(
            "Mix human and synthetic preferences",
            ["train", "mix", str(folder / "mix.yaml"), "--store", str(store), "--out", str(mix), *shares],
            done=mix / "manifest.json",
        ),
    ]
    for kind, title in (("reward", "Reward model"), ("dpo", "DPO model")):
        model = folder / kind
        page, figures = folder / f"{kind}.html", folder / f"{kind}.json"
        steps += [
            Step(
                f"{title}: train",
                ["train", kind, str(folder / f"{kind}.yaml"), "--data", str(mix), "--out", str(model)],
                done=model / "training.json",
            ),
            Step(
                f"{title}: evaluate on held-out prompts",
                ["evaluate", "model", str(model), "--json", "--report", str(page)],
                done=figures,
                capture=figures,
            ),
        ]
    return steps


def shown(step: Step) -> str:
    """The step's command as a user would type it."""
    redirect = f" > {shlex.quote(str(step.capture))}" if step.capture else ""
    return f"firsthand {shlex.join(step.command)}{redirect}"


def run_step(step: Step, run_command: RunCommand) -> None:
    """Run a step unless it is done; what it prints is in its file only once it has succeeded.

    Raises FirsthandError when the command fails; it has then said why.
    """
    say(f"\n{step.title}\n  $ {shown(step)}")
    if step.done.exists():
        say("  done before")
        return
    started = time.monotonic()
    if step.capture is None:
        status = run_command(step.command)
    else:
        partial = step.capture.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as printed, contextlib.redirect_stdout(printed):
            status = run_command(step.command)
        if status == 0:
            partial.replace(step.capture)
    if status != 0:
        raise FirsthandError(f"the step {step.title!r} ended with status {status}; run the demo again to go on from it")
    note(f"  {time.monotonic() - started:.0f} s")


def _add_sample(store: Store) -> None:
    _add(store, list(sample_entries()))


def _add_accounts(store: Store) -> None:
    from firsthand.collect.accounts.account import Role
    from firsthand.collect.accounts.people import add, by_login

    for login, role in ACCOUNTS.items():
        if by_login(store, login) is None:
            add(store, login, role=Role(role), password=OPEN_WORD)


def _add(store: Store, entries: list[Entry]) -> None:
    refused = [outcome for outcome in store.add(entries) if isinstance(outcome, RecordError)]
    if refused:
        raise InputError(f"the demo's store refuses {len(refused)} records; use another --dir. The first: {refused[0]}")
