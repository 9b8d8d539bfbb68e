"""The dataset card of a mix: what `datasets` needs to read the splits, and what a reader needs to trust them."""

from typing import Any

import yaml

from firsthand.train.admitted import REASONS, tag_name


def mix_card(manifest: dict[str, Any]) -> str:
    """The card as Markdown with the YAML header that names the splits."""
    splits = [name for name, facts in manifest["splits"].items() if facts["rows"]]
    header = {
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": name, "path": f"data/{name}-*.parquet"} for name in splits],
            }
        ],
        "tags": ["preference", "dpo", "reward-model", "firsthand"],
    }
    sections = [
        f"---\n{yaml.safe_dump(header, sort_keys=False)}---\n# A mix of human and synthetic preferences",
        "Made by `firsthand train mix`. TRL's conversational preference format with provenance columns; "
        "`datasets.load_dataset` of this folder reads it.",
        _list("Warnings", manifest["warnings"]),
        _table("Shares of the training rows", ["source", "requested", "realised", "rows"], _share_rows(manifest)),
        _table("Splits", ["split", "rows", "prompts"], _split_rows(manifest)),
        "`anchor` holds human labels on held-out prompts; no mix from this store, at any ratio or seed and the same "
        "anchor fraction, trains on those prompts. "
        f"It has {manifest['anchor']['realised']:.1%} of the prompts people labelled "
        f"({manifest['anchor']['requested']:.1%} requested; the hash of a prompt decides, so that the set is stable).",
        _table("What was left out", ["reason", "human", "synthetic"], _drop_rows(manifest)),
        _admission(manifest["admission"]),
        _weights(manifest),
        _calibration(manifest["calibration"]),
        _table("By tag", ["tag", "human", "synthetic", "drawn"], _tag_rows(manifest)),
        f"Content SHA-256: `{manifest['content_sha256']}`",
        f"## Configuration\n\n```yaml\n{yaml.safe_dump(manifest['config'], sort_keys=False)}```",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _share_rows(manifest: dict[str, Any]) -> list[list[str]]:
    requested, realised = manifest["requested"], manifest["realised"]
    return [
        [source, f"{requested[source]['share']:.1%}", f"{realised[source]['share']:.1%}", str(realised[source]["rows"])]
        for source in realised
    ]


def _split_rows(manifest: dict[str, Any]) -> list[list[str]]:
    return [[name, str(facts["rows"]), str(facts["prompts"])] for name, facts in manifest["splits"].items()]


def _drop_rows(manifest: dict[str, Any]) -> list[list[str]]:
    rows = {**manifest["drops"], "not drawn: the other source sets the size": manifest["not_drawn"]}
    return [[reason, str(count.get("human", 0)), str(count.get("synthetic", 0))] for reason, count in rows.items()]


def _tag_rows(manifest: dict[str, Any]) -> list[list[str]]:
    return [
        [tag, *(str(rows[name]) for name in ("human", "synthetic", "drawn"))]
        for tag, rows in manifest["strata"].items()
    ]


def _admission(admission: dict[str, Any] | None) -> str:
    if admission is None:
        return ""
    rows = [
        [row["judge"], tag_name(row["tag"]), str(row["admitted"]), *(str(row["refused"][why]) for why in REASONS)]
        for row in admission["labels"]
    ]
    heads = ["judge", "tag", "admitted", *(why.removeprefix("not admitted: ") for why in REASONS)]
    return "\n\n".join(
        [
            _table("Judges' labels held against people", heads, rows),
            f"Labels were admitted where, with {admission['confidence']:.0%} confidence, they agree with the majority "
            f"of people on at least {admission['target']:.0%}. Admission file SHA-256: `{admission['sha256']}`",
        ]
    )


def _weights(manifest: dict[str, Any]) -> str:
    names = ["mean", "min", "max", "share", "effective_rows"]
    rows = [
        [source, *(f"{weight[name]:.3f}" for name in names[:-1]), f"{weight['effective_rows']:.0f}"]
        for source, weight in manifest["weights"].items()
    ]
    heads = ["source", "mean", "least", "most", "share of the sum", "counts as equally weighed rows"]
    trust = manifest["trust"]
    trusted = trust and (
        "People's weights follow Dawid and Skene's model of "
        f"{trust['comparisons_with_several_raters']} comparisons that several of {trust['raters']} raters saw; "
        f"{trust['raters_never_compared']} raters were never compared with another and count like the average one."
    )
    return "\n\n".join(part for part in (_table("Weights of the training rows", heads, rows), trusted) if part)


def _calibration(calibration: list[dict[str, Any]] | None) -> str:
    if calibration is None:
        return ""
    rows = [
        [judge["judge"], f"{step['from']:.3f}", f"{step['p_chosen']:.3f}"]
        for judge in calibration
        for step in judge["steps"]
    ]
    measured = ", ".join(
        f"{judge['judge']} was {judge['claimed']:.3f} sure and people agreed with {judge['agreed']:.3f} on "
        f"{judge['comparisons']} comparisons of {judge['prompts']} prompts"
        for judge in calibration
    )
    return "\n\n".join(
        [
            _table("Judges' probabilities, as people bear them out", ["judge", "at least so sure", "p_chosen"], rows),
            f"Fitted on training prompts, never on the anchor: {measured}.",
        ]
    )


def _list(title: str, items: list[str]) -> str:
    return f"## {title}\n\n" + "\n".join(f"- {item}" for item in items) if items else ""


def _table(title: str, head: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *[[cell.replace("|", "\\|") for cell in row] for row in rows]]
    return f"## {title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)
