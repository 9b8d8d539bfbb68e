"""The page that the unattended demo ends with: what ran, what came out, and that the annotators were scripts."""

import json
from pathlib import Path
from typing import Any

from firsthand.evaluate.agreement_report import LABELS
from firsthand.evaluate.audit.example import NOTICE
from firsthand.markup import Html, element
from firsthand.page import document, facts, simulated_notice
from firsthand.store import Counts

SIMULATED = (
    "The raters simulated-1, simulated-2 and simulated-3 and the judge simulated-judge are scripts. The figures show "
    "how the pipeline works; they say nothing about people, nor about the models. The answers are those of "
    "SmolLM2-135M-Instruct, a very small model; none is advice."
)
SPLITS = {"train": "to train on", "anchor": "held out, raters", "synthetic_heldout": "held out, judge"}


def write_demo_page(folder: Path, commands: list[tuple[str, str]], counts: Counts) -> Path:
    """Write index.html into `folder` from what the pipeline left there; returns its path.

    commands: each step's title and the command that ran.
    """
    collected = [
        ("sample comparisons", f"{counts.comparisons:,} of {counts.prompts:,} prompts"),
        ("verdicts of simulated raters", f"{counts.human:,} by {counts.raters}"),
        ("verdicts of a simulated judge", f"{counts.synthetic:,}"),
    ]
    real = _real_finding(_read(folder / "audit.json"))
    sections = [
        element("section", element("h2", "What was collected"), facts(collected)),
        _agreement(_read(folder / "agreement.json")),
        _training_set(_read(folder / "mix" / "manifest.json")),
        _model("reward", "The reward model", _read(folder / "reward.json")),
        _model("dpo", "The DPO model", _read(folder / "dpo.json")),
        _commands(commands),
    ]
    page = folder / "index.html"
    page.write_text(
        document("firsthand demo: what ran and what came out", real, simulated_notice(SIMULATED), *sections),
        encoding="utf-8",
    )
    return page


def _real_finding(found: dict[str, Any]) -> Html:
    return element(
        "section",
        element("h2", "A finding about real people and GPT-4"),
        element("p", str(found["findings"][0]["why"])),
        element("p", f"Votes of {found['counts']['raters']} people. {NOTICE}", class_="lead"),
        _links(
            ("audit/report.html", "the audit's report"),
        ),
    )


def _agreement(found: dict[str, Any]) -> Html:
    figures = [(LABELS[name].strip(), _figure(figure)) for name, figure in found["agreement"].items()]
    lead = "In brackets: 95% intervals. An alpha or AC1 of 1 is full agreement, 0 what chance alone would bring."
    return element(
        "section",
        element("h2", "How far the simulated raters agree"),
        element("p", lead, class_="lead"),
        facts(figures),
    )


def _figure(figure: dict[str, Any]) -> str:
    """`0.61 (0.50 to 0.70)`, or why there is no figure."""
    if figure.get("value") is None:
        return str(figure.get("why") or "undefined")
    interval = figure.get("ci")
    return f"{figure['value']:.2f}" + (f" ({interval[0]:.2f} to {interval[1]:.2f})" if interval else "")


def _training_set(manifest: dict[str, Any]) -> Html:
    train, *held_out = [(SPLITS[name], f"{part['rows']:,} rows") for name, part in manifest["splits"].items()]
    shares = [
        (f"of them {source} (simulated)", f"{part['rows']:,} rows, {part['share']:.0%}")
        for source, part in manifest["realised"].items()
    ]
    return element(
        "section",
        element("h2", "The training set"),
        facts([train, *shares, *held_out]),
        _links(("mix/README.md", "the dataset card"), ("mix/manifest.json", "every drop with its reason")),
    )


def _model(kind: str, title: str, found: dict[str, Any]) -> Html:
    return element(
        "section",
        element("h2", f"{title} on held-out prompts"),
        element("p", str(found["verdict"]["sentence"])),
        _links((f"{kind}.html", "the full page"), (f"{kind}/README.md", "the model card")),
    )


def _commands(commands: list[tuple[str, str]]) -> Html:
    steps = [
        part
        for title, command in commands
        for part in (
            element("p", title, class_="step"),
            element("pre", command, tabindex="0", role="region", aria_label=f"Command: {title}"),
        )
    ]
    return element("section", element("h2", "The commands that ran"), *steps)


def _links(*targets: tuple[str, str]) -> Html:
    links = [part for path, text in targets for part in (" · ", element("a", text, href=path))]
    return element("p", *links[1:], class_="links")


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
