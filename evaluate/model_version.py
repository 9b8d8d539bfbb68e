"""Which model it was: equal only where a model makes the same of the same text."""

from pathlib import Path

from transformers import AutoConfig

from firsthand.errors import InputError
from firsthand.models import locate_model
from firsthand.records import content_id
from firsthand.rewards import weights_version

BESIDE_WEIGHTS = {".json", ".jinja", ".model", ".txt"}
"""Suffixes of the files that hold a configuration, a tokenizer or a chat template."""


def model_version(name: str) -> str:
    """A hash of the model's weights, configuration, tokenizer and chat template, or its commit on the hub.

    Raises InputError where there is no such model, or nothing that tells it from another.
    """
    located = locate_model(name)
    weights = weights_version(Path(located))
    if weights is not None:
        beside = sorted(path for path in Path(located).iterdir() if path.suffix in BESIDE_WEIGHTS)
        return content_id(weights, *(f"{path.name}\n{path.read_text(encoding='utf-8')}" for path in beside))
    commit = getattr(AutoConfig.from_pretrained(located), "_commit_hash", None)
    if commit is None:
        raise InputError(
            f"the folder {located} holds neither *.safetensors nor pytorch_model*.bin, so its model can't be told from "
            "another; save it with save_pretrained"
        )
    return str(commit)
