"""What a sweep writes: sweep.json, its tables as CSV, the page, and a mix ready to use."""

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from firsthand.errors import InputError
from firsthand.evaluate.audit.finding import finding_json
from firsthand.evaluate.sweep.analysis import Analysis
from firsthand.evaluate.sweep.baselines import Engines, Right, Twice
from firsthand.evaluate.sweep.cells import Cell
from firsthand.evaluate.sweep.mix_ready import mix_yaml
from firsthand.evaluate.sweep.proxy_gold import ProxyGold
from firsthand.evaluate.sweep.report import sweep_page
from firsthand.evaluate.sweep.resample import Figure
from firsthand.evaluate.sweep.skew import SkewCurve
from firsthand.evaluate.sweep.verdicts import Effect

SCHEMA = 1
# A spreadsheet reads a cell that starts with one of these as a formula, and names come from the data.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_sweep(analysis: Analysis, out: Path) -> list[Path]:
    """Write everything into the folder `out`, made where it is missing; returns the paths.

    Raises InputError where the folder can't be written to. A mix.yaml of an earlier sweep is removed where this one
    recommends nothing.
    """
    found = sweep_json(analysis)
    texts = {
        "sweep.json": json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        "report.html": sweep_page(analysis),
        "mix.yaml": mix_yaml(analysis.sweep, analysis.recommendation),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        written = [_write(out / name, text) for name, text in texts.items() if text is not None]
        if texts["mix.yaml"] is None:
            (out / "mix.yaml").unlink(missing_ok=True)
        return [*written, *_tables(found, out)]
    except OSError as error:
        raise InputError(f"can't write the sweep to {out}: {error.strerror}; choose another --out") from error


def sweep_json(analysis: Analysis) -> dict[str, Any]:
    """The sweep as `evaluate sweep --json` prints it (evaluate/sweep/sweep.schema.json)."""
    config, sweep, alpha = analysis.config, analysis.sweep, analysis.config.alpha
    said = analysis.recommendation
    return {
        "schema": SCHEMA,
        "alpha": alpha,
        "margin_points": config.margin_points,
        "seed": config.seed,
        "judge": sweep.judge,
        "own": [sweep.table.authors[number] for number in sweep.own],
        "relation": sweep.relation.value,
        "engine": sweep.engine,
        "refits": config.refits if analysis.refitted else 0,
        "counts": {
            "comparisons": len(sweep.table),
            "decided": analysis.longer_wins.rows,
            "prompts": len(set(sweep.table.prompt.tolist())),
            "training_prompts": sweep.training_prompts,
            "seeds": len({point.seed for point in sweep.points}),
            "models": len(sweep.points),
        },
        "recommendation": {
            "verdict": said.verdict.value,
            "ratio": said.ratio,
            "arm": said.arm,
            "sentence": said.sentence,
            "warnings": list(said.warnings),
        },
        "longer_wins": figure_json(analysis.longer_wins, alpha),
        "accuracy": [_right(each, alpha) for each in analysis.accuracy],
        "effects": [_effect(each, alpha) for each in analysis.effects],
        "worth": [asdict(each) for each in analysis.worth],
        "skew": [row for curve in analysis.skew for row in _skew(curve, alpha)],
        "tolerance": [_tolerance(curve) for curve in analysis.skew],
        "best_of_n": [row for each in analysis.picked for row in _picked(each, alpha)],
        "engines": None if analysis.engines is None else _engines(analysis.engines),
        "findings": [finding_json(finding) for finding in analysis.findings],
        "facts": dict(sweep.facts),
    }


def figure_json(figure: Figure, alpha: float) -> dict[str, Any]:
    """Value, standard error, interval, rows and prompts; null where undefined."""
    ci = figure.interval(alpha)
    return {
        "value": _number(figure.value),
        "error": _number(figure.error),
        "ci": None if ci is None else list(ci),
        "rows": figure.rows,
        "prompts": figure.prompts,
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "arm": cell.arm.name,
        "design": cell.arm.design,
        "ratio": cell.ratio,
        "human_rows": cell.human_rows,
        "synthetic_rows": cell.synthetic_rows,
    }


def _right(each: Right, alpha: float) -> dict[str, Any]:
    figures = {"accuracy": each.accuracy, "minus_longer": each.minus_longer}
    return {**_cell(each.cell), **{name: figure_json(figure, alpha) for name, figure in figures.items()}}


def _effect(effect: Effect, alpha: float) -> dict[str, Any]:
    return {
        "arm": effect.arm,
        "design": effect.design,
        "ratio": effect.ratio,
        "tag": effect.tag,
        "human_rows": effect.human_rows,
        "synthetic_rows": effect.synthetic_rows,
        "accuracy": figure_json(effect.accuracy, alpha),
        "difference": figure_json(effect.difference, alpha),
        "p": effect.difference.p(),
        "p_adjusted": effect.p_adjusted,
        "verdict": effect.verdict.value,
    }


def _skew(curve: SkewCurve, alpha: float) -> list[dict[str, Any]]:
    columns = zip(curve.ratios, curve.inherited, curve.tolerance.fitted.tolist(), curve.style, curve.gold, strict=True)
    return [
        {
            "arm": curve.arm,
            "target": curve.target.name,
            "ratio": ratio,
            "inherited": figure_json(inherited, alpha),
            "fitted": _number(fitted),
            "style": figure_json(style, alpha),
            "gold_gap": figure_json(gold, alpha),
        }
        for ratio, inherited, fitted, style, gold in columns
    ]


def _tolerance(curve: SkewCurve) -> dict[str, Any]:
    found = curve.tolerance
    return {
        "arm": curve.arm,
        "target": curve.target.name,
        "largest_ratio": curve.ratios[-1],
        "ratio": found.ratio,
        "low": found.low,
        "high": found.high,
    }


def _picked(each: ProxyGold, alpha: float) -> list[dict[str, Any]]:
    columns = zip(each.n, each.nats, each.twin_proxy, each.twin_gold, each.proxy, each.gold, strict=True)
    return [
        {
            "arm": each.arm,
            "ratio": each.ratio,
            "n": n,
            "nats": nats,
            "human_only_proxy": figure_json(twin_proxy, alpha),
            "human_only_gold": figure_json(twin_gold, alpha),
            "proxy": figure_json(proxy, alpha),
            "gold": figure_json(gold, alpha),
        }
        for n, nats, twin_proxy, twin_gold, proxy, gold in columns
    ]


def _engines(found: Engines) -> dict[str, Any]:
    return {
        "this": found.this,
        "other": found.other,
        "rank_correlation": found.rank,
        "ordered_pairs": dict(zip(("this", "other"), found.ordered, strict=True)),
        "largest_disagreement": _twice(found.apart),
        "misled": [_twice(each) for each in found.misled],
        "cells": [_twice(each) for each in found.cells],
    }


def _twice(each: Twice) -> dict[str, Any]:
    return {**_cell(each.cell), "this": each.this, "other": each.other}


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _tables(found: Mapping[str, Any], out: Path) -> list[Path]:
    """The lists of sweep.json as CSV, a figure's values in columns of their own."""
    written = []
    for name in ("accuracy", "effects", "worth", "skew", "tolerance", "best_of_n"):
        path = out / f"{name}.csv"
        path.unlink(missing_ok=True)  # an earlier sweep's is none of this one
        if found[name]:
            with path.open("w", encoding="utf-8", newline="") as file:
                rows = [_flat(row) for row in found[name]]
                writer = csv.writer(file)
                writer.writerow(rows[0])
                writer.writerows([_safe(value) for value in row.values()] for row in rows)
            written.append(path)
    return written


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            low, high = value["ci"] or (None, None)
            flat |= {name: value["value"], f"{name}_low": low, f"{name}_high": high, f"{name}_rows": value["rows"]}
        else:
            flat[name] = value
    return flat


def _safe(value: object) -> object:
    """A value as a spreadsheet may open it: a text is never taken for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
