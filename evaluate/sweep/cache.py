"""Hidden states kept on disk, so that a model reads each response once.

A folder belongs to one model (by its version), layer and length; it holds shards of some hundred states,
each written whole under a name of its own. Every shard says whose it is, and another's is refused.
"""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from firsthand.errors import InputError
from firsthand.evaluate.sweep.hidden import HalfArray
from firsthand.records import content_id, dump

SHARD = "*.npz"


@dataclass(frozen=True)
class Cache:
    """States by the key of their conversation; owner: what made them, each value as the messages name it."""

    folder: Path
    owner: Mapping[str, Any]
    place: dict[str, tuple[Path, int]] = field(default_factory=dict)

    def add(self, keys: Sequence[str], states: HalfArray) -> None:
        """Keep the states (len(keys), width)."""
        path = self.folder / f"{content_id(*keys)[:16]}.npz"
        partial = path.with_suffix(".partial")
        try:
            with partial.open("wb") as file:
                np.savez(file, owner=np.array(dump(dict(self.owner))), keys=np.array(keys), states=states)
            partial.replace(path)
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        self.place.update({key: (path, row) for row, key in enumerate(keys)})

    def states(self, keys: Sequence[str]) -> HalfArray:
        """The states of `keys`: (len(keys), width)."""
        wanted: dict[Path, list[tuple[int, int]]] = {}
        for number, key in enumerate(keys):
            path, row = self.place[key]
            wanted.setdefault(path, []).append((number, row))
        found: HalfArray | None = None
        for path, rows in wanted.items():
            shard = _states(path)
            found = np.empty((len(keys), shard.shape[1]), np.float16) if found is None else found
            if shard.shape[1] != found.shape[1]:
                raise _broken(path, f"states of width {shard.shape[1]}, {found.shape[1]} in the files before it")
            numbers, places = zip(*rows, strict=True)
            found[list(numbers)] = shard[list(places)]
        return np.empty((0, 0), np.float16) if found is None else found


def open_cache(folder: Path, owner: Mapping[str, Any]) -> Cache:
    """The states of `owner` under `folder`; InputError where it can't be made, or a shard is broken or another's."""
    own = folder / content_id(dump(dict(owner)))[:16]
    try:
        own.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(own, error) from error
    cache = Cache(own, owner)
    for path in sorted(own.glob(SHARD)):
        shard = _read(path, "owner", "keys")
        try:
            said = dict(json.loads(str(shard["owner"])))
        except (ValueError, TypeError) as error:
            raise _broken(path, f"its owner can't be read: {error}") from error
        if said != dict(owner):
            raise InputError(
                f"{path} holds features of {_sentence(said)}, not of {_sentence(owner)}: someone put it there. "
                "Remove the file; what is missing is computed again"
            )
        cache.place.update({str(key): (path, row) for row, key in enumerate(shard["keys"])})
    return cache


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(f"can't keep features in {folder}: {error.strerror}; name another folder as features.cache")


def _read(path: Path, *names: str) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as shard:
            return {name: shard[name] for name in names}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise _broken(path, str(error)) from error


def _states(path: Path) -> HalfArray:
    """The states of a shard: (its keys, width)."""
    shard = _read(path, "states", "keys")
    states: HalfArray = shard["states"]
    if states.ndim != 2 or len(states) != len(shard["keys"]):
        raise _broken(path, f"states of shape {states.shape} for {len(shard['keys'])} responses")
    if not np.isfinite(states).all():
        raise _broken(path, "a state is not a finite number")
    return states


def _broken(path: Path, why: str) -> InputError:
    return InputError(f"can't read the cached features in {path} ({why}); remove the file, they are computed again")


def _sentence(owner: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(owner.items()))
