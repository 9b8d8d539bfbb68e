"""What `evaluate judges --json` prints."""

from dataclasses import asdict
from typing import Any

from firsthand.bootstrap import LEVEL
from firsthand.evaluate.calibration import Calibration
from firsthand.evaluate.judges.figures import Figures
from firsthand.evaluate.judges.findings import Findings, JudgeFindings
from firsthand.evaluate.judges.groups import Group
from firsthand.evaluate.judges.order import OrderBias
from firsthand.evaluate.judges.sureness import Refused

SCHEMA = 1


def findings_json(found: Findings) -> dict[str, Any]:
    """The figures as `--json` prints them."""
    people = found.bench.people
    return {
        "schema": SCHEMA,
        "interval": {"level": LEVEL, "method": "percentile bootstrap over prompts", "draws": found.draws},
        "seed": found.seed,
        "counts": {
            "people": len(people.raters),
            "votes": int(people.counted.sum()),
            "comparisons": people.units,
            "prompts": people.prompts,
            "without_majority": int((found.bench.majority < 0).sum()),
        },
        "simulated": found.simulated,
        "tag": found.bench.tag,
        "judges": [_judge_json(judge) for judge in found.judges],
        "without_human_benchmark": {judge.name: judge.alone for judge in found.bench.judges},
        "panel": None
        if found.panel is None
        else {
            "judges": found.panel.judges,
            "comparisons": found.panel.comparisons,
            "error_correlation": found.panel.correlation.as_json(),
            "effective_judges": found.panel.effective.as_json(),
        },
        "admission": found.admission.model_dump(mode="json", by_alias=True),
    }


def _judge_json(found: JudgeFindings) -> dict[str, Any]:
    return {
        "judge": found.judge.name,
        "simulated": found.judge.simulated,
        "labels": len(found.judge.unit),
        "prompts": found.prompts,
        "changed_with_order": found.changed,
        "without_human_benchmark": found.judge.alone,
        "figures": _figures_json(found.figures),
        "people": _figures_json(found.people),
        "alternative_annotator_test": asdict(found.alternative),
        "order": _order_json(found.order),
        "calibration": _calibration_json(found.calibration),
        "groups": [_group_json(group) for group in found.groups],
    }


def _group_json(group: Group) -> dict[str, Any]:
    alternative = {"p_adjusted": group.alternative_p_adjusted or None}
    order = {"p_adjusted": group.order_p_adjusted, "verdict": group.order_verdict}
    return {
        "family": group.family,
        "value": group.value,
        "labels": group.rows,
        "prompts": group.prompts,
        "figures": _figures_json(group.figures),
        "people": _figures_json(group.people),
        "difference": group.difference.as_json(),
        "p": group.p,
        "p_adjusted": group.p_adjusted,
        "verdict": group.verdict,
        "alternative_annotator_test": {**asdict(group.alternative), **alternative},
        "order": {**_order_json(group.order), **order},
        "calibration": _calibration_json(group.calibration),
    }


def _figures_json(figures: Figures) -> dict[str, Any]:
    return {name: figure.as_json() for name, figure in figures.items()}


def _order_json(order: OrderBias) -> dict[str, Any]:
    return {
        "both_orders": order.both_orders,
        "flips": order.flips.as_json(),
        "noise": order.noise.as_json(),
        "excess": order.excess.as_json(),
        "first_both": order.first_both,
        "second_both": order.second_both,
        "p": order.p,
        "pull": {**order.pull.as_json(), "from": order.pull_from},
    }


def _calibration_json(found: Calibration | Refused) -> dict[str, Any]:
    if isinstance(found, Refused):
        return {"refused": found.why}
    return {
        "error": found.ece.as_json(),
        "error_if_calibrated": found.ece_if_calibrated,
        "log_loss": found.log_loss.as_json(),
        "bins": [asdict(cell) for cell in found.bins],
    }
