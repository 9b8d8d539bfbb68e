"""The output folder of a training run: whose it is, what is in it, and where an interrupted run goes on."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from firsthand.errors import InputError

IDENTITY = "run.json"
"""Written first: what the run trains, on what. A folder without it is not a run's."""
RECORD = "training.json"
"""Written last: a folder with it holds a finished model."""


def claim(out: Path, identity: Mapping[str, Any], overwrite: bool = False) -> dict[str, Any] | None:
    """Take `out` for the run `identity`; returns the record of a run of this identity that is already finished there.

    With `overwrite` the folder's earlier run is removed first; one that never began, because its model does not exist
    or its mix holds nothing to train on, is forgotten. Raises InputError when the folder holds another run or files
    that no run wrote.
    """
    wanted = json.loads(json.dumps(identity))
    found = _read(out / IDENTITY)
    never_began = found != wanted and found is not None and [path.name for path in out.iterdir()] == [IDENTITY]
    if found is not None and (overwrite or never_began):
        shutil.rmtree(out)
        found = None
    if found is None:
        if out.is_dir() and any(not path.name.startswith(".") for path in out.iterdir()):
            raise InputError(f"{out} holds files that no training run wrote; give --out a new or empty folder")
        out.mkdir(parents=True, exist_ok=True)
        write_json(out / IDENTITY, identity)
        return None
    changes = _differences(found, wanted)
    if changes:
        raise InputError(
            f"{out} holds a run of another job: {'; '.join(changes)}. "
            "Give --out another folder, or --overwrite to replace it"
        )
    return _read(out / RECORD)


def last_checkpoint(out: Path) -> Path | None:
    """The latest checkpoint that was written whole; those cut off in the middle are removed."""
    checkpoints = [path for path in out.glob("checkpoint-*") if path.name.removeprefix("checkpoint-").isdigit()]
    for path in sorted(checkpoints, key=lambda path: int(path.name.removeprefix("checkpoint-")), reverse=True):
        # transformers writes trainer_state.json after the weights, the optimiser and the random state.
        if _read(path / "trainer_state.json") is not None:
            return path
        shutil.rmtree(path)
    return None


def layout(checkpoint: Path) -> str:
    """What wrote the checkpoint's state: "FSDP", "DeepSpeed", or "one process or DDP", which write the same."""
    if any(checkpoint.glob("pytorch_model_fsdp*")):
        return "FSDP"
    return "DeepSpeed" if any(checkpoint.glob("global_step*")) else "one process or DDP"


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` as JSON, in one step."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` in one step: no reader ever sees half of it."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _differences(found: Any, wanted: Any, path: str = "") -> list[str]:
    """Each place where two JSON values differ, as `path: was X, is Y`."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = sorted({*found, *wanted})
        nested = [_differences(found.get(key), wanted.get(key), f"{path}.{key}" if path else key) for key in keys]
        return [line for lines in nested for line in lines]
    return [] if found == wanted else [f"{path}: was {found!r}, is {wanted!r}"]
