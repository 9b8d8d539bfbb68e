"""What `evaluate model` tells: accuracy, calibration, and a verdict against the baselines."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import DRAWS, LEVEL, SEED, FloatArray
from firsthand.estimates import Estimate
from firsthand.evaluate.accuracy import COIN, Accuracy, above_zero, measure_accuracy
from firsthand.evaluate.calibration import Calibration, measure_calibration
from firsthand.evaluate.held_out import HeldOut
from firsthand.evaluate.table import number, percent, shown, table
from firsthand.evaluate.trained_model import TrainedModel

SCHEMA = 1


class Status(StrEnum):
    """What the figures on the human anchor say."""

    BEATS = "beats the baselines"
    DOES_NOT_BEAT = "does not beat the baselines"
    NOT_MEASURABLE = "not measurable"


@dataclass(frozen=True, slots=True)
class Group:
    """Rows measured together; simulated is None where scripted and real annotators are mixed."""

    name: str
    source: str
    simulated: bool | None
    accuracy: Accuracy
    calibration: Calibration

    @property
    def title(self) -> str:
        """The name as a person reads it."""
        who = {None: "people and simulated raters", True: "simulated raters", False: "people"}[self.simulated]
        return (
            f"anchor: {who}" if self.source == "human" else f"synthetic held-out{' (simulated)' * bool(self.simulated)}"
        )


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything the command tells; the verdict is on the anchor that people, not scripts, labelled."""

    model: TrainedModel
    mix: Path
    mix_sha256: str
    groups: list[Group]
    status: Status
    sentence: str
    left_out: dict[str, dict[str, int]]
    warnings: list[str]
    draws: int
    seed: int


