"""What a model folder says of itself, and which held-out rows belong to it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firsthand.errors import InputError

KINDS = ("reward", "dpo")


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model to evaluate.

    kind: `reward` (one score a text) or `dpo` (the implicit reward against base_model, scaled by beta). max_length: the
    longest text in tokens, None for no limit. mix: the folder it was trained on, mix_sha256 that mix's content hash;
    None for a model that firsthand did not train.
    """

    folder: Path
    kind: str
    base_model: str | None = None
    beta: float | None = None
    max_length: int | None = None
    mix: Path | None = None
    mix_sha256: str | None = None


def read_model(folder: Path) -> TrainedModel:
    """Read DIR/training.json; without one, DIR must hold a sequence classifier with one score.

    Raises InputError when `folder` is no model folder, or what it says can't be used.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; give the folder that train reward or train dpo wrote")
    record = folder / "training.json"
    if record.is_file():
        return _trained_here(folder, _read_json(record))
    if not (folder / "config.json").is_file():
        raise InputError(
            f"{folder} is not a model folder: it holds neither training.json nor config.json; "
            "give the folder that train reward or train dpo wrote"
        )
    return _classifier(folder, _read_json(folder / "config.json"))


def mix_of(model: TrainedModel, given: Path | None) -> tuple[Path, str, list[str]]:
    """The mix to evaluate on, its content hash, and warnings: the mix `given`, else the one the model was trained on.

    Raises InputError when there is no such mix, or the recorded one has changed since.
    """
    if given is not None:
        sha256 = _content_sha256(given, f"--data {given}")
        if model.mix_sha256 in (None, sha256):
            return given, sha256, []
        return (
            given,
            sha256,
            ["the rows come from another mix than the model was trained on: it may know their prompts"],
        )
    if model.mix is None:
        raise InputError(f"{model.folder} does not say what it was trained on; pass --data MIX, a folder of train mix")
    sha256 = _content_sha256(model.mix, f"the mix that {model.folder} was trained on")
    if sha256 != model.mix_sha256:
        raise InputError(
            f"the mix {model.mix} has changed since {model.folder} was trained on it (content {sha256}, was "
            f"{model.mix_sha256}); pass --data with the mix to evaluate on"
        )
    return model.mix, sha256, []


def _trained_here(folder: Path, record: dict[str, Any]) -> TrainedModel:
    kind, beta, base_model = record.get("kind"), record.get("beta"), record.get("base_model")
    mix = record.get("mix") or {}
    if kind not in KINDS:
        raise InputError(f"{folder / 'training.json'}: kind is {kind!r}; expected one of {', '.join(KINDS)}")
    if kind == "dpo" and not (isinstance(beta, int | float) and beta > 0 and isinstance(base_model, str)):
        raise InputError(
            f"{folder / 'training.json'}: a dpo model needs beta and base_model, its reference "
            f"(beta is {beta!r}, base_model is {base_model!r}); train it again, or add them"
        )
    return TrainedModel(
        folder=folder,
        kind=str(kind),
        base_model=base_model,
        beta=None if beta is None else float(beta),
        max_length=record.get("max_length"),
        mix=Path(mix["path"]) if mix.get("path") else None,
        mix_sha256=mix.get("content_sha256"),
    )


def _classifier(folder: Path, config: dict[str, Any]) -> TrainedModel:
    architectures = config.get("architectures") or []
    if not any(str(name).endswith("ForSequenceClassification") for name in architectures):
        raise InputError(
            f"{folder} has no training.json and is no sequence classifier (architectures: {architectures}); "
            "a language model needs the training.json that train dpo writes, with its beta and base_model"
        )
    labels = len(config.get("id2label") or {0: "", 1: ""})
    if labels != 1:
        raise InputError(f"{folder} is a classifier with {labels} labels; a reward model has one, its score")
    return TrainedModel(folder, "reward", max_length=config.get("max_position_embeddings"))


def _content_sha256(mix: Path, what: str) -> str:
    manifest = mix / "manifest.json"
    if not manifest.is_file():
        raise InputError(
            f"{what}: {mix} is not a mix (it has no manifest.json); pass --data with a folder of train mix"
        )
    sha256 = _read_json(manifest).get("content_sha256")
    if not isinstance(sha256, str):
        raise InputError(f"{manifest} holds no content_sha256; make the mix again with train mix")
    return sha256


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"can't read {path}: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"{path} holds {type(value).__name__}; expected an object")
    return value
