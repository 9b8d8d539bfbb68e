"""The model card: what was trained, on whose preferences, and how it fares on held-out ones."""

from collections.abc import Mapping
from typing import Any

TITLES = {"reward": "Reward model", "dpo": "DPO model"}
PIPELINES = {"reward": "text-classification", "dpo": "text-generation"}


def model_card(record: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """The README.md of a trained model, from its training record and the manifest of its mix."""
    parts = [
        _header(record),
        f"# {TITLES[record['kind']]} of {record['base_model']}",
        _summary(record),
        "## Preferences\n\n" + _preferences(record, manifest),
        "## Held-out pairs\n\n" + _metrics(record),
        "## Training\n\n" + _training(record),
    ]
    return "\n\n".join(parts) + "\n"


def _header(record: Mapping[str, Any]) -> str:
    return (
        "---\n"
        f"base_model: {record['base_model']}\n"
        "library_name: transformers\n"
        f"pipeline_tag: {PIPELINES[record['kind']]}\n"
        f"tags: [firsthand, trl, {'reward-trainer' if record['kind'] == 'reward' else 'dpo'}]\n"
        "---"
    )


def _summary(record: Mapping[str, Any]) -> str:
    text = {
        "reward": "Scores a conversation: one number, the higher the more its annotators would prefer the response.",
        "dpo": f"Implicit reward: {record['beta']} * (log-probability under this model - under its base).",
    }[record["kind"]]
    simulated = record["counts"]["simulated"]
    if simulated:
        text += (
            f"\n\n**{simulated} of the training pairs were rated by scripted (simulated) raters.** "
            "What this model learned from them is no one's preference; it shows that the pipeline runs, nothing more."
        )
    return text


def _preferences(record: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    rows = ["| source | asked for | in the mix | trained on |", "|---|---|---|---|"]
    mixed = manifest.get("realised") or {}
    for source in sorted({*mixed, *record["mix"]["realised"]}):
        asked = (manifest.get("requested") or {}).get(source)
        rows.append(
            f"| {source} | {_share(asked)} | {_rows_and_share(mixed.get(source))} "
            f"| {_rows_and_share(record['mix']['realised'].get(source))} |"
        )
    lines = ["\n".join(rows)]
    too_long = [
        f"{count} {source} pairs of {split}"
        for split, of in record["counts"]["too_long"].items()
        for source, count in of.items()
    ]
    lines.append(f"Left out as longer than {record['max_length']} tokens: {', '.join(too_long) or 'none'}.")
    drops = [
        f"- {reason}: " + ", ".join(f"{count} {source}" for source, count in of.items())
        for reason, of in (manifest.get("drops") or {}).items()
    ]
    if drops:
        lines.append("Left out by the mix:\n\n" + "\n".join(drops))
    lines += [f"Warning of the mix: {warning}" for warning in manifest.get("warnings") or []]
    lines.append(f"Content hash of the mix: `{record['mix']['content_sha256']}`")
    return "\n\n".join(lines)


def _metrics(record: Mapping[str, Any]) -> str:
    metrics = record["metrics"]
    rows = [
        f"| {source} | {record['counts']['rows'][source]} | {metrics[f'eval_{source}_loss']:.4f} "
        f"| {_figure(metrics, f'eval_{source}_accuracy')} | {_figure(metrics, f'eval_{source}_brier')} |"
        for source in ("human", "synthetic")
        if f"eval_{source}_loss" in metrics
    ]
    if not rows:
        return "The mix held out no pairs: how well this model agrees with people was not measured."
    table = "\n".join(["| source | pairs | loss | accuracy | Brier score |", "|---|---|---|---|---|", *rows])
    return f"{table}\n\nIn brackets: 95 % intervals over prompts.{_grounding(record)}"


def _grounding(record: Mapping[str, Any]) -> str:
    grounding = record["grounding"]
    text = ""
    if "step" in grounding:
        text = (
            f" **Agreement with people fell while training**, shown at step {grounding['step']} against step "
            f"{grounding['since']} ({grounding['verdict']})."
        )
    if record["model_of_step"] != record["steps"]:
        text += (
            f" This is the model of step {record['model_of_step']} of {record['steps']}, chosen because it agreed best "
            "with people on these very pairs: its accuracy on them is a little flattering."
        )
    return text


def _figure(metrics: Mapping[str, float], key: str) -> str:
    interval = f" ({metrics[f'{key}_low']:.3f} to {metrics[f'{key}_high']:.3f})" if f"{key}_low" in metrics else ""
    return f"{metrics[key]:.3f}{interval}"


def _training(record: Mapping[str, Any]) -> str:
    lora = (
        "every weight" if record["lora"] is None else f"LoRA {record['lora']}, merged into the base; also in `adapter/`"
    )
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    return "\n".join(
        [
            f"- trained: {lora}",
            f"- labels in the loss besides the preferred response: {', '.join(record['labels']) or 'none'}",
            f"- steps: {record['steps']}, precision {record['precision']}, preset {record['preset']}",
            f"- trainer arguments: `{record['trainer']}`",
            f"- versions: {versions}",
        ]
    )


def _share(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) else "-"


def _rows_and_share(value: Any) -> str:
    if not isinstance(value, Mapping):
        return "-"
    return f"{value['rows']:.0f} ({value['share']:.3f})"
