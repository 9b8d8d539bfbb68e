"""Writing a mix: Parquet shards streamed from the store, under their final name only when whole."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tqdm import tqdm

from firsthand.ahead import map_ahead
from firsthand.errors import InputError
from firsthand.records import Content, as_messages
from firsthand.store import Store, Texts

MANIFEST = "manifest.json"
CARD = "README.md"
DATA = "data"
SHARD_ROWS = 200_000
FIRST_ROWS = 100
GROUP_BYTES = 2**25  # of texts in memory at once

TURN = [pa.field("role", pa.string()), pa.field("content", pa.string())]
MESSAGES = pa.list_(pa.struct(TURN))
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
ORDER = ["comparison_id", "source", "annotator", "repetition"]
REPEATED = [
    *(f"{name}.list.element.role" for name in ("prompt", "chosen", "rejected")),
    *SCHEMA.names[5:],
]
"""The columns that hold few different values: for the others a dictionary and the extremes only cost time."""


@contextmanager
def written_whole(out: Path) -> Iterator[Path]:
    """Give a folder to write into that becomes `out` only when the block ends without an error.

    An older mix at `out` is replaced; anything else there is refused with InputError. What an interrupted run left
    beside `out` is removed.
    """
    out = out.resolve()
    _refuse_other_files(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(f"{out.parent} is no folder; choose another place for --out") from error
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


def _refuse_other_files(out: Path) -> None:
    """Raise InputError where something is at `out` that `train mix` did not write: it would be lost."""
    if not out.exists():
        return
    if not _is_manifest(out / MANIFEST):
        raise InputError(
            f"{out} exists and is not a mix (it has no {MANIFEST} of ours); choose another folder for --out"
        )
    written = {out / MANIFEST, out / CARD, out / DATA, *(out / DATA).glob("*.parquet")}
    others = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path not in written)
    if others:
        raise InputError(
            f"{out} holds a mix, and {', '.join(others[:3])}{', ...' if len(others) > 3 else ''}, which would be lost; "
            "move that away, or choose another folder for --out"
        )


def _is_manifest(path: Path) -> bool:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and {"schema", "content_sha256"} <= content.keys()


def write_split(store: Store, labels: pd.DataFrame, folder: Path, split: str) -> None:
    """Write `labels` with their texts as `folder/split-*.parquet`, by comparison id, a few megabytes in memory."""
    folder.mkdir(exist_ok=True)
    rows = pa.Table.from_pandas(labels, preserve_index=False).sort_by([(name, "ascending") for name in ORDER])
    shards = range(0, len(rows), SHARD_ROWS)
    with tqdm(desc=split, total=len(rows), unit="row", unit_scale=True, disable=None, leave=False) as bar:
        for number, start in enumerate(shards):
            path = folder / f"{split}-{number:05d}-of-{len(shards):05d}.parquet"
            for written in _write_shard(path, _groups(store, rows.slice(start, SHARD_ROWS))):
                bar.update(written)


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


def _write_shard(path: Path, groups: Iterable[tuple[pa.Table, pa.Table]]) -> Iterator[int]:
    """Write the groups as one Parquet file, in a thread that leaves the interpreter to whoever makes them.

    Gives the number of rows of each.
    """
    settings = {"compression": "zstd", "use_dictionary": REPEATED, "write_statistics": REPEATED}
    with pq.ParquetWriter(path, SCHEMA, **settings) as writer:

        def write(group: tuple[pa.Table, pa.Table]) -> int:
            writer.write_table(_table(*group))
            return len(group[0])

        yield from map_ahead(write, groups, depth=1)


def _groups(store: Store, rows: pa.Table) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Rows with the texts of their comparisons, as many at a time as make about GROUP_BYTES, judged by those before.

    Their number depends on the texts, not on where the store has them: equal mixes have equal files.
    """
    start, size = 0, FIRST_ROWS
    while start < len(rows):
        group = rows.slice(start, size)
        texts = pa.concat_tables(map(_texts, store.texts(group["comparison_id"].unique().to_pylist())))
        yield group, texts
        start += len(group)
        size = max(1, GROUP_BYTES * len(texts) // texts.select(["prompt", "a", "b"]).nbytes)


def _texts(stored: list[Texts]) -> pa.Table:
    """Texts as the store gives them, in columns."""
    ids, prompts, a, b, authors_a, authors_b = zip(*stored, strict=True)
    return pa.table(
        {
            "id": pa.array(ids, pa.string()),
            "prompt": _conversations(prompts),
            "a": _conversations(a),
            "b": _conversations(b),
            "author_a": pa.array(authors_a, pa.string()),
            "author_b": pa.array(authors_b, pa.string()),
        }
    )


def _table(rows: pa.Table, texts: pa.Table) -> pa.Table:
    """The rows with their texts, in the order of `rows`."""
    places = pc.index_in(rows["comparison_id"], texts["id"]).to_numpy()
    is_b = pc.equal(rows["chosen"], "b").to_numpy()
    chosen, rejected = places + len(texts) * is_b, places + len(texts) * ~is_b  # in a column of all A, then all B
    responses, authors = (
        pa.chunked_array([*texts[a].chunks, *texts[b].chunks]) for a, b in (("a", "b"), ("author_a", "author_b"))
    )
    given = {
        "prompt": texts["prompt"].take(places),
        "chosen": responses.take(chosen),
        "rejected": responses.take(rejected),
        "author_chosen": authors.take(chosen),
        "author_rejected": authors.take(rejected),
    }
    columns = [given[name] if name in given else rows[name].cast(SCHEMA.field(name).type) for name in SCHEMA.names]
    return pa.table(columns, schema=SCHEMA)


def _conversations(values: Sequence[Content]) -> pa.Array:
    """A column of conversations; a plain text is one turn of the assistant.

    Built from flat columns of roles and contents, many times faster than from a dict for each turn.
    """
    if set(map(type, values)) == {str}:
        roles: list[str] = ["assistant"] * len(values)
        contents: Sequence[Any] = values
        ends = np.arange(len(values) + 1)
    else:
        exchanges = [as_messages(value) for value in values]
        turns = list(chain.from_iterable(exchanges))
        roles, contents = [turn["role"] for turn in turns], [turn["content"] for turn in turns]
        ends = np.cumsum([0, *map(len, exchanges)])
    flat = pa.StructArray.from_arrays([pa.array(roles, pa.string()), pa.array(contents, pa.string())], fields=TURN)
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), flat)
