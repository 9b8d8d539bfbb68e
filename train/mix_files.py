"""Writing a mix: Parquet shards streamed from the store, under their final name only when whole."""

import hashlib
import json
import os
import shutil
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from firsthand.errors import InputError
from firsthand.records import Content
from firsthand.store import Store

MANIFEST = "manifest.json"
SHARD_ROWS = 200_000
GROUP_ROWS = 1_000  # texts in memory at once; larger groups are slower, they leave the processor's cache

TURN = [pa.field("role", pa.string()), pa.field("content", pa.string())]
MESSAGES = pa.list_(pa.struct(TURN))
GROUPS_AHEAD = 2
CONVERSATIONS = ("prompt", "chosen", "rejected")
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
    """Write `labels` with their texts as `folder/split-*.parquet`, by comparison id, a few thousand rows in memory."""
    folder.mkdir(exist_ok=True)
    rows = labels.sort_values(["comparison_id", "source", "annotator", "repetition"], kind="stable", ignore_index=True)
    shards = range(0, len(rows), SHARD_ROWS)
    for number, start in enumerate(shards):
        path = folder / f"{split}-{number:05d}-of-{len(shards):05d}.parquet"
        with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
            for group, texts in _with_texts(store, rows.iloc[start : start + SHARD_ROWS]):
                writer.write_table(_table(group, texts))


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


def _with_texts(store: Store, rows: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, list[Any]]]:
    """Groups of the rows with the texts of their comparisons; the next ones are read while one is written."""
    groups = (rows.iloc[start : start + GROUP_ROWS] for start in range(0, len(rows), GROUP_ROWS))
    with ThreadPoolExecutor(1) as reader:
        ahead: deque[tuple[pd.DataFrame, Future[list[Any]]]] = deque()
        for group in groups:
            ids = group["comparison_id"].unique().tolist()
            ahead.append((group, reader.submit(_texts, store, ids)))
            if len(ahead) > GROUPS_AHEAD:
                before, texts = ahead.popleft()
                yield before, texts.result()
        for before, texts in ahead:
            yield before, texts.result()


def _texts(store: Store, ids: list[str]) -> list[Any]:
    return list(store.texts(ids))


def _table(rows: pd.DataFrame, texts: list[Any]) -> pa.Table:
    """The rows with their texts, in the order of `rows`."""
    stored = {text[0]: text for text in texts}
    columns: dict[str, list[Any]] = {name: [] for name in (*CONVERSATIONS, "author_chosen", "author_rejected")}
    for key, chose_a in zip(rows["comparison_id"].tolist(), (rows["chosen"] == "a").tolist(), strict=True):
        _, prompt, a, b, author_a, author_b = stored[key]
        if not chose_a:
            a, b, author_a, author_b = b, a, author_b, author_a
        values = (orjson.loads(prompt), orjson.loads(a), orjson.loads(b), author_a, author_b)
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
    conversations = {name: _conversations(columns[name]) for name in CONVERSATIONS}
    given = {**columns, **conversations, "weight": np.ones(len(rows))}
    return pa.table([given.get(name, rows.get(name)) for name in SCHEMA.names], schema=SCHEMA)


def _conversations(values: list[Content]) -> pa.Array:
    """A column of conversations; a plain text is one turn of the assistant.

    Built from flat columns of roles and contents, many times faster than from a dict for each turn.
    """
    roles, contents, ends = [], [], [0]
    for value in values:
        if isinstance(value, str):
            roles.append("assistant")
            contents.append(value)
        else:
            roles += [turn["role"] for turn in value]
            contents += [turn["content"] for turn in value]
        ends.append(len(roles))
    turns = pa.StructArray.from_arrays([pa.array(roles, pa.string()), pa.array(contents, pa.string())], fields=TURN)
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), turns)
