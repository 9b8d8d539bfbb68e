"""Files that are damaged, in another encoding, or not what their name says: what can be read comes in."""

import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from import_files import line, rejected, take

from firsthand.collect.importing import Options, import_file
from firsthand.errors import InputError
from firsthand.store import Store


@pytest.mark.parametrize("content", [b"", b"\n\n", b"[]", b"[ ]\n"])
def test_an_empty_file_is_refused(tmp_path: Path, store: Store, content: bytes) -> None:
    path = tmp_path / "v.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="nothing to import"):
        take(store, path)


def zipped(*, encrypted: bool = False, method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip whose one file is marked as encrypted, or as compressed by `method`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("v.jsonl", "{}")
    content = bytearray(buffer.getvalue())
    for header, flags in ((0, 6), (content.index(b"PK\x01\x02"), 8)):  # APPNOTE.TXT 4.3.7 and 4.3.12
        content[header + flags] |= encrypted
        content[header + flags + 2] = method
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("v.jsonl", "q".encode("utf-16"), "UTF-16"),
        ("v.txt", b"just a text", "neither JSON"),
        ("v.zip", b"PK\x03\x04broken", "zip"),
        ("v.gz", b"\x1f\x8b\x08broken", "can't read"),
        ("v.zip", zipped(encrypted=True), "encrypted.*; unpack it first"),
        ("v.zip", zipped(method=99), "compression method.*; unpack it first"),
        ("v.parquet", b"PAR1 broken", "v.parquet as Parquet"),
        ("v.csv", b"prompt,response_a,tag,response_b,tag\n", "several columns called tag; give each a name of its own"),
        ("v.csv", "prompt,response_a,response_b,é\n".encode("latin-1"), "column names are not valid UTF-8; save"),
        ("v.jsonl", b"{broken\n", "no row could be read; line 1: not valid JSON"),
        ("v.csv", b"a,b\n1,2\n", "in no format known here: its columns are a, b"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(
    tmp_path: Path, store: Store, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        take(store, tmp_path / name)


@pytest.mark.parametrize("name", ["nothing.jsonl", "no/such/folder/x", "no_such_dataset"])
def test_a_name_that_is_neither_file_nor_dataset_is_refused(store: Store, name: str) -> None:
    with pytest.raises(InputError, match=r"no such file or folder|neither a file here nor a dataset"):
        import_file(store, name, Options())


def test_a_truncated_gzip_gives_what_was_readable_and_says_where_it_ends(tmp_path: Path, store: Store) -> None:
    texts = [json.dumps(line(number, response_a=os.urandom(50).hex())) for number in range(2_000)]
    whole = gzip.compress("\n".join(texts).encode())
    path = tmp_path / "v.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])
    summary = take(store, path)
    assert 900 < summary.added < 1_100
    (record,) = rejected(summary)
    assert "can't be read from here on: Compressed file ended" in record["reason"]
    assert record["line"] == summary.added + 1


def test_lines_in_another_encoding_are_rejected_one_by_one(tmp_path: Path, store: Store) -> None:
    lines = [
        json.dumps(line(number, response_a=text), ensure_ascii=False) for number, text in enumerate(["é", "x", "ü"])
    ]
    path = tmp_path / "v.jsonl"
    path.write_bytes("\n".join(lines).encode("latin-1"))
    summary = take(store, path)
    assert summary.added == 1
    assert [record["line"] for record in rejected(summary)] == [1, 3]
    assert all("not valid UTF-8" in record["reason"] for record in rejected(summary))


def test_csv_rows_in_another_encoding_are_rejected_one_by_one(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "v.csv"
    path.write_bytes("prompt,response_a,response_b\nq,é,x\nq,plain,x\nq,only two\n".encode("latin-1"))
    summary = take(store, path)
    assert summary.added == 1
    assert [record["line"] for record in rejected(summary)] == [2, 4]
    assert rejected(summary)[0]["reason"].endswith("save the file as UTF-8")


def test_a_json_array_is_read_item_by_item_up_to_where_it_breaks(tmp_path: Path, store: Store) -> None:
    text = json.dumps([line(number) for number in range(3_000)], indent=1)
    path = tmp_path / "v.json"
    path.write_text(text)
    assert take(store, path).added == 3_000
    path.write_text(text[: len(text) // 2])
    summary = take(store, path)
    assert summary.known in range(1_490, 1_510)
    assert "not valid JSON from here on" in rejected(summary)[0]["reason"]


def test_items_of_a_json_array_that_json_does_not_know_and_what_follows_it_are_rejected(
    tmp_path: Path, store: Store
) -> None:
    path = tmp_path / "v.json"
    items = [line(0), line(1, criteria={"clarity": float("nan")}), line(2, seconds=10**400), line(3)]
    path.write_text(f"{json.dumps(items)}{' ' * 100_000}\n[{json.dumps(line(4))}]\n")
    summary = take(store, path)
    assert summary.added == 2
    numbers_and_reasons = [(record["line"], record["reason"][:12]) for record in rejected(summary)]
    assert numbers_and_reasons == [(2, "holds NaN, w"), (3, "seconds is 1"), (5, "the array en")]
    path.write_text(f"{json.dumps(items)} \n")
    assert [record["line"] for record in rejected(take(store, path))] == [2, 3]


def test_a_parquet_file_gives_what_of_it_can_be_read(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "v.parquet"
    columns = {name: [f"{name} {number}" for number in range(1_200)] for name in ("prompt", "response_a", "response_b")}
    table = pa.table(columns)
    wrong = pa.array([b"fine", b"\xe9"] + [b"fine"] * 1_198).view(pa.string())
    pq.write_table(table.append_column("rationale", wrong), path, compression="none", use_dictionary=False)
    summary = take(store, path)
    assert summary.added == 1_199
    assert [record["line"] for record in rejected(summary)] == [2]
    pq.write_table(table, path, row_group_size=500, compression="none", use_dictionary=False)
    content = bytearray(path.read_bytes())
    page = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    content[page : page + 20] = b"\xff" * 20
    path.write_bytes(content)
    summary = take(store, path)
    assert summary.rows == 501
    assert rejected(summary)[0]["reason"].startswith("the file can't be read from here on: ")
    pq.write_table(pa.Table.from_arrays([*table.columns, table["prompt"]], [*table.column_names, "prompt"]), path)
    with pytest.raises(InputError, match="several columns called prompt"):
        take(store, path)
