"""Writing a mix: Parquet shards streamed from the store, under their final name only when whole."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from firsthand.ahead import map_ahead
from firsthand.errors import InputError
from firsthand.records import Content, Message
from firsthand.store import Store

MANIFEST = "manifest.json"
SHARD_ROWS = 200_000
GROUP_ROWS = 1_000  # texts in memory at once

TURN = [pa.field("role", pa.string()), pa.field("content", pa.string())]
MESSAGES = pa.list_(pa.struct(TURN))
PROMPT, A, B, AUTHOR = 1, 2, 3, 2
"""Where Store.texts has the prompt and the two responses, and how far behind a response its author is."""
SCHEMA = pa.schema(
    [
        ("prompt", MESSAGES),
        ("chosen", MESSAGES),
        ("rejected", MESSAGES),
        ("comparison_id", pa.string()),
        ("prompt_id", pa.string()),
        ("source", pa.string()),
        ("annotator", pa.string()),
        ("simulated", pa.bool_()),
        ("author_chosen", pa.string()),
        ("author_rejected", pa.string()),
        ("weight", pa.float64()),
        ("p_chosen", pa.float64()),
        ("margin", pa.float64()),
    ]
)


@contextmanager
def written_whole(out: Path) -> Iterator[Path]:
    """Give a folder to write into that becomes `out` only when the block ends without an error.

    An older mix at `out` is replaced; anything else there is refused with InputError. What an interrupted run left
    beside `out` is removed.
    """
    if out.exists() and not (out / MANIFEST).is_file():
        raise InputError(f"{out} exists and is not a mix (it has no {MANIFEST}); choose another folder for --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    for name in ("unfinished", "replaced"):
        shutil.rmtree(_beside(out, name), ignore_errors=True)
    draft = _beside(out, "unfinished")
    draft.mkdir()
    try:
        yield draft
        if out.exists():
            out.rename(_beside(out, "replaced"))
        draft.rename(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(_beside(out, "replaced"), ignore_errors=True)


def write_split(store: Store, labels: pd.DataFrame, folder: Path, split: str) -> None:
    """Write `labels` with their texts as `folder/split-*.parquet`, by comparison id, a few hundred rows in memory."""
    folder.mkdir(exist_ok=True)
    ordered = labels.sort_values(["comparison_id", "source", "annotator", "repetition"], kind="stable")
    rows = pa.Table.from_pandas(ordered, preserve_index=False)
    shards = range(0, len(rows), SHARD_ROWS)
    for number, start in enumerate(shards):
        path = folder / f"{split}-{number:05d}-of-{len(shards):05d}.parquet"
        tables = _tables(store, rows.slice(start, SHARD_ROWS))
        with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
            for _ in map_ahead(writer.write_table, tables, depth=1):
                pass


def content_sha256(folder: Path) -> str:
    """SHA-256 over the shards, by name: equal for equal mixes."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.parquet")):
        digest.update(path.name.encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def write_text(path: Path, content: str) -> None:
    """Write `content`, and wait until it is on disk."""
    with path.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest; the last file of a mix."""
    write_text(folder / MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


def _beside(out: Path, name: str) -> Path:
    return out.parent / f".{out.name}.{name}"


def _tables(store: Store, rows: pa.Table) -> Iterator[pa.Table]:
    """The rows with their texts, in groups."""
    groups = [rows.slice(start, GROUP_ROWS) for start in range(0, len(rows), GROUP_ROWS)]
    ids = (group["comparison_id"].unique().to_pylist() for group in groups)
    return map(_table, groups, map_ahead(store.texts, ids, depth=2))


def _table(rows: pa.Table, texts: str) -> pa.Table:
    """The rows with their texts (JSON, as the store gives them), in the order of `rows`."""
    stored = {text[0]: text for text in orjson.loads(texts)}
    found = [stored[key] for key in rows["comparison_id"].to_pylist()]
    places = np.where(pc.equal(rows["chosen"], "a"), A, B).tolist()
    placed = list(zip(found, places, strict=True))
    given = {
        "prompt": _conversations([text[PROMPT] for text in found]),
        "chosen": _conversations([text[place] for text, place in placed]),
        "rejected": _conversations([text[A + B - place] for text, place in placed]),
        "author_chosen": [text[AUTHOR + place] for text, place in placed],
        "author_rejected": [text[AUTHOR + A + B - place] for text, place in placed],
        "weight": np.ones(len(rows)),
    }
    columns = [given[name] if name in given else rows[name].cast(SCHEMA.field(name).type) for name in SCHEMA.names]
    return pa.table(columns, schema=SCHEMA)


def _conversations(values: list[Content]) -> pa.Array:
    """A column of conversations; a plain text is one turn of the assistant.

    Built from flat columns of roles and contents, many times faster than from a dict for each turn.
    """
    if all(type(value) is str for value in values):
        roles: list[str] = ["assistant"] * len(values)
        contents: list[Any] = values
        ends: Any = np.arange(len(values) + 1, dtype=np.int32)
    else:
        turns = [_turns(value) for value in values]
        roles = [turn["role"] for value in turns for turn in value]
        contents = [turn["content"] for value in turns for turn in value]
        ends = np.concatenate([[0], np.cumsum([len(value) for value in turns])]).astype(np.int32)
    flat = pa.StructArray.from_arrays([pa.array(roles, pa.string()), pa.array(contents, pa.string())], fields=TURN)
    return pa.ListArray.from_arrays(pa.array(ends), flat)


def _turns(value: Content) -> list[Message]:
    return [{"role": "assistant", "content": value}] if isinstance(value, str) else value