def evaluate_scores(
    model: TrainedModel,
    mix: tuple[Path, str, list[str]],
    rows: HeldOut,
    difference: FloatArray,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Evaluation:
    """Measure score differences, chosen minus rejected, of `rows`: (N,), NaN where a row was too long to score."""
    path, sha256, warnings = mix
    scored = np.isfinite(difference)
    groups = [
        _group(name, source, simulated, rows, difference, where & scored, draws, seed)
        for name, source, simulated, where in _groupings(rows)
        if (where & scored).any()
    ]
    status, sentence = _verdict(groups, rows)
    return Evaluation(
        model=model,
        mix=path,
        mix_sha256=sha256,
        groups=groups,
        status=status,
        sentence=sentence,
        left_out=_left_out(model, rows, scored),
        warnings=warnings,
        draws=draws,
        seed=seed,
    )


def evaluation_json(found: Evaluation) -> dict[str, Any]:
    """The figures as `--json` prints them."""
    model = found.model
    return {
        "schema": SCHEMA,
        "model": {
            "path": str(model.folder),
            "kind": model.kind,
            "base_model": model.base_model,
            "beta": model.beta,
            "max_length": model.max_length,
        },
        "mix": {"path": str(found.mix), "content_sha256": found.mix_sha256},
        "interval": {"level": LEVEL, "method": "percentile bootstrap over prompts", "draws": found.draws},
        "seed": found.seed,
        "verdict": {"status": found.status.value, "sentence": found.sentence},
        "groups": [_group_json(group) for group in found.groups],
        "left_out": found.left_out,
        "warnings": found.warnings,
    }


def evaluation_text(found: Evaluation) -> str:
    """The figures as a person reads them in a terminal."""
    accuracy = [
        [
            group.title,
            f"{group.accuracy.rows:,}",
            f"{group.accuracy.prompts:,}",
            *shown(group.accuracy.model),
            number(group.accuracy.longer_wins.value),
            *shown(group.accuracy.minus_longer),
        ]
        for group in found.groups
    ]
    calibration = [
        [
            group.title,
            *shown(group.calibration.ece),
            number(group.calibration.ece_if_calibrated),
            *shown(group.calibration.log_loss),
        ]
        for group in found.groups
    ]
    whys = dict.fromkeys(
        f"{group.title}: {figure.why}"
        for group in found.groups
        for figure in (group.accuracy.model, group.accuracy.minus_longer)
        if figure.why
    )
    parts = [
        found.sentence,
        table(["accuracy on", "rows", "prompts", "model", "", "longer wins", "model - longer", ""], accuracy),
        table(["calibration on", "error", "", "if calibrated", "log loss", ""], calibration) if calibration else "",
        "\n".join([*whys, *left_out_lines(found), *(f"warning: {warning}" for warning in found.warnings)]),
        f"A coin: accuracy {COIN}, log loss {np.log(2):.3f}. "
        f"Intervals: {LEVEL:.0%}, {found.draws:,} resamples of prompts, seed {found.seed}.",
    ]
    return "\n\n".join(part for part in parts if part)


def deciding_group(groups: list[Group]) -> Group | None:
    """The group that the verdict rests on: the anchor's rows that people labelled, else those of simulated raters."""
    human = [group for group in groups if group.source == "human"]
    return next((group for group in human if group.simulated is False), human[0] if human else None)


def left_out_lines(found: Evaluation) -> list[str]:
    """One sentence for each reason and split."""
    return [
        f"left out of {split}: {rows:,} {'row' if rows == 1 else 'rows'} {reason}"
        for reason, splits in found.left_out.items()
        for split, rows in splits.items()
    ]


def _groupings(rows: HeldOut) -> list[tuple[str, str, bool | None, npt.NDArray[np.bool_]]]:
    """Name, source, simulated and rows of each group: the splits, and each cut by simulated where both kinds occur."""
    found: list[tuple[str, str, bool | None, npt.NDArray[np.bool_]]] = []
    for split, source in (("anchor", "human"), ("synthetic_heldout", "synthetic")):
        where = rows.split == split
        kinds = np.unique(rows.simulated[where])
        name = f"{split}, simulated" if kinds.tolist() == [True] else split
        found.append((name, source, bool(kinds[0]) if len(kinds) == 1 else None, where))
        if len(kinds) == 2:
            found.append((f"{split}, not simulated", source, False, where & ~rows.simulated))
            found.append((f"{split}, simulated", source, True, where & rows.simulated))
    return found


def _group(
    name: str,
    source: str,
    simulated: bool | None,
    rows: HeldOut,
    difference: FloatArray,
    where: npt.NDArray[np.bool_],
    draws: int,
    seed: int,
) -> Group:
    chosen, rejected = rows.lengths()
    prompts = rows.prompt_number[where]
    return Group(
        name=name,
        source=source,
        simulated=simulated,
        accuracy=measure_accuracy(difference[where], (chosen - rejected)[where], prompts, draws, seed),
        calibration=measure_calibration(difference[where], prompts, draws, seed),
    )


def _verdict(groups: list[Group], rows: HeldOut) -> tuple[Status, str]:
    anchor = deciding_group(groups)
    if anchor is None and (rows.split == "anchor").any():
        return Status.NOT_MEASURABLE, "Not measurable: every row of the human anchor is too long for the model."
    if anchor is None:
        return Status.NOT_MEASURABLE, (
            "Not measurable: the mix has no human anchor, so nothing here says whether people agree with the model. "
            "Make a mix with human preferences and anchor: {fraction: 0.2}."
        )
    accuracy = anchor.accuracy
    who = "simulated raters, not people," if anchor.simulated else "people"
    agreement = f"agrees with {who} on {percent(accuracy.model.value or 0.0)} of {accuracy.rows:,} held-out comparisons"
    longer = percent(accuracy.longer_wins.value or 0.0)
    if accuracy.beats_baselines is None:
        return Status.NOT_MEASURABLE, (
            f"Not measurable: the model {agreement}, picking the longer response on {longer}, "
            f"but {accuracy.minus_longer.why or accuracy.minus_coin.why}."
        )
    margin = _margin(accuracy.minus_longer)
    if accuracy.beats_baselines:
        return Status.BEATS, f"The model {agreement}; picking the longer response reaches {longer} ({margin})."
    differences = {"picking the longer response": accuracy.minus_longer, "a coin": accuracy.minus_coin}
    not_beaten = [name for name, figure in differences.items() if above_zero(figure, accuracy.prompts) is False]
    against_coin = f" (against a coin {_margin(accuracy.minus_coin)})" if not_beaten == ["a coin"] else ""
    return Status.DOES_NOT_BEAT, (
        f"The model is not shown to beat {' or '.join(not_beaten)}: it {agreement}{against_coin}; "
        f"picking the longer response is right on {longer} ({margin})."
    )


def _margin(difference: Estimate) -> str:
    points = f"{100 * (difference.value or 0.0):+.1f} points"
    if difference.ci is None:
        return f"{points} on every prompt"
    low, high = difference.ci
    return f"{points}, {LEVEL:.0%} interval {100 * low:+.1f} to {100 * high:+.1f}"


def _left_out(model: TrainedModel, rows: HeldOut, scored: npt.NDArray[np.bool_]) -> dict[str, dict[str, int]]:
    reason = f"longer than {model.max_length} tokens"
    splits, counts = np.unique(rows.split[~scored], return_counts=True)
    return {reason: {str(s): int(n) for s, n in zip(splits, counts, strict=True)}} if len(splits) else {}


def _group_json(group: Group) -> dict[str, Any]:
    accuracy, calibration = group.accuracy, group.calibration
    return {
        "name": group.name,
        "source": group.source,
        "simulated": group.simulated,
        "rows": accuracy.rows,
        "prompts": accuracy.prompts,
        "accuracy": accuracy.model.as_json(),
        "baselines": {"longer_wins": accuracy.longer_wins.as_json(), "coin": COIN},
        "model_minus_longer_wins": accuracy.minus_longer.as_json(),
        "model_minus_coin": accuracy.minus_coin.as_json(),
        "beats_baselines": accuracy.beats_baselines,
        "calibration": {
            "ece": calibration.ece.as_json(),
            "ece_if_calibrated": calibration.ece_if_calibrated,
            "log_loss": calibration.log_loss.as_json(),
            "bins": [
                {
                    "low": cell.low,
                    "high": cell.high,
                    "rows": cell.rows,
                    "confidence": cell.confidence,
                    "accuracy": cell.accuracy,
                }
                for cell in calibration.bins
            ],
        },
    }
