"""The page that the unattended demo ends with: what ran, what came out, and that the annotators were scripts."""

import html
import json
from pathlib import Path
from typing import Any

from firsthand.store import Counts

STYLE = """
:root { color-scheme: light dark; --line: #8888; --soft: #8881; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 860px; margin: 0 auto; padding: 24px 16px; }
h1 { font-size: 1.6rem; margin: 0 0 12px; }
h2 { font-size: 1.15rem; margin: 28px 0 8px; }
.simulated { border: 2px solid #b45309; border-left-width: 8px; border-radius: 6px; padding: 10px 14px; }
table { border-collapse: collapse; width: 100%; }
td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
code { display: block; background: var(--soft); padding: 6px 8px; border-radius: 4px; font-size: 0.85rem; }
code { overflow-wrap: anywhere; }
"""
SIMULATED = (
    "The raters simulated-1, simulated-2 and simulated-3 and the judge simulated-judge are scripts. The figures show "
    "how the pipeline works; they say nothing about people, nor about the models. The answers are those of "
    "SmolLM2-135M-Instruct, a very small model; none is advice."
)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>firsthand demo (simulated)</title><style>{style}</style></head><body><main>{body}</main></body></html>
"""


def write_demo_page(folder: Path, commands: list[tuple[str, str]], counts: Counts) -> Path:
    """Write index.html into `folder` from what the pipeline left there; returns its path.

    commands: each step's title and the command that ran.
    """
    manifest = _read(folder / "mix" / "manifest.json")
    parts = [
        "<h1>firsthand: what the demo did</h1>",
        f'<p class="simulated"><strong>Simulated data.</strong> {SIMULATED}</p>',
        "<h2>What was collected</h2>",
        _table(
            [
                ("Sample comparisons", f"{counts.comparisons:,} of {counts.prompts:,} prompts"),
                ("Verdicts of simulated raters", f"{counts.human:,} by {counts.raters}"),
                ("Verdicts of a simulated judge", f"{counts.synthetic:,}"),
            ]
        ),
        "<h2>How far the simulated raters agree</h2>",
        _table(_agreement(_read(folder / "agreement.json"))),
        "<h2>The training set</h2>",
        _table(_mix(manifest)),
        _links(("mix/README.md", "the dataset card"), ("mix/manifest.json", "every drop with its reason")),
    ]
    for kind, title in (("reward", "The reward model"), ("dpo", "The DPO model")):
        found = _read(folder / f"{kind}.json")
        parts += [
            f"<h2>{title} on held-out prompts</h2>",
            f"<p>{html.escape(str(found['verdict']['sentence']))}</p>",
            _links((f"{kind}.html", "the full page"), (f"{kind}/README.md", "the model card")),
        ]
    parts.append("<h2>The commands</h2>")
    parts += [f"<p>{html.escape(title)}<code>{html.escape(command)}</code></p>" for title, command in commands]
    page = folder / "index.html"
    page.write_text(PAGE.format(style=STYLE, body="".join(parts)), encoding="utf-8")
    return page


def _agreement(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), _figure(figure)) for name, figure in found["agreement"].items()]


def _figure(figure: dict[str, Any]) -> str:
    """`0.61 (0.50 to 0.70)`, or why there is no figure."""
    if figure.get("value") is None:
        return str(figure.get("why") or "undefined")
    interval = figure.get("ci")
    return f"{figure['value']:.2f}" + (f" ({interval[0]:.2f} to {interval[1]:.2f})" if interval else "")


def _mix(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    shares = [
        (f"{source.capitalize()} (simulated)", f"{part['rows']:,} rows, {part['share']:.0%}")
        for source, part in manifest["realised"].items()
    ]
    splits = [(f"Split {name}", f"{part['rows']:,} rows") for name, part in manifest["splits"].items()]
    return shares + splits


def _table(rows: list[tuple[str, str]]) -> str:
    cells = (
        f'<tr><td>{html.escape(name)}</td><td class="number">{html.escape(value)}</td></tr>' for name, value in rows
    )
    return f"<table>{''.join(cells)}</table>"


def _links(*targets: tuple[str, str]) -> str:
    return "<p>" + " · ".join(f'<a href="{path}">{text}</a>' for path, text in targets) + "</p>"


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
